"""The CEM on the bus: the only file that knows subjects. Messages in become events, limits out."""

from collections.abc import Callable
from math import isfinite
from typing import Protocol

from cem.core.decision import Limit
from cem.core.events import (
    ChargerHeard,
    ChargersPaired,
    Event,
    GridMeterNamed,
    GridRead,
    SunRead,
)
from cem.messages.hearing import reading_of, report_of
from volthus_kit.bus import Bus
from volthus_wire import subjects
from volthus_wire.convert import to_conductors
from volthus_wire.v1 import evse_pb2, metering_pb2, site_pb2
from volthus_wire.v1.rpc_pb2 import Caller


class Answers(Protocol):
    """Who answers requests; see `cem.commands.Commands`."""

    async def get_grid(
        self, question: site_pb2.GetGridConnectionRequest, caller: Caller
    ) -> site_pb2.GridConnectionReply:
        """Return the grid connection."""
        ...

    async def put_grid(
        self, question: site_pb2.PutGridConnectionRequest, caller: Caller
    ) -> site_pb2.GridConnectionReply:
        """Save the grid connection."""
        ...

    async def get_energy_management(
        self, question: site_pb2.GetEnergyManagementRequest, caller: Caller
    ) -> site_pb2.EnergyManagementReply:
        """Return the switch."""
        ...

    async def put_energy_management(
        self, question: site_pb2.PutEnergyManagementRequest, caller: Caller
    ) -> site_pb2.EnergyManagementReply:
        """Save the switch."""
        ...

    async def put_charger(
        self, question: site_pb2.PutChargerRequest, caller: Caller
    ) -> site_pb2.ChargerReply:
        """Save a charger's settings."""
        ...

    async def get_state(
        self, question: site_pb2.GetSiteStateRequest, caller: Caller
    ) -> site_pb2.SiteState:
        """Return the live picture."""
        ...


class Inbox:
    """What the CEM hears: every message that concerns it, as an event."""

    def __init__(self, bus: Bus, site: str) -> None:
        self._bus = bus
        self._site = site
        self.meters: tuple[metering_pb2.MeterHealth, ...] = ()  # for the live picture, as told

    async def hear(self, happened: Callable[[Event], None], watched: Callable[[], None]) -> None:
        """Call `happened` with every event and `watched` when somebody has the page open."""

        def on_reading(message: metering_pb2.MeterReading, _: dict[str, str]) -> None:
            if message.role == metering_pb2.METER_ROLE_GRID:
                happened(GridRead(reading_of(message)))

        def on_meters(message: metering_pb2.MeterRoster, _: dict[str, str]) -> None:
            self.meters = tuple(message.meters)
            happened(GridMeterNamed(grid_meter(message)))
            happened(SunRead(sun_w(message)))

        def on_charger(message: evse_pb2.EvseState, tokens: dict[str, str]) -> None:
            if message.ski == tokens["ski"]:
                happened(ChargerHeard(report_of(message)))

        def on_chargers(message: evse_pb2.EvseRoster, _: dict[str, str]) -> None:
            happened(ChargersPaired(tuple(message.skis)))

        def on_watch(_: site_pb2.Watch, __: dict[str, str]) -> None:
            watched()

        site = self._site
        await self._bus.subscribe(subjects.METER_READING, on_reading, site=site)
        await self._bus.subscribe(subjects.METER_ROSTER, on_meters, site=site)
        await self._bus.subscribe(subjects.EVSE_STATE, on_charger, site=site)
        await self._bus.subscribe(subjects.EVSE_ROSTER, on_chargers, site=site)
        await self._bus.subscribe(subjects.WATCH, on_watch, site=site)

    async def answer(self, answers: Answers) -> None:
        """Let `answers` answer the requests to the CEM."""
        bus, site = self._bus, self._site
        await bus.serve(subjects.GRID_CONNECTION_GET, answers.get_grid, site=site)
        await bus.serve(subjects.GRID_CONNECTION_PUT, answers.put_grid, site=site)
        await bus.serve(subjects.ENERGY_MANAGEMENT_GET, answers.get_energy_management, site=site)
        await bus.serve(subjects.ENERGY_MANAGEMENT_PUT, answers.put_energy_management, site=site)
        await bus.serve(subjects.CHARGER_PUT, answers.put_charger, site=site)
        await bus.serve(subjects.SITE_STATE_GET, answers.get_state, site=site)


class Outbox:
    """What the CEM says: leases, with epoch and sequence, and the live picture."""

    def __init__(self, bus: Bus, site: str, epoch: int, lease_s: float) -> None:
        self._bus = bus
        self._site = site
        self._epoch = epoch
        self._ttl_ms = int(lease_s * 1000)
        self._sequence = 0

    async def send_limit(self, limit: Limit, reason: str, now: float) -> bool:
        """Publish one lease; False when the bus is away (it is not kept for later)."""
        self._sequence += 1
        message = evse_pb2.EvseLimit(
            ski=limit.ski,
            current_a=to_conductors(limit.current_a),
            ttl_ms=self._ttl_ms,
            controller_epoch=self._epoch,
            sequence=self._sequence,
            sent_s=now,
            fallback_a=limit.fallback_a,
            reason=reason,
            release=limit.is_release,
        )
        return await self._bus.publish(subjects.EVSE_LIMIT, message, site=self._site, ski=limit.ski)

    async def send_state(self, message: site_pb2.SiteState) -> bool:
        """Publish the live picture; False when the bus is away."""
        return await self._bus.publish(subjects.SITE_STATE, message, site=self._site)


def grid_meter(message: metering_pb2.MeterRoster) -> str | None:
    """Return the id of the site's grid meter, None when it has none."""
    ids = [
        health.settings.meter
        for health in message.meters
        if health.settings.role == metering_pb2.METER_ROLE_GRID
    ]
    return min(ids, default=None)


def sun_w(message: metering_pb2.MeterRoster) -> float | None:
    """Return what all PV meters produce (W, positive); None when one of them does not say."""
    meters = [
        health.last
        for health in message.meters
        if health.settings.role == metering_pb2.METER_ROLE_PV
    ]
    usable = [
        last.power_total_w
        for last in meters
        if last.HasField("power_total_w")
        and last.quality == metering_pb2.METER_QUALITY_GOOD
        and isfinite(last.power_total_w)
    ]
    if not meters or len(usable) < len(meters):
        return None
    return sum(max(0.0, -value) for value in usable)
