"""What the CEM hears: every message that concerns it, as an event."""

from collections.abc import Callable
from dataclasses import replace

from cem.bus.rosters import Meters, Rosters
from cem.core.events import (
    AppliancesHeard,
    BatteryRead,
    ChargerHeard,
    ChargersPaired,
    Event,
    GridMeterNamed,
    GridRead,
    OperatorLimitsHeard,
    SubMeterRead,
    SunRead,
)
from cem.core.state import State
from cem.messages.appliances import appliance_of
from cem.messages.hearing import reading_of, report_of
from cem.messages.operating import limit_of
from volthus_kit.bus import Bus
from volthus_kit.metrics import BUS_REJECTED
from volthus_wire import subjects
from volthus_wire.v1 import evse_pb2, metering_pb2, operator_pb2, site_pb2

Happened = Callable[[Event], None]


class Inbox:
    """Turns messages into events. meters: all that the site has, for the live picture."""

    def __init__(self, bus: Bus, site: str) -> None:
        self._bus = bus
        self._site = site
        self._rosters = Rosters()

    @property
    def meters(self) -> Meters:
        """Return every meter of the site, as told."""
        return self._rosters.all

    async def hear(
        self, happened: Happened, watched: Callable[[], None], state: Callable[[], State]
    ) -> None:
        """Call `happened` with every event and `watched` when somebody has the page open."""
        await self._hear_meters(happened, state)
        await self._hear_chargers(happened)

        def on_limits(message: operator_pb2.OperatorLimits, _: dict[str, str]) -> None:
            # Of each box its last word; an operator by API speaks to us, not through the gateway.
            told = {(each.ski, each.kind): limit_of(each) for each in message.limits}
            limits = tuple(replace(limit, source="eebus") for limit in told.values())
            happened(OperatorLimitsHeard(limits))

        def on_appliances(message: operator_pb2.Appliances, _: dict[str, str]) -> None:
            on = subjects.APPLIANCES.pattern
            known = [each for each in message.appliances if _is_name(each.ski, on)]
            happened(AppliancesHeard(tuple(appliance_of(each) for each in known)))

        def on_watch(_: site_pb2.Watch, __: dict[str, str]) -> None:
            watched()

        await self._bus.subscribe(subjects.OPERATOR_LIMITS, on_limits, site=self._site)
        await self._bus.subscribe(subjects.APPLIANCES, on_appliances, site=self._site)
        await self._bus.subscribe(subjects.WATCH, on_watch, site=self._site)

    async def _hear_meters(self, happened: Happened, state: Callable[[], State]) -> None:
        rosters = self._rosters

        def on_reading(message: metering_pb2.MeterReading, _: dict[str, str]) -> None:
            if message.role == metering_pb2.METER_ROLE_GRID:
                happened(GridRead(reading_of(message)))
                return
            for circuit in state().circuits:
                if circuit.meter == message.meter:
                    happened(SubMeterRead(circuit.id, reading_of(message)))

        def told() -> None:
            before = state().meter.id
            grid_meter = rosters.grid_meter(before)
            if grid_meter != before:
                happened(GridMeterNamed(grid_meter))
            happened(SunRead(rosters.sun_w()))
            happened(BatteryRead(*rosters.battery_w()))

        def on_modbus(message: metering_pb2.MeterRoster, _: dict[str, str]) -> None:
            rosters.modbus = tuple(message.meters)
            told()

        def on_eebus(message: metering_pb2.MeterRoster, _: dict[str, str]) -> None:
            rosters.eebus = tuple(message.meters)
            told()

        await self._bus.subscribe(subjects.METER_READING, on_reading, site=self._site)
        await self._bus.subscribe(subjects.METER_ROSTER, on_modbus, site=self._site)
        await self._bus.subscribe(subjects.EEBUS_METERS, on_eebus, site=self._site)

    async def _hear_chargers(self, happened: Happened) -> None:
        def on_charger(message: evse_pb2.EvseState, tokens: dict[str, str]) -> None:
            if message.ski == tokens["ski"]:
                happened(ChargerHeard(report_of(message)))

        def on_chargers(message: evse_pb2.EvseRoster, _: dict[str, str]) -> None:
            known = (ski for ski in message.skis if _is_name(ski, subjects.EVSE_ROSTER.pattern))
            happened(ChargersPaired(tuple(known)))

        await self._bus.subscribe(subjects.EVSE_STATE, on_charger, site=self._site)
        await self._bus.subscribe(subjects.EVSE_ROSTER, on_chargers, site=self._site)


def _is_name(ski: str, kind: str) -> bool:
    """Return whether limits can be sent to a SKI; else count what was heard as not understood."""
    is_name = subjects.TOKEN.fullmatch(ski) is not None
    if not is_name:
        BUS_REJECTED.labels(kind).inc()
    return is_name
