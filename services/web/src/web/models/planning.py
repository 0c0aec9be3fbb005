"""Where a site is, what is on its roofs, and what its plans are to go for (B1, C11)."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from web.models.common import Model, Wanted
from web.models.tariff import PlanInput, Word

Objective = Literal["cost", "co2"]
MOST_W = 10_000_000.0
Power = Annotated[float, Field(gt=0, le=MOST_W, allow_inf_nan=False)]
MOST_SYSTEMS = 20


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise PydanticCustomError(
            "unknown_time_zone", "There is no time zone {name}.", {"name": name}
        )
    return name


TimeZone = Annotated[str, Field(max_length=64), AfterValidator(_known_zone)]


class PlanningWanted(Wanted):
    """Where a site is, and what its plans are to go for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "latitude": 52.4,
                    "longitude": 9.7,
                    "time_zone": "Europe/Berlin",
                    "solar_threshold_w": 400,
                    "objective": "cost",
                }
            ]
        }
    )

    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | None = Field(
        None, description="Degrees, north positive."
    )
    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | None = Field(
        None, description="Degrees, east positive."
    )
    time_zone: TimeZone | None = Field(None, description="IANA; null: the site computer's.")
    solar_threshold_w: Annotated[float, Field(ge=0, le=MOST_W, allow_inf_nan=False)] | None = Field(
        None, description="Deducted from the solar forecast (B1); null: the learned load is."
    )
    objective: Objective = "cost"
    weather_source: Word | None = Field(None, description="Null: the installation's default.")
    car_before_battery: bool = Field(
        default=False,
        description="What charges a home battery counts as surplus for cars, too (B2).",
    )

    @model_validator(mode="after")
    def _whole_place(self) -> "PlanningWanted":
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("a place is latitude and longitude, or neither")
        return self


class Planning(Model):
    """Where a site is, and what its plans go for."""

    latitude: float | None
    longitude: float | None
    time_zone: str | None
    solar_threshold_w: float | None
    objective: str = Field(examples=["cost"], description="cost, co2")
    weather_source: str | None
    car_before_battery: bool
    revision: int = Field(description="Also the ETag; 0 = never set.")


class PvSystemWanted(Wanted):
    """One roof."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "South roof", "peak_w": 9800, "tilt_deg": 35, "azimuth_deg": 180}]
        }
    )

    name: Annotated[str, Field(min_length=1, max_length=64)]
    peak_w: Power = Field(description="At standard test conditions.")
    tilt_deg: Annotated[float, Field(ge=0, le=90, allow_inf_nan=False)] = Field(
        description="0 = flat, 90 = a wall."
    )
    azimuth_deg: Annotated[float, Field(ge=0, lt=360, allow_inf_nan=False)] = Field(
        description="0 = north, 90 = east, 180 = south."
    )
    inverter_w: Power | None = Field(None, description="AC limit; null: peak_w.")
    loss_percent: Annotated[float, Field(ge=0, le=99, allow_inf_nan=False)] = Field(
        14.0, description="Cables, dirt, shade."
    )


class PvSystem(Model):
    """One roof."""

    id: str
    name: str
    peak_w: float
    tilt_deg: float
    azimuth_deg: float
    inverter_w: float | None
    loss_percent: float
    revision: int = Field(description="Also the ETag.")


class ForecastTry(Wanted):
    """A place and roofs to look at before they are saved; null: as saved."""

    planning: PlanningWanted | None = None
    systems: Annotated[list[PvSystemWanted], Field(max_length=MOST_SYSTEMS)] | None = None


class SunSlot(Model):
    """What the sun is expected to give for a while."""

    start: datetime
    end: datetime
    sun_w: float | None = Field(description="As likely more as less (P50).")
    sun_low_w: float | None = Field(description="In four cases of five more (P20).")


class SunForecast(Model):
    """What the roofs are expected to give."""

    slots: list[SunSlot]
    energy_wh: float = Field(description="Of all slots that are known.")
    weather: PlanInput | None
