"""A whole CEM on a real bus with a charger whose car obeys, and a planner that tests play."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from google.protobuf.message import Message

from volthus_kit.bus import Bus
from volthus_kit.refusal import NotAnsweredError
from volthus_kit.testing import nats_server
from volthus_wire import subjects
from volthus_wire.convert import to_timestamp
from volthus_wire.subjects import Request
from volthus_wire.v1 import (
    electrical_pb2,
    evse_pb2,
    metering_pb2,
    operating_pb2,
    planning_pb2,
    site_pb2,
    tariff_pb2,
)
from volthus_wire.v1.rpc_pb2 import Caller

SITE = "demo"
SVEN = Caller(actor="sven", role="service", origin="site")
SKI = "1" * 40
__all__ = ["SITE", "SKI", "SVEN", "World", "in_slots", "nats_server", "plan_for"]


class World:
    """A charger whose car takes what it may, told five times a second; with or without meter."""

    def __init__(self, bus: Bus, *, has_meter: bool = True) -> None:
        self.bus = bus
        self.has_meter = has_meter
        self.has_car = self.is_silent = False
        self.plug = self.told = 0
        self.energy_wh = 0.0
        self.limit_a: float | None = None
        self.profiles: list[planning_pb2.SiteProfile] = []

    async def hear(self) -> None:
        def on_limit(message: evse_pb2.EvseLimit, _: dict[str, str]) -> None:
            self.limit_a = message.current_a.a if message.current_a.HasField("a") else None

        def on_profile(message: planning_pb2.SiteProfile, _: dict[str, str]) -> None:
            self.profiles.append(message)

        await self.bus.subscribe(subjects.EVSE_LIMIT, on_limit, site=SITE, ski=SKI)
        await self.bus.subscribe(subjects.SITE_PROFILE, on_profile, site=SITE)

    def plug_in(self) -> None:
        self.has_car, self.energy_wh = True, 0.0
        self.plug += 1

    async def tell(self) -> None:
        await self.bus.publish(subjects.EVSE_ROSTER, evse_pb2.EvseRoster(skis=[SKI]), site=SITE)
        limit_a = self.limit_a or 0.0
        drawn_a = min(16.0, limit_a) if self.has_car and limit_a >= 6.0 else 0.0
        self.energy_wh += drawn_a * 690 * 0.2 / 3600
        state = evse_pb2.EvseState(
            ski=SKI,
            name="garage",
            connection=evse_pb2.CONNECTION_CONNECTED,
            ev_known=True,
            measured_age_s=0.0,
        )
        if self.has_car:
            state.energy_wh = self.energy_wh
            state.ev.CopyFrom(evse_pb2.Ev(phases=3, takes_limits=True, plug=self.plug))
            state.current_a.CopyFrom(by_conductor(drawn_a))
            state.power_w.CopyFrom(by_conductor(drawn_a * 230))
            if self.limit_a is not None:
                state.limit.current_a.CopyFrom(by_conductor(limit_a))
        await self.bus.publish(subjects.EVSE_STATE, state, site=SITE, ski=SKI)
        meters = []
        self.told += 1
        house_a = 1.0 + 0.01 * (self.told % 7)  # a meter that always says the same is frozen
        if self.has_meter:
            reading = metering_pb2.MeterReading(
                meter="grid-1",
                role=metering_pb2.METER_ROLE_GRID,
                quality=metering_pb2.METER_QUALITY_GOOD,
                current_a=dict.fromkeys(("l1", "l2", "l3"), house_a + drawn_a),
                power_total_w=(house_a + drawn_a) * 690,
                period_s=0.2,
            )
            await self.bus.publish(subjects.METER_READING, reading, site=SITE, meter="grid-1")
            told = metering_pb2.MeterSettings(meter="grid-1", role=metering_pb2.METER_ROLE_GRID)
            meters = [metering_pb2.MeterHealth(settings=told)]
        roster = metering_pb2.MeterRoster(meters=meters)
        await self.bus.publish(subjects.METER_ROSTER, roster, site=SITE)

    async def live(self) -> None:
        while True:
            if not self.is_silent:
                await self.tell()
            await asyncio.sleep(0.2)

    async def ask(self, request: Request, question: Message):
        async with asyncio.timeout(20):
            while True:
                try:
                    return await self.bus.ask(request, question, caller=SVEN, site=SITE)
                except NotAnsweredError:
                    await asyncio.sleep(0.05)

    async def put_mode(self, word: str, **switches: bool) -> None:
        mode = operating_pb2.ChargingMode(mode=word, smart=switches)
        await self.ask(subjects.MODE_PUT, operating_pb2.PutModeRequest(ski=SKI, mode=mode))

    async def set_up(
        self, departure: datetime | None = None, mode: str = "smart", **switches: bool
    ) -> None:
        """Set a fuse, energy management, a tariff, a mode, and a goal of 20 kWh."""
        fuse = {"l1": 35, "l2": 35, "l3": 35}
        grid = site_pb2.GridConnection(fuse_a=fuse, phases=3)
        on = site_pb2.EnergyManagement(on=True, confirmed_no_other=True)
        tariff = tariff_pb2.Tariff(source="sample", zone="DE-LU", currency="EUR", token="shh")
        await self.ask(
            subjects.GRID_CONNECTION_PUT, site_pb2.PutGridConnectionRequest(settings=grid)
        )
        await self.ask(
            subjects.ENERGY_MANAGEMENT_PUT, site_pb2.PutEnergyManagementRequest(settings=on)
        )
        await self.ask(subjects.TARIFF_PUT, tariff_pb2.PutTariffRequest(tariff=tariff))
        await self.state_until(lambda state: len(state.chargers) == 1)
        await self.put_mode(mode, **switches)
        if departure is not None:
            goal = operating_pb2.Goal(ski=SKI, energy_wh=20_000, departure=to_timestamp(departure))
            await self.ask(subjects.GOAL_PUT, operating_pb2.PutGoalRequest(goal=goal))

    async def state(self) -> site_pb2.SiteState:
        return await self.ask(subjects.SITE_STATE_GET, site_pb2.GetSiteStateRequest())

    async def state_until(self, holds: Callable[[site_pb2.SiteState], bool]) -> site_pb2.SiteState:
        async with asyncio.timeout(25):
            while not holds(state := await self.state()):
                await asyncio.sleep(0.1)
            return state

    async def profile_until(self, holds: Callable[[planning_pb2.SiteProfile], bool]):
        async with asyncio.timeout(25):
            while not (self.profiles and holds(self.profiles[-1])):
                await asyncio.sleep(0.05)
            return self.profiles[-1]


def by_conductor(value: float) -> electrical_pb2.Conductors:
    return electrical_pb2.Conductors(a=value, b=value, c=value)


def in_slots(start: datetime, count: int, slot_s: int = 900) -> dict[str, object]:
    """Return the start and the slots of a message."""
    return {"start": to_timestamp(start), "slot_s": [slot_s] * count}


def plan_for(
    profile: planning_pb2.SiteProfile, powers: list[float], slot_s: int = 900, **more: object
) -> planning_pb2.Plan:
    """Return a plan that begins now, with one course for the first session of a profile."""
    now = datetime.now(UTC)
    sessions = [
        planning_pb2.SessionPlan(session=one.session, ski=one.ski, power_w=powers)
        for one in profile.sessions[:1]
    ]
    made: dict[str, object] = {
        "plan": f"p-{now:%H%M%S%f}",
        "site": SITE,
        "profile_revision": profile.revision,
        "made_at": to_timestamp(now),
        "valid_until": to_timestamp(now + timedelta(hours=24)),
        "sessions": sessions,
        "import_price": [0.3] * len(powers),
        "currency": "EUR",
        **in_slots(now - timedelta(seconds=1), len(powers), slot_s),
    }
    return planning_pb2.Plan(**made | more)  # type: ignore[arg-type]
