"""Profile out, plan and prices in, over a real bus with a real database."""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from math import isfinite, isnan
from pathlib import Path

import pytest
from planning_world import SITE, SKI, World, in_slots, nats_server, plan_for

from cem.service import serve
from cem.settings import Settings
from volthus_kit.bus import Bus
from volthus_kit.refusal import RefusedError
from volthus_wire import subjects
from volthus_wire.v1 import operating_pb2, planning_pb2

WAIT, CHARGE = 0.0, 6900.0


@asynccontextmanager
async def running(work: object) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)  # type: ignore[call-overload]
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def lively(folder: Path, *, has_meter: bool = True) -> AsyncIterator[tuple[World, Settings]]:
    async with nats_server() as server, Bus.connect(server.url, "world") as bus:
        await bus.until_connected()
        world = World(bus, has_meter=has_meter)
        await world.hear()
        settings = Settings(nats_url=server.url, site=SITE, state_dir=folder, time_zone="UTC")
        async with running(world.live()):
            yield world, settings


async def test_a_plan_is_asked_for_followed_and_survives_a_restart(tmp_path: Path) -> None:
    soon = datetime.now(UTC) + timedelta(hours=14)
    async with lively(tmp_path) as (world, settings):
        async with running(serve(settings)):
            await world.set_up(soon, mode="fast")
            world.plug_in()
            profile = await world.profile_until(lambda p: len(p.sessions) == 1)
            assert profile.tariff.token == "shh"
            session = profile.sessions[0]
            assert (session.ski, list(session.phases)) == (SKI, ["L1", "L2", "L3"])
            assert 19_900 < session.needed_wh <= 20_000
            assert (await world.state()).plan.state == "none"
            now_please = plan_for(profile, [CHARGE, CHARGE])
            await world.bus.publish(subjects.PLAN, now_please, site=SITE)
            shown = await world.state_until(lambda s: s.plan.plan == now_please.plan)
            assert shown.plan.state == "following"
            assert world.profiles[-1].revision == profile.revision  # nothing happened that counts
            await world.put_mode("smart", price=True)
            await world.state_until(lambda s: s.chargers[0].limited_by.kind == "plan")
            await world.state_until(lambda s: 9.9 <= s.chargers[0].limit_a.l1 <= 10.6)
            reply = await world.ask(subjects.PLAN_GET, planning_pb2.GetPlanRequest())
            assert reply.plan == now_please
            newer = await world.profile_until(lambda p: p.revision > profile.revision)
            assert newer.sessions[0].mode == "smart"
            later = plan_for(newer, [WAIT, CHARGE, CHARGE, WAIT])
            await world.bus.publish(subjects.PLAN, later, site=SITE)
            shown = await world.state_until(
                lambda s: s.chargers[0].limited_by.kind == "waiting-for-price"
            )
            told = shown.chargers[0]
            assert told.limit_a.l1 == 0.0
            starts_in_s = told.limited_by.until.seconds - datetime.now(UTC).timestamp()
            assert 880 < starts_in_s < 902
            assert told.plan.session == session.session
        world.profiles.clear()
        world.is_silent = True  # a gateway that starts later than we do
        async with running(serve(settings)):
            shown = await world.state_until(lambda s: s.plan.plan == later.plan)
            await asyncio.sleep(2.0)  # we look at what to tell every second
            world.is_silent = False
            await world.state_until(lambda s: s.chargers and s.chargers[0].session != "")
            shown = await world.state_until(
                lambda s: s.chargers[0].limited_by.kind == "waiting-for-price"
            )
            assert shown.chargers[0].limited_by.HasField("until")
            again = await world.profile_until(lambda p: len(p.sessions) == 1)
            assert again.revision == newer.revision


async def test_a_plan_that_was_not_made_for_this_is_refused_and_said_so(tmp_path: Path) -> None:
    soon = datetime.now(UTC) + timedelta(hours=14)
    async with lively(tmp_path) as (world, settings), running(serve(settings)):
        await world.set_up(soon, price=True)
        world.plug_in()
        profile = await world.profile_until(lambda p: len(p.sessions) == 1)

        async def refused(plan: planning_pb2.Plan, code: str) -> None:
            await world.bus.publish(subjects.PLAN, plan, site=SITE)
            shown = await world.state_until(lambda s: s.plan.refused == plan.plan)
            assert (shown.plan.refused_code, shown.plan.plan) == (code, "")

        other = plan_for(profile, [CHARGE])
        other.sessions[0].session = "another"
        await refused(other, "other-session")
        goal = operating_pb2.Goal(
            ski=SKI, energy_wh=5_000, departure=plan_for(profile, [1]).valid_until
        )
        await world.ask(subjects.GOAL_PUT, operating_pb2.PutGoalRequest(goal=goal))
        newer = await world.profile_until(lambda p: p.revision > profile.revision)
        assert 4_900 < newer.sessions[0].needed_wh <= 5_000
        await refused(plan_for(profile, [CHARGE]), "older-profile")
        past = plan_for(newer, [CHARGE])
        past.start.seconds -= 10_000
        past.valid_until.seconds = past.start.seconds + 900
        await refused(past, "over")
        for broken in (
            plan_for(newer, [float("nan")]),
            plan_for(newer, [-1.0]),
            plan_for(newer, [CHARGE], slot_s=0),
            plan_for(newer, [CHARGE], sun_w=[1.0, 2.0]),
            plan_for(newer, [CHARGE], load_w=[float("inf")]),
            plan_for(newer, [CHARGE] * 5000),
        ):
            await refused(broken, "unreadable")
        endless = plan_for(newer, [CHARGE])
        endless.start.seconds = 2**62
        await refused(endless, "unreadable")
        await refused(plan_for(newer, [CHARGE], profile_revision=2**63), "unreadable")
        late = plan_for(newer, [CHARGE])  # repeated after another was made
        right = plan_for(newer, [CHARGE])
        await world.bus.publish(subjects.PLAN, right, site=SITE)
        shown = await world.state_until(lambda s: s.plan.plan == right.plan)
        assert shown.plan.refused == ""
        await world.bus.publish(subjects.PLAN, late, site=SITE)
        shown = await world.state_until(lambda s: s.plan.refused == late.plan)
        assert (shown.plan.refused_code, shown.plan.plan) == ("older-profile", right.plan)


