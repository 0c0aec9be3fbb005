"""The rotation test: finds the phases a charger sits on by changing a charging car's current."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from web.models.common import Model, PhaseName

TestState = Literal["none", "running", "done", "failed", "cancelled"]


class RotationTest(Model):
    """How a charger's rotation test stands."""

    ski: str
    state: TestState = Field(description="none: this charger was not tested.")
    step: str | None = Field(description="English, for diagnostics.")
    until: datetime | None = Field(
        description="It is over then at the latest; null: it is not running."
    )
    ended_at: datetime | None
    code: str | None = Field(
        description="Why it failed: car-not-charging, too-little-change, test-interrupted, ..."
    )
    proposed_wiring: str | None = Field(
        description="For the charger, given the meter is right; null: none."
    )
    proposed_rotation: str | None = Field(
        description="For the meter, given the charger is wired RST; null: none."
    )
    confidence: float = Field(description="0 to 1")
    phases: list[PhaseName] = Field(description="House phases that moved, by conductor.")
    reversed: bool = Field(
        description="Power fell while the car drew more: the clamps look the wrong way."
    )
