"""New prices come to every site of a tariff, whoever was planned first with them."""

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from planning_sites import profile

from smart_charging.planning.answers import Answers
from smart_charging.planning.book import Book
from smart_charging.planning.core.queue import Urgency
from smart_charging.planning.core.sharing import Replicas
from smart_charging.planning.forecasts import Forecasts
from smart_charging.planning.hearing import row_of
from smart_charging.planning.markets import Markets
from smart_charging.planning.office import Office, Parts
from smart_charging.planning.store import Store
from smart_charging.prices.desk import Desk
from smart_charging.prices.pushed import Pushed
from smart_charging.prices.store import Store as PriceStore
from smart_charging.settings import Settings
from smart_charging.solar.desk import WeatherDesk, WeatherStore
from smart_charging.solar.watching import SunWatch
from volthus_kit.testing import FakeClock
from volthus_wire.v1.planning_pb2 import Plan, PushPricesRequest
from volthus_wire.v1.tariff_pb2 import Tariff


class Sent:
    """A post that keeps the last plan of each site."""

    def __init__(self) -> None:
        self.plans: dict[str, Plan] = {}

    async def plan(self, site: str, body: bytes) -> bool:
        self.plans[site] = Plan.FromString(body)
        return True

    async def prices(self, site: str, body: bytes) -> bool:
        return True


SITES = ("first", "second", "third")


def feed(clock: FakeClock, per_kwh: float) -> PushPricesRequest:
    told = PushPricesRequest(zone="mine", currency="EUR", all_in=True)
    told.start.FromDatetime(clock.now().replace(minute=0, second=0, microsecond=0))
    told.slot_s.extend([3600] * 48)
    told.per_kwh.extend([per_kwh] * 48)
    return told


async def test_who_is_planned_before_the_look_at_new_prices_keeps_them_from_nobody(
    tmp_path: Path,
) -> None:
    clock, post = FakeClock(), Sent()
    async with httpx.AsyncClient() as http:
        prices = PriceStore(tmp_path)
        settings = Settings(nats_url="nats://nowhere", state_dir=tmp_path)
        pushed = Pushed(prices, clock)
        markets = Markets(settings, Desk(http, prices, clock), pushed, clock)
        forecasts = Forecasts(SunWatch(WeatherDesk(http, WeatherStore(tmp_path), clock), settings))
        parts = Parts(
            Book(markets, clock, {}), forecasts, Store(tmp_path), post, clock, Replicas("a", -10.0)
        )
        office = Office(parts, {})
        answers = Answers(office, markets, pushed, clock)
        await answers.push_prices(feed(clock, 0.5))
        for site in SITES:
            told = profile(site, clock.now(), cars=0)
            told.tariff.CopyFrom(Tariff(source="push", zone="mine", currency="EUR"))
            office.hear_profile(row_of(told, clock.now().timestamp()))
            office.plan_now(site, Urgency.FLEET)
        office.look()
        assert await office.plan_some() == 3
        assert {plan.import_price[0] for plan in post.plans.values()} == {0.5}

        await answers.push_prices(feed(clock, 0.25))
        office.plan_now("first", Urgency.FLEET)
        assert await office.plan_some() == 1
        office.look()
        clock.go_on(61)
        working = asyncio.create_task(office.run())
        try:
            async with asyncio.timeout(10):
                while {plan.import_price[0] for plan in post.plans.values()} != {0.25}:
                    await asyncio.sleep(0.02)
        finally:
            working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working

        made = {site: plan.plan for site, plan in post.plans.items()}
        clock.go_on(timedelta(minutes=2).total_seconds())
        office.look()
        assert await office.plan_some() == 0  # the same prices are no reason for new plans
        assert {site: plan.plan for site, plan in post.plans.items()} == made
