"""What a car does badly over ISO 15118 (A15): recognised from what a charger shows. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LATE = timedelta(minutes=2)  # cars that do it well start within seconds
NEVER = timedelta(minutes=10)
IDLING = timedelta(minutes=5)  # taking less for so long is no ramp
FOLLOWED = 0.75  # of what it may take; above that it follows well enough
TAPERS_PERCENT = 80.0  # a battery this full takes less by itself
BEGUN_WH = 50.0
NOT_ASKING = "car-not-asking"
NO_START = frozenset({"waiting", "paused"})


class Symptom(StrEnum):
    """What a car shows that does ISO 15118 badly."""

    LATE_START = "late-start"
    NO_START = "no-start"
    POOR_FOLLOWING = "poor-following"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a charger shows. reason: the kind of what limits it, since when, by the site's clock.

    taken_a, allowed_a: on the phase that carries most. disobeys: above its limit for long.
    """

    communication: str
    state: str
    reason: str
    since: datetime | None
    taken_a: float | None = None
    allowed_a: float | None = None
    energy_wh: float | None = None
    soc_percent: float | None = None
    disobeys: bool = False


def symptom(seen: Seen, now: datetime) -> Symptom | None:
    """Return what the car does badly, None where all is well or it talks no ISO 15118."""
    if not seen.communication.startswith("iso15118"):
        return None
    if seen.disobeys:
        return Symptom.POOR_FOLLOWING
    if seen.reason != NOT_ASKING or seen.since is None:
        return None
    lasts = now - seen.since
    has_begun = (seen.energy_wh or 0.0) > BEGUN_WH
    if seen.state in NO_START and not has_begun and lasts >= LATE:
        return Symptom.NO_START if lasts >= NEVER else Symptom.LATE_START
    if seen.state == "charging" and lasts >= IDLING and _takes_little(seen):
        return Symptom.POOR_FOLLOWING
    return None


def _takes_little(seen: Seen) -> bool:
    if seen.taken_a is None or seen.allowed_a is None or (seen.soc_percent or 0) >= TAPERS_PERCENT:
        return False
    return seen.taken_a < FOLLOWED * seen.allowed_a
