"""The tables of planning, in `cem.sqlite`; times are Unix seconds."""

from sqlmodel import Field, SQLModel

ONLY = 1


class ProfileRow(SQLModel, table=True):
    """Where the profile stands. marks: JSON by session."""

    __tablename__ = "cem_profile"

    id: int = Field(default=ONLY, primary_key=True)
    revision: int
    digest: str
    plan: str
    marks: str


class PlanRow(SQLModel, table=True):
    """The plan that was taken last, as it came."""

    __tablename__ = "cem_plan"

    id: int = Field(default=ONLY, primary_key=True)
    message: bytes


class PlanSlotRow(SQLModel, table=True):
    """A slot of the plan in force as it stood when the slot began; NULL = not known."""

    __tablename__ = "cem_plan_slot"

    start_s: int = Field(primary_key=True)
    end_s: int
    plan: str
    sun_w: float | None
    surplus_w: float | None
    load_w: float | None


class PlannedRow(SQLModel, table=True):
    """What the plan in force meant a session to take in a slot when it began."""

    __tablename__ = "cem_planned"

    start_s: int = Field(primary_key=True)
    ski: str = Field(primary_key=True)
    session: str
    power_w: float


class PriceRow(SQLModel, table=True):
    """What a kWh cost in a slot; NULL = not known. currency: NULL in rows of early versions."""

    __tablename__ = "cem_price"

    start_s: int = Field(primary_key=True)
    end_s: int
    series: str
    revision: int
    import_price: float | None
    export_price: float | None
    co2_g_per_kwh: float | None
    currency: str | None = None


class PriceHeadRow(SQLModel, table=True):
    """The series that was heard last, as it came."""

    __tablename__ = "cem_price_head"

    id: int = Field(default=ONLY, primary_key=True)
    message: bytes


class RoomRow(SQLModel, table=True):
    """What the fuse left all chargers on a phase in a minute (A, mean), while a car was plugged.

    operator_w: what the grid operator left them; NULL = no limit. Kept without a car, too.
    """

    __tablename__ = "cem_room_minute"

    start_s: int = Field(primary_key=True)
    l1_a: float | None
    l2_a: float | None
    l3_a: float | None
    operator_w: float | None = None


TABLES = (ProfileRow, PlanRow, PlanSlotRow, PlannedRow, PriceRow, PriceHeadRow, RoomRow)
