"""Users and their log-ins, in the front door's own database."""

import asyncio
import hmac
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Engine
from sqlmodel import Session, delete

from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from web.core.roles import Role
from web.core.scopes import Scope
from web.passwords import PasswordCheck, csrf_token_of, digest_of, new_secret
from web.store import TokenRow, UserRow

logger = logging.getLogger(__name__)

MOST_UNSAVED = 1000  # log-ins; each is a few hundred bytes


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

    @property
    def actor(self) -> str:
        """Who did it, for records: the user, and which program in their name."""
        return f"{self.username} ({self.token})" if self.token else self.username

    def is_csrf_token(self, given: str) -> bool:
        """Whether `given` is this session's CSRF token."""
        if self.csrf_token is None:
            return False
        return hmac.compare_digest(given.encode(), self.csrf_token.encode())


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

    async def log_in(self, username: str, password: str, kind: Kind) -> tuple[str, Account] | None:
        """Return the new secret and its account, None for wrong credentials.

        A log-in changes no setting, so with a full disk or a locked database it is kept in memory:
        who wants to see why nothing is saved must get in. Raises RefusedError `store-failing` only
        when there are too many of those.
        """
        user = await asyncio.to_thread(self._user, username)
        if not await self._check.is_right(password, user.password_hash if user else None):
            return None
        secret = new_secret()
        now_s = self._clock.now().timestamp()
        row = TokenRow(
            digest=digest_of(secret),
            username=username,
            kind=kind,
            created_s=now_s,
            expires_s=now_s + self._lives[kind].total_seconds(),
        )
        try:
            await asyncio.to_thread(self._store, row)
        except RefusedError:
            if not self._remember(row):
                raise
        account = await self.by_token(secret, kind)
        return None if account is None else (secret, account)

    async def by_token(self, secret: str, kind: Kind) -> Account | None:
        """Return who a secret belongs to; None when it is unknown, over, or of the other kind."""
        return await asyncio.to_thread(self._account, secret, kind)

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
        return Account(
            username=user.username,
            role=Role(user.role),
            sites=None if user.sites == "*" else frozenset(filter(None, user.sites.split(","))),
            expires_at=datetime.fromtimestamp(token.expires_s, UTC),
            digest=digest,
            csrf_token=csrf_token_of(secret) if kind is Kind.SESSION else None,
            kind=kind,
        )

    def _is_valid(self, account: Account) -> bool:
        with Session(self._engine) as session:
            token = self._unsaved.get(account.digest) or session.get(TokenRow, account.digest)
            user = session.get(UserRow, token.username) if token else None
            return token is not None and user is not None and not self._is_over(token)

    def _is_over(self, token: TokenRow) -> bool:
        return token.expires_s <= self._clock.now().timestamp()
