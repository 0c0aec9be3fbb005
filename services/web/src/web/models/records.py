"""What is kept: sessions, energy, and why each charger had its limit (C7, C8)."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from web.models.chargers import LimitedBy
from web.models.common import ByPhase, Model

SessionState = Literal["open", "unknown", "ended"]
Step = Literal["minute", "quarter-hour", "hour", "day"]


class Session(Model):
    """From plug-in to a seen unplug."""

    id: str = Field(examples=["20261122T081601Z-8c2f11d4"], description="Sorts by time.")
    ski: str
    charger_name: str | None
    car: str | None = Field(description="Null = unknown.")
    started: datetime | None
    ended: datetime | None = Field(description="Null: still open.")
    state: SessionState = Field(description="unknown: the charger is out of reach.")
    energy_wh: float
    sun_wh: float = Field(description="Part of energy_wh.")
    grid_wh: float = Field(description="Part of energy_wh.")
    charging_s: float
    highest_w: float | None
    soc_start_percent: float | None
    soc_end_percent: float | None
    cost: float | None = Field(description="Null: not known (yet).")
    currency: str | None
    price_series: str | None = Field(description="Id and revision of the prices behind the cost.")
    co2_g: float | None = Field(description="Of what came from the grid; null: not known (yet).")
    at_once_cost: float | None = Field(
        description="The same energy charged at once (C9); null: not known (yet)."
    )
    at_once_co2_g: float | None
    mode: str | None = Field(description="At its end.")
    revision: int = Field(description="Grows when facts are filled in later.")


class ChargerEnergy(Model):
    """What one charger took in a span of time."""

    ski: str
    energy_wh: float
    sun_wh: float = Field(description="Part of energy_wh.")


class EnergySpan(Model):
    """Energy of one span of time; null = not measured."""

    start: datetime
    end: datetime
    import_wh: float | None
    export_wh: float | None
    sun_wh: float | None
    charging_wh: float
    charging_sun_wh: float = Field(description="Part of charging_wh.")
    chargers: list[ChargerEnergy]


class Decision(Model):
    """One change of what limited a charger: the why-history."""

    number: int
    at: datetime | None
    ski: str
    limit_a: ByPhase | None = Field(description="By phase of the house; null = nothing limits.")
    limited_by: LimitedBy | None
    mode: str | None
    ladder: str | None
