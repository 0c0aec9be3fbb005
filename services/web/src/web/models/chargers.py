"""Chargers: what they do now, why, and what the electrician set for them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from web.core.car_talk import Symptom
from web.models.common import Amperes, ByPhase, Model, PhaseName, RotationName, Wanted
from web.models.eebus import Connection
from web.models.operating import ChargingMode, Goal
from web.models.plan import CarSoc, SessionPlanNow

State = Literal["no_car", "waiting", "charging", "paused", "finished", "offline", "fault"]
PhaseSwitching = Literal["none", "automatic", "local-api"]


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


class PendingChange(Model):
    """Something that will happen by itself."""

    kind: str = Field(
        description="start, stop, increase, phases-1, phases-3, turn, wake; new kinds may come."
    )
    at: datetime | None
    value: float | None = Field(description="A, where the kind has one.")


class CarRange(Model):
    """What the plugged car can follow, in A per phase; below 6 A only over ISO 15118."""

    min_a: float | None
    max_a: float | None


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
    car_talk_problem: Symptom | None = Field(
        description="What the car does badly over ISO 15118, recognised from how it charges: "
        "late-start, no-start, poor-following. Then switch PLC off at the charger."
    )
    soc_percent: float | None
    session_energy_wh: float | None
    measured_age_s: float | None
    error_code: str | None
    phases: int | None = Field(description="Conductors connected.")
    max_a: float | None = Field(description="Of the charger and its cable, per phase.")
    circuit: str | None = Field(description="Id of the circuit it hangs on; null = the main fuse.")
    mode: ChargingMode | None = Field(description="Null while the site does not tell it.")
    goal: Goal | None
    pending: list[PendingChange] = Field(description="Each change that waits for a clock.")
    phases_in_use: list[PhaseName] = Field(description="House phases the car draws on.")
    session: str | None = Field(description="Id of the open session.")
    car: str | None = Field(description="Id of the plugged car; null = unknown.")
    car_range: CarRange | None
    reaction_s: float | None = Field(
        description="Measured: from a limit written to the current there."
    )
    plan: SessionPlanNow | None = Field(description="Of its session, by the plan in force.")
    soc: CarSoc | None = Field(description="Of the plugged car, with where it is from.")


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
    circuit: str | None = Field(
        None, max_length=64, description="Id of the circuit it hangs on; null = the main fuse."
    )
    start_a: Amperes | None = Field(
        None, description="What a fresh car can draw before the first limit; null = max_a."
    )
    weight: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] | None = Field(
        None, description="Share among equals; null = 1."
    )
    guaranteed_a: Amperes | None = Field(
        None, description="Kept for it before others get more than theirs; null: none."
    )
    phase_switching: PhaseSwitching = Field(
        "none",
        description="Who changes between one and three phases: nobody, the charger by "
        "itself, or we by the charger's local API.",
    )
    phase_switching_url: str | None = Field(
        None, min_length=1, max_length=253, description="local-api: where the charger listens."
    )
    phase_switching_confirmed: bool = Field(
        default=False, description="The notice about contactors and cars was accepted."
    )


class ChargerSettingsInForce(Model):
    """A charger's settings in force."""

    min_a: float
    max_a: float
    phases: int
    wiring: str
    failsafe_a: float
    priority: int
    circuit: str | None
    start_a: float | None
    weight: float | None
    guaranteed_a: float | None
    phase_switching: PhaseSwitching
    phase_switching_url: str | None
    phase_switching_confirmed: bool
    revision: int = Field(description="Also the ETag.")


class Charger(ChargerNow):
    """A charger with its settings."""

    settings: ChargerSettingsInForce | None
