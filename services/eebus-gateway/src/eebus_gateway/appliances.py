"""The appliances we may limit (LPC): their leases become writes. Knows no bus."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from eebus.cem import Cem
from eebus.events import Event
from eebus_gateway.core import appliance as core
from eebus_gateway.core.abilities import Ability
from eebus_gateway.core.appliance import LPC, Appliance, Offer, Order
from eebus_gateway.core.diagnosis import LimitWrite
from eebus_gateway.core.lease import OfferRefusal, heard_from
from eebus_gateway.core.trust import Paired
from eebus_gateway.metrics import count_write
from eebus_gateway.refused import Gate
from volthus_kit.clock import Clock

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ApplianceView:
    """A paired appliance as it is now. is_only_this: it is nothing else to us."""

    paired: Paired
    appliance: Appliance
    is_only_this: bool


@dataclass(frozen=True, slots=True)
class Around:
    """What the appliances need of their hub.

    book: of all paired devices, as it is at any time. spawn: runs a write beside everything else.
    wrote: takes each write for the diagnosis. changed: told which device has news.
    """

    cem: Cem
    clock: Clock
    gate: Gate
    book: Mapping[str, Paired]
    spawn: Callable[[Callable[[], Awaitable[None]], str], None]
    wrote: Callable[[str, LimitWrite], None]
    changed: Callable[[str], None]


class Appliances:
    """One record per paired device, since our start.

    Also of those that turn out to be something else: what a device is shows only after a while.
    """

    def __init__(self, around: Around) -> None:
        self._around = around
        self._known: dict[str, Appliance] = {}
        self._wakes: dict[str, asyncio.TimerHandle] = {}

    def views(self) -> list[ApplianceView]:
        """Return every paired appliance, by SKI; those that are away too."""
        return [
            ApplianceView(paired, self._get(ski), paired.abilities == {Ability.APPLIANCE})
            for ski, paired in sorted(self._around.book.items())
            if paired.is_appliance
        ]

    def hear(self, ski: str, event: Event) -> None:
        """Fold in an event about a paired device."""
        before = self._get(ski)
        after = core.fold(before, event, self._around.clock.monotonic())
        if after != before:
            self._known[ski] = after
            self._around.changed(ski)
            self.act(ski)

    def take(self, ski: str, offer: Offer) -> None:
        """Take a lease for an appliance, or refuse and count it; what it changes is written."""
        gate, now = self._around.gate, self._around.clock.monotonic()
        paired = self._around.book.get(ski)
        if paired is None or not paired.is_appliance:
            gate.note(ski, "not-paired", offer.epoch)
            return
        if not offer.can_be:
            gate.note(ski, OfferRefusal.IMPOSSIBLE, offer.epoch)
            return
        gate.controller, refused = heard_from(gate.controller, offer.epoch, offer.sent_s, now)
        after = core.offered(self._get(ski), offer, now)
        if refused is not None or after is None:
            gate.note(ski, refused or OfferRefusal.OLDER, offer.epoch)
            return
        gate.forget(ski)
        self._known[ski] = after
        self.act(ski)

    def forget(self, ski: str) -> None:
        """Drop the record of a device that is paired no longer."""
        self._known.pop(ski, None)
        if (wake := self._wakes.pop(ski, None)) is not None:
            wake.cancel()
        self._around.changed(ski)

    def stop(self) -> None:
        """Wake no more: the hub ends."""
        for wake in self._wakes.values():
            wake.cancel()
        self._wakes.clear()

    def act(self, ski: str) -> None:
        """Write what is due for an appliance and set its alarm clock."""
        known = self._known.get(ski)
        if known is None:
            return
        around, now = self._around, self._around.clock.monotonic()
        step = core.plan(known, now, around.clock.now())
        self._known[ski] = step.appliance
        if (order := step.order) is not None:
            around.spawn(lambda: self._write(ski, order), f"power limit {ski[:8]}")
        if (failsafe_w := step.failsafe_w) is not None:
            around.spawn(lambda: self._write_failsafe(ski, failsafe_w), f"failsafe {ski[:8]}")
        if (wake := self._wakes.pop(ski, None)) is not None:
            wake.cancel()
        if step.wake_at is not None:
            loop = asyncio.get_running_loop()
            self._wakes[ski] = loop.call_later(max(0.0, step.wake_at - now), self.act, ski)

    def _get(self, ski: str) -> Appliance:
        return self._known.get(ski) or Appliance(ski)

    async def _write(self, ski: str, order: Order) -> None:
        around = self._around
        result = await around.cem.write_power_limit(
            ski, order.limit_w, kind=LPC, duration_s=order.duration_s
        )
        known = self._known.get(ski)
        if known is None:
            return  # unpaired meanwhile
        if known.is_connected:
            count_write(result)
            at = around.clock.now()
            text = result.text or ("" if order.limit_w is not None else "no limit")
            answer_ms = result.ms if result.ok or result.error_number is not None else None
            around.wrote(
                ski,
                LimitWrite(
                    at, LPC, None, order.limit_w, result.ok, result.error_number, text, answer_ms
                ),
            )
        after = core.answered(known, order, result, around.clock.monotonic())
        self._known[ski] = after
        if known.is_connected and after.written.problem not in {"", known.written.problem}:
            extra = {"ski": ski, "w": order.limit_w, "problem": after.written.problem}
            logger.warning("power limit refused", extra=extra)
        around.changed(ski)
        self.act(ski)

    async def _write_failsafe(self, ski: str, power_w: float) -> None:
        around = self._around
        result = await around.cem.write_failsafe(ski, power_w, kind=LPC)
        if ski not in self._known:
            return
        write = LimitWrite(
            around.clock.now(), "failsafe", None, power_w, result.ok, result.error_number,
            result.text, result.ms,
        )  # fmt: skip
        around.wrote(ski, write)
        if not result.ok:
            extra = {"ski": ski, "w": power_w, "problem": result.text}
            logger.warning("failsafe value refused", extra=extra)
        around.changed(ski)
