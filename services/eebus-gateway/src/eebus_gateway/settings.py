"""Environment to one frozen settings object, read once in main."""

from pydantic import Field, field_validator

from eebus_gateway.core.ski import parse_ski
from eebus_gateway.errors import CommandRefusedError
from volthus_kit.settings import SiteSettings


class Settings(SiteSettings):
    """What the gateway reads from its environment."""

    ship_port: int = Field(
        0, ge=0, le=65535, description="port of our SHIP server; 0 = any free one, then kept"
    )
    lan: bool = Field(
        default=False, description="1: speak EEBUS on all interfaces; 0: on loopback only"
    )
    remote_pairing: bool = Field(
        default=False, description="let commands from afar trust a device that was not trusted yet"
    )
    power_limits: bool = Field(
        default=True,
        description="1: a paired control box of the grid operator may limit power (LPC, LPP)",
    )
    guards: bool = Field(
        default=True, description="1: appliances see an energy manager that can limit them"
    )
    nominal_w: float = Field(
        32000.0,
        gt=0,
        le=1e7,
        description="power of the grid connection told to a control box, until the CEM knows it",
    )
    own_charger_ski: str = Field(
        "", description="SKI of the charger this site runs on; trusted by itself, once"
    )

    @field_validator("own_charger_ski")
    @classmethod
    def _normal(cls, text: str) -> str:
        try:
            return parse_ski(text) if text.strip() else ""
        except CommandRefusedError as error:
            raise ValueError(error.detail) from error
