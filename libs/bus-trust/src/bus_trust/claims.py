"""Claims that a server believes: JSON signed with Ed25519 by the key above (JWT, NATS version 2).

The operator signs accounts; an account's scoped key signs users. A user signed by a scoped key
carries no permissions of its own: they stand in the account, as a template over the user's name.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bus_trust.keys import KeyError, KeyPair, Kind, verify  # noqa: A004 - its own kind of error
from bus_trust.roles import Role

Json = Mapping[str, object]

_HEADER = {"typ": "JWT", "alg": "ed25519-nkey"}
NO_LIMIT = -1
MOST_CHARACTERS = 64 * 1024


class ClaimsError(ValueError):
    """A text that is no claim, or one that nobody trusted signed."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user is given. expires_at: UTC; None = never."""

    name: str
    public: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Account:
    """An account: who it is, which scoped keys sign its users, who is locked out since when."""

    name: str
    public: str
    scopes: tuple[tuple[str, Role], ...] = ()
    has_streams: bool = False
    revoked: Mapping[str, int] = field(default_factory=dict)  # public key -> Unix seconds


def user_jwt(grant: Grant, account: str, signer: KeyPair, now: datetime) -> str:
    """Return a user's claims, signed by a scoped key of `account`."""
    nats = {"pub": {}, "sub": {}, "issuer_account": account, "type": "user", "version": 2}
    claims: dict[str, object] = {"sub": grant.public, "name": grant.name, "nats": nats}
    if grant.expires_at is not None:
        claims["exp"] = int(grant.expires_at.timestamp())
    return _signed(claims, signer, now)


def free_user_jwt(grant: Grant, account: str, signer: KeyPair, now: datetime) -> str:
    """Return a user's claims with all that the account may (for the system account)."""
    nats: dict[str, object] = {"pub": {}, "sub": {}, "type": "user", "version": 2}
    nats |= dict.fromkeys(("subs", "data", "payload"), NO_LIMIT)
    if signer.public != account:
        nats["issuer_account"] = account
    return _signed({"sub": grant.public, "name": grant.name, "nats": nats}, signer, now)


def account_jwt(account: Account, operator: KeyPair, now: datetime) -> str:
    """Return an account's claims, signed by the operator."""
    limits: dict[str, object] = dict.fromkeys(
        ("subs", "data", "payload", "imports", "exports", "conn", "leaf"), NO_LIMIT
    )
    limits["wildcards"] = True
    if account.has_streams:
        limits |= dict.fromkeys(("mem_storage", "disk_storage", "streams", "consumer"), NO_LIMIT)
    nats: dict[str, object] = {
        "limits": limits,
        "default_permissions": {"pub": {}, "sub": {}},
        "signing_keys": [_scope(key, role) for key, role in account.scopes],
        "type": "account",
        "version": 2,
    }
    if account.revoked:
        nats["revocations"] = dict(account.revoked)
    return _signed({"sub": account.public, "name": account.name, "nats": nats}, operator, now)


def operator_jwt(name: str, operator: KeyPair, system_account: str, now: datetime) -> str:
    """Return the operator's claims, signed by itself."""
    nats = {"system_account": system_account, "type": "operator", "version": 2}
    return _signed({"sub": operator.public, "name": name, "nats": nats}, operator, now)


def claims_of(token: str, issuers: Iterable[str], kind: Kind) -> dict[str, object]:
    """Return the claims of a token that one of `issuers` (public keys of `kind`) signed.

    Nothing is said of its expiry: who asks decides. Raises ClaimsError.
    """
    parts = token.strip().split(".")
    if len(parts) != 3 or len(token) > MOST_CHARACTERS:
        raise ClaimsError("This is no signed claim.")
    try:
        claims = json.loads(_bytes(parts[1]))
        issuer = claims["iss"]
        is_signed = issuer in set(issuers) and verify(
            issuer, kind, f"{parts[0]}.{parts[1]}".encode(), _bytes(parts[2])
        )
    except (ValueError, TypeError, LookupError, KeyError) as error:
        raise ClaimsError("This is no signed claim.") from error
    if not is_signed or not isinstance(claims, dict):
        raise ClaimsError("Nobody who is trusted signed this claim.")
    return claims


def _scope(key: str, role: Role) -> Json:
    template: dict[str, object] = {
        "pub": {"allow": list(role.publish)},
        "sub": {"allow": list(role.subscribe)},
        "subs": role.most_subscriptions,
        "data": NO_LIMIT,
        "payload": role.most_payload_bytes,
    }
    if role.connections:
        template["allowed_connection_types"] = list(role.connections)
    return {"kind": "user_scope", "key": key, "role": role.name, "template": template}


def _signed(claims: dict[str, object], signer: KeyPair, now: datetime) -> str:
    body = {"iat": int(now.timestamp()), "iss": signer.public} | claims
    digest = hashlib.new("sha512_256", _json(body)).digest()
    body["jti"] = base64.b32encode(digest).decode().rstrip("=")
    signed = f"{_text(_json(_HEADER))}.{_text(_json(body))}"
    return f"{signed}.{_text(signer.sign(signed.encode()))}"


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ClaimsError("This is no signed claim.") from error
