"""The tables of the records; times are ms since 1970 in UTC, minutes s. In `cem.sqlite`."""

from sqlmodel import Field, SQLModel


class SessionRow(SQLModel, table=True):
    """A charging session; revision: of the last fact that told it."""

    __tablename__ = "cem_session"

    id: str = Field(primary_key=True)
    ski: str = Field(index=True)
    started_ms: int = Field(index=True)
    ended_ms: int | None = None
    standing: str
    charger_name: str = ""
    car: str = ""
    mode: str = ""
    energy_wh: float = 0.0
    sun_wh: float = 0.0
    charging_s: float = 0.0
    highest_w: float | None = None
    soc_start_percent: float | None = None
    soc_end_percent: float | None = None
    plug: int = 0
    counter_wh: float | None = None
    cost: str | None = None
    currency: str = ""
    price_series: str = ""
    co2_g: float | None = None
    at_once_cost: str | None = None
    at_once_co2_g: float | None = None
    revision: int = 0


class MinuteRow(SQLModel, table=True):
    """Energy of one minute. revision: grows with each fact; is_told: the last one is current."""

    __tablename__ = "cem_minute"

    start_s: int = Field(primary_key=True)
    import_wh: float | None = None
    export_wh: float | None = None
    sun_wh: float | None = None
    revision: int = 0
    is_told: bool = Field(default=False, index=True)


class ChargerMinuteRow(SQLModel, table=True):
    """What a charger took in a minute; no row = nothing that anybody saw."""

    __tablename__ = "cem_charger_minute"
    __table_args__ = {"sqlite_with_rowid": False}  # its key is most of it

    start_s: int = Field(primary_key=True)
    ski: str = Field(primary_key=True)
    energy_wh: float
    sun_wh: float


class TrackRow(SQLModel, table=True):
    """How far a source of energy was counted; see `core.counting`."""

    __tablename__ = "cem_track"

    source: str = Field(primary_key=True)
    counter_wh: float | None = None
    segment: int = 0
    ahead_wh: float = 0.0
    since_step_wh: float = 0.0
    since_step_s: float = 0.0
    is_new_session: bool = False
    counted_at_s: float


class DecisionRow(SQLModel, table=True):
    """One change of what limits a charger: the why-history."""

    __tablename__ = "cem_decision"
    __table_args__ = {"sqlite_autoincrement": True}

    number: int | None = Field(default=None, primary_key=True)
    at_ms: int = Field(index=True)
    ski: str = Field(index=True)
    kind: str
    element: str
    phase: str
    value: float | None
    since_ms: int | None
    until_ms: int | None
    limit_l1_a: float | None
    limit_l2_a: float | None
    limit_l3_a: float | None
    has_limit: bool
    mode: str
    ladder: str


class EvidenceRow(SQLModel, table=True):
    """One entry of the evidence log; fields: JSON of its canonical spelling."""

    __tablename__ = "cem_evidence"

    number: int = Field(primary_key=True)
    fields: str
    before: str
    hash: str


TABLES = (SessionRow, MinuteRow, ChargerMinuteRow, TrackRow, DecisionRow, EvidenceRow)
