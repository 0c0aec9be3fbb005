"""Users and their log-ins, in the front door's own database."""

import asyncio
import hmac
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Engine
from sqlmodel import Session, col, delete, select

from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from web.audit import Actor
from web.core.people import Person
from web.core.roles import Role, Sight
from web.core.scopes import Scope
from web.passwords import PasswordCheck, csrf_token_of, digest_of, new_secret
from web.sealing import opened, sealed
from web.store import TokenRow, UserRow
from web.users import read_sites

logger = logging.getLogger(__name__)

MOST_UNSAVED = 1000  # log-ins; each is a few hundred bytes
USE_TOLD_EVERY_S = 300.0
ID_DIGITS = 16  # of a log-in's digest, which itself opens nothing
LONGEST_AGENT = 200
PROOF = "volthus proof of a provider"


class Kind(StrEnum):
    """What a log-in is used by."""

    BEARER = "bearer"
    SESSION = "session"
    PROGRAM = "program"  # no log-in: a token given out to a program


@dataclass(frozen=True, slots=True)
class Account:
    """A user as logged in by one token.

    sites: the sites this user may see; None = all. csrf_token: of a page's session only.
    scopes: what a program's token may do; None = all that the role may. token: its name.
    tenant: whose sites and users there are for them; "" = the only one.
    must_change: nothing else goes before the password is changed.
    """

    username: str
    role: Role
    sites: frozenset[str] | None
    expires_at: datetime
    digest: str
    csrf_token: str | None
    kind: Kind = Kind.BEARER
    scopes: frozenset[Scope] | None = None
    token: str = ""
    tenant: str = ""
    must_change: bool = False

    @property
    def sight(self) -> Sight:
        """Which sites this account may know of."""
        return Sight(self.tenant, self.sites)

    @property
    def person(self) -> Person:
        """The account where it is asked who may manage whom."""
        return Person(self.username, self.role, self.sites, self.tenant)

    @property
    def who(self) -> Actor:
        """The account as records name it."""
        return Actor(self.actor, self.role, tenant=self.tenant)

    @property
    def actor(self) -> str:
        """Who did it, for records: the user, and which program in their name."""
        return f"{self.username} ({self.token})" if self.token else self.username

    def is_csrf_token(self, given: str) -> bool:
        """Whether `given` is this session's CSRF token."""
        if self.csrf_token is None:
            return False
        return hmac.compare_digest(given.encode(), self.csrf_token.encode())


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a log-in came from, for the list its user sees."""

    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class LogIn:
    """One log-in of a user that still holds."""

    id: str
    kind: Kind
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    origin: Origin


class Accounts:
    """Logs users in and out, and knows who a token belongs to."""

    def __init__(
        self, engine: Engine, clock: Clock, token_for: timedelta, session_for: timedelta
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._lives = {Kind.BEARER: token_for, Kind.SESSION: session_for}
        self._check = PasswordCheck()
        # Log-ins that a full disk did not take, by digest: they hold until we end.
        self._unsaved: dict[str, TokenRow] = {}

    async def log_in(
        self, username: str, password: str, kind: Kind, origin: Origin | None = None
    ) -> tuple[str, Account] | None:
        """Return the new secret and its account, None for wrong credentials.

        A log-in changes no setting, so with a full disk or a locked database it is kept in memory:
        who wants to see why nothing is saved must get in. Raises RefusedError `store-failing` only
        when there are too many of those.
        """
        user = await asyncio.to_thread(self._user, username)
        stored = user.password_hash or None if user and not user.is_disabled else None
        if not await self._check.is_right(password, stored):
            return None
        return await self.enter(username, kind, origin)

    async def enter(
        self,
        username: str,
        kind: Kind,
        origin: Origin | None = None,
        *,
        provider_token: str = "",
    ) -> tuple[str, Account] | None:
        """Log somebody in who proved who they are; else as `log_in`.

        provider_token: what a provider proved it with, kept for logging out there.
        """
        secret, origin = new_secret(), origin or Origin()
        now_s = self._clock.now().timestamp()
        row = TokenRow(
            digest=digest_of(secret),
            username=username,
            kind=kind,
            created_s=now_s,
            expires_s=now_s + self._lives[kind].total_seconds(),
            address=origin.address,
            agent=origin.agent[:LONGEST_AGENT],
            used_s=now_s,
            provider_token=sealed(secret, PROOF, provider_token) if provider_token else None,
        )
        try:
            await asyncio.to_thread(self._store, row)
        except RefusedError:
            if not self._remember(row):
                raise
        account = await self.by_token(secret, kind)
        return None if account is None else (secret, account)

    async def is_password(self, username: str, password: str) -> bool:
        """Whether a password is the user's."""
        user = await asyncio.to_thread(self._user, username)
        return await self._check.is_right(password, user.password_hash or None if user else None)

    async def log_ins(self, username: str) -> list[LogIn]:
        """Return the log-ins of a user that hold, the newest first."""
        return await asyncio.to_thread(self._log_ins, username)

    async def end_log_ins(self, username: str, *, kept: str = "", only: str = "") -> int:
        """End the log-ins of a user but the one with digest `kept`; or only the one with id `only`.

        Returns how many. Raises RefusedError `store-failing`.
        """
        return await asyncio.to_thread(self._end_log_ins, username, kept, only)

    async def by_token(self, secret: str, kind: Kind) -> Account | None:
        """Return who a secret belongs to; None when it is unknown, over, or of the other kind."""
        return await asyncio.to_thread(self._account, secret, kind)

    async def provider_token(self, secret: str) -> str | None:
        """Return what a provider proved a log-in with; None: no provider, or it was not kept."""
        kept = await asyncio.to_thread(self._provider_token, digest_of(secret))
        return None if kept is None else opened(secret, PROOF, kept)

    async def is_valid(self, account: Account) -> bool:
        """Whether the log-in still holds: long streams ask now and then."""
        return await asyncio.to_thread(self._is_valid, account)

    async def end(self, account: Account) -> None:
        """End one log-in. Raises RefusedError `store-failing`."""
        if self._unsaved.pop(account.digest, None) is None:
            await asyncio.to_thread(self._forget, account.digest)

    def _remember(self, row: TokenRow) -> bool:
        """Keep a log-in in memory; False when there are too many already."""
        for digest, known in tuple(self._unsaved.items()):
            if self._is_over(known):
                self._unsaved.pop(digest, None)
        if len(self._unsaved) >= MOST_UNSAVED:
            return False
        self._unsaved[row.digest] = row
        logger.warning("log-in kept in memory only", extra={"username": row.username})
        return True

    # --- in threads ------------------------------------------------------------------------------

    def _user(self, username: str) -> UserRow | None:
        with Session(self._engine) as session:
            return session.get(UserRow, username)

    def _provider_token(self, digest: str) -> bytes | None:
        with Session(self._engine) as session:
            row = self._unsaved.get(digest) or session.get(TokenRow, digest)
            return None if row is None else row.provider_token

    def _store(self, row: TokenRow) -> None:
        def write(session: Session) -> None:
            over = TokenRow.expires_s <= row.created_s
            session.exec(delete(TokenRow).where(over))  # type: ignore[arg-type]  # a column here
            session.add(row)

        written(self._engine, write)

    def _forget(self, digest: str) -> None:
        def write(session: Session) -> None:
            session.exec(delete(TokenRow).where(TokenRow.digest == digest))  # type: ignore[arg-type]

        written(self._engine, write)

    def _account(self, secret: str, kind: Kind) -> Account | None:
        digest = digest_of(secret)
        with Session(self._engine) as session:
            token = self._unsaved.get(digest) or session.get(TokenRow, digest)
            user = session.get(UserRow, token.username) if token else None
        if token is None or user is None or token.kind != kind or self._is_over(token):
            return None
        if user.is_disabled:
            return None
        self._note_use(token)
        return Account(
            username=user.username,
            role=Role(user.role),
            sites=read_sites(user.sites),
            expires_at=datetime.fromtimestamp(token.expires_s, UTC),
            digest=digest,
            csrf_token=csrf_token_of(secret) if kind is Kind.SESSION else None,
            kind=kind,
            tenant=user.tenant,
            must_change=user.must_change,
        )

    def _is_valid(self, account: Account) -> bool:
        with Session(self._engine) as session:
            token = self._unsaved.get(account.digest) or session.get(TokenRow, account.digest)
            user = session.get(UserRow, token.username) if token else None
            if token is None or user is None or user.is_disabled or self._is_over(token):
                return False
            # Who may more or less than when the stream began begins it anew.
            now = (user.role, read_sites(user.sites), user.tenant)
            return now == (account.role.value, account.sites, account.tenant)

    def _note_use(self, token: TokenRow) -> None:
        now_s = self._clock.now().timestamp()
        if token.used_s is None or now_s - token.used_s < USE_TOLD_EVERY_S:
            return

        def write(session: Session) -> None:
            if (row := session.get(TokenRow, token.digest)) is not None:
                row.used_s = now_s
                session.add(row)

        try:
            written(self._engine, write)
        except RefusedError:
            # The request itself needs no write: it must not fail for this.
            logger.debug("use of a log-in not noted", extra={"username": token.username})

    def _log_ins(self, username: str) -> list[LogIn]:
        newest = (
            select(TokenRow)
            .where(col(TokenRow.username) == username)
            .order_by(col(TokenRow.created_s).desc())
        )
        with Session(self._engine) as session:
            rows = list(session.exec(newest))
        rows += [one for one in self._unsaved.values() if one.username == username]
        return [_log_in(row) for row in rows if not self._is_over(row)]

    def _end_log_ins(self, username: str, kept: str, only: str) -> int:
        def goes(row: TokenRow) -> bool:
            is_meant = row.digest.startswith(only) if only else row.digest != kept
            return row.username == username and is_meant

        for digest, row in tuple(self._unsaved.items()):
            if goes(row):
                self._unsaved.pop(digest, None)

        def write(session: Session) -> int:
            rows = session.exec(select(TokenRow).where(col(TokenRow.username) == username)).all()
            going = [row for row in rows if goes(row)]
            for row in going:
                session.delete(row)
            return len(going)

        return written(self._engine, write)

    def _is_over(self, token: TokenRow) -> bool:
        return token.expires_s <= self._clock.now().timestamp()


def _log_in(row: TokenRow) -> LogIn:
    return LogIn(
        id=row.digest[:ID_DIGITS],
        kind=Kind(row.kind),
        created_at=datetime.fromtimestamp(row.created_s, UTC),
        expires_at=datetime.fromtimestamp(row.expires_s, UTC),
        used_at=None if row.used_s is None else datetime.fromtimestamp(row.used_s, UTC),
        origin=Origin(row.address, row.agent),
    )
