"""Owns the EEBUS stack: its events fold into chargers, their writes go out. Knows no bus."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime

from eebus.cem import Cem
from eebus.events import (
    ConnectionChanged,
    ConnectionState,
    DeviceDescribed,
    EntityChanged,
    Event,
    FailsafeChanged,
    Metered,
    Peer,
    PeerFound,
    PeerLost,
    PowerControlChanged,
    ShipIdLearned,
    TrustedPeer,
    UseCasesChanged,
)
from eebus.usecases.limitation.machine import Failsafe
from eebus_gateway.appliances import Appliances, Around
from eebus_gateway.changes import ChangeLog, Changes
from eebus_gateway.core import evse as evses
from eebus_gateway.core import lease as leases
from eebus_gateway.core.diagnosis import Examined, opev_write
from eebus_gateway.core.evse import Evse, Write
from eebus_gateway.core.lease import Offer
from eebus_gateway.core.operator_limits import OperatorLimit
from eebus_gateway.core.picture import PairedView, Picture, Us, paired_view, picture
from eebus_gateway.core.trust import Paired, announced, described
from eebus_gateway.devices import Devices
from eebus_gateway.keeper import Keeper
from eebus_gateway.metrics import (
    DECISION_TO_WRITE,
    REACTION,
    RECONNECTS,
    count_write,
)
from eebus_gateway.nameplate import Nameplate
from eebus_gateway.operator_side import NOTHING_OFFERED, Offered, Operator
from eebus_gateway.refused import Gate
from volthus_kit.clock import Clock

logger = logging.getLogger(__name__)


class Hub:
    """The gateway's live state. Everything happens in one event loop, nothing is polled.

    A limit heard becomes a write in the same turn of the loop.
    """

    def __init__(
        self,
        nameplate: Nameplate,
        book: Mapping[str, Paired],
        keeper: Keeper,
        clock: Clock,
        offered: Offered = NOTHING_OFFERED,
    ) -> None:
        self.book = dict(book)
        self._plate = nameplate
        self._certificate_ends = nameplate.identity.ends()
        self._keeper = keeper
        self._clock = clock
        self._requesting: dict[str, None] = {}  # in the order in which they asked
        self._request = asyncio.Event()
        self._accepts_until: datetime | None = None
        self._seen_connected: set[str] = set()
        self._wakes: dict[str, asyncio.TimerHandle] = {}
        self._log = ChangeLog()
        self._tasks: asyncio.TaskGroup | None = None
        self._is_listening = False
        self._gate = Gate()
        self._evses: dict[str, Evse] = {}
        self.devices = Devices(clock)
        self._cem = Cem(
            nameplate.identity,
            nameplate.announcement,
            nameplate.network,
            trusted=[_trusted(paired) for paired in self.book.values()],
            on_event=self._on_event,
            controllable=offered.profile,
            guards=offered.guards,
        )
        self.operator = Operator(self._cem, clock)
        around = Around(
            self._cem,
            clock,
            self._gate,
            self.book,
            self._spawn,
            self.devices.wrote,
            self._on_appliance,
        )
        self.appliances = Appliances(around)
        now = clock.monotonic()
        self._evses = {
            ski: evses.new(ski, self._cem.connection(ski), paired.fallback_a, now)
            for ski, paired in self.book.items()
        }

    # --- life ------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Speak EEBUS until cancelled; connections are then closed cleanly.

        Raises OSError when the SHIP port is taken.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                tasks.create_task(self._cem.run(), name="EEBUS")
                await self._cem.started()
                self._is_listening = True
                self._log.note()
                for ski in self._evses:
                    self._act(ski)
        finally:
            self._tasks = None
            self._is_listening = False
            for wake in self._wakes.values():
                wake.cancel()
            self.appliances.stop()

    async def started(self) -> int:
        """Return our SHIP port once it is open."""
        await self._cem.started()
        return self._cem.port

    @property
    def is_listening(self) -> bool:
        """Whether chargers can reach us."""
        return self._is_listening

    # --- what is known ---------------------------------------------------------------------------

    @property
    def refused_callers(self) -> int:
        """Connections refused since the start: no SHIP peer was behind them."""
        return self._cem.refused_callers

    @property
    def chargers(self) -> list[tuple[Paired, Evse]]:
        """Every paired device that is, or may be, a charger."""
        return [
            (paired, self._evses[ski])
            for ski, paired in sorted(self.book.items())
            if paired.is_charger
        ]

    def picture(self) -> Picture:
        """Return what people see of EEBUS now."""
        seen = picture(
            self._us(),
            self._cem.peers,
            self._requesting,
            self.book,
            {ski: evse.connection for ski, evse in self._evses.items()},
        )
        return replace(seen, accepts_until=self._accepts_until)

    def view(self, ski: str) -> PairedView:
        """Return one paired device. Raises KeyError for a SKI that is not paired."""
        return paired_view(self.book[ski], self._evses[ski].connection, self._cem.peers.get(ski))

    def reachable(self) -> dict[str, Peer]:
        """Return the devices a user can pair without giving an address."""
        return {item.peer.ski: item.peer for item in self.picture().discovered}

    async def until_changed(self) -> Changes:
        """Wait for the next change and return all there were since the last call."""
        return await self._log.until_changed()

    async def until_requested(self) -> None:
        """Wait until a device that is not paired asks to be."""
        await self._request.wait()
        self._request.clear()

    @property
    def requesting(self) -> list[str]:
        """The devices that trust us and wait for our user, the first one first."""
        return list(self._requesting)

    def operator_limits(self) -> tuple[OperatorLimit, ...]:
        """Return what the grid operator's control box means now; empty without one."""
        connections = {ski: evse.is_connected for ski, evse in self._evses.items()}
        return self.operator.limits(self.book, connections)

    def offer(self, nominal_w: float | None, failsafe: Failsafe | None) -> None:
        """Offer a control box another contract power, or failsafe values; None = as they are."""
        self.operator.offer(nominal_w, failsafe)
        for name, value in self.operator.failsafe_facts().items() if failsafe else ():
            self._keeper.note_fact(name, value)

    def examine(self, ski: str) -> Examined:
        """Return all there is to know of a paired device. Raises KeyError."""
        return Examined(
            self.view(ski),
            self.devices.diagnosis(ski),
            self._cem.phase(ski),
            self._evses[ski].reaction.median_s,
            self._cem.heartbeat_age_s(ski),
        )

    def review(self) -> None:
        """Take over what devices turned out to be; once a second."""
        for ski in list(self.book):
            self._learn_abilities(ski)

    # --- commands --------------------------------------------------------------------------------

    def admit(self, paired: Paired) -> None:
        """Trust a device, or amend one that is trusted, and dial it."""
        ski = paired.ski
        self._take(paired)
        self._requesting.pop(ski, None)
        if ski not in self._evses:
            connection = self._cem.connection(ski)
            self._evses[ski] = evses.new(ski, connection, None, self._clock.monotonic())
        trusted = self.book[ski]
        self._cem.trust(ski, ship_id=trusted.ship_id, host=trusted.host, port=trusted.port)
        self._log.note(ski)

    def dismiss(self, ski: str) -> None:
        """Close the connection and forget the trust (A11)."""
        del self.book[ski], self._evses[ski]
        self._seen_connected.discard(ski)
        if (wake := self._wakes.pop(ski, None)) is not None:
            wake.cancel()
        self.devices.forget(ski)
        self.appliances.forget(ski)
        self._cem.hold_heartbeats(ski, held=False)
        self._cem.untrust(ski)
        self._log.note(is_operator=True)

    def rename(self, paired: Paired) -> None:
        """Give a paired device its name; local only."""
        self._take(paired)
        self._log.note(paired.ski)

    def show_window(self, until: datetime | None) -> None:
        """Show that the first device that asks is trusted, until then; None = by hand only."""
        self._accepts_until = until
        self._cem.announce_pairing(until is not None)
        self._request.set()
        self._log.note()

    def hear(self, ski: str, offer: Offer) -> None:
        """Take a lease for a charger, or refuse and count it; what it changes is written now."""
        now = self._clock.monotonic()
        evse = self._evses.get(ski)
        if evse is None:
            self._gate.note(ski, "not-paired", offer.epoch)
            return
        self._gate.controller, refused = leases.judge(self._gate.controller, offer, now)
        if refused is None:
            lease, refused = leases.renew(evse.lease, offer, now)
        if refused is not None:
            self._gate.note(ski, refused, offer.epoch)
            return
        self._gate.forget(ski)
        self._put(replace(evse, lease=lease))
        self._act(ski, heard_at=now)

    # --- inside ----------------------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        if not isinstance(event, PeerFound) and event.ski in self.book:
            self.devices.hear(event.ski, event)
            self.appliances.hear(event.ski, event)
        match event:
            case PeerFound() | PeerLost():
                self._on_sight(event)
            case ShipIdLearned(ski=ski, ship_id=ship_id):
                if ski in self.book:
                    self._amend(replace(self.book[ski], ship_id=ship_id))
            case ConnectionChanged():
                self._on_connection(event)
            case DeviceDescribed():
                self._on_description(event)
            case EntityChanged(ski=ski) | UseCasesChanged(ski=ski):
                self._learn_abilities(ski)
            case Metered(ski=ski):
                self._log.note_meter(ski)
            case PowerControlChanged() | FailsafeChanged():
                self._on_operator(event)
            case _:
                self._fold(event.ski, event)

    def _spawn(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        """Do something beside everything else; nothing any more once we end."""

        async def working() -> None:
            await work()

        if self._tasks is not None:
            self._tasks.create_task(working(), name=name)

    def _on_connection(self, changed: ConnectionChanged) -> None:
        ski, state = changed.ski, changed.state
        is_request = state is ConnectionState.REQUEST_RECEIVED and ski not in self.book
        if is_request:
            self._requesting[ski] = None
            self._request.set()
        else:
            self._requesting.pop(ski, None)
        if state is ConnectionState.CONNECTED and ski in self.book:
            if ski in self._seen_connected:
                RECONNECTS.inc()
            self._seen_connected.add(ski)
        if ski in self.book:
            extra = {"ski": ski, "state": state.value, "detail": changed.detail}
            logger.info("connection changed", extra=extra)
            self._log.note(is_operator=True)
        self._fold(ski, changed)

    def _on_sight(self, seen: PeerFound | PeerLost) -> None:
        if isinstance(seen, PeerFound) and (paired := self.book.get(seen.peer.ski)) is not None:
            self._amend(announced(paired, seen.peer))
        self._log.note()

    def _on_description(self, told: DeviceDescribed) -> None:
        if (paired := self.book.get(told.ski)) is not None:
            self._amend(described(paired, told))

    def _learn_abilities(self, ski: str) -> None:
        paired = self.book.get(ski)
        if paired is None:
            return
        known = replace(paired, abilities=self.devices.abilities(paired))
        if known.role != paired.role:
            logger.info("role learned", extra={"ski": ski, "role": known.role})
        if known.abilities != paired.abilities:
            self._log.note(is_operator=True)
        self._amend(known)

    def _on_appliance(self, ski: str) -> None:
        paired = self.book.get(ski)
        if paired is None or paired.is_appliance:
            self._log.note_appliances()

    def _on_operator(self, event: PowerControlChanged | FailsafeChanged) -> None:
        if isinstance(event, PowerControlChanged):
            extra = {"ski": event.ski, "kind": event.kind, "state": event.state}
            logger.info("operator limit changed", extra=extra)
        for name, value in self.operator.failsafe_facts().items():
            self._keeper.note_fact(name, value)
        self._log.note(is_picture=False, is_operator=True)

    def _fold(self, ski: str, event: Event) -> None:
        evse = self._evses.get(ski)
        if evse is None:
            return
        folded = evses.fold(evse, event, self._clock.monotonic())
        if folded.reaction.samples_s is not evse.reaction.samples_s:
            REACTION.observe(folded.reaction.samples_s[-1])
            self.devices.reacted(ski, folded.reaction.samples_s[-1])
        self._put(folded)
        self._act(ski)

    def _act(self, ski: str, heard_at: float | None = None) -> None:
        """Write what is due for a charger and set its alarm clock."""
        evse = self._evses.get(ski)
        if evse is None or self._tasks is None:
            return
        step = evses.plan(evse, self._clock.monotonic())
        self._put(step.evse)
        if step.evse.is_silent is not evse.is_silent:
            logger.info("silence towards charger", extra={"ski": ski, "on": step.evse.is_silent})
            self._cem.hold_heartbeats(ski, held=step.evse.is_silent)
        if step.write is not None:
            if heard_at is not None:
                DECISION_TO_WRITE.observe(self._clock.monotonic() - heard_at)
            self._tasks.create_task(self._write(ski, step.write), name=f"limit {ski[:8]}")
        if (wake := self._wakes.pop(ski, None)) is not None:
            wake.cancel()
        if step.wake_at is not None:
            after_s = max(0.0, step.wake_at - self._clock.monotonic())
            self._wakes[ski] = asyncio.get_running_loop().call_later(after_s, self._act, ski)

    async def _write(self, ski: str, write: Write) -> None:
        result = await self._cem.write_limit(ski, write.values)
        count_write(result)
        evse = self._evses.get(ski)
        if evse is None:
            return  # unpaired meanwhile
        self.devices.wrote(ski, opev_write(write.values, result, self._clock.now()))
        after = evses.answered(evse, write, result, self._clock.monotonic())
        if after.writer.problem not in ("", evse.writer.problem):
            extra = {"ski": ski, "a": write.values, "problem": after.writer.problem}
            logger.warning("limit refused", extra=extra)
        self._put(after)
        self._act(ski)

    def _put(self, evse: Evse) -> None:
        before = self._evses[evse.ski]
        self._evses[evse.ski] = evse
        if evses.visible(evse) != evses.visible(before):
            self._log.note(evse.ski, is_picture=False)
        paired = self.book[evse.ski]
        if evse.fallback_to_keep != paired.fallback_a:
            self._amend(replace(paired, fallback_a=evse.fallback_to_keep))

    def _take(self, kept: Paired) -> None:
        """Take what a user said and the disk has into the book.

        What was learned of the device while the disk took it stays, and follows onto the disk.
        """
        known = self.book.get(kept.ski, kept)
        paired = replace(known, name=kept.name, host=kept.host, port=kept.port)
        self.book[kept.ski] = paired
        if paired != kept:
            self._keeper.note(paired)

    def _amend(self, paired: Paired) -> None:
        """Take what was learned of a paired device into the book, and onto the disk soon."""
        if paired != self.book[paired.ski]:
            self.book[paired.ski] = paired
            self._keeper.note(paired)
            self._log.note(paired.ski)

    def _us(self) -> Us:
        plate = self._plate
        return Us(
            plate.identity.ski,
            plate.announcement.ship_id,
            plate.announcement.brand,
            plate.announcement.model,
            plate.qr_text,
            self._cem.port,
            self._certificate_ends,
        )


def _trusted(paired: Paired) -> TrustedPeer:
    return TrustedPeer(paired.ski, paired.ship_id, paired.host, paired.port)
