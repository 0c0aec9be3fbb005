"""The users of a first start: from a file, or made with passwords in a file of their own."""

import json
import logging
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from volthus_kit.clock import Clock
from volthus_kit.database import written
from web.core.roles import Role
from web.errors import InitialUsersError
from web.passwords import hashed
from web.store import UserRow

logger = logging.getLogger(__name__)

GENERATED_FILE = "initial-users.json"
_LOCK = 0x7573657273  # "users"; of PostgreSQL's advisory locks


class InitialUser(BaseModel):
    """One entry of the file."""

    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=8, max_length=1024)
    role: Role
    sites: list[str] | None = Field(None, description="the only sites to see; left out: all")
    tenant: str = Field("", max_length=64, description="whose sites and users there are for them")
    must_change: bool | None = Field(
        None, description="change the password at the first log-in; left out: in the cloud yes"
    )


_FILE = TypeAdapter(list[InitialUser])


@dataclass(frozen=True, slots=True)
class FirstUsers:
    """Where the first users come from.

    given: JSON file to take them from. Without one, `service` and `standard` (in the cloud
    `operator`) get passwords by chance, written to initial-users.json (0600) in `folder`; only its
    path is logged.
    is_cloud: there users of the file change their password first where it says nothing.
    """

    given: Path | None
    folder: Path
    is_cloud: bool = False

    def ensure(self, engine: Engine, clock: Clock) -> None:
        """Create the users of the file whose tenant has none yet; blocking.

        Raises InitialUsersError for a file that cannot be used.
        """
        count = written(engine, lambda session: self._added(session, clock.now().timestamp()))
        if count:
            logger.info("first users created", extra={"count": count})

    def _added(self, session: Session, now_s: float) -> int:
        if session.connection().dialect.name == "postgresql":
            # Replicas that start together: the second waits here, and then finds the first's.
            session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        tenants = set(session.exec(select(UserRow.tenant).distinct()))
        rows = [self._row(user, now_s) for user in self._wanted(tenants)]
        session.add_all(rows)
        return len(rows)

    def _wanted(self, tenants: set[str]) -> list[InitialUser]:
        if self.given is None:
            return [] if tenants else self._generated()
        if tenants and not self.given.exists():
            return []  # it was removed, as it should be
        return [one for one in _read(self.given) if one.tenant not in tenants]

    def _generated(self) -> list[InitialUser]:
        roles = (Role.OPERATOR,) if self.is_cloud else (Role.SERVICE, Role.STANDARD)
        users = [
            InitialUser(
                username=role.value,
                password=secrets.token_urlsafe(12),
                role=role,
                sites=None,
                must_change=True,
            )
            for role in roles
        ]
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / GENERATED_FILE
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump([user.model_dump(mode="json", exclude_defaults=True) for user in users], file)
        logger.warning("passwords were made for the first users", extra={"path": str(path)})
        return users

    def _row(self, user: InitialUser, now_s: float) -> UserRow:
        must_change = self.is_cloud if user.must_change is None else user.must_change
        return UserRow(
            username=user.username,
            password_hash=hashed(user.password),
            role=user.role,
            sites="*" if user.sites is None else ",".join(user.sites),
            created_s=now_s,
            tenant=user.tenant,
            must_change=must_change,
        )


def _read(path: Path) -> list[InitialUser]:
    try:
        users = _FILE.validate_json(path.read_bytes())
    except OSError as error:
        raise InitialUsersError(f"{path}: cannot be read ({error.strerror})") from error
    except ValidationError as error:
        # Only places and reasons: the text of the error would show passwords in the log.
        wrong = [".".join(map(str, one["loc"])) + ": " + one["msg"] for one in error.errors()]
        raise InitialUsersError(f"{path}: {'; '.join(wrong)}") from None
    if not users or len({user.username for user in users}) < len(users):
        raise InitialUsersError(f"{path}: expected at least one user, each name once")
    return users
