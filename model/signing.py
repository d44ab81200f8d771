"""Signatures of packages: Ed25519 (RFC 8032), by a private key that the bank keeps in a PEM file.

openssl genpkey -algorithm ed25519 -out phone.pem
"""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import BadInput

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MAKE = "Make one with: openssl genpkey -algorithm ed25519 -out phone.pem"
SHOWN = 32  # hexadecimal digits of a fingerprint: 128 bits


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
            raise BadInput("Signing takes the library cryptography. Install it: pip install cryptography") from error
        try:
            found = load_pem_private_key(path.read_bytes(), None)
        except OSError as error:
            raise BadInput(f"The key {path} cannot be read: {error.strerror}. {MAKE}") from error
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise BadInput(f"{path} holds no private key in PEM without a passphrase: {error}. {MAKE}") from error
        if not isinstance(found, Ed25519PrivateKey):
            raise BadInput(f"{path} holds a key that is not Ed25519. {MAKE}")
        return cls(found, found.public_key().public_bytes_raw())

    @property
    def fingerprint(self) -> str:
        """What people compare: the beginning of the public key's sha256."""
        return hashlib.sha256(self.public).hexdigest()[:SHOWN]

    def signature_of(self, content: bytes) -> dict[str, str]:
        """A signature with what checks it, in base64."""
        return {
            "algorithm": "Ed25519",
            "public_key": base64.b64encode(self.public).decode(),
            "signature": base64.b64encode(self.private.sign(content)).decode(),
        }


def grouped(fingerprint: str) -> str:
    """A fingerprint as it is read out: in groups of four."""
    return " ".join(fingerprint[k : k + 4] for k in range(0, len(fingerprint), 4))
