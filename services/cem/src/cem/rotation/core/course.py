"""The course of a rotation test: from level to level until it is known, or cannot be. Pure.

A charging car is held low, high, low, high ... in turn. The charger takes never more than its
share allows, so a test can only draw less than charging would. Each step looks at the state of
the control law and returns the course as it stands now.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from cem.core.charger import Charger
from cem.core.conduct import Standing
from cem.core.parameters import Parameters
from cem.core.reasons import Kind
from cem.core.state import State
from cem.rotation.core.estimate import Estimate, estimate
from cem.rotation.core.levels import Level, edges, level_of
from electrical.phases import Phase
from electrical.rotation import Rotation

HOLD_S = 20.0  # a level: up 8 A takes 6 s (pace of raising) and the car's 5 s, then it is measured
SWING_A = 8.0
LEAST_SWING_A = 3.0
BY_CAR = (Kind.CAR_NOT_ASKING, Kind.CAR_MAXIMUM)
ROUNDED_A = 0.5  # a car follows its limit that well
DRAWING_A = 1.0  # less than this is no charging
FEWEST_EDGES, MOST_EDGES = 4, 12
ENOUGH = 0.98  # confidence that ends the test early
NEEDED = 0.9  # confidence without which nothing is proposed
METER_SILENT_S = 6.0
SETTLES_S = 12.0  # after that a car that draws nothing does not charge


class Outcome(StrEnum):
    """How a test stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Trouble(StrEnum):
    """Why a test brought no proposal, or was not begun."""

    CAR_NOT_CHARGING = "car-not-charging"
    RANGE_TOO_SMALL = "range-too-small"
    TOO_LITTLE_ROOM = "too-little-room"
    CAR_TAKES_LITTLE = "car-takes-little"
    TOO_LITTLE_CHANGE = "too-little-change"
    METER_SILENT = "meter-silent"
    LOAD_TOO_NOISY = "load-too-noisy"
    NEEDS_ONE_PHASE_CAR = "needs-one-phase-car"
    CHARGER_NOT_SEEN = "charger-not-seen"
    PHASE_NOT_SEEN = "phase-not-seen"
    CHARGER_LOST = "charger-lost"
    SETTINGS_CHANGED = "settings-changed"
    ENERGY_MANAGEMENT_OFF = "energy-management-off"
    ONE_PHASE_SITE = "one-phase-site"
    INTERRUPTED = "test-interrupted"


@dataclass(frozen=True, slots=True)
class Mounted:
    """What must stay as it is during a test: who measures, and how both are set."""

    meter: str
    wiring: Rotation
    rotation: Rotation | None  # of the meter; None: it has no such setting


@dataclass(frozen=True, slots=True)
class Course:
    """A test so far; monotonic seconds, amperes per phase."""

    ski: str
    mounted: Mounted
    low_a: float
    high_a: float
    began_s: float
    level_s: float  # since when the level in force is held
    levels: tuple[Level | None, ...] = ()
    found: Estimate | None = None
    outcome: Outcome = Outcome.RUNNING
    trouble: Trouble | None = None

    @property
    def is_running(self) -> bool:
        """Return whether the charger is still pulsed."""
        return self.outcome is Outcome.RUNNING

    @property
    def is_high(self) -> bool:
        """Return whether the level in force is the high one; a test begins low."""
        return len(self.levels) % 2 == 1

    @property
    def current_a(self) -> float:
        """Return the level in force (A)."""
        return self.high_a if self.is_high else self.low_a

    @property
    def until_s(self) -> float:
        """Return when the test is over at the latest."""
        return self.began_s + (MOST_EDGES + 1) * HOLD_S

    def ended(self, outcome: Outcome, trouble: Trouble | None = None) -> "Course":
        """Return the course at its end."""
        return replace(self, outcome=outcome, trouble=trouble)


def begun(
    state: State, ski: str, rotation: Rotation | None, now: float, p: Parameters
) -> Course | Trouble:
    """Return the course of a new test of a paired charger, or why there can be none now.

    rotation: how the grid meter is set, None for one without that setting.
    """
    charger = state.chargers[ski]
    trouble = _hindrance(state, charger, now, p)
    if trouble is not None:
        return trouble
    trouble = _too_little(charger)
    if trouble is not None:
        return trouble
    low_a = charger.least_a
    high_a = min(low_a + SWING_A, charger.granted_a or 0.0, charger.most_a)
    mounted = Mounted(state.meter.id or "", charger.settings.wiring, rotation)
    return Course(ski, mounted, low_a, high_a, now, now)


