"""What the CEM does all day: fold what it hears, decide, send. Holds the one state."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import Protocol

from cem import metrics
from cem.bus.outbox import Outbox
from cem.core import showing
from cem.core.decide import decide
from cem.core.decision import Decision, Limit
from cem.core.driving import WallClock
from cem.core.events import Event, GridRead
from cem.core.folding import apply, is_urgent
from cem.core.obeying import limit_w
from cem.core.parameters import DEFAULTS
from cem.core.rooms import Room
from cem.core.state import State
from cem.picture.clocks import Clocks
from cem.picture.site import Beside, Named, site_state, status_of
from cem.zone import zone_of
from volthus_kit import traces
from volthus_kit.clock import Clock
from volthus_wire.v1 import site_pb2

RENEW_EVERY_S = 1.0  # leases (design law 2)
PICTURE_EVERY_S = 10.0
WATCHED_FOR_S = 30.0
WATCHED_EVERY_S = 1.0
TRACED_TURNS = 600  # one of so many: ten minutes, at one a second
EARLY_S = 0.05  # a timer that fires a little early must not cost a whole period


class Observer(Protocol):
    """Who is told what the controller hears and decides; it must return at once."""

    def happened(self, event: Event, state: State, now: float) -> None:
        """Hear of an event and the state it was folded into (`now`: monotonic s)."""
        ...

    def decided(self, decision: Decision, now: float) -> None:
        """Hear of a decision taken at `now` (monotonic s)."""
        ...


@dataclass(slots=True)
class _Sent:
    """What went out last, and when (monotonic s)."""

    limits: dict[str, Limit] = field(default_factory=dict)
    orders: dict[str, tuple[object, ...]] = field(default_factory=dict)  # to appliances
    renewed_s: float = float("-inf")
    status: tuple[object, ...] = ()
    picture_s: float = float("-inf")
    watched_until_s: float = float("-inf")


class Controller:
    """Folds events, decides on every grid reading and at least once a second, sends leases."""

    def __init__(
        self,
        state: State,
        outbox: Outbox,
        clock: Clock,
        named: Named,
        zone: tzinfo = UTC,
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._named = named
        self._zone = zone
        self.beside: Callable[[], Beside] = Beside  # what others add to the picture
        self._wanted = asyncio.Event()
        self._sent = _Sent()
        self._reading_s: float | None = None  # when the reading being worked on was measured
        self._counted_s: float | None = None
        self._overload_s = 0.0
        self._told_time_s = float("-inf")
        self.observers: list[Observer] = []
        self.decision: Decision = decide(state, clock.monotonic())
        self.decided_s = clock.monotonic()
        self._turns = 0

    @property
    def state(self) -> State:
        """Return everything the CEM knows now."""
        return self.decision.state

    @property
    def rooms(self) -> tuple[Room, ...]:
        """Return what each fuse leaves, as the last limits were drawn from it."""
        return self.decision.picture.rooms

    def happened(self, event: Event) -> None:
        """Fold an event at once; an urgent one is decided upon as soon as the loop turns."""
        now = self._clock.monotonic()
        before = self.decision.state
        after = apply(before, event, now)
        self.decision = replace(self.decision, state=after)
        if isinstance(event, GridRead):
            self._reading_s = now - max(0.0, event.reading.age_s)
        for observer in self.observers:
            observer.happened(event, after, now)
        if is_urgent(before, after, event, now):
            self._wanted.set()

    @property
    def zone(self) -> tzinfo:
        """Return the time zone of the site: as set, else as the environment says."""
        name = self.state.planning.time_zone
        return zone_of(name) if name else self._zone

    def watched(self) -> None:
        """Send the picture every second for a while: somebody looks at it."""
        now = self._clock.monotonic()
        if now > self._sent.watched_until_s:
            self._sent.picture_s = float("-inf")
            self._wanted.set()
        self._sent.watched_until_s = now + WATCHED_FOR_S

    def wanted_phases(self, ski: str) -> int | None:
        """Return how many phases a charger that can switch shall offer; None = as it does."""
        limit = self.decision.limits.get(ski)
        return None if limit is None else limit.phases

    def is_turning(self) -> bool:
        """Return whether the loop decided within the last seconds."""
        return self._clock.monotonic() - self.decided_s < 3 * RENEW_EVERY_S

    def picture(self) -> site_pb2.SiteState:
        """Return the live picture of this moment."""
        clocks = Clocks(self._clock.monotonic(), self._clock.now())
        picture = site_state(self.decision, self._named, self.beside(), clocks)
        picture.overload_s = self._overload_s
        return picture

    async def run(self) -> None:
        """Decide and send until cancelled."""
        while True:
            wait_s = self.decision.wake_at - self._clock.monotonic()
            with contextlib.suppress(TimeoutError):
                # Not wait_for: on Python 3.11 it can swallow a cancellation.
                async with asyncio.timeout(max(0.0, wait_s)):
                    await self._wanted.wait()
            self._wanted.clear()
            await self.turn()

    async def turn(self) -> None:
        """Decide once and send what follows; one turn of many is traced."""
        now = self._clock.monotonic()
        self._turns += 1
        if traces.is_on() and self._turns % TRACED_TURNS == 1:
            with traces.working("decide", chargers=len(self.state.chargers)):
                await self._turn(now)
        else:
            await self._turn(now)

    # --- inside ----------------------------------------------------------------------------------

    async def _turn(self, now: float) -> None:
        self._tell_time(now)
        with metrics.LOOP_DURATION.time():
            self.decision = decide(self.decision.state, now)
        self.decided_s = now
        for observer in self.observers:
            observer.decided(self.decision, now)
        self._count_overloads()
        await self._send_limits(now)
        await self._send_picture(now)
        self._show(now)

    def _tell_time(self, now: float) -> None:
        """Let the control law know the wall time, once a second (design law 7)."""
        if now - self._told_time_s >= RENEW_EVERY_S - EARLY_S:
            self._told_time_s = now
            self.happened(WallClock(now, self._clock.now().astimezone(self.zone)))

    async def _send_limits(self, now: float) -> None:
        """Send changed limits at once, and all of them once a second."""
        is_due = now - self._sent.renewed_s >= RENEW_EVERY_S - EARLY_S
        for ski, limit in self.decision.limits.items():
            is_changed = self._sent.limits.get(ski) != limit
            if not (is_due or is_changed):
                continue
            reason = self.decision.reasons[ski]
            sent_s = self._clock.monotonic()
            kind = reason.kind if reason else ""
            charger = self.state.chargers.get(ski)  # unpaired meanwhile?
            least_a = None if charger is None else charger.settings.least_summed_a
            is_out = await self._outbox.send_limit(limit, kind, sent_s, least_a)
            if is_out and is_changed and self._reading_s is not None:
                metrics.REACTION.observe(max(0.0, self._clock.monotonic() - self._reading_s))
        self._reading_s = None
        await self._send_shares(is_due=is_due)
        self._sent.limits = dict(self.decision.limits)
        if is_due:
            self._sent.renewed_s = now

    async def _send_shares(self, *, is_due: bool) -> None:
        """Send what appliances may draw: changes at once, and all once a second."""
        orders: dict[str, tuple[object, ...]] = {}
        for ski, share in self.decision.appliances.items():
            orders[ski] = (share.limit_w, share.until, share.fallback_w, share.is_release)
            if is_due or self._sent.orders.get(ski) != orders[ski]:
                await self._outbox.send_share(share, self._clock.monotonic())
        self._sent.orders = orders

    async def _send_picture(self, now: float) -> None:
        status = status_of(self.decision, self.beside(), now)
        every_s = WATCHED_EVERY_S if now < self._sent.watched_until_s else PICTURE_EVERY_S
        is_due = now - self._sent.picture_s >= every_s - EARLY_S
        if status == self._sent.status and not is_due:
            return
        if await self._outbox.send_state(self.picture()):
            self._sent.status = status
            self._sent.picture_s = now

    def _count_overloads(self) -> None:
        """Count the time since the reading before for each phase above its fuse."""
        at_s = self.decision.state.meter.last_at_s
        if at_s is None or at_s == self._counted_s:
            return
        before_s, self._counted_s = self._counted_s, at_s
        if before_s is None or at_s < before_s:  # another meter's, read before this one's last
            return
        seconds = min(at_s - before_s, 10.0)
        if self.decision.overloads:
            self._overload_s += seconds
        for overload in self.decision.overloads:
            metrics.OVERCURRENT.labels(overload.phase.value, overload.cause.value).inc(seconds)

    def _show(self, now: float) -> None:
        state = self.decision.state
        metrics.show_decision(self.decision)
        metrics.show_operator(limit_w(state, now, DEFAULTS), self.decision.operator_w)
        power_w = showing.grid_power_w(state, self.decision.picture.ladder)
        metrics.show_grid(showing.grid_current_a(state, self.decision.picture.ladder), power_w)
        for ski, charger in state.chargers.items():
            kind = charger.reason.kind if charger.reason else None
            is_connected = showing.link(charger, now).value == "connected"
            doing = showing.doing(charger, now).value
            metrics.show_charger(ski, doing, is_connected=is_connected, reason=kind)
            current_a = showing.currents_a(charger, now, state.site_phases)
            metrics.show_amperes(ski, current_a, showing.power_w(charger, state, now))
            metrics.show_setpoint(ski, charger.granted_a)
            metrics.show_mode(ski, charger.mode.mode)
        metrics.forget_others(set(state.chargers))
