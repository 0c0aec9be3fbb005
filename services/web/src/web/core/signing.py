"""Signs what is sent to webhooks, after the Standard Webhooks specification 1.0. Pure."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

SECRET_PREFIX = "whsec_"  # noqa: S105 - what each begins with
SECRET_BYTES = 32  # the specification wants 24 to 64


def as_secret(key: bytes) -> str:
    """Return a key as it is told to people."""
    return SECRET_PREFIX + base64.b64encode(key).decode()


def signature(secrets: Sequence[str], message_id: str, at_s: int, body: bytes) -> str:
    """Return the header `webhook-signature`: one `v1,...` for each secret, blanks between.

    at_s: Unix seconds, as in `webhook-timestamp`. Raises ValueError for a damaged secret.
    """
    return " ".join(_signed(secret, message_id, at_s, body) for secret in secrets)


def _signed(secret: str, message_id: str, at_s: int, body: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as wrong:
        raise ValueError("a webhook's secret is not base64") from wrong
    text = f"{message_id}.{at_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()
