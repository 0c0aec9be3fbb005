"""Users as they stand in the database: who there is, and every change of them."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, func, select

from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from volthus_wire.revisions import ANY
from web.core.people import Person, Sites, last_of
from web.core.roles import Role
from web.core.wording import SHORTEST, objection
from web.passwords import hashed
from web.store import ProgramTokenRow, TokenRow, UserRow

ALL = "*"


@dataclass(frozen=True, slots=True)
class User:
    """What is known of a user; of the password only that there is one."""

    person: Person
    must_change: bool
    has_password: bool
    issuer: str
    created_at: datetime
    last_log_in_at: datetime | None
    revision: int


@dataclass(frozen=True, slots=True)
class UserAsked:
    """A user as they are to be: checked already against what its manager may give."""

    role: Role
    sites: Sites
    is_disabled: bool = False


class Users:
    """The users of all tenants; who may see whom is decided where it is asked."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def of_tenant(self, tenant: str) -> list[User]:
        """Return the users of a tenant by name."""
        return await asyncio.to_thread(self._of_tenant, tenant)

    async def get(self, username: str) -> User | None:
        """Return one user, None where there is none."""
        return await asyncio.to_thread(self._get, username)

    async def create(self, person: Person, password: str) -> User:
        """Make a user who has to change `password` at the first log-in.

        Raises RefusedError `user-exists`, `store-failing`.
        """
        row = UserRow(
            username=person.username,
            password_hash=await asyncio.to_thread(hashed, password),
            role=person.role,
            sites=written_sites(person.sites),
            created_s=self._clock.now().timestamp(),
            tenant=person.tenant,
            must_change=True,
        )
        return await asyncio.to_thread(self._add, row)

    async def change(self, username: str, asked: UserAsked, revision: int) -> User:
        """Change what a user may; who is disabled is logged out at once.

        Raises RefusedError `unknown-user`, `revision-conflict`, `last-of-role`, `store-failing`.
        """

        def change(row: UserRow) -> None:
            row.role, row.sites = asked.role, written_sites(asked.sites)
            row.is_disabled = asked.is_disabled

        return await asyncio.to_thread(self._change, username, revision, change)

    async def set_password(
        self, username: str, password: str, *, must_change: bool, kept: str = ""
    ) -> User:
        """Set a password, and end every log-in but the one with the digest `kept`.

        Raises RefusedError `unknown-user`, `store-failing`.
        """
        stored = await asyncio.to_thread(hashed, password)

        def change(row: UserRow) -> None:
            row.password_hash, row.must_change = stored, must_change

        return await asyncio.to_thread(self._change, username, ANY, change, kept)

    async def remove(self, username: str, revision: int) -> None:
        """Delete a user with log-ins and tokens.

        Raises RefusedError `unknown-user`, `revision-conflict`, `last-of-role`, `store-failing`.
        """
        await asyncio.to_thread(self._remove, username, revision)

    async def stored_password(self, username: str) -> str | None:
        """Return the hash of a user's password; None without a user or a password."""
        return await asyncio.to_thread(self._stored_password, username)

    # --- in threads ------------------------------------------------------------------------------

    def _of_tenant(self, tenant: str) -> list[User]:
        with Session(self._engine) as session:
            rows = session.exec(
                select(UserRow).where(col(UserRow.tenant) == tenant).order_by(UserRow.username)
            ).all()
            last = _last_log_ins(session, [row.username for row in rows])
            return [_user(row, last.get(row.username)) for row in rows]

    def _get(self, username: str) -> User | None:
        with Session(self._engine) as session:
            row = session.get(UserRow, username)
            return (
                None
                if row is None
                else _user(row, _last_log_ins(session, [username]).get(username))
            )

    def _add(self, row: UserRow) -> User:
        def write(session: Session) -> User:
            if session.get(UserRow, row.username) is not None:
                raise _exists(row.username)
            session.add(row)
            try:
                session.flush()
            except IntegrityError as error:  # another replica was quicker
                raise _exists(row.username) from error
            return _user(row, None)

        return written(self._engine, write)

    def _change(
        self, username: str, revision: int, change: Callable[[UserRow], None], kept: str = ""
    ) -> User:
        def write(session: Session) -> User:
            row, others = _locked(session, username, revision)
            before = _person(row)
            password = row.password_hash
            change(row)
            after = _person(row)
            _check_last(before, after, others)
            row.revision += 1
            session.add(row)
            if row.is_disabled or row.password_hash != password:
                _end_log_ins(session, username, kept)
            return _user(row, _last_log_ins(session, [username]).get(username))

        return written(self._engine, write)

    def _remove(self, username: str, revision: int) -> None:
        def write(session: Session) -> None:
            row, others = _locked(session, username, revision)
            _check_last(_person(row), None, others)
            _end_log_ins(session, username, "")
            session.exec(delete(ProgramTokenRow).where(col(ProgramTokenRow.username) == username))
            session.flush()
            session.delete(row)

        written(self._engine, write)

    def _stored_password(self, username: str) -> str | None:
        with Session(self._engine) as session:
            row = session.get(UserRow, username)
            return None if row is None else row.password_hash or None


