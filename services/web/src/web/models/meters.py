"""Energy meters: set-up, live values, the list of compatible models."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from web.models.common import ByPhase, Model, PhaseName, RotationName, Wanted

MeterRoleName = Literal["grid", "pv", "battery", "sub", "charger"]
Quality = Literal["good", "stale", "bad", "frozen", "implausible", "unknown"]
Kind = Literal["tcp", "rtu", "rtu_over_tcp"]
ShownKind = Literal["tcp", "rtu", "rtu_over_tcp", "eebus"]
FindingVerdict = Literal["fine", "suspect", "unknown"]

_EXAMPLE: dict[str, JsonValue] = {
    "model": "janitza-umg-96",
    "name": "Main meter",
    "role": "grid",
    "transport": {"kind": "tcp", "host": "192.168.1.20", "port": 502, "unit_id": 1},
    "rotation": "RST",
    "invert": False,
}


class TransportSettings(Wanted):
    """How to reach the meter; what is left out comes from the model's defaults."""

    kind: Kind
    host: str | None = Field(None, min_length=1, max_length=253, description="tcp, rtu_over_tcp")
    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(None, description="Default 502.")
    unit_id: Annotated[int, Field(ge=0, le=255)] | None = None
    device: str | None = Field(None, min_length=1, max_length=253, description="rtu: serial port")
    baud: Annotated[int, Field(ge=300, le=1_000_000)] | None = None
    parity: Literal["N", "E", "O"] | None = None
    stop_bits: Literal[1, 2] | None = None
    closes_after_poll: bool | None = Field(
        None,
        description="Free the device's socket between polls: others need it. Null: as it was.",
    )


class MeterSettings(Wanted):
    """A meter as the service user sets it up (A5, A6)."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    model: str = Field(min_length=1, max_length=100, description="From `GET /meter-models`.")
    name: str | None = Field(None, max_length=100)
    role: MeterRoleName = "grid"
    transport: TransportSettings
    rotation: RotationName = Field("RST", description="Meter's phases to the house's (A6).")
    invert: bool = Field(default=False, description="The current clamps sit the other way round.")
    phase: PhaseName | None = Field(
        None, description="A one-phase meter: the house phase it sits on."
    )


class Transport(Model):
    """How the meter is reached."""

    kind: ShownKind
    host: str | None
    port: int | None
    unit_id: int
    device: str | None
    baud: int | None
    parity: str | None
    stop_bits: int | None
    closes_after_poll: bool


class Reading(Model):
    """One poll of a meter, by phase of the house; grid import positive, feed-in negative."""

    measured_at: datetime | None
    age_s: float
    quality: Quality
    current_a: ByPhase
    power_w: ByPhase
    power_total_w: float | None
    voltage_v: ByPhase
    frequency_hz: float | None
    energy_import_wh: float | None
    energy_export_wh: float | None
    energy_import_segment: int | None = Field(
        description="Changes when the counter jumped: no differences across segments."
    )
    energy_export_segment: int | None


class Meter(Model):
    """A meter and how it is doing."""

    id: str
    name: str | None
    model: str
    role: MeterRoleName
    transport: Transport
    rotation: str
    invert: bool
    phase: PhaseName | None
    phases: int | None = Field(description="Phases the model measures.")
    problem: str | None = Field(description="Code of what is wrong now; null when all is well.")
    problem_detail: str | None
    last: Reading | None = Field(description="Null until the first answer.")
    revision: int = Field(description="Also the ETag.")


class MeterFinding(Model):
    """One thing a test looked at."""

    check: str = Field(description="`voltage`, `frequency`, `direction` or `rotation`.")
    phase: PhaseName | None = Field(description="Null: of the whole meter.")
    verdict: FindingVerdict
    value: float | None = Field(description="V, Hz or W.")
    detail: str = Field(description="One English sentence.")


class MeterTest(Model):
    """What a meter answered; nothing was saved."""

    reading: Reading
    warnings: list[str] = Field(description="Codes, such as `reversed-clamps-suspected`.")
    findings: list[MeterFinding]
    answer_ms: float


class TransportDefaults(Model):
    """Transmission parameters a known meter brings along."""

    port: int | None
    unit_id: int | None
    baud: int | None
    parity: str | None
    stop_bits: int | None


class MeterModel(Model):
    """A compatible meter model."""

    id: str
    manufacturer: str
    name: str
    phases: int
    transports: list[ShownKind]
    defaults: TransportDefaults
    quantities: list[str]
    has_phase_currents: bool
    note: str | None


class MeterPlace(Wanted):
    """Where something answers that may be a meter; what is left out is tried as usual."""

    transport: TransportSettings


class MeterCandidate(Model):
    """A model that fits what answers there."""

    model: MeterModel
    fit: float = Field(description="Part of the evidence that speaks for it, 0 to 1.")
    reading: Reading = Field(description="What this model would read, not rotated.")


class MeterIdentity(Model):
    """Which models fit; several of one family may share their registers."""

    candidates: list[MeterCandidate] = Field(description="Best first; empty: none fits.")
    transport: Transport = Field(description="What answered, with its unit id.")
    complete: bool = Field(description="False: the time was up before all models were tried.")
