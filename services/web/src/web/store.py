"""Tables of the front door: users, tokens, audit, sites heard of. Times are Unix seconds, UTC."""

from pathlib import Path

from sqlalchemy import Engine, Index, false
from sqlmodel import Field, SQLModel

from volthus_kit.database import open_database, open_sqlite
from web.alerts import tables as alert_tables
from web.fleet import tables as fleet_tables
from web.history import tables as history_tables
from web.leases import LeaseRow
from web.migrating import bring_up
from web.push import tables as push_tables
from web.rollouts import tables as rollout_tables
from web.software import tables as software_tables
from web.webhooks import tables as webhook_tables

# Every part's own tables, so that the metadata is complete wherever the store is.
# Who adds one writes its migration too: `python -m web.migrations new PART "what"`.
PART_TABLES = (
    LeaseRow,
    *fleet_tables.TABLES,
    *history_tables.TABLES,
    *alert_tables.TABLES,
    *webhook_tables.TABLES,
    *push_tables.TABLES,
    software_tables.ReleaseRow,
    software_tables.ReleaseFeedRow,
    software_tables.SoftwareDecisionRow,
    *rollout_tables.TABLES,
)

FILE = "web.sqlite"

# Columns that came later have a default of the database's own: a program of before writes on.
_NO = {"server_default": false()}
_EMPTY = {"server_default": ""}
_ONE = {"server_default": "1"}


class UserRow(SQLModel, table=True):
    """Somebody who may log in."""

    __tablename__ = "users"

    username: str = Field(primary_key=True)
    password_hash: str
    role: str
    sites: str = "*"  # names with commas between; * = all
    created_s: float
    tenant: str = Field(default="", index=True, sa_column_kwargs=_EMPTY)
    is_disabled: bool = Field(default=False, sa_column_kwargs=_NO)
    must_change: bool = Field(default=False, sa_column_kwargs=_NO)  # the password, before all else
    revision: int = Field(default=1, sa_column_kwargs=_ONE)
    # Of a user that a provider of identities knows; they have no password here.
    issuer: str = Field(default="", sa_column_kwargs=_EMPTY)
    subject: str = Field(default="", sa_column_kwargs=_EMPTY)
    provider_s: float | None = None  # when the provider last let them in


class TokenRow(SQLModel, table=True):
    """A log-in that is valid: a bearer token or a session of the page."""

    __tablename__ = "tokens"

    digest: str = Field(primary_key=True)  # SHA-256 of the secret, which is stored nowhere
    username: str = Field(foreign_key="users.username", index=True)
    kind: str
    created_s: float
    expires_s: float = Field(index=True)
    address: str = Field(default="", sa_column_kwargs=_EMPTY)
    agent: str = Field(default="", sa_column_kwargs=_EMPTY)
    used_s: float | None = None
    # What the provider proved the log-in with, sealed with the secret, which is stored nowhere.
    provider_token: bytes | None = None


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
    __table_args__ = (Index("ix_audit_of", "site", "action", "about"),)

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
    tenant: str = Field(default="", sa_column_kwargs=_EMPTY)
    before: str = Field(default="", sa_column_kwargs=_EMPTY)  # JSON, "" = nothing to tell
    after: str = Field(default="", sa_column_kwargs=_EMPTY)


class AttemptsRow(SQLModel, table=True):
    """Log-ins that did not succeed, by user and address: what all replicas know of them."""

    __tablename__ = "attempts"

    key: str = Field(primary_key=True)
    failed: int
    last_s: float = Field(index=True)
    closed_until_s: float


class BucketRow(SQLModel, table=True):
    """How much of a rate somebody used up lately, over all replicas."""

    __tablename__ = "buckets"

    key: str = Field(primary_key=True)
    empty_at_s: float = Field(index=True)  # when all that was used is forgiven


class OnceRow(SQLModel, table=True):
    """The answer to a command with an idempotency key."""

    __tablename__ = "answers"

    key: str = Field(primary_key=True)  # digest of who, what and their key
    digest: str  # of the request
    at_s: float = Field(index=True)
    status: int | None = None  # None: at work
    headers: str = ""  # JSON
    body: bytes = b""


class SignInRow(SQLModel, table=True):
    """A log-in that was begun at a provider of identities and is not back yet."""

    __tablename__ = "sign_ins"

    state: str = Field(primary_key=True)  # SHA-256 of what the browser carries
    nonce: str
    verifier: str
    leads_to: str
    expires_s: float = Field(index=True)


class SiteRow(SQLModel, table=True):
    """A site that was heard, so that it is known as offline after a restart."""

    __tablename__ = "sites"

    site: str = Field(primary_key=True)
    name: str
    last_seen_s: float
    tenant: str = Field(default="", sa_column_kwargs=_EMPTY)


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
