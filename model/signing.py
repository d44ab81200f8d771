"""Keys and signatures, of releases and of packages for a phone.

Ed25519 (RFC 8032) signs by a private key in a PEM file and is checked by its public half alone; HMAC-SHA256 (RFC 2104)
signs and is checked by one secret in a file. Whoever writes to a home must not be able to sign for it, so that keys of
releases lie outside.

openssl genpkey -algorithm ed25519 -out key.pem
openssl pkey -in key.pem -pubout -out key.pub
openssl rand -hex -out key.secret 32
"""

import base64
import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from data.errors import BadInput

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MAKE = "Make one with: openssl genpkey -algorithm ed25519 -out key.pem"
MAKE_PUBLIC = "Make one with: openssl pkey -in key.pem -pubout -out key.pub"
MAKE_SECRET = "Make one with: openssl rand -hex -out key.secret 32"
SHOWN = 32  # hexadecimal digits of a fingerprint: 128 bits
LEAST_SECRET, MOST_KEY = 32, 64 * 2**10  # bytes of a secret; of a file with keys
MOST_SIGNATURE = 4096  # bytes of one as a file holds it
ED25519, HMAC = "Ed25519", "HMAC-SHA256"
PEM, PUBLIC = b"-----BEGIN", re.compile(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)
SignatureState = Literal["signed", "unknown", "unsigned", "wrong"]


@dataclass(frozen=True)
class Signature:
    """How something is signed: by a ``key`` (its fingerprint) that is believed here, by one that is not, not at
    all, or wrongly: altered, or the signature of something else."""

    state: SignatureState
    key: str = ""


UNSIGNED = Signature("unsigned")


