"""EEBUS devices: our identity, what was found, what is paired."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from web.models.common import Model, TypedSki, Wanted

Connection = Literal["not_connected", "connecting", "connected"]
_SKI = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"


class EebusIdentity(Model):
    """Who we are to EEBUS devices: shown for comparing SKIs, and as QR code."""

    ski: str = Field(examples=[_SKI])
    ship_id: str
    brand: str
    model: str
    qr_text: str
    port: int | None


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


class EebusPicture(Model):
    """Identity, found and paired devices at once: the data of an `eebus` event."""

    identity: EebusIdentity
    discovered: list[DiscoveredDevice]
    paired: list[PairedDevice]


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
