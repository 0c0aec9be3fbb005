"""Many sites: their list, what people write of them, and what they do together."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from web.models.common import Model, Wanted
from web.models.sites import Site

Tag = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", examples=["north"])]
Step = Literal["day", "month", "all"]
By = Literal["all", "site"]
MOST_TAGS = 12


def _unlike(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


class Sites(Model):
    """A page of sites; `next` is the cursor of the following one, null at the end."""

    items: list[Site]
    next: str | None
    total: int = Field(description="How many there are over all pages.")


class SiteWanted(Wanted):
    """What people write of a site; a field left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Green Street 4", "tags": ["north", "pilot"]},
                {"address": "Green Street 4", "latitude": 52.52, "longitude": 13.4},
            ]
        }
    )

    name: Annotated[str, Field(max_length=100)] | None = Field(
        None, description='Shown instead of its own; "" = its own again.'
    )
    tags: Annotated[list[Tag], Field(max_length=MOST_TAGS), AfterValidator(_unlike)] | None = None
    address: Annotated[str, Field(max_length=200)] | None = None
    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | None = Field(
        None, description="Goes with `longitude`; null for both: where the site says it is."
    )
    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | None = None
    notes: Annotated[str, Field(max_length=2000)] | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> "SiteWanted":
        for name in ("name", "tags", "address", "notes"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null; leave it out, or empty it")
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude go together")
        if len({"latitude", "longitude"} & self.model_fields_set) == 1:
            raise ValueError("latitude and longitude go together")
        return self


class StateCount(Model):
    """How many sites a filter finds."""

    state: str = Field(
        description="online, offline, charging, plugged, idle, off, attention", examples=["online"]
    )
    sites: int


class Count(Model):
    """How many sites share something."""

    name: str = Field(examples=["0.1.0"])
    sites: int


class FleetSummary(Model):
    """All the sites you may see, together, now. Powers are those of the sites that are online."""

    sites: int
    states: list[StateCount]
    charging_power_w: float
    grid_import_w: float
    grid_export_w: float
    sun_w: float
    chargers: int
    plugged: int
    charging: int
    overload_seconds_week: float = Field(description="Of the last seven days, all sites together.")
    overloaded_sites: int
    concerns: list[Count] = Field(description="How many sites each reason to look concerns.")
    versions: list[Count] = Field(description='What the sites run; "" = not told.')
    attention: list[Site] = Field(description="The sites that need somebody most, 20 at most.")


class FleetEnergy(Model):
    """Energy of one span, of one site or all of them. Days and months are those of UTC."""

    start: datetime
    end: datetime
    site: str | None = Field(description="Null: all sites together.")
    name: str | None
    sites: int = Field(description="How many sites told anything.")
    import_wh: float
    export_wh: float
    sun_wh: float
    charging_wh: float
    charging_sun_wh: float = Field(description="Part of charging_wh.")


class FleetSessions(Model):
    """Sessions that started in one span, of one site or all of them, in one currency."""

    start: datetime
    end: datetime
    site: str | None = Field(description="Null: all sites together.")
    name: str | None
    currency: str = Field(description="A row for each currency; sums never mix them.")
    sessions: int
    energy_wh: float
    sun_wh: float = Field(description="Part of energy_wh.")
    charging_s: float
    cost: float | None = Field(description="Of those whose cost is known; null: none.")
    unpriced: int = Field(description="Sessions without a cost (yet).")
    at_once_cost: float | None = Field(description="The same energy charged at once.")
    co2_g: float | None


class FleetSums(Model):
    """Sums of energy, or of sessions; `items` in the order of time, then by site."""

    energy: list[FleetEnergy]


class FleetSessionSums(Model):
    """Sums of sessions, in the order of time, then by site."""

    sessions: list[FleetSessions]
