"""Makes rotation tests, one at a time: pulses the charger and follows the course of the test."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from cem.core.events import Event, PulseAsked, PulseEnded
from cem.core.parameters import DEFAULTS
from cem.core.state import State
from cem.picture import Clocks
from cem.rotation.core.course import Course, Outcome, Trouble, advanced, begun
from cem.rotation.messages import WHY, to_message
from electrical.rotation import Rotation
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
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
    """Answers for rotation tests; the last one is kept until the next."""

    def __init__(
        self,
        control: Control,
        meters: Callable[[], Iterable[metering_pb2.MeterHealth]],
        clock: Clock,
    ) -> None:
        """Test with this control loop. meters: the site's meters as their reader tells them."""
        self._control = control
        self._meters = meters
        self._clock = clock
        self._course: Course | None = None

    async def start(
        self, question: site_pb2.StartRotationTestRequest, caller: Caller
    ) -> site_pb2.RotationTest:
        """Begin a test. Raises RefusedError with the reason why not."""
        if self._course is not None and self._course.is_running:
            detail = "A rotation test is running already; it can be cancelled."
            raise RefusedError("rotation-test-running", detail, ski=self._course.ski)
        state, now = self._control.state, self._clock.monotonic()
        if question.ski not in state.chargers:
            detail = f"No charger {question.ski!r} is paired."
            raise RefusedError("unknown-charger", detail, field="/ski", ski=question.ski)
        course = begun(state, question.ski, self._rotation(state), now, DEFAULTS)
        if isinstance(course, Trouble):
            raise RefusedError(course.value, WHY[course], ski=question.ski)
        self._course = course
        self._pulse(course, now)
        logger.info("rotation test begins", extra={"ski": course.ski, "actor": caller.actor})
        return self._message()

    async def get(
        self, _question: site_pb2.RotationTestRequest, _caller: Caller
    ) -> site_pb2.RotationTest:
        """Return how the running or the last test stands."""
        return self._message()

    async def cancel(
        self, question: site_pb2.CancelRotationTestRequest, _caller: Caller
    ) -> site_pb2.RotationTest:
        """End a running test; harmless when none runs.

        Raises RefusedError for a charger that is not under test.
        """
        ski, course = question.ski, self._course
        if ski and (course is None or not course.is_running or course.ski != ski):
            detail = f"Charger {ski} is not under test."
            raise RefusedError("no-rotation-test", detail, ski=ski)
        if self._course is not None and self._course.is_running:
            self._end(self._course.ended(Outcome.CANCELLED))
        return self._message()

    async def run(self) -> None:
        """Follow the tests until cancelled; a pulse never outlives us."""
        try:
            while True:
                await asyncio.sleep(LOOK_EVERY_S)
                self.look()
        finally:
            if self._course is not None and self._course.is_running:
                self._end(self._course.ended(Outcome.CANCELLED))

    def look(self) -> None:
        """Take the next step of a running test, if there is one."""
        course = self._course
        if course is None or not course.is_running:
            return
        state, now = self._control.state, self._clock.monotonic()
        course = advanced(course, state, self._rotation(state), now, DEFAULTS)
        if course.is_running:
            self._course = course
            self._pulse(course, now)
        else:
            self._end(course)

    # --- inside ----------------------------------------------------------------------------------

    def _pulse(self, course: Course, now: float) -> None:
        self._control.happened(PulseAsked(course.ski, course.current_a, now + PULSE_LASTS_S))

    def _end(self, course: Course) -> None:
        self._course = course
        self._control.happened(PulseEnded(course.ski))
        result = {"state": course.outcome.value, "code": course.trouble or ""}
        logger.info("rotation test ended", extra={"ski": course.ski, **result})

    def _message(self) -> site_pb2.RotationTest:
        return to_message(self._course, Clocks(self._clock.monotonic(), self._clock.now()))

    def _rotation(self, state: State) -> Rotation | None:
        """Return how the grid meter is set; None for one that has no such setting (a HEMS)."""
        for meter in self._meters():
            settings = meter.settings
            if settings.meter == state.meter.id:
                is_hems = settings.transport.kind == metering_pb2.TRANSPORT_KIND_EEBUS
                return None if is_hems else Rotation(settings.rotation or Rotation.RST)
        return None