def check_password(password: str, username: str, field: str) -> None:
    """Raise RefusedError `password-too-weak` for a password that cannot be taken."""
    reason = objection(password, username)
    if reason is not None:
        raise RefusedError(
            "password-too-weak",
            f"A password has {SHORTEST} characters or more, is not easy to guess, and does not "
            f"have the user name in it ({reason}).",
            field=field,
            reason=reason,
            shortest=SHORTEST,
        )


def new_password() -> str:
    """Return a password to be told once and changed at the first log-in."""
    return secrets.token_urlsafe(12)


def written_sites(sites: Sites) -> str:
    """Return sites as the database keeps them."""
    return ALL if sites is None else ",".join(sorted(sites))


def read_sites(sites: str) -> Sites:
    """Return sites as the database keeps them, read."""
    return None if sites == ALL else frozenset(filter(None, sites.split(",")))


def _exists(username: str) -> RefusedError:
    return RefusedError(
        "user-exists",
        f"There is a user {username!r} already.",
        field="/username",
        username=username,
    )


def _locked(session: Session, username: str, revision: int) -> tuple[UserRow, list[Person]]:
    """Return a user and the rest of the tenant, locked until the change is written."""
    row = session.get(UserRow, username)
    if row is None:
        raise RefusedError(
            "unknown-user", f"There is no user {username!r} here.", username=username
        )
    tenant = select(UserRow).where(col(UserRow.tenant) == row.tenant).order_by(UserRow.username)
    # All of them: two replicas must not take the last two away at once.
    rows = session.exec(tenant.with_for_update(), execution_options={"populate_existing": True})
    others = [_person(one) for one in rows if one.username != username]
    if revision not in (ANY, row.revision):
        raise RefusedError(
            "revision-conflict",
            f"The user was changed meanwhile: revision {row.revision}, not {revision}.",
            field="/revision",
            revision=row.revision,
        )
    return row, others


def _check_last(before: Person, after: Person | None, others: list[Person]) -> None:
    role = last_of(before, after, others)
    if role is not None:
        raise RefusedError(
            "last-of-role",
            f"{before.username} is the last with the role {role} who sees every site; "
            "make another one first.",
            role=role,
            username=before.username,
        )


def _end_log_ins(session: Session, username: str, kept: str) -> None:
    session.exec(
        delete(TokenRow).where(col(TokenRow.username) == username, col(TokenRow.digest) != kept)
    )


def _last_log_ins(session: Session, usernames: list[str]) -> dict[str, float]:
    rows = session.exec(
        select(TokenRow.username, func.max(TokenRow.created_s))
        .where(col(TokenRow.username).in_(usernames))
        .group_by(TokenRow.username)
    )
    return dict(rows.all())


def _person(row: UserRow) -> Person:
    return Person(row.username, Role(row.role), read_sites(row.sites), row.tenant, row.is_disabled)


def _user(row: UserRow, last_log_in_s: float | None) -> User:
    return User(
        person=_person(row),
        must_change=row.must_change,
        has_password=bool(row.password_hash),
        issuer=row.issuer,
        created_at=datetime.fromtimestamp(row.created_s, UTC),
        last_log_in_at=(
            None if last_log_in_s is None else datetime.fromtimestamp(last_log_in_s, UTC)
        ),
        revision=row.revision,
    )
