"""How a rotation test stands."""

from typing import get_args

from volthus_wire.v1.site_pb2 import RotationTest as WireTest
from web.messages.meters import phase_name
from web.messages.plain import NotUnderstoodError, instant_in, text
from web.models.rotation import RotationTest, TestState

STATES: dict[str, TestState] = {state: state for state in get_args(TestState)}


def rotation_test(message: WireTest, ski: str) -> RotationTest:
    """Return how the test of a charger stands; that of another charger is none of its own.

    Raises NotUnderstoodError for a state without a word.
    """
    own = message if message.ski == ski else WireTest()
    state = own.state or "none"
    if state not in STATES:
        raise NotUnderstoodError(f"{state!r} is no state of a rotation test")
    return RotationTest(
        ski=ski,
        state=STATES[state],
        step=text(own.step),
        until=instant_in(own, "until"),
        ended_at=instant_in(own, "ended"),
        code=text(own.code),
        proposed_wiring=text(own.proposed_wiring),
        proposed_rotation=text(own.proposed_rotation),
        confidence=own.confidence,
        phases=[phase for one in own.phases if (phase := phase_name(one)) is not None],
        reversed=own.reversed,
    )
