"""Keeps the records beside the control loop: takes in at once, works and writes in a thread.

The loop only puts into a bounded queue. What cannot be written stays in memory, merged, up to a
bound; what is beyond it is counted as lost. Control never waits for any of it (design law 8).
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from cem.core.decision import Decision
from cem.core.events import ChargerHeard, Event
from cem.core.operating import OperatorLimit
from cem.core.state import State
from cem.records import metrics
from cem.records.core import evidence, history, ledger
from cem.records.core.counting import Measured
from cem.records.core.evidence import Order
from cem.records.core.history import History
from cem.records.core.ledger import GridMeasured, Ledger, Now, Pace
from cem.records.core.sessions import Standing
from cem.records.journal import Batch, Journal, Kept
from cem.records.watching import (
    GATEWAY_SILENT_AFTER_S,
    effect_of,
    limits_of,
    measured_of,
    seen_of,
    shown_of,
    to_the_millisecond,
)
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError

logger = logging.getLogger(__name__)

WORK_EVERY_S = 1.0
TELL_OPEN_EVERY_S = 900.0  # how a session that is open goes on
WRITE_EVERY_S = 60.0
ASKED_EVERY_S = 2.0
FORGET_EVERY_S = 3600.0
TRUST_WALL_AFTER_S = 3600.0  # until then a time server may still set a clock that is far ahead
TRY_AGAIN_AFTER_S = 5.0
MOST_WAIT_S = 60.0
MOST_QUEUED = 50_000
MOST_DECISIONS = 2_000
MOST_ENTRIES = 2_000
MOST_MINUTES = 3_000


@dataclass(frozen=True, slots=True)
class SunMeasured:
    """One reading of a PV meter."""

    meter: str
    produced: Measured


@dataclass(frozen=True, slots=True)
class _Reported:
    event: ChargerHeard
    state: State


Item = _Reported | Decision | GridMeasured | SunMeasured


class Recorder:
    """An observer of the control loop; `run` does the work."""

    def __init__(self, journal: Journal, clock: Clock, kept: Kept) -> None:
        self._journal = journal
        self._clock = clock
        self._kept = kept
        self._queue: deque[tuple[Item, Now]] = deque()
        self._ledger: Ledger | None = None  # None: not loaded yet
        self._history = History()
        self._orders: dict[evidence.Key, Order] = {}
        self._purse = evidence.Purse()
        self._pending = Batch()
        self._written_s = float("-inf")
        self._grown_at_s = clock.monotonic()
        self._grown_wh: dict[str, float] = {}  # of open sessions, as told then
        self._written_minute = 0
        self._forgot_s = float("-inf")
        self._pace = Pace()
        self._tried_s = float("-inf")
        self._wait_s = TRY_AGAIN_AFTER_S
        self._is_urgent = False
        self._is_gateway_heard = False
        self._one = asyncio.Lock()
        self._working = threading.Lock()  # a cancelled wait leaves its thread running
        self._lost = self._shown_lost = 0
        self.failed: Callable[[bool], None] = lambda _: None
        self.lost: Callable[[int], None] = lambda _: None  # told how many records are lost so far
        self.written = asyncio.Event()  # set after each write: facts may wait now
        self.named: Callable[[dict[str, str]], None] = lambda _: None  # told the open sessions
        self._hurried = asyncio.Event()
        self._plugs: dict[str, int | None] = {}

    @property
    def open_sessions(self) -> dict[str, str]:
        """Return the id of the open session of each charger that has one."""
        books = self._ledger
        return {} if books is None else {ski: s.id for ski, s in books.sessions.items()}

    def happened(self, event: Event, state: State, now: float) -> None:
        """Take in a charger's report; costs microseconds."""
        if isinstance(event, ChargerHeard):
            self._put(_Reported(event, state), now)
            car, ski = event.report.car, event.report.ski
            plug = None if car is None else car.plug
            if self._plugs.get(ski, -1) != plug:  # a session begins or ends: name it soon
                self._plugs[ski] = plug
                self._hurried.set()

    def decided(self, decision: Decision, now: float) -> None:
        """Take in a decision; costs microseconds."""
        self._put(decision, now)

    def metered(self, reading: GridMeasured | SunMeasured) -> None:
        """Take in a reading of a meter."""
        self._put(reading, self._clock.monotonic())

    async def run(self) -> None:
        """Work once a second until cancelled; then write what is left."""
        try:
            while True:
                await self._work_on()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(WORK_EVERY_S):
                        await self._hurried.wait()
                self._hurried.clear()
        finally:
            await asyncio.shield(self.work(is_last=True))

    async def _work_on(self) -> None:
        try:
            await self.work()
        except Exception:
            # Nor does a fault while they are written.
            logger.exception("records failed")
            self._lose("fault", 1)

    async def work(self, *, is_last: bool = False, is_asked: bool = False) -> None:
        """Take the queue into the books and write what is due; at most one at a time."""
        async with self._one:
            failure = await asyncio.to_thread(self._work, is_last=is_last, is_asked=is_asked)
        if self._ledger is not None:
            self.named(self.open_sessions)
        if self._lost > self._shown_lost:
            self._shown_lost = self._lost
            self.lost(self._lost)
        if failure is not None:
            self.failed(failure)
            if not failure:
                self.written.set()

    # --- inside; in a thread ---------------------------------------------------------------------

    def _put(self, item: Item, now: float) -> None:
        if len(self._queue) >= MOST_QUEUED:
            self._queue.popleft()
            self._lose("queue", 1)
        self._queue.append((item, Now(now, self._clock.now())))

    def _work(self, *, is_last: bool, is_asked: bool) -> bool | None:
        with self._working:
            return self._worked(is_last=is_last, is_asked=is_asked)

    def _worked(self, *, is_last: bool, is_asked: bool) -> bool | None:
        """Return whether the database failed; None: nothing was written."""
        now = Now(self._clock.monotonic(), self._clock.now())
        since_try_s = now.monotonic_s - self._tried_s
        try:
            if self._ledger is None:
                if since_try_s < self._wait_s:
                    return None
                self._load(now)
            self._fold(now)
            since_s = now.monotonic_s - self._written_s
            every_s = ASKED_EVERY_S if is_asked else WRITE_EVERY_S
            is_over = int(now.unix_s // 60) != self._written_minute
            is_due = since_s >= every_s or is_over or self._is_urgent or is_last
            if not is_due or (since_try_s < self._wait_s and not is_last and self._is_stuck):
                return None
            self._write(now)
            self._forget(now)
        except RefusedError as error:
            is_again = self._is_stuck
            self._wait_s = min(MOST_WAIT_S, 2 * self._wait_s) if is_again else TRY_AGAIN_AFTER_S
            if not is_again:
                logger.warning("records not written", extra={"error": str(error)})
            self._tried_s = now.monotonic_s
            if "constraint" in error.params.get("reason", ""):
                # A fault of ours: it would be refused for ever, and all that follows with it.
                self._lose("fault", _size(self._pending))
                self._pending = Batch()
            self._bound()
            metrics.PENDING.set(_size(self._pending))
            return True
        return False

    @property
    def _is_stuck(self) -> bool:
        return self._tried_s > self._written_s

    def _load(self, now: Now) -> None:
        known = self._journal.load()
        self._ledger = ledger.reopened(
            known.tracks, known.counted_at, known.sessions, known.last_ids
        )
        self._orders = evidence.restored(known.entries, now.monotonic_s)

    def _fold(self, now: Now) -> None:
        books = self._ledger or Ledger()
        for _ in range(len(self._queue)):
            item, at = self._queue.popleft()
            try:
                books = self._taken_in(books, item, at)
            except Exception:
                # A fault in the books costs one record, never the control of a fuse.
                logger.exception("records failed")
                self._lose("fault", 1)
            time.sleep(0)  # lets the control loop go first: both share one interpreter
        books = ledger.looked_around(books, now)
        began = frozenset(books.begun)
        books, gained, ended = ledger.taken(books)
        self._ledger = books
        told = began | {session.id for session in ended}
        self._is_urgent = self._is_urgent or bool(told)
        told |= self._grown(books, now.monotonic_s)
        sessions = {session.id: session for session in (*ended, *books.sessions.values())}
        minutes = {minute.start: minute for minute in gained}
        self._pending = self._pending.plus(
            Batch(sessions, told, minutes, books.tracks, books.counted_at)
        )
        for session in ended:
            metrics.session_ended(session)
        metrics.gained(gained)
        metrics.show_sessions(sum(s.standing is not Standing.ENDED for s in sessions.values()))

    def _grown(self, books: Ledger, now_s: float) -> frozenset[str]:
        """Return the open sessions that took more since the cloud was told of them last."""
        if now_s - self._grown_at_s < TELL_OPEN_EVERY_S:
            return frozenset()
        self._grown_at_s, before = now_s, self._grown_wh
        self._grown_wh = {one.id: one.energy_wh for one in books.sessions.values()}
        return frozenset(
            id_ for id_, energy_wh in self._grown_wh.items() if energy_wh > before.get(id_, 0.0)
        )

    def _taken_in(self, books: Ledger, item: Item, at: Now) -> Ledger:
        match item:
            case _Reported(event, state):
                measured = measured_of(event.report, at.monotonic_s)
                return ledger.charger_seen(books, seen_of(event.report, state), measured, at)
            case GridMeasured():
                return ledger.grid_read(books, item, at)
            case SunMeasured():
                return ledger.sun_read(books, item.meter, item.produced, at)
            case Decision():
                self._fold_decision(item, at)
                return books

    def _fold_decision(self, decision: Decision, at: Now) -> None:
        self._history, told = history.noted(self._history, shown_of(decision, at), at.monotonic_s)
        entries = self._fold_orders(decision, at)
        self._is_urgent = self._is_urgent or bool(entries)
        if told or entries:
            self._pending = self._pending.plus(Batch(decisions=told, entries=entries))

    def _fold_orders(self, decision: Decision, at: Now) -> tuple[evidence.Entry, ...]:
        self._purse = self._purse.refilled(at.monotonic_s)
        if not self._purse.may_look:
            return ()
        self._orders, entries = evidence.watched(
            self._orders,
            self._limits(decision.state, at.monotonic_s),
            effect_of(decision, at.monotonic_s),
            at.monotonic_s,
            to_the_millisecond(at.wall),
        )
        self._purse = replace(self._purse, left=self._purse.left - len(entries))
        return entries

    def _limits(self, state: State, now_s: float) -> tuple[OperatorLimit, ...]:
        """Return what the operator's sources say.

        A start is no silence: the gateway gets the time for its first word, and until then all
        is as the log says.
        """
        limits = limits_of(state, now_s)
        self._is_gateway_heard |= (state.operator_heard_s or 0.0) > state.started_s
        if self._is_gateway_heard or now_s - state.started_s > GATEWAY_SILENT_AFTER_S:
            return limits
        known = (o.limit for (_, source, _), o in self._orders.items() if source == "eebus")
        return (*known, *(limit for limit in limits if limit.source != "eebus"))

    def _write(self, now: Now) -> None:
        if self._is_stuck:
            self._journal.probe()  # a full disk must not cost the work of a large batch each time
        with metrics.WRITE_DURATION.time():
            self._journal.write(self._pending, now.wall)
        self._pending = Batch()
        self._written_s = now.monotonic_s
        self._written_minute = int(now.unix_s // 60)
        self._is_urgent = False
        metrics.PENDING.set(0)

    def _forget(self, now: Now) -> None:
        self._pace = self._pace.after(now)
        is_trusted = now.monotonic_s - self._pace.since_s >= TRUST_WALL_AFTER_S
        if not is_trusted or now.monotonic_s - self._forgot_s < FORGET_EVERY_S:
            return
        given_up = self._journal.forget(self._kept, now.wall)
        self._lose("outbox", given_up)
        self._forgot_s = now.monotonic_s

    def _bound(self) -> None:
        """Let go of the oldest of what waits for the disk where it is too much, and count it."""
        batch = self._pending
        minutes = dict(sorted(batch.minutes.items())[-MOST_MINUTES:])
        self._lose("minute", len(batch.minutes) - len(minutes))
        decisions = batch.decisions[-MOST_DECISIONS:]
        self._lose("decision", len(batch.decisions) - len(decisions))
        entries = batch.entries[-MOST_ENTRIES:]
        self._lose("evidence", len(batch.entries) - len(entries))
        self._pending = replace(batch, minutes=minutes, decisions=decisions, entries=entries)

    def _lose(self, kind: str, count: int) -> None:
        metrics.LOST.labels(kind).inc(count)
        self._lost += count


def _size(batch: Batch) -> int:
    """Return how many records a batch has."""
    return len(batch.minutes) + len(batch.decisions) + len(batch.entries) + len(batch.told)
