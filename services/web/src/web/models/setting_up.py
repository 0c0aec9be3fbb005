"""Setting a site up: the proof of a failsafe, and the acceptance protocol."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field, JsonValue

from web.models.chargers import ChargerSettingsInForce
from web.models.circuits import Circuit
from web.models.common import Model, PhaseName, Wanted
from web.models.eebus import Connection, EebusIdentity
from web.models.grid import EnergyManagement, GridConnection
from web.models.meters import MeterRoleName, Quality, Reading, Transport
from web.models.rotation import RotationTest, TestState

TestStep = Literal["making-room", "silent"]


class FailsafeTest(Model):
    """How the proof of a charger's failsafe stands: it hears nothing until it has fallen."""

    ski: str
    state: TestState = Field(description="none: this charger was not tested.")
    step: TestStep | None = Field(
        description="making-room: others go down first; silent: it hears nothing."
    )
    until: datetime | None = Field(
        description="It is over then at the latest; null: it is not running."
    )
    ended_at: datetime | None
    code: str | None = Field(description="Why it failed: not-fallen, too-little-room, ...")
    failsafe_a: float | None = Field(description="As set here when it began, per phase.")
    before_a: float | None = Field(description="On the highest phase, when the silence began.")
    measured_a: float | None = Field(description="On the highest phase, measured last.")
    took_s: float | None = Field(description="From the silence to the failsafe current.")


class AcceptedMeter(Model):
    """A meter as it is set up, and what it reads."""

    id: str
    name: str | None
    model: str
    model_name: str = Field(description="Manufacturer and model.")
    role: MeterRoleName
    transport: Transport
    rotation: str
    invert: bool
    phase: PhaseName | None
    quality: Quality
    problem: str | None
    reading: Reading | None


class AcceptedCharger(Model):
    """A charger as it is set up, with what was proven about it."""

    ski: str
    name: str | None
    brand: str
    model: str
    serial: str | None
    own: bool
    connection: Connection
    settings: ChargerSettingsInForce | None
    rotation_test: RotationTest | None = Field(description="Null: its phases were not tested.")
    failsafe_test: FailsafeTest | None = Field(description="Null: its failsafe was not proven.")


class FailsafePart(Model):
    """What one charger falls to."""

    ski: str
    current_a: float


class FailsafeSum(Model):
    """What flows through one phase of one fuse when everything is silent."""

    circuit: str | None = Field(description="Null = the main fuse.")
    phase: PhaseName
    base_load_a: float
    chargers: list[FailsafePart]
    sum_a: float
    fuse_a: float
    fits: bool


class OpenPoint(Model):
    """Something that is missing or was not proven; an electrician may sign nevertheless."""

    code: str = Field(
        description="no-fuse, no-meter, meter-failing, no-charger, charger-not-connected, "
        "charger-not-set, phases-not-tested, failsafe-not-proven, failsafe-sum-too-high, "
        "energy-management-off",
        examples=["failsafe-not-proven"],
    )
    about: str | None = Field(description="SKI, id of a meter, or id of a circuit.")


class SoftwareInUse(Model):
    """What runs."""

    site: str = Field(examples=["0.3.0"])
    front_door: str = Field(examples=["0.3.0"])


class AcceptanceValues(Model):
    """Everything the protocol says of the site, as it is now."""

    site: str
    name: str
    at: datetime
    grid_connection: GridConnection
    energy_management: EnergyManagement
    load_management: str = Field(description="off, not-configured, static, dynamic")
    circuits: list[Circuit]
    meters: list[AcceptedMeter]
    chargers: list[AcceptedCharger]
    failsafe_sums: list[FailsafeSum]
    eebus: EebusIdentity
    software: SoftwareInUse
    open_points: list[OpenPoint]


class SignedAcceptance(Model):
    """A protocol that was signed. It is never changed: each holds the digest of the one before."""

    id: str = Field(examples=["1"])
    signed_at: datetime
    electrician: str
    remarks: str | None
    actor: str = Field(description="The account that was logged in.")
    digest: str = Field(description="SHA-256 over all it says, 64 hexadecimal digits.")
    previous: str | None = Field(description="Digest of the one before; null = the first.")
    intact: bool = Field(description="Whether both digests fit what is kept.")


class Acceptance(Model):
    """The site as it is now, and the protocols that were signed, the latest first."""

    values: AcceptanceValues
    seen: str = Field(description="Names these values: what is signed must be what was seen.")
    signed: list[SignedAcceptance]


class SignedAcceptanceWhole(SignedAcceptance):
    """A signed protocol with its values."""

    values: dict[str, JsonValue] = Field(description="`AcceptanceValues` of the day it was signed.")


class AcceptanceWanted(Wanted):
    """A signature under the values that were seen."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"electrician": "Eva Berg", "remarks": "Clamp on L2 turned.", "seen": "9f2c" * 16}
            ]
        }
    )

    electrician: str = Field(min_length=1, max_length=120, description="Who signs.")
    remarks: str | None = Field(None, max_length=4000)
    seen: str = Field(min_length=64, max_length=64, description="From `GET .../acceptance`.")
