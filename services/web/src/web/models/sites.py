"""Sites and their live picture: the dashboard."""

from datetime import datetime

from pydantic import ConfigDict, Field

from web.models.chargers import ChargerNow
from web.models.circuits import CircuitNow
from web.models.common import ByPhase, Model
from web.models.fuse import FusePhase
from web.models.meters import MeterRoleName, Quality, ShownKind
from web.models.operator import OperatorLimit
from web.models.plan import PlanInForce, PricesHeld


class Concern(Model):
    """A reason to look at a site."""

    code: str = Field(
        description="`site-offline`, `overload`, `meter-lost`, `charger-fault`, `charger-offline`, "
        "or the code of a notice; the page translates it.",
        examples=["site-offline"],
    )
    severity: str = Field(description="warning or alarm", examples=["alarm"])


class Place(Model):
    """Where a site is, in degrees; north and east positive."""

    latitude: float
    longitude: float


class Site(Model):
    """One grid connection in short."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "demo",
                    "name": "Green Street 4",
                    "online": True,
                    "last_seen": "2026-11-22T09:00:00Z",
                    "version": "0.1.0",
                    "energy_management_on": True,
                    "load_management": "dynamic",
                    "chargers": 3,
                    "plugged": 2,
                    "charging": 2,
                    "alarms": 0,
                    "state": "charging",
                    "concerns": [],
                    "charging_power_w": 11040.0,
                    "grid_power_w": 9500.0,
                    "load_percent": 84.0,
                    "overload_seconds_week": 0.0,
                    "tags": ["north", "pilot"],
                    "address": "Green Street 4, 12345 Town",
                    "place": {"latitude": 52.52, "longitude": 13.4},
                    "place_written": False,
                    "notes": "Key at the porter's.",
                    "revision": 1,
                }
            ]
        }
    )

    id: str
    name: str = Field(description="As written here, else as it calls itself.")
    online: bool
    last_seen: datetime | None
    version: str | None
    energy_management_on: bool | None = Field(description="Null while not known.")
    load_management: str | None = Field(description="off, not-configured, static, dynamic")
    chargers: int | None
    plugged: int | None = Field(description="Chargers with a car.")
    charging: int | None
    alarms: int | None
    state: str = Field(
        description="The most telling of offline, charging, plugged (none charges), idle (no car), "
        "off (energy management is off).",
        examples=["charging"],
    )
    concerns: list[Concern] = Field(description="Why somebody should look at it; empty: all well.")
    charging_power_w: float | None
    grid_power_w: float | None = Field(description="Import positive.")
    load_percent: float | None = Field(description="Of the main fuse, on its fullest phase.")
    overload_seconds_week: float = Field(
        description="Time with a phase above its fuse, in the last seven days (UTC)."
    )
    tags: list[str]
    address: str
    place: Place | None = Field(description="As written here, else as the site says.")
    place_written: bool = Field(description="Whether the place is written here.")
    notes: str
    revision: int = Field(description="Of what people wrote of it; also the ETag.")


class Notice(Model):
    """A sentence for the page that concerns the whole site."""

    code: str = Field(examples=["meter-silent"])
    severity: str = Field(examples=["warning"], description="info, warning or alarm")
    params: dict[str, str]
    since: datetime | None


class MeterNow(Model):
    """A meter as the dashboard shows it."""

    id: str
    name: str | None
    role: MeterRoleName
    kind: ShownKind | None = Field(description="How it is reached; eebus = a paired HEMS or meter.")
    quality: Quality
    age_s: float | None
    problem: str | None
    problem_detail: str | None
    power_total_w: float | None
    current_a: ByPhase | None


class EnergyManagementNow(Model):
    """Whether energy management is on."""

    on: bool
    confirmed_no_other: bool


class Dashboard(Model):
    """The live picture of a site (A16); also the data of a `state` event."""

    site: str
    name: str
    at: datetime | None = Field(description="When the site drew this picture, by its own clock.")
    age_s: float = Field(description="Since this picture arrived here.")
    stale: bool = Field(description="The site is silent: show the values grey, with their age.")
    version: str | None
    energy_management: EnergyManagementNow
    load_management: str = Field(
        description="off, not-configured, static, dynamic", examples=["dynamic"]
    )
    ladder: str = Field(
        description="no-meter, fresh, hold, static-share, failsafe", examples=["fresh"]
    )
    meter_age_s: float | None
    grid_import_w: float | None = Field(description=">= 0; null without a usable reading")
    grid_export_w: float | None = Field(description=">= 0; null without a usable reading")
    charging_power_w: float | None
    sun_w: float | None = Field(description="Null without a PV meter.")
    grid_current_a: ByPhase | None
    fuse: list[FusePhase] | None = Field(description="Null until the main fuse is set.")
    circuits: list[CircuitNow] = Field(description="Fuses below the main one.")
    operator_limits: list[OperatorLimit]
    operator_share_w: float | None = Field(
        description="What the limit in force leaves for the chargers."
    )
    chargers: list[ChargerNow]
    notices: list[Notice]
    meters: list[MeterNow]
    plan: PlanInForce | None = Field(description="Null: the site knows no plans.")
    prices: PricesHeld | None
    time_zone: str | None = Field(
        description="Of the site: weekly goals are meant in it.", examples=["Europe/Berlin"]
    )
