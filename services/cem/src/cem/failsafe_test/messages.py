"""A failsafe test as the message of the bus, with a sentence for each refusal."""

from cem.failsafe_test.core.course import Course, Trouble
from cem.picture import Clocks
from volthus_wire.convert import to_timestamp
from volthus_wire.v1.setup_pb2 import FailsafeTest

WHY = {
    Trouble.NOT_FALLEN: "The charger went on above its failsafe current although it heard nothing.",
    Trouble.CAR_NOT_CHARGING: "No car is charging at this charger.",
    Trouble.CHARGES_TOO_LITTLE: "The car must draw clearly more than the failsafe current, or no "
    "fall can be seen.",
    Trouble.TOO_LITTLE_ROOM: "The fuse has no room for all that this charger can draw, which must "
    "be kept free while it hears nothing.",
    Trouble.METER_SILENT: "The grid meter gives no usable readings.",
    Trouble.CHARGER_LOST: "The charger was lost.",
    Trouble.SETTINGS_CHANGED: "The charger was set otherwise during the test.",
    Trouble.ENERGY_MANAGEMENT_OFF: "Energy management is off, or no main fuse is set.",
    Trouble.LIMITED_BY_OPERATOR: "A limit of the grid operator is in force and must be obeyed.",
    Trouble.ROTATION_TEST_RUNNING: "A test of the phases of this charger is running.",
    Trouble.INTERRUPTED: "The energy manager was restarted during the test.",
}


def to_message(course: Course, clocks: Clocks) -> FailsafeTest:
    """Return the message of a test."""
    message = FailsafeTest(
        ski=course.ski,
        state=course.outcome.value,
        code="" if course.trouble is None else course.trouble.value,
        failsafe_a=course.failsafe_a,
        before_a=course.before_a,
        measured_a=course.measured_a,
    )
    if course.low_s is not None:
        message.took_s = course.took_s or 0.0
    if course.is_running:
        message.step = "making-room" if course.silent_s is None else "silent"
        message.until.CopyFrom(to_timestamp(clocks.at(course.until_s)))
    return message
