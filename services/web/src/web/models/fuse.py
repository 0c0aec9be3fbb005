"""The fuse picture: what flows through a fuse on each phase, and through which charger."""

from pydantic import Field

from web.models.common import Model, PhaseName


class ChargerShare(Model):
    """What one charger draws on one phase."""

    ski: str
    name: str | None
    current_a: float | None
    limit_a: float | None


class FusePhase(Model):
    """One bar of the fuse picture; null = not known."""

    phase: PhaseName
    fuse_a: float
    margin_a: float = Field(description="Kept free below the fuse.")
    other_load_a: float | None = Field(description="The house beside the chargers, peak-held.")
    reserved_a: float | None = Field(description="For chargers out of reach or starting.")
    headroom_a: float | None = Field(description="What the chargers may draw together.")
    grid_current_a: float | None = Field(
        description="Measured at the fuse. Signed; negative = feed-in."
    )
    charging_a: float | None = Field(description="Sum of the chargers; null if one is unknown.")
    chargers: list[ChargerShare]
