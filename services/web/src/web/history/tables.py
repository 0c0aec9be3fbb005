"""Tables of the history of all sites; times are ms or s since 1970 in UTC, by their names.

What a site told again counts once: the newer (epoch, revision) stands. Nothing here refers to the
table of sites: a fact must never wait for a site to be known.
"""

from sqlalchemy import BigInteger, Index, LargeBinary
from sqlmodel import Field, SQLModel


class EpochRow(SQLModel, table=True):
    """How far the facts of one epoch of a site's outbox are in; gaps below it stand apart."""

    __tablename__ = "fact_epochs"

    site: str = Field(primary_key=True)
    epoch: int = Field(primary_key=True, sa_type=BigInteger)
    highest: int = Field(default=0, sa_type=BigInteger)
    facts: int = Field(default=0, sa_type=BigInteger)  # that are in
    heard_ms: int = Field(default=0, sa_type=BigInteger)
    fact_ms: int = Field(default=0, sa_type=BigInteger)  # when the latest of them happened


class GapRow(SQLModel, table=True):
    """Facts of an epoch that were passed over: `first` to `last`, both missing."""

    __tablename__ = "fact_gaps"

    site: str = Field(primary_key=True)
    epoch: int = Field(primary_key=True, sa_type=BigInteger)
    first: int = Field(primary_key=True, sa_type=BigInteger)
    last: int = Field(sa_type=BigInteger)
    since_ms: int = Field(sa_type=BigInteger)
    asked_ms: int | None = Field(default=None, sa_type=BigInteger)
    is_lost: bool = Field(default=False, index=True)  # the site has them no longer


class SetAsideRow(SQLModel, table=True):
    """A fact that cannot be read; the site goes on without it."""

    __tablename__ = "facts_set_aside"

    id: int | None = Field(default=None, primary_key=True)
    at_ms: int = Field(sa_type=BigInteger, index=True)
    site: str = Field(index=True)
    epoch: int | None = Field(default=None, sa_type=BigInteger)  # absent: not known
    sequence: int | None = Field(default=None, sa_type=BigInteger)
    reason: str
    body: bytes = Field(sa_type=LargeBinary)


class ChargingSessionRow(SQLModel, table=True):
    """A charging session of a site, as its latest fact tells it. `charging_sessions`."""

    __tablename__ = "charging_sessions"
    __table_args__ = (
        Index("ix_charging_sessions_site_started", "site", "started_ms"),
        Index("ix_charging_sessions_started", "started_ms"),
    )

    site: str = Field(primary_key=True)
    id: str = Field(primary_key=True)  # sorts by time
    epoch: int = Field(sa_type=BigInteger)
    revision: int = Field(sa_type=BigInteger)
    ski: str
    charger_name: str = ""
    car: str = ""  # empty: not known
    started_ms: int = Field(sa_type=BigInteger)
    ended_ms: int | None = Field(default=None, sa_type=BigInteger)
    state: str  # open, unknown, ended
    mode: str = ""
    energy_wh: float = 0.0
    sun_wh: float = 0.0  # part of energy_wh
    charging_s: float = 0.0
    highest_w: float | None = None
    soc_start_percent: float | None = None
    soc_end_percent: float | None = None
    cost: float | None = None  # absent: not known (yet)
    currency: str = ""
    price_series: str = ""
    co2_g: float | None = None
    at_once_cost: float | None = None
    at_once_co2_g: float | None = None


class EnergyMinuteRow(SQLModel, table=True):
    """Energy of one minute of a site. chargers: JSON {ski: [energy_wh, sun_wh]}."""

    __tablename__ = "energy_minutes"

    site: str = Field(primary_key=True)
    start_s: int = Field(primary_key=True, sa_type=BigInteger)
    epoch: int = Field(sa_type=BigInteger)
    revision: int = Field(sa_type=BigInteger)
    import_wh: float | None = None  # absent = not measured
    export_wh: float | None = None
    sun_wh: float | None = None
    charging_wh: float = 0.0
    charging_sun_wh: float = 0.0  # part of charging_wh
    chargers: str = "{}"


class EnergyHourRow(SQLModel, table=True):
    """Energy of one hour (UTC): the sum of its minutes, or what was left of them when they went."""

    __tablename__ = "energy_hours"

    site: str = Field(primary_key=True)
    start_s: int = Field(primary_key=True, sa_type=BigInteger)
    import_wh: float | None = None
    export_wh: float | None = None
    sun_wh: float | None = None
    charging_wh: float = 0.0
    charging_sun_wh: float = 0.0
    chargers: str = "{}"
    minutes: int = 0  # how many of them it was made of
    is_closed: bool = False  # its minutes were deleted: it changes no more


class EnergyDayRow(SQLModel, table=True):
    """Energy of one day (UTC) of a site: the sum of its hours; kept for good."""

    __tablename__ = "energy_days"
    __table_args__ = (Index("ix_energy_days_start", "start_s"),)

    site: str = Field(primary_key=True)
    start_s: int = Field(primary_key=True, sa_type=BigInteger)
    import_wh: float | None = None
    export_wh: float | None = None
    sun_wh: float | None = None
    charging_wh: float = 0.0
    charging_sun_wh: float = 0.0
    chargers: str = "{}"
    minutes: int = 0
    is_closed: bool = False


class StaleHourRow(SQLModel, table=True):
    """An hour with minutes that are in no sum yet; gone when it was added up."""

    __tablename__ = "energy_stale_hours"

    site: str = Field(primary_key=True)
    start_s: int = Field(primary_key=True, sa_type=BigInteger)
    mark: int = Field(sa_type=BigInteger)  # ms of the last change: a later one is added up again


class EvidenceEntryRow(SQLModel, table=True):
    """An entry of a site's evidence log, as it was told; body: the message `Evidence`."""

    __tablename__ = "evidence_entries"

    site: str = Field(primary_key=True)
    epoch: int = Field(primary_key=True, sa_type=BigInteger)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    at_ms: int = Field(sa_type=BigInteger)
    before: str
    hash: str
    is_sealed: bool  # its hash is that of its content
    body: bytes = Field(sa_type=LargeBinary)


class SiteAuditRow(SQLModel, table=True):
    """A change of a setting of a site, as its CEM recorded it; before and after are JSON."""

    __tablename__ = "site_audit"
    __table_args__ = (Index("ix_site_audit_at", "at_ms"),)

    site: str = Field(primary_key=True)
    epoch: int = Field(primary_key=True, sa_type=BigInteger)
    sequence: int = Field(primary_key=True, sa_type=BigInteger)
    at_ms: int = Field(sa_type=BigInteger)
    actor: str
    role: str
    origin: str
    setting: str
    before: str
    after: str


class SiteCalendarRow(SQLModel, table=True):
    """What the sums of a site need beside its facts. time_zone: IANA name, or an offset."""

    __tablename__ = "site_calendars"

    site: str = Field(primary_key=True)
    time_zone: str
    currency: str = ""


TABLES = (
    EpochRow,
    GapRow,
    SetAsideRow,
    ChargingSessionRow,
    EnergyMinuteRow,
    EnergyHourRow,
    EnergyDayRow,
    StaleHourRow,
    EvidenceEntryRow,
    SiteAuditRow,
    SiteCalendarRow,
)
