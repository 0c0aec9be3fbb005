"""Makes rotation tests, one at a time: pulses the charger and follows the course of the test."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from cem.charger_tests import ChargerTests, Control
from cem.core.events import PulseAsked, PulseEnded
from cem.core.parameters import DEFAULTS
from cem.core.state import State
from cem.ended_tests import Book
from cem.picture import Clocks
from cem.rotation.core.course import Course, Outcome, Trouble, advanced, begun
from cem.rotation.messages import WHY, to_message
from electrical.rotation import Rotation
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
from volthus_wire.v1 import metering_pb2, site_pb2
from volthus_wire.v1.rpc_pb2 import Caller

Meters = Callable[[], Iterable[metering_pb2.MeterHealth]]


class RotationTester:
    """Answers for rotation tests; the last one of each charger is kept until its next."""

    def __init__(
        self, control: Control, meters: Meters, clock: Clock, book: Book[site_pb2.RotationTest]
    ) -> None:
        """Test with this control loop. meters: the site's meters as their reader tells them."""
        self._tests = ChargerTests(_Pulses(control, meters), control, clock, book)
        self.run, self.look, self.save = self._tests.run, self._tests.look, self._tests.save

    async def start(
        self, question: site_pb2.StartRotationTestRequest, caller: Caller
    ) -> site_pb2.RotationTest:
        """Begin a test. Raises RefusedError with the reason why not."""
        return await self._tests.start(question.ski, caller)

    async def get(
        self, question: site_pb2.RotationTestRequest, _caller: Caller
    ) -> site_pb2.RotationTest:
        """Return how the running or the last test stands, of one charger or of all."""
        running, ended = self._tests.running, self._tests.ended
        if running is not None and question.ski in ("", running[0]):
            return running[1]
        latest = next(reversed(ended)) if ended else ""
        return ended.get(question.ski or latest, site_pb2.RotationTest())

    async def cancel(
        self, question: site_pb2.CancelRotationTestRequest, caller: Caller
    ) -> site_pb2.RotationTest:
        """End a running test; harmless when none runs.

        Raises RefusedError for a charger that is not under test.
        """
        await self._tests.cancel(question.ski, caller)
        return await self.get(site_pb2.RotationTestRequest(ski=question.ski), caller)


class _Pulses:
    """The kind of test that holds a charging car low and high in turn."""

    name = "rotation"

    def __init__(self, control: Control, meters: Meters) -> None:
        self._control = control
        self._meters = meters

    def begun(self, ski: str, now: float) -> Course:
        state = self._control.state
        course = begun(state, ski, self._rotation(state), now, DEFAULTS)
        if isinstance(course, Trouble):
            raise RefusedError(course.value, WHY[course], ski=ski)
        return course

    def dated(self, course: Course, now: float) -> Course:
        return replace(course, began_s=now, level_s=now)

    def advanced(self, course: Course, now: float) -> Course:
        state = self._control.state
        return advanced(course, state, self._rotation(state), now, DEFAULTS)

    def cancelled(self, course: Course) -> Course:
        return course.ended(Outcome.CANCELLED)

    def asked(self, course: Course, until_s: float) -> PulseAsked:
        return PulseAsked(course.ski, course.current_a, until_s)

    def given_back(self, course: Course) -> PulseEnded:
        return PulseEnded(course.ski)

    def message(self, course: Course, clocks: Clocks) -> site_pb2.RotationTest:
        message = to_message(course, clocks)
        if not course.is_running:
            message.ClearField("until")
        return message

    def _rotation(self, state: State) -> Rotation | None:
        """Return how the grid meter is set; None for one that has no such setting (a HEMS)."""
        for meter in self._meters():
            settings = meter.settings
            if settings.meter == state.meter.id:
                is_hems = settings.transport.kind == metering_pb2.TRANSPORT_KIND_EEBUS
                return None if is_hems else Rotation(settings.rotation or Rotation.RST)
        return None
