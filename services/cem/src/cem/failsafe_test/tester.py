"""Makes failsafe tests, one at a time: lets the charger hear nothing and follows what it does."""

from dataclasses import replace

from cem.charger_tests import ChargerTests, Control
from cem.core.events import ProvingAsked, ProvingEnded
from cem.core.parameters import DEFAULTS
from cem.ended_tests import Book
from cem.failsafe_test.core.course import Course, Outcome, Trouble, advanced, begun
from cem.failsafe_test.messages import WHY, to_message
from cem.picture import Clocks
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
from volthus_wire.v1 import setup_pb2
from volthus_wire.v1.rpc_pb2 import Caller


class FailsafeTester:
    """Answers for failsafe tests; the last one of each charger is kept until its next."""

    def __init__(self, control: Control, clock: Clock, book: Book[setup_pb2.FailsafeTest]) -> None:
        """Test with this control loop."""
        self._tests = ChargerTests(_Silence(control), control, clock, book)
        self.run, self.look, self.save = self._tests.run, self._tests.look, self._tests.save

    async def start(
        self, question: setup_pb2.StartFailsafeTestRequest, caller: Caller
    ) -> setup_pb2.FailsafeTest:
        """Begin a test. Raises RefusedError with the reason why not."""
        return await self._tests.start(question.ski, caller)

    async def get(
        self, question: setup_pb2.FailsafeTestRequest, _caller: Caller
    ) -> setup_pb2.FailsafeTest:
        """Return how the running or the last test of a charger stands."""
        running = self._tests.running
        if running is not None and question.ski in ("", running[0]):
            return running[1]
        return self._tests.ended.get(question.ski, setup_pb2.FailsafeTest())

    async def list(
        self, _question: setup_pb2.ListFailsafeTestsRequest, _caller: Caller
    ) -> setup_pb2.ListFailsafeTestsReply:
        """Return how the last test of every charger stands."""
        tests = dict(self._tests.ended)
        if self._tests.running is not None:
            ski, test = self._tests.running
            tests[ski] = test
        return setup_pb2.ListFailsafeTestsReply(tests=[tests[ski] for ski in sorted(tests)])

    async def cancel(
        self, question: setup_pb2.CancelFailsafeTestRequest, caller: Caller
    ) -> setup_pb2.FailsafeTest:
        """End a running test; the charger hears us again at once.

        Raises RefusedError for a charger that is not under test.
        """
        await self._tests.cancel(question.ski, caller)
        return await self.get(setup_pb2.FailsafeTestRequest(ski=question.ski), caller)


class _Silence:
    """The kind of test that tells a charger nothing until it falls back."""

    name = "failsafe"

    def __init__(self, control: Control) -> None:
        self._control = control

    def begun(self, ski: str, now: float) -> Course:
        course = begun(self._control.state, ski, self._control.rooms, now, DEFAULTS)
        if isinstance(course, Trouble):
            raise RefusedError(course.value, WHY[course], ski=ski)
        return course

    def dated(self, course: Course, now: float) -> Course:
        return replace(course, began_s=now)

    def advanced(self, course: Course, now: float) -> Course:
        return advanced(course, self._control.state, self._control.rooms, now, DEFAULTS)

    def cancelled(self, course: Course) -> Course:
        return course.ended(Outcome.CANCELLED)

    def asked(self, course: Course, until_s: float) -> ProvingAsked:
        return ProvingAsked(course.ski, course.is_silent, until_s)

    def given_back(self, course: Course) -> ProvingEnded:
        return ProvingEnded(course.ski)

    def message(self, course: Course, clocks: Clocks) -> setup_pb2.FailsafeTest:
        return to_message(course, clocks)
