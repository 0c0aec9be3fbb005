"""The grid connection and energy management, as set by the service user."""

from typing import Literal

from pydantic import ConfigDict, Field, JsonValue

from web.models.common import (
    Amperes,
    AmperesByPhase,
    ByPhase,
    EachOrByPhase,
    Model,
    Wanted,
)

_EXAMPLE: dict[str, JsonValue] = {
    "fuse_a": {"l1": 25, "l2": 25, "l3": 25},
    "phases": 3,
    "margin_a": 0.75,
    "base_load_a": 2,
    "static_share_a": 10,
    "unbalance_a": 20,
}


class GridConnectionSettings(Wanted):
    """Main fuse and what belongs to it (A3)."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    fuse_a: AmperesByPhase = Field(description="Main fuse per phase.")
    phases: Literal[1, 3] = Field(3, description="Phases of the connection.")
    margin_a: Amperes | None = Field(
        None,
        description="Null: 0.5 A for noise and 1 % of the fuse for the meter, added as squares.",
    )
    base_load_a: EachOrByPhase | None = Field(
        None,
        description="Design base load for the failsafe check: a number for every phase alike, or "
        "each phase by itself; null: none.",
    )
    static_share_a: EachOrByPhase | None = Field(
        None,
        description="What all chargers together may draw when the meter is lost: a number for "
        "every phase alike, or each phase by itself; null: CEM's own.",
    )
    unbalance_a: Amperes | None = Field(
        None,
        description="How much cars may load one phase more than another (VDE-AR-N 4100: 20 A); "
        "null: any.",
    )


class GridConnection(Model):
    """The grid connection in force."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE | {"revision": 3}]})

    fuse_a: ByPhase | None = Field(description="Null until set: nothing is managed before.")
    phases: int
    margin_a: float | None
    base_load_a: float | ByPhase | None = Field(
        description="A number where the phases are alike, else each phase by itself."
    )
    static_share_a: float | ByPhase | None = Field(
        description="A number where the phases are alike, else each phase by itself."
    )
    unbalance_a: float | None
    revision: int = Field(description="Also the ETag; 0 = never set.")


class EnergyManagementSettings(Wanted):
    """Energy management on or off (A1)."""

    on: bool
    confirmed_no_other: bool = Field(
        default=False,
        description="The user confirms that no other energy or load manager controls the chargers.",
    )


class EnergyManagement(Model):
    """Whether energy management is on."""

    on: bool
    confirmed_no_other: bool
    revision: int = Field(description="Also the ETag.")
