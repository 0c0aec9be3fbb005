"""Tables of the fleet: what people write of sites, and how long each was above its fuse."""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel


class FleetSiteRow(SQLModel, table=True):
    """What people wrote of a site. tags: with blanks between."""

    __tablename__ = "fleet_sites"

    site: str = Field(primary_key=True)
    name: str = ""
    tags: str = ""
    address: str = ""
    latitude: float | None = None
    longitude: float | None = None
    notes: str = ""
    revision: int = Field(default=0, sa_type=BigInteger)
    changed_s: float = Field(index=True)


class OverloadDayRow(SQLModel, table=True):
    """How long a site was above its fuse on a day (UTC)."""

    __tablename__ = "fleet_overload_days"
    __table_args__ = (Index("ix_fleet_overload_days_day", "day_s"),)

    site: str = Field(primary_key=True)
    day_s: int = Field(primary_key=True, sa_type=BigInteger)
    seconds: float


class OverloadCounterRow(SQLModel, table=True):
    """How far a site's own counter was when it was counted last."""

    __tablename__ = "fleet_overload_counters"

    site: str = Field(primary_key=True)
    counter_s: float


TABLES = (FleetSiteRow, OverloadDayRow, OverloadCounterRow)
