"""Publishes: every charger and the roster each second, changes at once, the picture every 10 s."""

import asyncio
from collections import Counter

from eebus.events import ConnectionState
from eebus_gateway.bus import Outbox
from eebus_gateway.changes import Changes
from eebus_gateway.core.abilities import Ability
from eebus_gateway.core.picture import Picture
from eebus_gateway.hub import Hub
from eebus_gateway.messages import meter_id
from eebus_gateway.metrics import (
    AT_FALLBACK,
    DEVICES,
    PAIRING_STATE,
    REFUSED_CALLERS,
    forget_meter,
    tell_meter,
    tell_operator,
)
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
        self._limits: list[tuple[object, ...]] = []
        self._metered: list[tuple[str, bool]] = []
        self._told_meters: set[str] = set()

    async def run(self) -> None:
        """Publish until cancelled."""
        loop, number = asyncio.get_running_loop(), 0
        due_at = loop.time()
        while True:
            if loop.time() >= due_at:  # asked first: changes without end must not starve the rounds
                await self._round(number)
                number += 1
                # A machine that stood still does not make up for the rounds it missed.
                due_at = max(due_at + EVERY_S, loop.time())
            try:
                async with asyncio.timeout_at(due_at):
                    changed = await self._hub.until_changed()
            except TimeoutError:
                continue
            await self._changes(changed)

    async def _round(self, number: int) -> None:
        self._hub.review()
        now = self._clock.monotonic()
        await self._list(is_due=True)
        for paired, evse in self._hub.chargers:
            await self._outbox.state(paired, evse, now)
        await self._meter(now, is_due=True)
        await self._operate(is_due=True)
        await self._outbox.appliances(self._hub.appliances.views(), now)
        await self._show(is_due=number % PICTURE_EVERY_ROUNDS == 0)
        self._count()

    async def _changes(self, changed: Changes) -> None:
        now = self._clock.monotonic()
        if changed.is_operator:
            await self._operate(is_due=False)
        if changed.is_appliances:
            await self._outbox.appliances(self._hub.appliances.views(), now)
        await self._list(is_due=False)
        await self._meter(now, changed.meters, is_due=False)
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

    async def _meter(
        self, now: float, spoke: frozenset[str] = frozenset(), *, is_due: bool
    ) -> None:
        views = self._hub.devices.meters(self._hub.book)
        metered = [(view.paired.ski, view.problem is None) for view in views]
        if is_due or metered != self._metered:  # first: a reading of a meter nobody knows is lost
            await self._outbox.meters(views, now)
            self._metered = metered
        for view in views:
            if view.paired.ski in spoke:
                await self._outbox.reading(view, now)

    async def _operate(self, *, is_due: bool) -> None:
        limits = self._hub.operator_limits()
        news = [limit.news for limit in limits]
        if is_due or news != self._limits:
            await self._outbox.operator(limits)
            self._limits = news
            tell_operator(limits)

    async def _show(self, *, is_due: bool) -> None:
        picture = self._hub.picture()
        if is_due or picture != self._shown:
            await self._outbox.picture(picture)
            self._shown = picture

    def _count(self) -> None:
        evses = [evse for _, evse in self._hub.chargers]
        states = Counter(view.connection.state for view in self._hub.picture().paired)
        for state in ConnectionState:
            PAIRING_STATE.labels(state.value).set(states[state])
        roles = Counter(paired.role for paired in self._hub.book.values())
        for role in (*Ability, ""):
            DEVICES.labels(role or "unknown").set(roles[role])
        meters = {
            meter_id(view.paired.ski): view for view in self._hub.devices.meters(self._hub.book)
        }
        for meter, view in meters.items():
            tell_meter(view, meter)
        for meter in self._told_meters - meters.keys():
            forget_meter(meter)
        self._told_meters = set(meters)
        held = [evse.writer.accepted for evse in evses]
        fallbacks = sum(accepted is not None and accepted.wanted.is_fallback for accepted in held)
        AT_FALLBACK.set(fallbacks)
        REFUSED_CALLERS.set(self._hub.refused_callers)
