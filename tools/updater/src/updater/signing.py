"""The makers' signature of a release: what a stolen front door cannot make."""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from updater.core.release import Release


def is_signed(release: Release, signature: str, key: str) -> bool:
    """Whether `signature` is over this release by `key`; both base64 as everywhere."""
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
        public.verify(base64.b64decode(signature, validate=True), release.signed_text())
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True


def signature_of(release: Release, private: Ed25519PrivateKey) -> str:
    """Return a release's signature in base64."""
    return base64.b64encode(private.sign(release.signed_text())).decode()
