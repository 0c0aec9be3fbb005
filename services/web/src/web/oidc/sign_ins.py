"""Log-ins that were begun at the provider, and the users that come of them. Shared by replicas."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlmodel import Session, col, delete, select

from volthus_kit.clock import Clock
from volthus_kit.database import written
from web.core.oidc import Identity, OidcError
from web.passwords import digest_of
from web.store import SignInRow, UserRow
from web.users import written_sites

LASTS_S = 600.0
LONGEST_PATH = 500


@dataclass(frozen=True, slots=True)
class SignIn:
    """A log-in on its way. state is carried by the browser; verifier and nonce it never sees."""

    state: str
    nonce: str
    verifier: str
    leads_to: str


class SignIns:
    """Remembers who set out, and makes users of those who come back."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def begin(self, leads_to: str) -> SignIn:
        """Return a new one. Raises RefusedError `store-failing`."""
        sign_in = SignIn(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            leads_to=leads_to[:LONGEST_PATH],
        )
        await asyncio.to_thread(self._add, sign_in)
        return sign_in

    async def take(self, state: str) -> SignIn:
        """Return the one with this state, which is gone then. Raises OidcError `oidc-not-begun`."""
        return await asyncio.to_thread(self._take, state)

    async def user_of(self, identity: Identity) -> str:
        """Return the name of the user of an identity, made or changed as the provider says now.

        Raises OidcError `oidc-user-disabled`.
        """
        return await asyncio.to_thread(self._user_of, identity)

    # --- in threads ------------------------------------------------------------------------------

    def _add(self, sign_in: SignIn) -> None:
        now_s = self._clock.now().timestamp()

        def write(session: Session) -> None:
            session.exec(delete(SignInRow).where(col(SignInRow.expires_s) <= now_s))
            session.add(
                SignInRow(
                    state=digest_of(sign_in.state),
                    nonce=sign_in.nonce,
                    verifier=sign_in.verifier,
                    leads_to=sign_in.leads_to,
                    expires_s=now_s + LASTS_S,
                )
            )

        written(self._engine, write)

    def _take(self, state: str) -> SignIn:
        now_s = self._clock.now().timestamp()

        def write(session: Session) -> SignIn | None:
            row = session.get(SignInRow, digest_of(state), with_for_update=True)
            if row is None:
                return None
            session.delete(row)
            is_late = row.expires_s <= now_s
            return None if is_late else SignIn(state, row.nonce, row.verifier, row.leads_to)

        found = written(self._engine, write)
        if found is None:
            raise OidcError("oidc-not-begun", "this log-in was not begun here, or is too old")
        return found

    def _user_of(self, identity: Identity) -> str:
        def write(session: Session) -> str:
            row = session.exec(
                select(UserRow).where(
                    col(UserRow.issuer) == identity.issuer, col(UserRow.subject) == identity.subject
                )
            ).first()
            if row is None:
                row = UserRow(
                    username=_free_name(session, identity),
                    password_hash="",
                    role=identity.grant.role,
                    created_s=self._clock.now().timestamp(),
                    issuer=identity.issuer,
                    subject=identity.subject,
                )
            elif row.is_disabled:
                raise OidcError("oidc-user-disabled", f"{row.username} is disabled here")
            row.provider_s = self._clock.now().timestamp()
            grant = identity.grant
            granted = (grant.role.value, written_sites(grant.sites), grant.tenant)
            if (row.role, row.sites, row.tenant) != granted:
                row.role, row.sites, row.tenant = granted
                row.revision = (row.revision or 0) + 1
            session.add(row)
            return row.username

        return written(self._engine, write)


def _free_name(session: Session, identity: Identity) -> str:
    """Return a name that nobody has: a local user's is never taken over."""
    if session.get(UserRow, identity.username) is None:
        return identity.username
    tail = hashlib.sha256(f"{identity.issuer}\n{identity.subject}".encode()).hexdigest()[:8]
    return f"{identity.username[:50]}-{tail}"
