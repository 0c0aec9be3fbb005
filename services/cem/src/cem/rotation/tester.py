"""Makes rotation tests, one at a time: pulses the charger and follows the course of the test."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol

from cem.core.events import Event, PulseAsked, PulseEnded
from cem.core.parameters import DEFAULTS
from cem.core.state import State
from cem.ended_tests import Book, EndedTests
from cem.picture import Clocks
from cem.rotation.core.course import Course, Outcome, Trouble, advanced, begun
from cem.rotation.messages import WHY, to_message
from electrical.rotation import Rotation
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
from volthus_wire.convert import to_timestamp
from volthus_wire.v1 import metering_pb2, site_pb2
from volthus_wire.v1.rpc_pb2 import Caller

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
PULSE_LASTS_S = 3.0  # renewed at each look: a test that dies leaves no pulse behind


class Control(Protocol):
    """The control loop; see `cem.loop.Controller`."""

    @property
    def state(self) -> State:
        """Return everything the CEM knows now."""

    def happened(self, event: Event) -> None:
        """Fold an event."""


class RotationTester:
    """Answers for rotation tests; the last one of each charger is kept until its next."""

    def __init__(
        self,
        control: Control,
        meters: Callable[[], Iterable[metering_pb2.MeterHealth]],
        clock: Clock,
        book: Book[site_pb2.RotationTest],
    ) -> None:
        """Test with this control loop. meters: the site's meters as their reader tells them."""
        self._control = control
        self._meters = meters
        self._clock = clock
        self._one = asyncio.Lock()
        self._course: Course | None = None  # of the test that runs
        self._caller = Caller()  # who began or ended it
        self._ended = EndedTests(book, clock, "rotation")

    async def start(
        self, question: site_pb2.StartRotationTestRequest, caller: Caller
    ) -> site_pb2.RotationTest:
        """Begin a test. Raises RefusedError with the reason why not."""
        async with self._one:
            if self._course is not None:
                detail = "A rotation test is running already; it can be cancelled."
                raise RefusedError("rotation-test-running", detail, ski=self._course.ski)
            course = self._begun(question.ski)
            # What cannot be recorded is not done; and the pulse begins only then.
            await self._ended.begin(self._message(course), caller)
            now = self._clock.monotonic()
            self._course, self._caller = replace(course, began_s=now, level_s=now), caller
            self._pulse(self._course, now)
        logger.info("rotation test begins", extra={"ski": course.ski, "actor": caller.actor})
        return self._message(self._course)

    async def get(
        self, question: site_pb2.RotationTestRequest, _caller: Caller
    ) -> site_pb2.RotationTest:
        """Return how the running or the last test stands, of one charger or of all."""
        course, tests = self._course, self._ended.by_charger
        if course is not None and question.ski in ("", course.ski):
            return self._message(course)
        latest = next(reversed(tests)) if tests else ""
        return tests.get(question.ski or latest, site_pb2.RotationTest())

    async def cancel(
        self, question: site_pb2.CancelRotationTestRequest, caller: Caller
    ) -> site_pb2.RotationTest:
        """End a running test; harmless when none runs.

        Raises RefusedError for a charger that is not under test.
        """
        ski, course = question.ski, self._course
        if ski and (course is None or course.ski != ski):
            detail = f"Charger {ski} is not under test."
            raise RefusedError("no-rotation-test", detail, ski=ski)
        if course is not None:
            self._caller = caller
            self._end(course.ended(Outcome.CANCELLED))
            await self.save()
        return await self.get(site_pb2.RotationTestRequest(ski=ski), caller)

    async def run(self) -> None:
        """Follow the tests until cancelled; a pulse never outlives us."""
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
        state, now = self._control.state, self._clock.monotonic()
        course = advanced(course, state, self._rotation(state), now, DEFAULTS)
        if course.is_running:
            self._course = course
            self._pulse(course, now)
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
        course = begun(state, ski, self._rotation(state), now, DEFAULTS)
        if isinstance(course, Trouble):
            raise RefusedError(course.value, WHY[course], ski=ski)
        return course

    def _pulse(self, course: Course, now: float) -> None:
        self._control.happened(PulseAsked(course.ski, course.current_a, now + PULSE_LASTS_S))

    def _end(self, course: Course) -> None:
        self._course = None
        self._control.happened(PulseEnded(course.ski))
        message = self._message(course)
        message.ended.CopyFrom(to_timestamp(self._clock.now()))
        message.ClearField("until")
        self._ended.add(course.ski, message, self._caller)
        result = {"state": course.outcome.value, "code": course.trouble or ""}
        logger.info("rotation test ended", extra={"ski": course.ski, **result})

    def _message(self, course: Course) -> site_pb2.RotationTest:
        return to_message(course, Clocks(self._clock.monotonic(), self._clock.now()))

    def _rotation(self, state: State) -> Rotation | None:
        """Return how the grid meter is set; None for one that has no such setting (a HEMS)."""
        for meter in self._meters():
            settings = meter.settings
            if settings.meter == state.meter.id:
                is_hems = settings.transport.kind == metering_pb2.TRANSPORT_KIND_EEBUS
                return None if is_hems else Rotation(settings.rotation or Rotation.RST)
        return None
