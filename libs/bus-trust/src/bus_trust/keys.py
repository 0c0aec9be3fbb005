"""Keys as NATS writes them: Ed25519 in base32, the first letter says what a key is of.

A public key is one byte of kind, 32 bytes of key and two of CRC-16 (XMODEM, low byte first). A seed
has two bytes in front, in which "S" and the kind share the bits so that it reads "SU...", "SA...".
"""

import base64
import binascii
from dataclasses import dataclass, field
from enum import IntEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_SEED = 18 << 3  # "S"


class Kind(IntEnum):
    """What a key is of; the value is the byte in front."""

    OPERATOR = 14 << 3  # "O"
    ACCOUNT = 0  # "A"
    USER = 20 << 3  # "U"


class KeyError(ValueError):  # noqa: A001 - read as bus_trust.BusKeyError
    """A text that is no key, or not one of the kind that is needed."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key that signs. Its seed is the secret; it never shows in a repr."""

    kind: Kind
    _raw: bytes = field(repr=False)

    @classmethod
    def made(cls, kind: Kind) -> "KeyPair":
        """Return a new key."""
        return cls(kind, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def from_seed(cls, seed: str, kind: Kind) -> "KeyPair":
        """Return the key of a seed. Raises KeyError."""
        raw = _checked(seed, "seed")
        if len(raw) != 34 or raw[0] & 0xF8 != _SEED:
            raise KeyError("This is no seed.")
        found = ((raw[0] & 7) << 5) | (raw[1] >> 3)
        if found != kind:
            raise KeyError(f"This is not the seed of a key of kind {kind.name.lower()}.")
        return cls(kind, raw[2:])

    @property
    def seed(self) -> str:
        """The secret, in text."""
        return _written(bytes((_SEED | self.kind >> 5, (self.kind & 31) << 3)) + self._raw)

    @property
    def public(self) -> str:
        """The public key, in text."""
        key = Ed25519PrivateKey.from_private_bytes(self._raw).public_key()
        return _written(bytes((self.kind,)) + key.public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature."""
        return Ed25519PrivateKey.from_private_bytes(self._raw).sign(message)


def raw_public(public: str, kind: Kind) -> bytes:
    """Return the 32 bytes of a public key of this kind. Raises KeyError."""
    raw = _checked(public, "public key")
    if len(raw) != 33 or raw[0] != kind:
        raise KeyError(f"This is no public key of kind {kind.name.lower()}.")
    return raw[1:]


def verify(public: str, kind: Kind, message: bytes, signature: bytes) -> bool:
    """Whether the owner of this public key signed the message. Raises KeyError for no key."""
    try:
        Ed25519PublicKey.from_public_bytes(raw_public(public, kind)).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _written(raw: bytes) -> str:
    check = binascii.crc_hqx(raw, 0).to_bytes(2, "little")
    return base64.b32encode(raw + check).decode().rstrip("=")


def _checked(text: str, what: str) -> bytes:
    if not text.isascii() or len(text) > 64:
        raise KeyError(f"This is no {what}.")
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error as error:
        raise KeyError(f"This is no {what}.") from error
    if len(raw) < 3 or binascii.crc_hqx(raw[:-2], 0).to_bytes(2, "little") != raw[-2:]:
        raise KeyError(f"The {what} has a typing error: its check sum does not fit.")
    if _written(raw[:-2]) != text:
        raise KeyError(f"This is no {what}.")  # another spelling of the same bits
    return raw[:-2]
