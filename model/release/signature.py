"""Who vouches for a release: a signature over its manifest, which holds the hash of every other file of it.

It lies beside the manifest, outside of what is hashed, so that a release that was made without one can be signed later
and keeps its name. What is signed begins with words that say what it is, so that no signature of something else passes.
"""

import json
from pathlib import Path

from data.errors import BadInput
from model.errors import ReleaseError
from model.settings import settings
from model.signing import (
    KnownKeys,
    SecretKey,
    Signature,
    SigningKey,
    grouped,
    read_key,
    read_public_keys,
    require_outside,
)

SIGNATURE = "signature.json"
PURPOSE = b"credit-what-if release 1\n"
TO_SIGN = "Sign it where the key is: python -m model sign"
KEYS = "WHATIF_RELEASE_KEY, WHATIF_RELEASE_SIGNERS"


def release_key() -> SigningKey | SecretKey | None:
    """The key that releases are signed with here, by the settings; None where there is none.

    Raises BadInput where it cannot be read, or lies in the home.
    """
    using = settings()
    if using.release_key is None:
        return None
    require_outside(using.release_key, using.home)
    return read_key(using.release_key)


def release_keys() -> KnownKeys:
    """Whose signatures of releases are believed here, by the settings.

    Raises BadInput where a key cannot be read, or lies in the home.
    """
    using = settings()
    public: tuple[bytes, ...] = ()
    if using.release_signers is not None:
        require_outside(using.release_signers, using.home)
        public = read_public_keys(using.release_signers)
    return KnownKeys.of(release_key(), public)


def signature_of(manifest: bytes, given: bytes | None) -> Signature:
    """How a release is signed, by its manifest and what the file of its signature holds.

    Raises ReleaseError where the keys that it is to be held against cannot be read.
    """
    try:
        keys = release_keys()
    except BadInput as error:
        raise ReleaseError(f"No release can be held against its signature ({KEYS}): {error}") from error
    return keys.checked(PURPOSE + manifest, given)


def given_signature(folder: Path) -> bytes | None:
    """What the file of a release's signature holds; None where there is no such file. One that cannot be read is a
    signature all the same, and wrong."""
    try:
        return (folder / SIGNATURE).read_bytes()
    except FileNotFoundError:
        return None
    except OSError:
        return b""


def signed_by(key: SigningKey | SecretKey, manifest: bytes) -> bytes:
    """What the file of a release's signature holds."""
    return json.dumps(key.signature_of(PURPOSE + manifest), indent=1).encode()


def require_vouched(identity: str, found: Signature, refuse: bool) -> None:
    """Raise ReleaseError if a release is signed wrongly; or, where such are to be ``refused``, by nobody who is
    known."""
    if found.state == "wrong":
        raise ReleaseError(
            f"Release {identity} was altered: it is not what was signed{_by(found)}. Restore it or train anew."
        )
    if refuse and found.state != "signed":
        what = f"is signed by a key that is not known here{_by(found)}" if found.state == "unknown" else "is not signed"
        raise ReleaseError(
            f"Release {identity} {what}, and this installation refuses such (WHATIF_UNSIGNED). {TO_SIGN} {identity}"
        )


def require_able_to_sign() -> None:
    """Raise BadInput if what is made here could not be used here: it would be unsigned, which the settings refuse."""
    if release_key() is None and settings().unsigned == "refuse":
        raise BadInput(
            "Nothing was made: it would not be signed, and this installation refuses such (WHATIF_UNSIGNED). Name the "
            "file of a key in WHATIF_RELEASE_KEY."
        )


def _by(found: Signature) -> str:
    return f", key {grouped(found.key)}" if found.key else ""
