"""Chargers: what they do now, why, and what the electrician set for them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from web.models.common import Amperes, ByPhase, Model, RotationName, Wanted
from web.models.eebus import Connection

State = Literal["no_car", "waiting", "charging", "paused", "finished", "offline", "fault"]


class LimitedBy(Model):
    """The reason for a charger's current (C7)."""

    kind: str = Field(
        description="Stable, kebab-case; new kinds may come. The page translates it.",
        examples=["fuse", "static-share", "minimum-does-not-fit", "waiting-for-turn"],
    )
    element: str | None = Field(description="The circuit, meter or charger it speaks of.")
    phase: str | None = Field(examples=["L2"])
    value: float | None = Field(description="In the unit of the kind; A unless it says otherwise.")
    since: datetime | None
    until: datetime | None = Field(description="When a pending change is looked at again.")


class ChargerNow(Model):
    """What a charger does now."""

    ski: str
    name: str | None = Field(description="Given by the user; null = unnamed.")
    own: bool
    brand: str
    model: str
    connection: Connection
    detail: str
    state: State
    power_w: float | None
    current_a: ByPhase = Field(description="By phase of the house.")
    limit_a: ByPhase | None = Field(description="By phase of the house; null = nothing limits.")
    limited_by: LimitedBy | None
    communication: str | None = Field(
        description="iec61851, iso15118-2ed1, iso15118-2ed2; null = unknown."
    )
    soc_percent: float | None
    session_energy_wh: float | None
    measured_age_s: float | None
    error_code: str | None
    phases: int | None = Field(description="Conductors connected.")
    max_a: float | None = Field(description="Of the charger and its cable, per phase.")


class ChargerSettings(Wanted):
    """What the electrician sets for a charger."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "min_a": 6,
                    "max_a": 16,
                    "phases": 3,
                    "wiring": "RST",
                    "failsafe_a": 6,
                    "priority": 2,
                }
            ]
        }
    )

    min_a: Amperes = Field(6.0, description="Lowest charging current; 6 A by IEC 61851.")
    max_a: Amperes = Field(description="Of the charger and its cable, per phase.")
    phases: Literal[1, 3] = 3
    wiring: RotationName = Field("RST", description="House phases on the charger's conductors.")
    failsafe_a: Amperes = Field(
        description="Set in the charger: what it draws at most when all is silent."
    )
    priority: Annotated[int, Field(ge=1, le=9)] = Field(2, description="1 before 2.")


class ChargerSettingsInForce(Model):
    """A charger's settings in force."""

    min_a: float
    max_a: float
    phases: int
    wiring: str
    failsafe_a: float
    priority: int
    revision: int = Field(description="Also the ETag.")


class Charger(ChargerNow):
    """A charger with its settings."""

    settings: ChargerSettingsInForce | None
