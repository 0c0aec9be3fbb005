"""Everything of a log-in with the provider, as the routes use it."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Engine

from volthus_kit.clock import Clock
from web.core.oidc import (
    Grant,
    Identity,
    OidcError,
    authorize_url,
    end_url,
    identity_of,
    is_private_enough,
)
from web.core.roles import Role
from web.errors import OidcSettingsError
from web.models.common import Wanted
from web.oidc.provider import Client, Provider
from web.oidc.sign_ins import SignIn, SignIns

logger = logging.getLogger(__name__)


class GrantGiven(Wanted):
    """One entry of VOLTHUS_OIDC_ROLES."""

    claim: str = "groups"
    value: str
    role: Role
    sites: list[str] | None = None
    tenant: str = ""


_GRANTS = TypeAdapter(list[GrantGiven])


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """What is set of the provider; issuer "" = there is none."""

    issuer: str = ""
    client_id: str = ""
    client_secret: str = ""
    client_secret_file: Path | None = None
    roles: str = "[]"
    name: str = ""


class OidcDesk:
    """Sends people to the provider and takes them back."""

    def __init__(
        self, provider: Provider, sign_ins: SignIns, grants: tuple[Grant, ...], name: str
    ) -> None:
        self.provider = provider
        self.name = name
        self._sign_ins = sign_ins
        self._grants = grants

    async def begin(self, redirect_uri: str, leads_to: str) -> tuple[SignIn, str]:
        """Return a log-in on its way, and where the browser is sent. Raises OidcError."""
        to = await self.provider.endpoints()
        sign_in = await self._sign_ins.begin(leads_to)
        address = authorize_url(
            to,
            client_id=self.provider.client.id,
            redirect_uri=redirect_uri,
            state=sign_in.state,
            nonce=sign_in.nonce,
            verifier=sign_in.verifier,
        )
        return sign_in, address

    async def take(self, state: str) -> SignIn:
        """Return the log-in that comes back; a second time it is not there. Raises OidcError."""
        return await self._sign_ins.take(state)

    async def identity(self, sign_in: SignIn, code: str, redirect_uri: str) -> Identity:
        """Return who came back. Raises OidcError."""
        proof = await self.provider.proof(
            code, redirect_uri=redirect_uri, verifier=sign_in.verifier, nonce=sign_in.nonce
        )
        return replace(identity_of(proof.claims, self._grants), token=proof.token)

    async def end(self, token: str | None, leads_to: str) -> str | None:
        """Return where the browser logs out at the provider; None: nowhere, or it is away."""
        try:
            to = await self.provider.endpoints()
        except OidcError as error:
            logger.warning(
                "no log-out at the provider", extra={"code": error.code, "why": error.detail}
            )
            return None
        return end_url(to, client_id=self.provider.client.id, token=token, leads_to=leads_to)

    async def user_of(self, identity: Identity) -> str:
        """Return the name of their user here. Raises OidcError."""
        return await self._sign_ins.user_of(identity)


def open_desk(engine: Engine, clock: Clock, given: OidcSettings) -> OidcDesk | None:
    """Return the desk, None where no provider is set. Raises OidcSettingsError."""
    if not given.issuer:
        return None
    if not is_private_enough(given.issuer):
        raise OidcSettingsError("VOLTHUS_OIDC_ISSUER: expected https://...")
    if not given.client_id:
        raise OidcSettingsError("VOLTHUS_OIDC_CLIENT_ID is missing")
    client = Client(given.issuer, given.client_id, _secret(given))
    grants = _grants(given.roles)
    name = given.name or "OpenID"
    return OidcDesk(Provider(client, clock), SignIns(engine, clock), grants, name)


def _secret(given: OidcSettings) -> str:
    if given.client_secret_file is None:
        return given.client_secret
    try:
        return given.client_secret_file.read_text().strip()
    except OSError as error:
        path, why = given.client_secret_file, error.strerror
        raise OidcSettingsError(f"VOLTHUS_OIDC_CLIENT_SECRET_FILE: {path}: {why}") from error


def _grants(text: str) -> tuple[Grant, ...]:
    try:
        given = _GRANTS.validate_json(text, strict=False)
    except ValidationError as error:
        raise OidcSettingsError(f"VOLTHUS_OIDC_ROLES: {error}") from error
    if not given:
        raise OidcSettingsError("VOLTHUS_OIDC_ROLES gives nobody a role")
    return tuple(
        Grant(
            one.claim,
            one.value,
            one.role,
            None if one.sites is None else frozenset(one.sites),
            one.tenant,
        )
        for one in given
    )
