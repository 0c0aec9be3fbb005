"""Makes failsafe tests, one at a time: lets the charger hear nothing and follows what it does."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from cem.core.events import Event, ProvingAsked, ProvingEnded
from cem.core.parameters import DEFAULTS
from cem.core.rooms import Room
from cem.core.state import State
from cem.ended_tests import Book, EndedTests
from cem.failsafe_test.core.course import Course, Outcome, Trouble, advanced, begun
from cem.failsafe_test.messages import WHY, to_message
from cem.picture import Clocks
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
from volthus_wire.convert import to_timestamp
from volthus_wire.v1 import setup_pb2
from volthus_wire.v1.rpc_pb2 import Caller

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
PROVING_LASTS_S = 3.0  # renewed at each look: a test that dies leaves no silence behind


class Control(Protocol):
    """The control loop; see `cem.loop.Controller`."""

    @property
    def state(self) -> State:
        """Return everything the CEM knows now."""

    @property
    def rooms(self) -> Iterable[Room]:
        """Return the rooms of the last decision."""

    def happened(self, event: Event) -> None:
        """Fold an event."""


class FailsafeTester:
    """Answers for failsafe tests; the last one of each charger is kept until its next."""

    def __init__(self, control: Control, clock: Clock, book: Book[setup_pb2.FailsafeTest]) -> None:
        """Test with this control loop."""
        self._control = control
        self._clock = clock
        self._one = asyncio.Lock()
        self._course: Course | None = None  # of the test that runs
        self._caller = Caller()  # who began or ended it
        self._ended = EndedTests(book, clock, "failsafe")

    async def start(
        self, question: setup_pb2.StartFailsafeTestRequest, caller: Caller
    ) -> setup_pb2.FailsafeTest:
        """Begin a test. Raises RefusedError with the reason why not."""
        async with self._one:
            if self._course is not None:
                detail = "A failsafe test is running already; it can be cancelled."
                raise RefusedError("failsafe-test-running", detail, ski=self._course.ski)
            course = self._begun(question.ski)
            # What cannot be recorded is not done; and room is made only then.
            await self._ended.begin(self._message(course), caller)
            now = self._clock.monotonic()
            self._course, self._caller = replace(course, began_s=now), caller
            self._prove(self._course, now)
        logger.info("failsafe test begins", extra={"ski": course.ski, "actor": caller.actor})
        return self._message(self._course)

    async def get(
        self, question: setup_pb2.FailsafeTestRequest, _caller: Caller
    ) -> setup_pb2.FailsafeTest:
        """Return how the running or the last test of a charger stands."""
        course = self._course
        if course is not None and question.ski in ("", course.ski):
            return self._message(course)
        return self._ended.by_charger.get(question.ski, setup_pb2.FailsafeTest())

    async def list(
        self, _question: setup_pb2.ListFailsafeTestsRequest, _caller: Caller
    ) -> setup_pb2.ListFailsafeTestsReply:
        """Return how the last test of every charger stands."""
        tests = dict(self._ended.by_charger)
        if self._course is not None:
            tests[self._course.ski] = self._message(self._course)
        return setup_pb2.ListFailsafeTestsReply(tests=[tests[ski] for ski in sorted(tests)])

    async def cancel(
        self, question: setup_pb2.CancelFailsafeTestRequest, caller: Caller
    ) -> setup_pb2.FailsafeTest:
        """End a running test; the charger hears us again at once.

        Raises RefusedError for a charger that is not under test.
        """
        ski, course = question.ski, self._course
        if ski and (course is None or course.ski != ski):
            detail = f"Charger {ski} is not under test."
            raise RefusedError("no-failsafe-test", detail, ski=ski)
        if course is not None:
            self._caller = caller
            self._end(course.ended(Outcome.CANCELLED))
            await self.save()
        return await self.get(setup_pb2.FailsafeTestRequest(ski=ski), caller)

    async def run(self) -> None:
        """Follow the tests until cancelled; a silence never outlives us."""
        try:
            while True:
                await self.save()
                await asyncio.sleep(LOOK_EVERY_S)
                self.look()
        finally:
            if self._course is not None:
                self._end(self._course.ended(Outcome.CANCELLED))
                await asyncio.shield(self.save())

    def look(self) -> None:
        """Take the next step of a running test, if there is one."""
        course = self._course
        if course is None:
            return
        now = self._clock.monotonic()
        course = advanced(course, self._control.state, self._control.rooms, now, DEFAULTS)
        if course.is_running:
            self._course = course
            self._prove(course, now)
        else:
            self._end(course)

    async def save(self) -> None:
        """Keep what ended, and first of all learn what was kept before; later if it must be."""
        await self._ended.save()

    # --- inside ----------------------------------------------------------------------------------

    def _begun(self, ski: str) -> Course:
        state, now = self._control.state, self._clock.monotonic()
        if ski not in state.chargers:
            detail = f"No charger {ski!r} is paired."
            raise RefusedError("unknown-charger", detail, field="/ski", ski=ski)
        course = begun(state, ski, self._control.rooms, now, DEFAULTS)
        if isinstance(course, Trouble):
            raise RefusedError(course.value, WHY[course], ski=ski)
        return course

    def _prove(self, course: Course, now: float) -> None:
        until_s = now + PROVING_LASTS_S
        self._control.happened(ProvingAsked(course.ski, course.is_silent, until_s))

    def _end(self, course: Course) -> None:
        self._course = None
        self._control.happened(ProvingEnded(course.ski))
        message = self._message(course)
        message.ended.CopyFrom(to_timestamp(self._clock.now()))
        self._ended.add(course.ski, message, self._caller)
        result = {"state": course.outcome.value, "code": course.trouble or ""}
        logger.info("failsafe test ended", extra={"ski": course.ski, **result})

    def _message(self, course: Course) -> setup_pb2.FailsafeTest:
        return to_message(course, Clocks(self._clock.monotonic(), self._clock.now()))
