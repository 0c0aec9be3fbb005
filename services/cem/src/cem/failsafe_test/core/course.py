"""The course of a failsafe test: make room, be silent, see the charger fall by itself. Pure.

A charger that hears nothing must go to the failsafe current that is set in it. Whether it does is
seen only by being silent: so all it can draw is kept free for it first, and what could endanger
the fuse meanwhile ends the silence at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from cem.core.charger import Charger
from cem.core.circuits import ancestry
from cem.core.conduct import Conduct, Standing
from cem.core.obeying import limit_w
from cem.core.parameters import Parameters
from cem.core.rooms import Room
from cem.core.state import State

ROOM_S = 10.0  # the others go down at once, and their cars follow within 5 s
SILENT_S = (
    180.0  # chargers notice within seconds (twice the announced 4 s), slow ones in two minutes
)
METER_SILENT_S = 6.0
WITHIN_A = 1.0  # a car follows its current that well
STEADY_S = 2.0  # one low sample may be a car that hesitates


class Outcome(StrEnum):
    """How a test stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Trouble(StrEnum):
    """Why a test proved nothing, or was not begun."""

    NOT_FALLEN = "not-fallen"
    CAR_NOT_CHARGING = "car-not-charging"
    CHARGES_TOO_LITTLE = "charges-too-little"
    TOO_LITTLE_ROOM = "too-little-room"
    METER_SILENT = "meter-silent"
    CHARGER_LOST = "charger-lost"
    SETTINGS_CHANGED = "settings-changed"
    ENERGY_MANAGEMENT_OFF = "energy-management-off"
    LIMITED_BY_OPERATOR = "limited-by-operator"
    ROTATION_TEST_RUNNING = "rotation-test-running"
    INTERRUPTED = "test-interrupted"


@dataclass(frozen=True, slots=True)
class Course:
    """A test so far; monotonic seconds, amperes on the highest phase.

    silent_s: since when it hears nothing; None = room is still being made.
    low_s: since when it draws no more than its failsafe current.
    """

    ski: str
    failsafe_a: float
    began_s: float
    silent_s: float | None = None
    before_a: float | None = None
    measured_a: float | None = None
    low_s: float | None = None
    took_s: float | None = None
    outcome: Outcome = Outcome.RUNNING
    trouble: Trouble | None = None

    @property
    def is_running(self) -> bool:
        """Return whether the charger is still under test."""
        return self.outcome is Outcome.RUNNING

    @property
    def is_silent(self) -> bool:
        """Return whether it is to hear nothing now."""
        return self.is_running and self.silent_s is not None

    @property
    def until_s(self) -> float:
        """Return when the test is over at the latest."""
        since_s = self.began_s + ROOM_S if self.silent_s is None else self.silent_s
        return since_s + SILENT_S

    def ended(self, outcome: Outcome, trouble: Trouble | None = None) -> "Course":
        """Return the course at its end."""
        return replace(self, outcome=outcome, trouble=trouble)


def begun(
    state: State, ski: str, rooms: Iterable[Room], now: float, p: Parameters
) -> Course | Trouble:
    """Return the course of a new test of a paired charger, or why there can be none now.

    rooms: of the last decision.
    """
    charger = state.chargers[ski]
    trouble = _hindrance(state, charger, rooms, now, p)
    if trouble is None and charger.standing(now, p) is not Standing.READY:
        trouble = Trouble.CAR_NOT_CHARGING
    if trouble is None and charger.pulse is not None:
        trouble = Trouble.ROTATION_TEST_RUNNING
    return trouble or _too_little(charger) or Course(ski, charger.settings.failsafe_a, now)


def advanced(
    course: Course, state: State, rooms: Iterable[Room], now: float, p: Parameters
) -> Course:
    """Return the course at `now`; the same once it has ended."""
    if not course.is_running:
        return course
    charger = state.chargers.get(course.ski)
    if charger is None:
        return course.ended(Outcome.FAILED, Trouble.CHARGER_LOST)
    trouble = _hindrance(state, charger, rooms, now, p)
    if trouble is None and charger.settings.failsafe_a != course.failsafe_a:
        trouble = Trouble.SETTINGS_CHANGED
    if trouble is not None:
        return course.ended(Outcome.FAILED, trouble)
    drawn_a = _drawn_a(charger)
    course = replace(course, measured_a=drawn_a)
    if course.silent_s is None:
        return course if now - course.began_s < ROOM_S else _silenced(course, charger, now)
    return _watched(course, drawn_a, now)


def _silenced(course: Course, charger: Charger, now: float) -> Course:
    """Return the course as its silence begins: the others have had time to make room."""
    trouble = _too_little(charger)
    if trouble is not None:
        return course.ended(Outcome.FAILED, trouble)
    return replace(course, silent_s=now, before_a=_drawn_a(charger))


def _watched(course: Course, drawn_a: float | None, now: float) -> Course:
    silent_s = course.silent_s or now
    is_low = drawn_a is not None and drawn_a <= course.failsafe_a + WITHIN_A
    if not is_low:
        course = replace(course, low_s=None)
        is_over = now - silent_s >= SILENT_S
        return course.ended(Outcome.FAILED, Trouble.NOT_FALLEN) if is_over else course
    low_s = now if course.low_s is None else course.low_s
    course = replace(course, low_s=low_s, took_s=low_s - silent_s)
    return course.ended(Outcome.DONE) if now - low_s >= STEADY_S else course


def _hindrance(
    state: State, charger: Charger, rooms: Iterable[Room], now: float, p: Parameters
) -> Trouble | None:
    """Return what makes a silence towards a charger unsafe, or useless, now."""
    if not state.energy_management.on or state.grid is None:
        return Trouble.ENERGY_MANAGEMENT_OFF
    if limit_w(state, now, p) is not None:
        return Trouble.LIMITED_BY_OPERATOR
    measured_s = state.meter.last_at_s
    if state.meter.id is not None and (measured_s is None or now - measured_s > METER_SILENT_S):
        return Trouble.METER_SILENT
    if not charger.is_reached(now, p):
        return Trouble.CHARGER_LOST
    if not charger.has_car or charger.intent.conduct is Conduct.OFF:
        return Trouble.CAR_NOT_CHARGING
    return None if _fits(charger, state, rooms, now, p) else Trouble.TOO_LITTLE_ROOM


def _fits(charger: Charger, state: State, rooms: Iterable[Room], now: float, p: Parameters) -> bool:
    """Return whether all it can draw fits beside what the house takes, on each fuse above it.

    While it is proven that is part of what is reserved already.
    """
    wired = charger.settings.wired(state.site_phases)
    above = ancestry(charger.settings.circuit, state.circuits)
    is_kept = charger.standing(now, p) is Standing.PROVING
    needed_a = 0.0 if is_kept else charger.unbound_a
    return all(
        room.now_a >= needed_a for room in rooms if room.phase in wired and room.circuit.id in above
    )


def _too_little(charger: Charger) -> Trouble | None:
    """Return why a fall could not be seen: it must draw clearly more than in its failsafe."""
    drawn_a = _drawn_a(charger)
    if drawn_a is None or drawn_a < WITHIN_A:
        return Trouble.CAR_NOT_CHARGING
    is_little = drawn_a < charger.settings.failsafe_a + 2 * WITHIN_A
    return Trouble.CHARGES_TOO_LITTLE if is_little else None


def _drawn_a(charger: Charger) -> float | None:
    """Return what it draws on the phase with the most (A); None where that is unknown."""
    drawn_a = charger.drawn_a
    return None if drawn_a is None else max(drawn_a.values())