async def test_a_site_without_a_meter_follows_its_plan_under_static_load_management(
    tmp_path: Path,
) -> None:
    soon = datetime.now(UTC) + timedelta(hours=14)
    async with (
        lively(tmp_path, has_meter=False) as (world, settings),
        running(serve(settings)),
    ):
        await world.set_up(soon, price=True, forecast=True)
        world.plug_in()
        profile = await world.profile_until(lambda p: len(p.sessions) == 1)
        assert not profile.has_meter
        plan = plan_for(profile, [WAIT] + [CHARGE] * 8, slot_s=8)
        await world.bus.publish(subjects.PLAN, plan, site=SITE)
        shown = await world.state_until(lambda s: s.plan.plan == plan.plan)
        assert shown.load_management == "static"
        await world.state_until(lambda s: s.chargers[0].limited_by.kind == "waiting-for-price")
        await world.state_until(lambda s: s.chargers[0].limited_by.kind == "plan")
        shown = await world.state_until(lambda s: s.chargers[0].power_w > 6000)
        assert 9.9 <= shown.chargers[0].limit_a.l1 <= 16.0


async def test_prices_are_taken_kept_and_named(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    prices = planning_pb2.PriceSeries(
        series="sample/DE-LU/1", revision=3, currency="EUR",
        import_price=[0.3, 0.1, float("nan")], export_price=[0.08] * 3,
        price={"input": "price", "source": "sample", "freshness": "sample"},
        **in_slots(now, 3, 3600),
    )  # fmt: skip
    async with lively(tmp_path) as (world, settings):
        async with running(serve(settings)):
            await world.profile_until(lambda _: True)  # whoever tells it hears, too
            await world.bus.publish(subjects.PRICES, prices, site=SITE)
            shown = await world.state_until(lambda s: s.prices.series == prices.series)
            assert (shown.prices.revision, shown.prices.freshness) == (3, "sample")
            assert shown.prices.known_until.seconds == int(now.timestamp()) + 7200
        async with running(serve(settings)):
            shown = await world.state_until(lambda s: s.prices.series == prices.series)
            assert shown.prices.revision == 3
            asked = planning_pb2.GetTimelineRequest(step_s=3600)
            line = await world.ask(subjects.TIMELINE_GET, asked)
            assert len(line.slot_s) == 48
            here = int((now.timestamp() - line.start.seconds) // 3600)
            told = list(line.import_price)[here : here + 3]
            assert [round(price, 3) for price in told[:2]] == [0.3, 0.1]
            assert isnan(told[2])


async def test_what_a_car_holds_is_told_from_outside_and_outlives_a_restart(tmp_path: Path) -> None:
    async with lively(tmp_path) as (world, settings):
        async with running(serve(settings)):
            await world.set_up(mode="fast")
            car = operating_pb2.Car(name="Van", battery_wh=50_000, charger=SKI)
            van = (await world.ask(subjects.CAR_PUT, operating_pb2.PutCarRequest(car=car))).car.car
            world.plug_in()
            await world.state_until(lambda s: s.chargers[0].session != "")

            async def refused(code: str, **more: object) -> None:
                asked = {"car": van, "soc_percent": 50.0, "source": "push"} | more
                with pytest.raises(RefusedError, match=code):
                    await world.ask(subjects.CAR_SOC_PUT, planning_pb2.PutCarSocRequest(**asked))

            await refused("unknown-car", car="nobody")
            await refused("soc-out-of-range", soc_percent=101.0)
            await refused("soc-out-of-range", soc_percent=float("nan"))
            await refused("soc-source-unknown", source="guess")
            asked = planning_pb2.PutCarSocRequest(car=van, soc_percent=40.0, source="push")
            told = await world.ask(subjects.CAR_SOC_PUT, asked)
            assert (told.soc_percent, told.uncertainty_percent, told.source) == (40.0, 0.0, "push")
            await world.ask(subjects.CAR_SOC_PUT, asked)  # the same again is no change
            assert audited(tmp_path, van) == [(None, {"soc_percent": 40.0, "source": "push"})]
            shown = await world.state_until(lambda s: s.chargers[0].HasField("soc"))
            assert shown.chargers[0].soc.car == van
            profile = await world.profile_until(
                lambda p: any(one.soc_percent > 0 for one in p.sessions)
            )
            assert profile.sessions[0].most_wh == pytest.approx(0.6 * 50_000 / 0.9, rel=0.02)
            await asyncio.sleep(1.5)  # it is written once a second
        async with running(serve(settings)):
            await world.state_until(lambda s: s.chargers and s.chargers[0].session != "")
            by_hand = planning_pb2.PutCarSocRequest(car=van, soc_percent=42.0, source="user")
            again = await world.ask(subjects.CAR_SOC_GET, planning_pb2.GetCarSocRequest(car=van))
            assert again.soc_percent == pytest.approx(40.0, abs=1.5)
            await world.ask(subjects.CAR_SOC_PUT, by_hand)
            before, after = audited(tmp_path, van)[-1]
            assert before is not None
            assert before["source"] == "push"
            assert after == {"soc_percent": 42.0, "source": "user"}


def audited(folder: Path, car: str) -> list[tuple[dict[str, object] | None, dict[str, object]]]:
    """Return before and after of what was told of a car's battery."""
    with contextlib.closing(sqlite3.connect(folder / "cem.sqlite")) as db:
        rows = db.execute(
            "SELECT actor, role, origin, before, after FROM cem_audit WHERE setting = ?",
            (f"car-soc/{car}",),
        ).fetchall()
    assert {row[:3] for row in rows} <= {("sven", "service", "site")}
    return [(json.loads(before), json.loads(after)) for *_, before, after in rows]


async def test_the_timeline_holds_planned_and_real_and_savings_are_by_month(
    tmp_path: Path,
) -> None:
    now = datetime.now(UTC)
    async with lively(tmp_path) as (world, settings), running(serve(settings)):
        await world.set_up(now + timedelta(hours=9), mode="fast")
        start = now - timedelta(hours=2)
        prices = planning_pb2.PriceSeries(
            series="t", revision=1, currency="EUR", import_price=[0.5] * 24,
            export_price=[0.1] * 24, **in_slots(start, 24, 3600),
        )  # fmt: skip
        world.plug_in()
        profile = await world.profile_until(lambda p: len(p.sessions) == 1)
        await world.bus.publish(subjects.PRICES, prices, site=SITE)
        plan = plan_for(
            profile, [CHARGE, WAIT, CHARGE], sun_w=[100.0] * 3, load_w=[300.0] * 3,
            surplus_w=[0.0] * 3, inputs=[{"input": "price", "source": "sample"}],
        )  # fmt: skip
        await world.bus.publish(subjects.PLAN, plan, site=SITE)
        await world.state_until(lambda s: s.plan.plan == plan.plan)
        await world.state_until(lambda s: (s.chargers[0].power_w or 0) > 6_000)

        async def line() -> planning_pb2.Timeline:
            asked = planning_pb2.GetTimelineRequest(step_s=900)
            getattr(asked, "from").FromDatetime(now - timedelta(minutes=30))
            asked.to.FromDatetime(now + timedelta(hours=2))
            return await world.ask(subjects.TIMELINE_GET, asked)

        async with asyncio.timeout(15):
            found = await line()
            while not (
                any(w > 0 for w in found.lanes[0].power_w)
                and any(map(isfinite, found.import_price))
            ):
                await asyncio.sleep(0.5)
                found = await line()
        lane = found.lanes[0]
        assert (lane.session, lane.plan.session) == (profile.sessions[0].session,) * 2
        assert next(round(w) for w in lane.planned_w if isfinite(w)) == 6900
        # Whichever step the quarter of an hour turns to meanwhile.
        assert next(round(w) for w in found.load_forecast_w if isfinite(w)) == 300
        assert next(round(price, 2) for price in found.import_price if isfinite(price)) == 0.5
        assert any(w > 0 for w in found.grid_w)
        assert all(isnan(w) for w in found.sun_w)  # no PV meter: not known
        assert found.inputs[0].source == "sample"
        wide = planning_pb2.GetTimelineRequest()
        getattr(wide, "from").FromDatetime(now)
        wide.to.FromDatetime(now + timedelta(hours=80))
        with pytest.raises(RefusedError, match="too-many-spans"):
            await world.ask(subjects.TIMELINE_GET, wide)
        world.has_car = False
        async with asyncio.timeout(20):
            while True:
                savings = await world.ask(subjects.SAVINGS_GET, planning_pb2.GetSavingsRequest())
                if savings.months and savings.months[0].sessions:
                    break
                await asyncio.sleep(0.3)
        month = savings.months[0]
        assert (month.month, month.sessions, month.currency) == (f"{now:%Y-%m}", 1, "EUR")
        assert month.cost == pytest.approx(month.energy_wh / 2000, rel=0.05)
        assert month.at_once_cost == pytest.approx(month.cost, rel=0.05)
