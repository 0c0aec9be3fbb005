"""A rotation test as the message of the bus, with a sentence for people who diagnose it."""

from cem.picture import Clocks
from cem.rotation.core.course import Course, Outcome, Trouble, proves_reversed
from cem.rotation.core.estimate import Estimate
from cem.rotation.core.proposal import by_conductor, rotation_for, wiring_for
from electrical.phases import Phase
from volthus_wire.convert import to_timestamp
from volthus_wire.v1.site_pb2 import RotationTest

WHY = {
    Trouble.CAR_NOT_CHARGING: "No car is charging at this charger.",
    Trouble.RANGE_TOO_SMALL: "Charger and car can only charge at about one current, so that no "
    "change can be seen.",
    Trouble.TOO_LITTLE_ROOM: "What the site leaves this charger now (fuse, other cars, sun, mode) "
    "is too little to change its current.",
    Trouble.CAR_TAKES_LITTLE: "The car takes hardly more than the minimum: it may be nearly full.",
    Trouble.TOO_LITTLE_CHANGE: "The car hardly followed the changes.",
    Trouble.METER_SILENT: "The grid meter gives no usable readings.",
    Trouble.LOAD_TOO_NOISY: "The household changed too much; try again at a quieter time.",
    Trouble.NEEDS_ONE_PHASE_CAR: "The car draws alike on three phases, so that they cannot be told "
    "apart: repeat with a car that charges on one phase.",
    Trouble.CHARGER_NOT_SEEN: "The meter shows nothing of what the car draws: is the charger "
    "behind this meter?",
    Trouble.PHASE_NOT_SEEN: "The meter shows the car on fewer phases than it draws on: does a "
    "clamp or a wire miss?",
    Trouble.CHARGER_LOST: "The charger was lost, or does not follow its limit.",
    Trouble.SETTINGS_CHANGED: "Meter or charger were set otherwise during the test.",
    Trouble.ENERGY_MANAGEMENT_OFF: "Energy management is off, or no main fuse is set.",
    Trouble.ONE_PHASE_SITE: "A site with one phase has no rotation.",
    Trouble.INTERRUPTED: "The energy manager was restarted during the test.",
}


def to_message(course: Course, clocks: Clocks) -> RotationTest:
    """Return the message of a test."""
    message = RotationTest(
        ski=course.ski,
        state=course.outcome.value,
        step=_step(course),
        until=to_timestamp(clocks.at(course.until_s)),
        code="" if course.trouble is None else course.trouble.value,
    )
    if course.found is not None:
        _fill(message, course, course.found)
    return message


def _fill(message: RotationTest, course: Course, found: Estimate) -> None:
    message.confidence = found.confidence
    message.reversed = bool(proves_reversed(found))
    phases: tuple[Phase, ...] = found.shown.phases
    if course.outcome is Outcome.DONE:
        wiring = wiring_for(found.moving, phases, course.mounted.wiring)
        message.proposed_wiring = wiring.value
        phases = by_conductor(wiring, found.moving)
        rotation = course.mounted.rotation
        if rotation is not None:
            turned = rotation_for(found.moving, found.shown.phases, rotation)
            message.proposed_rotation = turned.value
    message.phases.extend(phase.value for phase in phases)


def _step(course: Course) -> str:
    if course.trouble is not None:
        return WHY[course.trouble] + _clamps(course)
    match course.outcome:
        case Outcome.RUNNING:
            word = "high" if course.is_high else "low"
            return f"Level {len(course.levels) + 1}: held {word} at {course.current_a:g} A."
        case Outcome.CANCELLED:
            return "Cancelled."
        case _:
            return _told(course)


def _told(course: Course) -> str:
    found = course.found
    if found is None:
        return ""
    where = " and ".join(found.shown.phases)
    conductors = " and ".join(conductor.lower() for conductor in found.moving)
    order = ", in an order that one car cannot tell" if len(found.moving) > 1 else ""
    told = f"Conductor {conductors} of the charger shows on {where} of the meter{order}."
    return told + _clamps(course)


def _clamps(course: Course) -> str:
    found = course.found
    wrong = () if found is None else proves_reversed(found)
    if not wrong:
        return ""
    return f" The clamp on {' and '.join(wrong)} sits the wrong way round."
