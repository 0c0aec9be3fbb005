"""Tables of the enrolment. Times are Unix seconds, UTC."""

from sqlalchemy import Engine
from sqlmodel import Field, SQLModel


class CodeRow(SQLModel, table=True):
    """A code that waits, or was used; only its digest is kept."""

    __tablename__ = "enrolment_codes"

    digest: str = Field(primary_key=True)
    site: str = Field(index=True)
    name: str
    tenant: str
    made_by: str
    made_s: float
    expires_s: float
    used_s: float | None = None
    used_by: str = ""  # public key of the device


class DeviceRow(SQLModel, table=True):
    """A device that speaks, or spoke, for a site."""

    __tablename__ = "enrolment_devices"

    public: str = Field(primary_key=True)
    site: str = Field(index=True)
    name: str
    enrolled_s: float
    renewed_s: float
    expires_s: float
    revoked_s: float | None = None
    revoked_by: str = ""
    is_told: bool = True  # whether the servers know of the revocation


def make_tables(engine: Engine) -> None:
    """Make what is missing; blocking."""
    tables = [SQLModel.metadata.tables[row.__tablename__] for row in (CodeRow, DeviceRow)]
    SQLModel.metadata.create_all(engine, tables=tables)
