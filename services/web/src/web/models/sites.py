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


class Site(Model):
    """One grid connection."""

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
                    "charging": 2,
                    "alarms": 0,
                }
            ]
        }
    )

    id: str
    name: str
    online: bool
    last_seen: datetime | None
    version: str | None
    energy_management_on: bool | None = Field(description="Null while not known.")
    load_management: str | None = Field(description="off, not-configured, static, dynamic")
    chargers: int | None
    charging: int | None
    alarms: int | None


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
