"""Texts sealed with a secret that the database does not know: it opens nothing by itself."""

import base64
import hmac


def sealed(secret: str, purpose: str, text: str) -> bytes:
    """Return the text as only who has the secret can read it."""
    from cryptography.fernet import Fernet  # noqa: PLC0415 - heavy, and rarely needed

    return Fernet(_key(secret, purpose)).encrypt(text.encode())


def opened(secret: str, purpose: str, kept: bytes) -> str | None:
    """Return what was sealed; None for another secret or purpose."""
    from cryptography.fernet import Fernet, InvalidToken  # noqa: PLC0415 - heavy, rarely needed

    try:
        return Fernet(_key(secret, purpose)).decrypt(kept).decode()
    except InvalidToken:
        return None


def _key(secret: str, purpose: str) -> bytes:
    return base64.urlsafe_b64encode(hmac.digest(secret.encode(), purpose.encode(), "sha256"))