@dataclass(frozen=True, eq=False)
class SigningKey:
    """A private key; ``public`` is what checks its signatures, 32 bytes."""

    private: "Ed25519PrivateKey"
    public: bytes

    @classmethod
    def read(cls, path: Path) -> "SigningKey":
        """The key in a PEM file.

        Raises BadInput where there is no such file, or it holds no such key.
        """
        try:
            from cryptography.exceptions import UnsupportedAlgorithm
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
            from cryptography.hazmat.primitives.serialization import load_pem_private_key
        except ImportError as error:
            raise BadInput(NEEDED) from error
        content = _content(path, MAKE)
        try:
            found = load_pem_private_key(content, None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise BadInput(f"{path} holds no private key in PEM without a passphrase: {error}. {MAKE}") from error
        if not isinstance(found, Ed25519PrivateKey):
            raise BadInput(f"{path} holds a key that is not Ed25519. {MAKE}")
        return cls(found, found.public_key().public_bytes_raw())

    @property
    def fingerprint(self) -> str:
        """What people compare: the beginning of the public key's sha256."""
        return _fingerprint(self.public)

    def signature_of(self, content: bytes) -> dict[str, str]:
        """A signature with what checks it, in base64."""
        return {
            "algorithm": ED25519,
            "public_key": base64.b64encode(self.public).decode(),
            "signature": base64.b64encode(self.private.sign(content)).decode(),
        }


@dataclass(frozen=True, eq=False, repr=False)
class SecretKey:
    """A secret that makes signatures and checks them."""

    secret: bytes

    @classmethod
    def read(cls, path: Path) -> "SecretKey":
        """The secret in a file, line ends apart.

        Raises BadInput where there is no such file, or it is too short to be one.
        """
        secret = _content(path, MAKE_SECRET).strip()
        if len(secret) < LEAST_SECRET:
            raise BadInput(f"{path} holds {len(secret)} bytes; a secret has at least {LEAST_SECRET}. {MAKE_SECRET}")
        return cls(secret)

    @property
    def fingerprint(self) -> str:
        """What people compare: the beginning of a sha256 of the secret, which does not tell it."""
        return _fingerprint(b"credit-what-if secret\n" + self.secret)

    def signature_of(self, content: bytes) -> dict[str, str]:
        """A signature, in base64, with the name of the secret."""
        signature = base64.b64encode(hmac.digest(self.secret, content, "sha256")).decode()
        return {"algorithm": HMAC, "key": self.fingerprint, "signature": signature}


NEEDED = "Signing takes the library cryptography. Install it: pip install cryptography"


def read_key(path: Path) -> SigningKey | SecretKey:
    """The key in a file: an Ed25519 private key in PEM, or else a secret.

    Raises BadInput where there is no such file, or it holds neither.
    """
    return SigningKey.read(path) if _content(path, MAKE).lstrip().startswith(PEM) else SecretKey.read(path)


def read_public_keys(path: Path) -> tuple[bytes, ...]:
    """The Ed25519 public keys in a PEM file, one after the other, each 32 bytes.

    Raises BadInput where there is no such file, or it holds none, or others.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError as error:
        raise BadInput(NEEDED) from error
    parts = PUBLIC.findall(_content(path, MAKE_PUBLIC))
    try:
        found = [load_pem_public_key(part) for part in parts]
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadInput(f"{path} holds a public key that cannot be read: {error}. {MAKE_PUBLIC}") from error
    if not found:
        raise BadInput(f"{path} holds no public key in PEM. {MAKE_PUBLIC}")
    keys = tuple(each.public_bytes_raw() for each in found if isinstance(each, Ed25519PublicKey))
    if len(keys) < len(found):
        raise BadInput(f"{path} holds a key that is not Ed25519. {MAKE_PUBLIC}")
    return keys


def require_outside(path: Path, home: Path) -> None:
    """BadInput if a file lies in a home, or is reached through it: whoever writes there could put another in its
    place."""
    place = home.resolve()
    if path.resolve().is_relative_to(place) or Path(os.path.abspath(path)).is_relative_to(os.path.abspath(home)):
        raise BadInput(f"The key {path} lies in the home {home}, which it is to vouch for. Keep it elsewhere.")


def grouped(fingerprint: str) -> str:
    """A fingerprint as it is read out: in groups of four."""
    return " ".join(fingerprint[k : k + 4] for k in range(0, len(fingerprint), 4))


# ---- checked --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class KnownKeys:
    """Whose signatures are believed: ``public`` keys of Ed25519, and ``secrets`` by their fingerprints."""

    public: frozenset[bytes] = frozenset()
    secrets: Mapping[str, SecretKey] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.public or self.secrets)

    @classmethod
    def of(cls, own: SigningKey | SecretKey | None, public: Iterable[bytes] = ()) -> "KnownKeys":
        """The key that signs here, and the public ones of others."""
        more = {own.public} if isinstance(own, SigningKey) else set[bytes]()
        return cls(frozenset(public) | more, {own.fingerprint: own} if isinstance(own, SecretKey) else {})

    def checked(self, content: bytes, given: bytes | None) -> Signature:
        """How ``content`` is signed by what a file of a signature holds; None where there is no such file."""
        if given is None:
            return UNSIGNED
        try:
            named, signature = _parsed(given)
        except (ValueError, KeyError, TypeError, RecursionError):
            return Signature("wrong")
        if isinstance(named, str):
            return self._by_secret(content, named, signature)
        return self._by_public(content, named, signature)

    def _by_secret(self, content: bytes, name: str, signature: bytes) -> Signature:
        secret = self.secrets.get(name)
        if secret is None:
            return Signature("unknown", name)
        right = hmac.compare_digest(hmac.digest(secret.secret, content, "sha256"), signature)
        return Signature("signed" if right else "wrong", name)

    def _by_public(self, content: bytes, public: bytes, signature: bytes) -> Signature:
        name = _fingerprint(public)
        try:
            from cryptography.exceptions import InvalidSignature
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        except ImportError:  # no key is known either, for without it none can be read
            return Signature("unknown", name)
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
        except (InvalidSignature, ValueError):
            return Signature("wrong", name)
        return Signature("signed" if public in self.public else "unknown", name)


def _parsed(given: bytes) -> tuple[str | bytes, bytes]:
    """What names the key of a signature, a secret's fingerprint or a public key's bytes, and the signature itself;
    ValueError, KeyError, TypeError or RecursionError where it is none."""
    if len(given) > MOST_SIGNATURE:
        raise ValueError("too long")
    held = json.loads(given)
    signature = base64.b64decode(held["signature"], validate=True)
    if held["algorithm"] == ED25519:
        return base64.b64decode(held["public_key"], validate=True), signature
    if held["algorithm"] == HMAC and re.fullmatch(r"[0-9a-f]{32}", held["key"]):
        return str(held["key"]), signature
    raise ValueError("of no kind there is")


def _fingerprint(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:SHOWN]


def _content(path: Path, make: str) -> bytes:
    """The bytes of a file with keys; BadInput, with how to ``make`` one, if it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_KEY + 1)
    except OSError as error:
        raise BadInput(f"The key {path} cannot be read: {error.strerror}. {make}") from error
    if len(content) > MOST_KEY:
        raise BadInput(f"{path} is larger than a file with keys is. {make}")
    return content
