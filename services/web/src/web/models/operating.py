"""What people do every day: modes, goals and cars (B3 to B6)."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from web.models.common import Amperes, Instant, Model, TypedSki, Wanted

ModeName = Literal["off", "solar-only", "min-solar", "fast", "smart"]
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
MOST_WH = 1_000_000.0
WattHours = Annotated[float, Field(gt=0, le=MOST_WH, allow_inf_nan=False)]
ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["07:00"])]
CarName = Annotated[str, Field(min_length=1, max_length=64)]


class SmartSwitchesWanted(Wanted):
    """What smart charging is to look at, alone or combined (B3)."""

    forecast: bool
    surplus: bool
    price: bool


class SmartSwitches(Model):
    """What smart charging looks at; counts in mode `smart` only."""

    forecast: bool
    surplus: bool
    price: bool


class ModeWanted(Wanted):
    """How a charger is to charge."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"mode": "solar-only"}]})

    mode: ModeName
    smart: SmartSwitchesWanted | None = Field(
        None, description="Null: the switches stay; if none is on, all go on."
    )


class ChargingMode(Model):
    """How a charger charges."""

    mode: ModeName
    smart: SmartSwitches
    revision: int = Field(description="Also the ETag.")


class WeeklyDepartureWanted(Wanted):
    """A departure that comes back every week."""

    weekday: Annotated[int, Field(ge=1, le=7)] = Field(description="1 = Monday, 7 = Sunday.")
    time: ClockTime = Field(description="Local time of the site.")


class WeeklyDeparture(Model):
    """A departure that comes back every week."""

    weekday: int = Field(description="1 = Monday, 7 = Sunday.")
    time: str = Field(description="Local time of the site.", examples=["07:00"])


class GoalWanted(Wanted):
    """What the charger's session is to reach, and by when (B5)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"soc_percent": 80, "departure": "2026-11-23T06:00:00Z"},
                {"energy_wh": 20000, "weekly": [{"weekday": 1, "time": "07:00"}]},
            ]
        }
    )

    soc_percent: Percent | None = None
    energy_wh: WattHours | None = Field(None, description="From plug-in on.")
    departure: Instant | None = Field(None, description="Of this session; null: by the week.")
    weekly: Annotated[list[WeeklyDepartureWanted], Field(max_length=21)] = Field([])
    car: str | None = Field(
        None, max_length=64, description="Null: the car that is plugged, whichever."
    )

    @model_validator(mode="after")
    def _one_aim(self) -> "GoalWanted":
        if (self.soc_percent is None) == (self.energy_wh is None):
            raise ValueError("a goal is either soc_percent or energy_wh")
        if self.departure is None and not self.weekly:
            raise ValueError("a goal needs a departure, or weekly ones")
        return self


class Goal(Model):
    """What a charger's session is to reach, and by when."""

    soc_percent: float | None
    energy_wh: float | None
    departure: datetime | None
    weekly: list[WeeklyDeparture]
    car: str | None
    revision: int = Field(description="Also the ETag.")


class CarWanted(Wanted):
    """A car as its driver describes it (B6)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Blue one", "battery_wh": 58000, "max_a": 16, "phases": 3,
                 "min_soc_percent": 20}
            ]
        }
    )  # fmt: skip

    name: CarName
    battery_wh: WattHours | None = Field(None, description="Usable.")
    max_a: Amperes | None = Field(None, description="Per phase.")
    phases: Literal[1, 2, 3] | None = None
    min_soc_percent: Percent | None = Field(
        None, description="Charged at once up to here, whatever the mode."
    )
    ev_id: str | None = Field(
        None, max_length=64, description="What the car calls itself over ISO 15118."
    )
    charger: TypedSki | None = Field(None, description="Where it usually stands; null = any.")


class Car(Model):
    """A car."""

    id: str
    name: str
    battery_wh: float | None
    max_a: float | None
    phases: int | None
    min_soc_percent: float | None
    ev_id: str | None
    charger: str | None
    revision: int = Field(description="Also the ETag.")


class CarSocWanted(Wanted):
    """What a car's battery holds: from telematics, a connector, or its driver."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"soc_percent": 43, "at": "2026-11-22T21:30:00Z", "source": "push"}]
        }
    )

    soc_percent: Percent
    at: Instant | None = Field(None, description="When the car said so; null: now.")
    source: Literal["push", "connector"] | None = Field(
        None, description="Null: `user` from the page, else `push`."
    )
