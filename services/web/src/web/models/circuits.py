"""Circuits: fuses below the main one (C12), as set and as they stand now."""

from pydantic import ConfigDict, Field

from web.models.common import Amperes, AmperesByPhase, ByPhase, Model, Wanted
from web.models.fuse import FusePhase


class CircuitSettings(Wanted):
    """A fuse below the main one: a garage, a row of chargers."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Garage", "fuse_a": {"l1": 20, "l2": 20, "l3": 20}}]
        }
    )

    name: str = Field(min_length=1, max_length=64)
    parent: str | None = Field(
        None, max_length=64, description="Id of the circuit above; null = the main fuse."
    )
    fuse_a: AmperesByPhase
    margin_a: Amperes | None = Field(None, description="Null: as the grid connection.")
    meter: str | None = Field(
        None, max_length=64, description="Id of a sub-meter in it; null: it feeds chargers only."
    )


class Circuit(Model):
    """A circuit in force."""

    id: str = Field(examples=["garage"])
    name: str
    parent: str | None = Field(description="Null = the main fuse.")
    fuse_a: ByPhase
    margin_a: float | None
    meter: str | None
    revision: int = Field(description="Also the ETag.")


class CircuitNow(Model):
    """A circuit as it stands now: a bar for each phase."""

    id: str
    name: str
    parent: str | None
    meter: str | None
    fuse: list[FusePhase] = Field(
        description="Without a meter `other_load_a` and `grid_current_a` are null: only the "
        "chargers below it are counted."
    )