def advanced(
    course: Course, state: State, rotation: Rotation | None, now: float, p: Parameters
) -> Course:
    """Return the course at `now`; the same once it has ended."""
    if not course.is_running:
        return course
    charger = state.chargers.get(course.ski)
    if charger is None:
        return course.ended(Outcome.FAILED, Trouble.CHARGER_LOST)
    mounted = Mounted(state.meter.id or "", charger.settings.wiring, rotation)
    trouble = _hindrance(state, charger, now, p)
    if trouble is None and mounted != course.mounted:
        trouble = Trouble.SETTINGS_CHANGED
    if trouble is None and now - course.level_s > SETTLES_S and not _is_drawing(charger):
        trouble = Trouble.CAR_NOT_CHARGING
    if trouble is not None:
        return course.ended(Outcome.FAILED, trouble)
    if now - course.level_s < HOLD_S:
        return course
    levels = (*course.levels, level_of(state, charger, now))
    return _judged(replace(course, levels=levels, level_s=now))


def _hindrance(state: State, charger: Charger, now: float, p: Parameters) -> Trouble | None:
    """Return what keeps a charger from being pulsed now."""
    if state.site_phases != 3:
        return Trouble.ONE_PHASE_SITE
    if not state.energy_management.on or state.grid is None:
        return Trouble.ENERGY_MANAGEMENT_OFF
    measured_s = state.meter.last_at_s
    if measured_s is None or now - measured_s > METER_SILENT_S:
        return Trouble.METER_SILENT
    match charger.standing(now, p):
        case Standing.READY:
            return None
        case Standing.NO_CAR | Standing.FRESH:
            return Trouble.CAR_NOT_CHARGING
        case _:
            return Trouble.CHARGER_LOST


def _too_little(charger: Charger) -> Trouble | None:
    """Return what keeps the current of a charger with a car from being changed enough to see."""
    least_a, granted_a = charger.least_a + LEAST_SWING_A, charger.granted_a or 0.0
    if not _is_drawing(charger):
        return Trouble.CAR_NOT_CHARGING if granted_a > 0 else Trouble.TOO_LITTLE_ROOM
    if charger.most_a < least_a:
        return Trouble.RANGE_TOO_SMALL
    takes_little = charger.reason is not None and charger.reason.kind in BY_CAR
    if granted_a < least_a:
        return Trouble.CAR_TAKES_LITTLE if takes_little else Trouble.TOO_LITTLE_ROOM
    return Trouble.CAR_TAKES_LITTLE if _drawn_a(charger) < least_a - ROUNDED_A else None


def _is_drawing(charger: Charger) -> bool:
    return _drawn_a(charger) > DRAWING_A


def _drawn_a(charger: Charger) -> float:
    """Return what it draws on the phase with the most (A); 0 where that is unknown."""
    drawn_a = charger.drawn_a
    return 0.0 if drawn_a is None else max(drawn_a.values())


def _judged(course: Course) -> Course:
    """Return the course after one more level: over when it is sure, or when it took too long."""
    count = len(course.levels) - 1
    if count < FEWEST_EDGES:
        return course
    found = estimate(edges(course.levels))
    course = replace(course, found=found)
    is_sure = found.edges >= FEWEST_EDGES and found.confidence >= ENOUGH
    if not is_sure and count < MOST_EDGES:
        return course
    trouble = trouble_with(found)
    return course.ended(Outcome.DONE if trouble is None else Outcome.FAILED, trouble)


def trouble_with(found: Estimate) -> Trouble | None:
    """Return why nothing can be proposed from an estimate, None if something can."""
    moving, shown = len(found.moving), len(found.shown.phases)
    if moving == 0 or found.edges < FEWEST_EDGES:
        return Trouble.TOO_LITTLE_CHANGE
    if found.confidence < NEEDED:
        return Trouble.LOAD_TOO_NOISY
    if shown == 0:
        return Trouble.CHARGER_NOT_SEEN
    if shown < moving:
        return Trouble.PHASE_NOT_SEEN
    return Trouble.NEEDS_ONE_PHASE_CAR if moving == 3 else None


def proves_reversed(found: Estimate) -> tuple[Phase, ...]:
    """Return the phases whose clamp sits the wrong way round, as far as that is sure."""
    return found.shown.reversed if found.confidence >= NEEDED else ()
