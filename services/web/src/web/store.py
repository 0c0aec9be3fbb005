"""Tables of the front door: users, tokens, audit, sites heard of. Times are Unix seconds, UTC."""

from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Field, SQLModel

from volthus_kit.database import open_database, open_sqlite
from web.history import tables as history_tables
from web.leases import LeaseRow
from web.migrating import bring_up
from web.software import tables as software_tables

# Every part's own tables, so that the metadata is complete wherever the store is.
# Who adds one writes its migration too: `python -m web.migrations new PART "what"`.
PART_TABLES = (
    LeaseRow,
    *history_tables.TABLES,
    software_tables.ReleaseRow,
    software_tables.ReleaseFeedRow,
    software_tables.SoftwareDecisionRow,
)

FILE = "web.sqlite"


class UserRow(SQLModel, table=True):
    """Somebody who may log in."""

    __tablename__ = "users"

    username: str = Field(primary_key=True)
    password_hash: str
    role: str
    sites: str = "*"  # names with commas between; * = all
    created_s: float


class TokenRow(SQLModel, table=True):
    """A log-in that is valid: a bearer token or a session of the page."""

    __tablename__ = "tokens"

    digest: str = Field(primary_key=True)  # SHA-256 of the secret, which is stored nowhere
    username: str = Field(foreign_key="users.username", index=True)
    kind: str
    created_s: float
    expires_s: float = Field(index=True)


class ProgramTokenRow(SQLModel, table=True):
    """A token for a program, given out by a user."""

    __tablename__ = "program_tokens"

    id: str = Field(primary_key=True)
    digest: str = Field(unique=True, index=True)  # SHA-256 of the secret, which is stored nowhere
    name: str
    username: str = Field(foreign_key="users.username", index=True)
    role: str
    sites: str = "*"  # names with commas between; * = all its user may see
    scopes: str
    created_s: float
    expires_s: float = Field(index=True)
    used_s: float | None = None


class AuditRow(SQLModel, table=True):
    """Who did what, when, and how it ended."""

    __tablename__ = "audit"

    id: int | None = Field(default=None, primary_key=True)
    at_s: float = Field(index=True)
    actor: str
    role: str
    address: str = ""
    site: str
    action: str
    about: str
    details: str = ""
    outcome: str = "begun"  # stays so if we die before the answer
    ended_s: float | None = None


class SiteRow(SQLModel, table=True):
    """A site that was heard, so that it is known as offline after a restart."""

    __tablename__ = "sites"

    site: str = Field(primary_key=True)
    name: str
    last_seen_s: float


def database_of(folder: Path, url: str | None = None) -> Engine:
    """Open the database of `url`, without one the file in `folder`; blocking.

    Raises OSError, DatabaseUrlError.
    """
    if url is not None:
        return open_database(url)
    engine = open_sqlite(folder / FILE)
    with engine.connect():
        (folder / FILE).chmod(0o600)
    return engine


def open_store(folder: Path, url: str | None = None) -> Engine:
    """Open the database with its tables as this program knows them; blocking.

    Raises OSError, DatabaseUrlError, and what the database raises.
    """
    engine = database_of(folder, url)
    bring_up(engine)
    return engine
