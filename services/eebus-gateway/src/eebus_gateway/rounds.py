"""Publishes: every charger and the roster each second, changes at once, the picture every 10 s."""

import asyncio
from collections import Counter

from eebus.events import ConnectionState
from eebus_gateway.bus import Outbox
from eebus_gateway.core.picture import Picture
from eebus_gateway.hub import Changes, Hub
from eebus_gateway.metrics import AT_FALLBACK, PAIRING_STATE, REFUSED_CALLERS
from volthus_kit.clock import Clock

EVERY_S = 1.0
PICTURE_EVERY_ROUNDS = 10


class Rounds:
    """Tells the site what the hub knows."""

    def __init__(self, hub: Hub, outbox: Outbox, clock: Clock) -> None:
        self._hub = hub
        self._outbox = outbox
        self._clock = clock
        self._shown: Picture | None = None
        self._listed: list[str] = []

    async def run(self) -> None:
        """Publish until cancelled."""
        loop, number = asyncio.get_running_loop(), 0
        due_at = loop.time()
        while True:
            try:
                async with asyncio.timeout_at(due_at):
                    changed = await self._hub.until_changed()
            except TimeoutError:
                await self._round(number)
                number += 1
                # A machine that stood still does not make up for the rounds it missed.
                due_at = max(due_at + EVERY_S, loop.time())
            else:
                await self._changes(changed)

    async def _round(self, number: int) -> None:
        chargers = self._hub.chargers
        now = self._clock.monotonic()
        await self._list(is_due=True)
        for paired, evse in chargers:
            await self._outbox.state(paired, evse, now)
        await self._show(is_due=number % PICTURE_EVERY_ROUNDS == 0)
        self._count()

    async def _changes(self, changed: Changes) -> None:
        now = self._clock.monotonic()
        await self._list(is_due=False)
        for paired, evse in self._hub.chargers:
            if paired.ski in changed.skis:
                await self._outbox.state(paired, evse, now)
        if changed.is_picture:
            await self._show(is_due=False)

    async def _list(self, *, is_due: bool) -> None:
        # At once on change: what is unpaired no longer counts for the failsafe check.
        skis = [paired.ski for paired, _ in self._hub.chargers]
        if is_due or skis != self._listed:
            await self._outbox.roster(skis)
            self._listed = skis

    async def _show(self, *, is_due: bool) -> None:
        picture = self._hub.picture()
        if is_due or picture != self._shown:
            await self._outbox.picture(picture)
            self._shown = picture

    def _count(self) -> None:
        evses = [evse for _, evse in self._hub.chargers]
        states = Counter(evse.connection.state for evse in evses)
        for state in ConnectionState:
            PAIRING_STATE.labels(state.value).set(states[state])
        held = [evse.writer.accepted for evse in evses]
        fallbacks = sum(accepted is not None and accepted.wanted.is_fallback for accepted in held)
        AT_FALLBACK.set(fallbacks)
        REFUSED_CALLERS.set(self._hub.refused_callers)
