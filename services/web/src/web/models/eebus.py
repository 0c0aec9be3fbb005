"""EEBUS devices: our identity, what was found, what is paired."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from web.models.common import Model, TypedSki, Wanted

Connection = Literal["not_connected", "connecting", "connected"]
MOST_WINDOW_S = 300
_SKI = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"


class EebusIdentity(Model):
    """Who we are to EEBUS devices: shown for comparing SKIs, and as QR code."""

    ski: str = Field(examples=[_SKI])
    ship_id: str
    brand: str
    model: str
    qr_text: str
    port: int | None
    certificate_ends: datetime | None = Field(description="When our own certificate is over.")


class DiscoveredDevice(Model):
    """An EEBUS device on the network that is not paired (A9)."""

    ski: str = Field(examples=[_SKI])
    ship_id: str
    brand: str
    model: str
    type: str = Field(description="ChargingStation, EnergyManagementSystem, ...")
    host: str | None
    port: int | None
    requests_pairing: bool = Field(description="It has already trusted us and waits for our user.")


class PairedDevice(DiscoveredDevice):
    """A device we trust (A10): red, orange or green by `connection`."""

    name: str | None = Field(description="Given by the user; null = unnamed.")
    connection: Connection
    detail: str = Field(description="One sentence: the phase, or which side must act.")
    state: str = Field(description="Connection state in full, such as `waiting_for_peer`.")
    own: bool = Field(description="The site's own charger, paired by itself (A12).")
    role: str | None = Field(
        description="charger, meter, control-box or appliance to us; null = not known yet."
    )
    serial: str | None = Field(description="As the device says it; null = it does not.")


class EebusPicture(Model):
    """Identity, found and paired devices at once: the data of an `eebus` event."""

    identity: EebusIdentity
    discovered: list[DiscoveredDevice]
    paired: list[PairedDevice]
    accepts_until: datetime | None = Field(
        description="Until then the first device that asks is trusted; null: each by hand."
    )


class AnnouncedUseCase(Model):
    """A use case a device announces, and whether we speak it with it."""

    entity: str = Field(description="Its address in the device.", examples=["1.1"])
    entity_type: str = Field(examples=["EV"])
    actor: str = Field(examples=["EV"])
    name: str = Field(examples=["overloadProtectionByEvChargingCurrentCurtailment"])
    scenarios: list[int]
    used: bool


class ByConductor(Model):
    """A value for each conductor of a charger; null = none."""

    a: float | None
    b: float | None
    c: float | None


class LimitWrite(Model):
    """A limit that was written to a device, and what came of it."""

    at: datetime | None
    kind: str = Field(description="opev, oscev, lpc, lpp, failsafe")
    current_a: ByConductor | None
    power_w: float | None
    ok: bool
    error_number: int | None
    text: str | None
    answer_ms: float | None
    reaction_s: float | None = Field(description="Until the current followed; null: not seen.")


class HeldPowerLimit(Model):
    """A power limit that a device keeps to, by its own word."""

    kind: str = Field(description="lpc: what it draws; lpp: what it feeds in.")
    active: bool
    power_w: float | None
    duration_s: float | None = Field(description="Left when it was told; null: until lifted.")
    failsafe_w: float | None


class DeviceDiagnostics(Model):
    """What an installer or developer wants to know of a paired device."""

    device: PairedDevice
    handshake: str = Field(description="SHIP phase in the standard's words.")
    use_cases: list[AnnouncedUseCase]
    entities: list[str]
    writes: list[LimitWrite] = Field(description="Newest first, at most 20.")
    power_limits: list[HeldPowerLimit] = Field(description="Empty: it cannot be limited so.")
    reaction_s: float | None = Field(description="Median.")
    quirks: list[str] = Field(description="Peculiarities of this device that we allow for.")
    connections: int = Field(description="Made since the gateway's start.")
    connected_since: datetime | None
    heartbeat_age_s: float | None
    last_error: str | None
    last_error_at: datetime | None


class AcceptWindowWanted(Wanted):
    """For how long the first device that asks is to be trusted."""

    seconds: Annotated[int, Field(ge=1, le=MOST_WINDOW_S)] = 120


class AcceptWindow(Model):
    """Whether the first device that asks is trusted without a look at its SKI."""

    until: datetime | None = Field(description="Null: closed.")


class Pairing(Wanted):
    """A device to trust."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ski": _SKI, "name": "Garage left"}]}
    )

    ski: TypedSki
    name: str | None = Field(None, max_length=64)
    host: str | None = Field(
        None, min_length=1, max_length=253, description="Only where it is not found by itself."
    )
    port: Annotated[int, Field(ge=1, le=65535)] | None = None


class Renaming(Wanted):
    """A new name for a paired device; null or empty takes the name away."""

    name: str | None = Field(max_length=64, examples=["Garage left"])
