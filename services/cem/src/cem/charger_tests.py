"""Tests of a charger on request, one of a kind at a time: begun, followed, ended and kept."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from cem.core.events import Event
from cem.core.rooms import Room
from cem.core.state import State
from cem.ended_tests import Book, EndedTests
from cem.picture import Clocks
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
from volthus_wire.convert import to_timestamp
from volthus_wire.v1.rpc_pb2 import Caller

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
ASKED_FOR_S = 3.0  # renewed at each look: a test that dies leaves nothing behind at the charger


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


class Course(Protocol):
    """A test so far; a value."""

    @property
    def ski(self) -> str:
        """Return the charger under test."""

    @property
    def is_running(self) -> bool:
        """Return whether the test goes on."""

    @property
    def outcome(self) -> str:
        """Return how the test stands."""

    @property
    def trouble(self) -> str | None:
        """Return why it brought nothing."""


class Message(Protocol):
    """A test on the bus."""

    @property
    def ended(self) -> Timestamp:
        """Return when it ended."""


C = TypeVar("C", bound=Course)
M = TypeVar("M", bound=Message)
M_co = TypeVar("M_co", bound=Message, covariant=True)


class Kind(Protocol[C, M_co]):
    """What is particular to one kind of test. Times are monotonic seconds."""

    name: str  # in refusal codes, details and the log

    def begun(self, ski: str, now: float) -> C:
        """Return the course of a paired charger at its start. Raises RefusedError: why not."""

    def dated(self, course: C, now: float) -> C:
        """Return the course as begun now: recording its start took a while."""

    def advanced(self, course: C, now: float) -> C:
        """Return the course one look later."""

    def cancelled(self, course: C) -> C:
        """Return the course ended by somebody."""

    def asked(self, course: C, until_s: float) -> Event:
        """Return what the control law is to do until then."""

    def given_back(self, course: C) -> Event:
        """Return what tells the control law that the test is over."""

    def message(self, course: C, clocks: Clocks) -> M_co:
        """Return the course for the bus."""


class ChargerTests(Generic[C, M]):
    """The test that runs and those that ended, of one kind."""

    def __init__(self, kind: Kind[C, M], control: Control, clock: Clock, book: Book[M]) -> None:
        """Test with this control loop; what was ended is kept in the book."""
        self._kind = kind
        self._control = control
        self._clock = clock
        self._one = asyncio.Lock()
        self._course: C | None = None  # of the test that runs
        self._caller = Caller()  # who began or ended it
        self._ended = EndedTests(book, clock, kind.name)

    @property
    def running(self) -> tuple[str, M] | None:
        """Return the charger under test, and how the test stands."""
        course = self._course
        return None if course is None else (course.ski, self._message(course))

    @property
    def ended(self) -> dict[str, M]:
        """Return the last test that ended of each charger, the latest last."""
        return self._ended.by_charger

    async def start(self, ski: str, caller: Caller) -> M:
        """Begin a test.

        Raises RefusedError `<name>-test-running`, `unknown-charger` or the kind's reason.
        """
        name = self._kind.name
        async with self._one:
            if self._course is not None:
                detail = f"A {name} test is running already; it can be cancelled."
                raise RefusedError(f"{name}-test-running", detail, ski=self._course.ski)
            if ski not in self._control.state.chargers:
                detail = f"No charger {ski!r} is paired."
                raise RefusedError("unknown-charger", detail, field="/ski", ski=ski)
            course = self._kind.begun(ski, self._clock.monotonic())
            # What cannot be recorded is not done; and the charger notices only then.
            await self._ended.begin(self._message(course), caller)
            now = self._clock.monotonic()
            self._course, self._caller = self._kind.dated(course, now), caller
            self._ask(self._course, now)
        logger.info("test begins", extra={"test": name, "ski": ski, "actor": caller.actor})
        return self._message(self._course)

    async def cancel(self, ski: str, caller: Caller) -> None:
        """End the running test of this charger ("": of any); harmless when none runs.

        Raises RefusedError `no-<name>-test` for a charger that is not under test.
        """
        course = self._course
        if ski and (course is None or course.ski != ski):
            detail = f"Charger {ski} is not under test."
            raise RefusedError(f"no-{self._kind.name}-test", detail, ski=ski)
        if course is not None:
            self._caller = caller
            self._end(self._kind.cancelled(course))
            await self.save()

    async def run(self) -> None:
        """Follow the tests until cancelled; what was asked of a charger never outlives us."""
        try:
            while True:
                await self.save()
                await asyncio.sleep(LOOK_EVERY_S)
                self.look()
        finally:
            if self._course is not None:
                self._end(self._kind.cancelled(self._course))
                await asyncio.shield(self.save())

    def look(self) -> None:
        """Take the next step of a running test, if there is one."""
        if self._course is None:
            return
        now = self._clock.monotonic()
        course = self._kind.advanced(self._course, now)
        if course.is_running:
            self._course = course
            self._ask(course, now)
        else:
            self._end(course)

    async def save(self) -> None:
        """Keep what ended, and first of all learn what was kept before; later if it must be."""
        await self._ended.save()

    # --- inside ----------------------------------------------------------------------------------

    def _ask(self, course: C, now: float) -> None:
        self._control.happened(self._kind.asked(course, now + ASKED_FOR_S))

    def _end(self, course: C) -> None:
        self._course = None
        self._control.happened(self._kind.given_back(course))
        message = self._message(course)
        message.ended.CopyFrom(to_timestamp(self._clock.now()))
        self._ended.add(course.ski, message, self._caller)
        result = {"state": str(course.outcome), "code": course.trouble or ""}
        logger.info("test ended", extra={"test": self._kind.name, "ski": course.ski, **result})

    def _message(self, course: C) -> M:
        return self._kind.message(course, Clocks(self._clock.monotonic(), self._clock.now()))
