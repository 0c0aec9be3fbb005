"""Logging in with an OpenID provider: what is asked, what is believed, who one is then. Pure."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from web.core.roles import Role

SCOPES = "openid profile email"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# Only such that need the provider's private key: never "none", never a shared secret.
ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip
LONGEST_NAME = 64
LONGEST_HINT = 4000  # in an address: one with many groups in it goes without
SIGNED_OUT = "signed-out"  # comes back with the browser


class OidcError(Exception):
    """A log-in with the provider that cannot be believed. code: what the page is told."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Grant:
    """Who has `value` in the claim gets this role. sites: None = all of the tenant."""

    claim: str
    value: str
    role: Role
    sites: frozenset[str] | None = None
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as the provider knows them, and what they get here.

    token: the provider's own word for it, which logs them out there too.
    """

    issuer: str
    subject: str
    username: str
    grant: Grant
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What the provider's own document says; all under TLS, or on this machine.

    end: where people are logged out, None where it does not offer that, or not privately.
    """

    issuer: str
    authorize: str
    token: str
    keys: str
    userinfo: str | None
    end: str | None = None


def endpoints(document: Mapping[str, object], issuer: str) -> Endpoints:
    """Return the provider's endpoints. Raises OidcError `oidc-provider-wrong`."""
    if document.get("issuer") != issuer:
        raise OidcError("oidc-provider-wrong", f"it calls itself {document.get('issuer')!r}")
    return Endpoints(
        issuer=issuer,
        authorize=_address(document, "authorization_endpoint"),
        token=_address(document, "token_endpoint"),
        keys=_address(document, "jwks_uri"),
        userinfo=_maybe_address(document, "userinfo_endpoint"),
        end=_end(document),
    )


def is_private_enough(url: str) -> bool:
    """Whether an address is under TLS, or on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def challenge_of(verifier: str) -> str:
    """Return the PKCE challenge S256 of a verifier (RFC 7636 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def authorize_url(  # noqa: PLR0913 - each by name
    to: Endpoints, *, client_id: str, redirect_uri: str, state: str, nonce: str, verifier: str
) -> str:
    """Return where the browser is sent to."""
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": SCOPES,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    }
    return f"{to.authorize}{'&' if '?' in to.authorize else '?'}{urlencode(asked)}"


def end_url(to: Endpoints, *, client_id: str, token: str | None, leads_to: str) -> str | None:
    """Return where the browser is sent to log out at the provider too (RP-Initiated Logout 1.0 2).

    token: the ID token of the log-in; without it the provider asks the person first. leads_to: our
    own page, as it is known there. None where the provider offers no log-out.
    """
    if to.end is None:
        return None
    asked = {"client_id": client_id, "post_logout_redirect_uri": leads_to, "state": SIGNED_OUT}
    if token is not None and len(token) <= LONGEST_HINT:
        asked["id_token_hint"] = token
    return f"{to.end}{'&' if '?' in to.end else '?'}{urlencode(asked)}"


def check_audience(claims: Mapping[str, object], client_id: str) -> None:
    """Check that a token was made for us alone (OpenID Connect Core 3.1.3.7). Raises OidcError."""
    audience = claims.get("aud")
    meant = [audience] if isinstance(audience, str) else audience
    if not isinstance(meant, list) or client_id not in meant:
        raise OidcError("oidc-token-wrong", "it is for somebody else")
    party = claims.get("azp")
    if party != client_id and (party is not None or len(meant) > 1):
        raise OidcError("oidc-token-wrong", "it was given to somebody else")


def identity_of(claims: Mapping[str, object], grants: Sequence[Grant]) -> Identity:
    """Return who somebody is. The first grant that fits counts.

    Raises OidcError `oidc-no-role`, `oidc-token-wrong`.
    """
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not isinstance(issuer, str) or not isinstance(subject, str) or not subject:
        raise OidcError("oidc-token-wrong", "it names nobody")
    grant = next((one for one in grants if one.value in _values(claims, one.claim)), None)
    if grant is None:
        raise OidcError("oidc-no-role", f"nothing of {subject} gives a role here")
    return Identity(issuer, subject, _name(claims, subject), grant)


def own_path(wanted: str | None) -> str:
    """Return a path of our own page to go on at; an address from outside never leads away."""
    path = wanted or "/"
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours and "\\" not in path else "/"


def _values(claims: Mapping[str, object], name: str) -> frozenset[str]:
    """Return the values of a claim; `a.b` looks into the claim `a`."""
    value: object = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return frozenset({value})
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset()


def _name(claims: Mapping[str, object], subject: str) -> str:
    for claim in ("preferred_username", "email", "name"):
        value = claims.get(claim)
        if isinstance(value, str) and value.isprintable() and 0 < len(value) <= LONGEST_NAME:
            return value
    return subject[:LONGEST_NAME]


def _address(document: Mapping[str, object], name: str) -> str:
    address = _maybe_address(document, name)
    if address is None:
        raise OidcError("oidc-provider-wrong", f"it tells no {name}")
    return address


def _end(document: Mapping[str, object]) -> str | None:
    """Return where to log out; one that is odd is left alone: nobody is kept from logging in."""
    try:
        return _maybe_address(document, "end_session_endpoint")
    except OidcError:
        return None


def _maybe_address(document: Mapping[str, object], name: str) -> str | None:
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not is_private_enough(value):
        raise OidcError("oidc-provider-wrong", f"its {name} is no address under TLS")
    return value
