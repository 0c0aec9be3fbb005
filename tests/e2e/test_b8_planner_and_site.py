"""Planner and site as they are: the real programs on one bus, and a car that obeys.

A site without any meter is planned and follows; and a goal is met though the planner dies.
"""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from planning_world import SITE, SKI, World

from cem.service import serve
from cem.settings import Settings
from smart_charging.planner.compiling import compile_ahead
from volthus_kit.bus import Bus
from volthus_kit.testing import nats_server
from volthus_wire import subjects
from volthus_wire.convert import to_timestamp
from volthus_wire.v1 import operating_pb2, planning_pb2

PROGRAM = str(Path(sys.executable).parent / "smart-charging")
PLANNED_S = 90.0  # the program starts, and loads its kernels

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    compile_ahead()


@asynccontextmanager
async def plant(folder: Path, *, has_meter: bool) -> AsyncIterator[tuple[World, Process]]:
    """Run a site's CEM, and the planner as a program of its own."""
    async with nats_server() as server, Bus.connect(server.url, "world") as bus:
        await bus.until_connected()
        world = World(bus, has_meter=has_meter)
        await world.hear()
        env = dict(
            os.environ, VOLTHUS_NATS_URL=server.url, VOLTHUS_STATE_DIR=str(folder / "cloud"),
            VOLTHUS_HEALTH_PORT="0",
        )  # fmt: skip
        beats = asyncio.Event()
        await bus.subscribe(subjects.REPLICA_BEAT, lambda *_: beats.set())
        planner = await asyncio.create_subprocess_exec(PROGRAM, env=env, stderr=DEVNULL)
        settings = Settings(nats_url=server.url, site=SITE, state_dir=folder, time_zone="UTC")
        works = [asyncio.ensure_future(work) for work in (world.live(), serve(settings))]
        try:
            async with asyncio.timeout(PLANNED_S):
                await beats.wait()
            yield world, planner
        finally:
            for work in works:
                work.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await work
            if planner.returncode is None:
                planner.kill()
            await planner.wait()


async def planned(world: World) -> planning_pb2.Plan:
    """Wait until the site follows a plan for its car; return it."""
    async with asyncio.timeout(PLANNED_S):
        while True:
            reply = await world.ask(subjects.PLAN_GET, planning_pb2.GetPlanRequest())
            if reply.in_force.state == "following" and reply.plan.sessions:
                return reply.plan
            await asyncio.sleep(0.2)


def is_followed(kind: str, power_w: float) -> bool:
    """Whether this reason is that of a car whose plan says `power_w` for now.

    What the sample's prices say depends on the hour. A plan of all that the charger can is not what
    limits the car then.
    """
    if power_w:
        return kind in {"plan", "charger-maximum", "car-maximum", "increase-held-back"}
    return kind == "waiting-for-price"


async def wants(world: World, energy_wh: float, minutes: float) -> datetime:
    departure = datetime.now(UTC) + timedelta(minutes=minutes)
    goal = operating_pb2.Goal(ski=SKI, energy_wh=energy_wh, departure=to_timestamp(departure))
    await world.ask(subjects.GOAL_PUT, operating_pb2.PutGoalRequest(goal=goal))
    return departure


async def test_a_site_without_a_meter_is_planned_by_forecast_and_price_and_follows(
    tmp_path: Path,
) -> None:
    async with plant(tmp_path, has_meter=False) as (world, _):
        await world.set_up(datetime.now(UTC) + timedelta(hours=14), price=True, forecast=True)
        world.plug_in()
        plan = await planned(world)
        inputs = {one.input: one.freshness for one in plan.inputs}
        assert (inputs["price"], inputs["load"]) == ("sample", "standard")
        (course,) = plan.sessions
        assert course.energy_wh > 19_000
        power_w = course.power_w[0]
        # Dearer at once, but where the sample's cheapest hours have just begun.
        assert course.cost < course.at_once_cost or power_w > 0
        assert course.cost <= course.at_once_cost
        shown = await world.state_until(
            lambda s: is_followed(s.chargers[0].limited_by.kind, power_w)
        )
        assert shown.load_management == "static"
        assert (shown.chargers[0].limit_a.l1 > 0) is (power_w > 0)
        shown = await world.state_until(lambda s: s.prices.series != "")
        assert shown.prices.freshness == "sample"
        # Somebody is in a hurry: the next plan says charge, and the static share carries it.
        await wants(world, 9_000, 25)
        shown = await world.state_until(lambda s: (s.chargers[0].power_w or 0) > 6_000)
        assert shown.chargers[0].limit_a.l1 >= 9.0
        plan = await planned(world)
        assert sum(plan.sessions[0].power_w[4:]) == 0


async def test_a_goal_is_met_though_the_cloud_never_comes_back(tmp_path: Path) -> None:
    async with plant(tmp_path, has_meter=True) as (world, planner):
        await world.set_up(datetime.now(UTC) + timedelta(hours=20), price=True)
        world.plug_in()
        plan = await planned(world)
        await world.state_until(lambda s: s.prices.series != "")
        planner.kill()
        await planner.wait()

        # The last plan is followed on.
        await asyncio.sleep(3)
        shown = await world.state()
        assert (shown.plan.plan, shown.plan.state) == (plan.plan, "following")
        followed = shown.chargers[0].limited_by.kind
        assert is_followed(followed, plan.sessions[0].power_w[0])

        # A goal that nobody plans any more: local rules meet it before the departure.
        had_wh = world.energy_wh
        departure = await wants(world, had_wh + 110, 2)
        async with asyncio.timeout(100):
            while world.energy_wh < had_wh + 110:
                await asyncio.sleep(0.2)
        assert datetime.now(UTC) < departure
        shown = await world.state()
        assert shown.plan.plan == plan.plan  # nothing else ever came
