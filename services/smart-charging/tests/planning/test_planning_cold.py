"""While the kernels are compiled: prices go out, and forecasts where no car waits for a plan."""

from dataclasses import dataclass, field
from pathlib import Path

import httpx
from planning_sites import profile

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
from volthus_wire.v1.planning_pb2 import Plan, PriceSeries


@dataclass
class Sent:
    """A post that keeps what it is given."""

    plans: dict[str, Plan] = field(default_factory=dict)
    priced: dict[str, PriceSeries] = field(default_factory=dict)

    async def plan(self, site: str, body: bytes) -> bool:
        self.plans[site] = Plan.FromString(body)
        return True

    async def prices(self, site: str, body: bytes) -> bool:
        self.priced[site] = PriceSeries.FromString(body)
        return True


async def test_prices_and_forecasts_do_not_wait_for_the_kernels(tmp_path: Path) -> None:
    clock, post = FakeClock(), Sent()
    async with httpx.AsyncClient() as http:
        prices = PriceStore(tmp_path)
        settings = Settings(nats_url="nats://nowhere", state_dir=tmp_path)
        desk, pushed = Desk(http, prices, clock), Pushed(prices, clock)
        weather = WeatherDesk(http, WeatherStore(tmp_path), clock)
        book = Book(Markets(settings, desk, pushed, clock), clock, {})
        forecasts = Forecasts(SunWatch(weather, settings))
        parts = Parts(book, forecasts, Store(tmp_path), post, clock, Replicas("a", -10.0))
        office = Office(parts, {}, is_warm=False)
        for name, cars in (("plugged", 1), ("empty", 0)):
            told = profile(name, clock.now(), cars=cars, has_roof=True)
            office.hear_profile(row_of(told, clock.now().timestamp()))
        clock.go_on(30)
        office.look()
        for name in ("plugged", "empty"):
            office.plan_now(name, Urgency.FLEET)
        assert await office.plan_some() == 1
        assert set(post.plans) == {"empty"}
        assert max(post.plans["empty"].sun_w) > 0
        assert len(post.plans["empty"].import_price) == 36 * 4
        assert not post.plans["empty"].sessions
        assert {site for site, row in office.rows.items() if row.prices_sent.body} == {
            "plugged", "empty",
        }  # fmt: skip
        assert len(office.queue) == 1  # it waits
        office.warm_up()
        await office.plan_some()
        assert post.plans["plugged"].sessions
