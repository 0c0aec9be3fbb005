"""The grid operator's power limits (C6): how the site obeys, what stands now, the evidence."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from web.models.common import Instant, Model, Wanted

Watts = Annotated[float, Field(ge=0, le=10_000_000, allow_inf_nan=False)]
LimitKind = Literal["lpc", "lpp"]
LimitSource = Literal["eebus", "api"]
LimitState = Literal["init", "unlimited_controlled", "limited", "failsafe", "unlimited_autonomous"]
ApplianceState = Literal[
    "unlimited",
    "pending",
    "accepted",
    "exceeded",
    "refused",
    "unreachable",
    "failsafe",
    "not-ours",
]
LIMIT_EXAMPLE: dict[str, JsonValue] = {
    "limit_w": 4200,
    "until": "2026-11-22T19:00:00Z",
    "reference": "order 4711",
}


class OperatorLimit(Model):
    """One limit as it stands now, at the grid connection point."""

    kind: LimitKind = Field(description="lpc: what is drawn; lpp: what is fed in.")
    source: LimitSource
    ski: str | None = Field(description="Of the control box; null by API.")
    name: str | None
    state: LimitState
    limit_w: float | None = Field(description="To be obeyed now; null = no limit.")
    until: datetime | None = Field(description="Null: until further notice.")
    since: datetime | None = Field(description="Of this state.")
    failsafe_w: float | None
    failsafe_s: float | None = Field(description="How long the failsafe limit holds at least.")
    connected: bool
    heard: datetime | None = Field(description="Last word of the source.")


class ApplianceChoice(Model):
    """Whether a paired appliance may be limited by us."""

    ski: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    limited: bool


class Appliance(Model):
    """A paired device that can be limited (LPC) and is no charger: its share of a limit."""

    ski: str
    name: str | None
    limited: bool = Field(description="We may limit it: by choice, or it is paired for that only.")
    limit_w: float | None = Field(description="Its share now; null: no limit.")
    reserved_w: float = Field(description="Taken off what the chargers may draw.")
    state: ApplianceState = Field(
        description="pending: asked. exceeded: accepted, and draws more. failsafe: out of contact, "
        "so it keeps to its own value. not-ours: we may not limit it."
    )
    power_w: float | None = Field(description="Measured by itself (MPC), where it does.")
    nominal_w: float | None = Field(description="The most it can draw, by its own word.")
    failsafe_w: float | None = Field(description="What it keeps to without us, by its own word.")
    problem: str | None = Field(description="Why it refused, as it says.")


class OperatorSettings(Wanted):
    """How the site obeys."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"credits_sun": False, "other_devices_w": [11000], "contract_w": 30000,
                 "failsafe_w": 4200, "failsafe_s": 7200,
                 "appliance_choices": []}
            ]
        }
    )  # fmt: skip

    credits_sun: bool = Field(
        default=False, description="Own solar power may be added to the limit; false: strict."
    )
    other_devices_w: Annotated[list[Watts], Field(max_length=50)] = Field(
        [],
        description="Steerable devices that are neither charger nor paired, by the §14a formula.",
    )
    contract_w: Watts | None = Field(
        None, description="Contract power of the grid connection; null: none."
    )
    failsafe_w: Watts = Field(4200.0, description="Offered to the control box.")
    failsafe_s: Annotated[float, Field(ge=7200, le=86_400, allow_inf_nan=False)] = Field(
        7200.0, description="2 h to 24 h, by the use case LPC."
    )
    appliance_choices: Annotated[list[ApplianceChoice], Field(max_length=100)] = Field(
        [],
        description="Which paired appliances may be limited; one that is not named is if that is "
        "all it is paired for.",
    )


class Operator(Model):
    """How the site obeys, and all limits that stand now."""

    credits_sun: bool
    other_devices_w: list[float]
    contract_w: float | None
    failsafe_w: float
    failsafe_s: float
    appliance_choices: list[ApplianceChoice]
    revision: int = Field(description="Also the ETag.")
    limits: list[OperatorLimit]
    appliances: list[Appliance] = Field(description="Every paired one, with its share.")


class LimitWanted(Wanted):
    """A limit by API; it replaces the one before."""

    model_config = ConfigDict(json_schema_extra={"examples": [LIMIT_EXAMPLE]})

    limit_w: Watts
    until: Instant | None = Field(None, description="Null: until lifted.")
    reference: str | None = Field(
        None, max_length=200, description="The operator's word for it, kept in the evidence."
    )


class Evidence(Model):
    """One entry of the evidence log: what was ordered, and what came of it."""

    number: int = Field(description="1, 2, 3 ... without gaps.")
    at: datetime | None
    event: str = Field(
        description="started, changed, reached, exceeded, ended, failsafe, recovered, lost, "
        "appliance"
    )
    limit: OperatorLimit | None
    grid_import_w: float | None = Field(description="Measured at that moment.")
    charging_w: float | None
    reached_s: float | None = Field(description="From the order to power below it.")
    reference: str | None
    appliances: str | None = Field(
        description="Who else was limited: name, SKI, watts and what it answered; parted by ;"
    )
    hash: str = Field(description="Hex SHA-256 of the entry before and of this one.")
    before: str = Field(description="Hash of the entry before; of the first: 64 zeros.")


class EvidencePage(Model):
    """Entries of the evidence log, oldest first."""

    items: list[Evidence]
    next: str | None = None
    intact: bool = Field(description="The whole chain was checked and nothing is missing.")
