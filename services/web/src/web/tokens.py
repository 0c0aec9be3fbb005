"""Tokens given out to programs: shown once, kept as a digest, ended at any time."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from web.accounts import Account, Kind
from web.core.roles import Role, lower
from web.core.scopes import Scope
from web.passwords import PROGRAM_PREFIX, digest_of, new_id, new_secret
from web.store import ProgramTokenRow, UserRow
from web.users import read_sites, written_sites

logger = logging.getLogger(__name__)

MOST_OF_USER = 50
USE_TOLD_EVERY_S = 60.0
PROVIDER_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ProgramToken:
    """What is known of a token; its secret is not."""

    id: str
    name: str
    username: str
    role: Role
    sites: frozenset[str] | None
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    tenant: str = ""  # of its user
    rests_at: datetime | None = None  # unless its user logs in at their provider by then


@dataclass(frozen=True, slots=True)
class TokenAsked:
    """A token somebody wants: checked already against what its user may."""

    name: str
    role: Role
    sites: frozenset[str] | None
    scopes: frozenset[Scope]
    expires_at: datetime


class ProgramTokens:
    """Makes, recognises and ends tokens of programs."""

    def __init__(
        self, engine: Engine, clock: Clock, provider_for: timedelta = PROVIDER_FOR
    ) -> None:
        """Let tokens of a provider's users work for so long behind each log-in there.

        Else who was put out at the provider would go on here, by programs, for years.
        """
        self._engine = engine
        self._clock = clock
        self._provider_for = provider_for

    async def create(self, username: str, asked: TokenAsked) -> tuple[str, ProgramToken]:
        """Return a new secret, which is told nowhere again, and its token.

        Raises RefusedError `store-failing`, `too-many-tokens`.
        """
        secret = new_secret(PROGRAM_PREFIX)
        row = ProgramTokenRow(
            id=new_id(),
            digest=digest_of(secret),
            name=asked.name,
            username=username,
            role=asked.role,
            sites=written_sites(asked.sites),
            scopes=" ".join(sorted(asked.scopes)),
            created_s=self._clock.now().timestamp(),
            expires_s=asked.expires_at.timestamp(),
        )
        return secret, await asyncio.to_thread(self._add, row)

    async def of_tenant(self, tenant: str) -> list[ProgramToken]:
        """Return every token of a tenant's users, the newest first."""
        return await asyncio.to_thread(self._of_tenant, tenant)

    async def get(self, token: str) -> ProgramToken | None:
        """Return one token, None where there is none."""
        return await asyncio.to_thread(self._get, token)

    async def remove(self, token: str) -> None:
        """End a token at once. Raises RefusedError `store-failing`."""
        await asyncio.to_thread(self._remove, token)

    async def account(self, secret: str) -> Account | None:
        """Return who a secret stands for; None when it is unknown or over.

        A token never may more than its user may now: of roles the lower one counts, of sites those
        that both may see.
        """
        return await asyncio.to_thread(self._account, digest_of(secret))

    async def is_valid(self, account: Account) -> bool:
        """Whether the token still holds, and may what it might when it was looked at."""
        now = await asyncio.to_thread(self._account, account.digest)
        return now is not None and (now.role, now.sight) == (account.role, account.sight)

    # --- in threads ------------------------------------------------------------------------------

    def _add(self, row: ProgramTokenRow) -> ProgramToken:
        def write(session: Session) -> ProgramToken:
            now_s = row.created_s
            own = session.exec(
                select(ProgramTokenRow).where(col(ProgramTokenRow.username) == row.username)
            ).all()
            for one in own:
                if one.expires_s <= now_s:
                    session.delete(one)
            if sum(one.expires_s > now_s for one in own) >= MOST_OF_USER:
                raise RefusedError(
                    "too-many-tokens",
                    f"A user has at most {MOST_OF_USER} tokens; end one first.",
                    most=MOST_OF_USER,
                )
            session.add(row)
            return self._token(row, session.get(UserRow, row.username))

        return written(self._engine, write)

    def _of_tenant(self, tenant: str) -> list[ProgramToken]:
        newest = (
            select(ProgramTokenRow, UserRow)
            .join(UserRow, col(UserRow.username) == col(ProgramTokenRow.username))
            .where(col(UserRow.tenant) == tenant)
            .order_by(col(ProgramTokenRow.created_s).desc())
        )
        with Session(self._engine) as session:
            return [self._token(row, user) for row, user in session.exec(newest)]

    def _get(self, token: str) -> ProgramToken | None:
        with Session(self._engine) as session:
            row = session.get(ProgramTokenRow, token)
            user = session.get(UserRow, row.username) if row else None
            return None if row is None or user is None else self._token(row, user)

    def _remove(self, token: str) -> None:
        def write(session: Session) -> None:
            if (row := session.get(ProgramTokenRow, token)) is not None:
                session.delete(row)

        written(self._engine, write)

    def _account(self, digest: str) -> Account | None:
        now_s = self._clock.now().timestamp()
        with Session(self._engine) as session:
            row = session.exec(
                select(ProgramTokenRow).where(col(ProgramTokenRow.digest) == digest)
            ).first()
            user = session.get(UserRow, row.username) if row else None
        if row is None or user is None or user.is_disabled or row.expires_s <= now_s:
            return None
        rests_s = self._rests_s(user)
        if rests_s is not None and rests_s <= now_s:
            return None
        ends_s = row.expires_s if rests_s is None else min(row.expires_s, rests_s)
        if row.used_s is None or now_s - row.used_s >= USE_TOLD_EVERY_S:
            self._note_use(row.id, now_s)
        return Account(
            username=user.username,
            role=lower(Role(row.role), Role(user.role)),
            sites=_both(read_sites(row.sites), read_sites(user.sites)),
            expires_at=datetime.fromtimestamp(ends_s, UTC),
            digest=digest,
            csrf_token=None,
            kind=Kind.PROGRAM,
            scopes=frozenset(Scope(scope) for scope in row.scopes.split()),
            token=row.name,
            tenant=user.tenant,
            must_change=user.must_change,  # a password that was reset stops programs too
        )

    def _rests_s(self, user: UserRow | None) -> float | None:
        """Return until when tokens of a user work without a log-in there; None: none is needed."""
        if user is None or not user.issuer:
            return None
        return (user.provider_s or user.created_s) + self._provider_for.total_seconds()

    def _token(self, row: ProgramTokenRow, user: UserRow | None) -> ProgramToken:
        rests_s = self._rests_s(user)
        return ProgramToken(
            id=row.id,
            name=row.name,
            username=row.username,
            role=Role(row.role),
            sites=read_sites(row.sites),
            scopes=frozenset(Scope(scope) for scope in row.scopes.split()),
            created_at=datetime.fromtimestamp(row.created_s, UTC),
            expires_at=datetime.fromtimestamp(row.expires_s, UTC),
            used_at=None if row.used_s is None else datetime.fromtimestamp(row.used_s, UTC),
            tenant="" if user is None else user.tenant,
            rests_at=None if rests_s is None else datetime.fromtimestamp(rests_s, UTC),
        )

    def _note_use(self, token: str, now_s: float) -> None:
        def write(session: Session) -> None:
            if (row := session.get(ProgramTokenRow, token)) is not None:
                row.used_s = now_s
                session.add(row)

        try:
            written(self._engine, write)
        except RefusedError:
            # The request itself needs no write: it must not fail for this.
            logger.debug("use of a token not noted", extra={"token": token})


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other
