"""Seals a message for one browser: RFC 8291 (aes128gcm) by http-ece, VAPID (RFC 8292) by ours.

The libraries are imported where they are used: who has no push subscription does not pay for them.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

MOST_BODY_BYTES = 3000  # push services take 4096 sealed
TOKEN_LIVES_S = 12 * 3600
AUTH_BYTES = 16
POINT_BYTES = 65  # uncompressed, P-256


class SubscriptionKeysError(ValueError):
    """A browser's keys that no message can be sealed for."""


@dataclass(frozen=True, slots=True)
class VapidKey:
    """Who we are to push services. public: base64url of the uncompressed point."""

    private_pem: str
    public: str


def new_key() -> VapidKey:
    """Make a key."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    point = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return VapidKey(pem.decode(), _text(point))


def check_keys(p256dh: str, auth: str) -> None:
    """Raise SubscriptionKeysError for keys that cannot be a browser's."""
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - see above

    try:
        point, secret = _bytes(p256dh), _bytes(auth)
        if len(point) != POINT_BYTES or len(secret) != AUTH_BYTES:
            raise SubscriptionKeysError("p256dh has 65 bytes, auth 16, both as base64url.")
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except (binascii.Error, ValueError) as wrong:
        raise SubscriptionKeysError("p256dh and auth are the keys that a browser told.") from wrong


def sealed(body: bytes, p256dh: str, auth: str) -> bytes:
    """Return a body that only the browser with these keys can read."""
    import http_ece  # type: ignore[import-untyped]  # noqa: PLC0415 - it has no types; see above
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    if len(body) > MOST_BODY_BYTES:
        raise ValueError(f"a push message of {len(body)} bytes is above {MOST_BODY_BYTES}")
    closed: bytes = http_ece.encrypt(
        body,
        private_key=ec.generate_private_key(ec.SECP256R1()),  # RFC 8291 3.1: a new one each time
        dh=_bytes(p256dh),
        auth_secret=_bytes(auth),
        version="aes128gcm",
    )
    return closed


def authorization(key: VapidKey, endpoint: str, contact: str, now_s: int) -> str:
    """Return the header `Authorization` for a push service (RFC 8292 3).

    contact: whom the push service may write to, `mailto:...` or `https://...`.
    """
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: PLC0415

    parts = urlsplit(endpoint)
    claims: dict[str, str | int] = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": now_s + TOKEN_LIVES_S,
        "sub": contact,
    }
    told = f"{_json({'typ': 'JWT', 'alg': 'ES256'})}.{_json(claims)}"
    private = serialization.load_pem_private_key(key.private_pem.encode(), None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise TypeError("the key of Web Push is no elliptic curve key")
    r, s = utils.decode_dss_signature(private.sign(told.encode(), ec.ECDSA(hashes.SHA256())))
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")  # RFC 7518 3.4: not as DER
    return f"vapid t={told}.{_text(raw)}, k={key.public}"


def _json(value: Mapping[str, str | int]) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    padded = text + "=" * (-len(text) % 4)
    return base64.b64decode(padded, altchars=b"-_", validate=True)
