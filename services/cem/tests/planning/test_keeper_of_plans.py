"""The keeper by itself: what it takes, what it lets go, what it writes."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from smart_house import SESSION, A, SmartHouse, smart

from cem.core.decision import Limit
from cem.loop import Controller
from cem.picture.site import Named
from cem.planning.attending import _lasting
from cem.planning.keeper import Keeper
from cem.planning.revisions import Mark, Standing
from cem.planning.shelf import Shelf
from cem.planning.tables import RoomRow
from cem.store import Store
from volthus_kit.testing import FakeClock
from volthus_wire.convert import to_timestamp
from volthus_wire.v1 import planning_pb2, site_pb2

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Nowhere:
    """The bus is away: nothing goes out."""

    async def send_limit(
        self, limit: Limit, reason: str, now: float, least_a: float | None = None
    ) -> bool:
        return False

    async def send_state(self, message: site_pb2.SiteState) -> bool:
        return False


class Bench:
    """A keeper with a plugged car, and a clock that goes on when told."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder)
        self.store.load(NOW)
        self.shelf = Shelf(folder)
        self.shelf.load()
        self.clock = FakeClock(NOW)
        house = SmartHouse().tell(smart(price=True)).wants(20_000, 13)
        house.step()
        house.step()
        state = house.state
        self.controller = Controller(state, Nowhere(), self.clock, Named("demo", "", "0"))  # type: ignore[arg-type]
        self.controller._tell_time(self.clock.monotonic())
        self.keeper = Keeper(self.controller, self.shelf, self.clock)
        self.standing = Standing(100, "d", {SESSION: Mark("m", 90)})
        self.keeper.standing = lambda: self.standing

    def plan(self, name: str, revision: int = 100, **more: object) -> planning_pb2.Plan:
        now = self.clock.now()
        course = planning_pb2.SessionPlan(session=SESSION, ski=A, power_w=[6900.0, 0.0])
        usual: dict[str, object] = {
            "plan": name, "profile_revision": revision, "start": to_timestamp(now),
            "made_at": to_timestamp(now), "valid_until": to_timestamp(now + timedelta(hours=1)),
            "slot_s": [900, 900], "sessions": [course], "sun_w": [5.0, float("nan")],
        }  # fmt: skip
        return planning_pb2.Plan(**usual | more)  # type: ignore[arg-type]


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    one = Bench(folder)
    writing = asyncio.create_task(one.keeper.run())
    await asyncio.sleep(0)
    try:
        yield one
    finally:
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        one.shelf.close()
        one.store.close()


async def test_what_people_changed_since_is_left_to_local_rules_after_a_minute(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as one:
        one.keeper.heard_plan(one.plan("p1"))
        assert one.controller.state.plan is not None
        one.standing = Standing(120, "d", {SESSION: Mark("n", 120)})
        one.keeper.drop_outdated()
        assert len(one.controller.state.plan.courses) == 1
        one.clock.go_on(59.0)
        one.keeper.drop_outdated()
        assert len(one.controller.state.plan.courses) == 1
        one.clock.go_on(2.0)
        one.keeper.drop_outdated()
        assert one.controller.state.plan.courses == ()
        one.keeper.heard_plan(one.plan("p2", 120))
        assert len(one.controller.state.plan.courses) == 1


async def test_a_plan_is_refused_by_its_reason_and_the_one_before_stays(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        one.keeper.heard_plan(one.plan("p1"))
        for plan, code in (
            (one.plan("old", 89), "older-profile"),
            (one.plan("ended", valid_until=to_timestamp(NOW)), "unreadable"),
            (one.plan("past", start=to_timestamp(NOW - timedelta(hours=2)),
                      valid_until=to_timestamp(NOW - timedelta(hours=1))), "over"),
            (one.plan("broken", slot_s=[]), "unreadable"),
        ):  # fmt: skip
            one.keeper.heard_plan(plan)
            told = one.keeper.in_force()
            assert (told.plan, told.refused, told.refused_code) == ("p1", plan.plan, code)
        one.keeper.heard_plan(one.plan("p1"))  # again: nothing changes
        assert one.keeper.in_force().state == "following"
        one.clock.go_on(3601.0)
        assert one.keeper.in_force().state == "over"


async def test_each_slot_is_written_as_it_stood_when_it_began(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        one.keeper.heard_plan(one.plan("p1"))
        one.keeper.look_at_slot()
        one.clock.go_on(300.0)
        other = planning_pb2.SessionPlan(session=SESSION, ski=A, power_w=[0.0, 4000.0])
        start = to_timestamp(NOW)
        one.keeper.heard_plan(one.plan("p2", start=start, sessions=[other]))
        one.keeper.look_at_slot()
        one.clock.go_on(700.0)
        one.keeper.look_at_slot()
        async with asyncio.timeout(10):
            while len(one.shelf.slots(NOW.timestamp(), NOW.timestamp() + 3600)[0]) < 2:
                await asyncio.sleep(0.01)
        slots, planned = one.shelf.slots(NOW.timestamp(), NOW.timestamp() + 3600)
        assert [(slot.plan, slot.sun_w) for slot in slots] == [("p1", 5.0), ("p2", None)]
        assert [row.power_w for row in planned] == [6900.0, 4000.0]


async def test_prices_outlast_the_minutes_and_plans_of_a_database_that_fails_for_hours(
    tmp_path: Path,
) -> None:
    one = Bench(tmp_path)
    prices = planning_pb2.PriceSeries(
        series="day-ahead", revision=1, currency="EUR", start=to_timestamp(NOW),
        slot_s=[3600, 3600], import_price=[0.25, 0.5],
    )  # fmt: skip
    one.keeper.heard_prices(prices)
    first_s = int(NOW.timestamp())
    for minute in range(150):  # nothing is written all that time
        row = RoomRow(start_s=first_s + 60 * minute, l1_a=1.0, l2_a=1.0, l3_a=1.0)
        one.keeper.later(one.shelf.keep_room, row)
    writing = asyncio.create_task(one.keeper.run())
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert [row.import_price for row in one.shelf.prices(first_s, first_s + 7200)] == [0.25, 0.5]
    rooms = one.shelf.rooms(first_s, first_s + 9000)
    assert [row.start_s for row in rooms] == [first_s + 60 * m for m in range(51, 150)]
    one.shelf.close()
    one.store.close()


async def test_what_is_being_written_at_the_end_is_written_once_and_before_the_rest(
    tmp_path: Path,
) -> None:
    one = Bench(tmp_path)
    begun, let_on, written = asyncio.Event(), threading.Event(), []
    loop = asyncio.get_running_loop()

    def slowly(what: str) -> None:
        loop.call_soon_threadsafe(begun.set)
        assert let_on.wait(30)
        written.append(what)

    one.keeper.later(slowly, "first")
    one.keeper.later(written.append, "second")
    keeping = asyncio.create_task(one.keeper.run())
    await begun.wait()
    keeping.cancel()
    for _ in range(3):
        await asyncio.sleep(0)  # until it has heard that it is to end
    let_on.set()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert written == ["first", "second"]
    one.shelf.close()
    one.store.close()


async def test_a_part_of_planning_that_fails_while_it_ends_has_ended() -> None:
    runs = []

    async def run() -> None:
        runs.append(1)
        try:
            await asyncio.sleep(60)
        finally:
            raise ValueError("at the end")

    lasting = asyncio.create_task(_lasting("odd", run))
    while not runs:
        await asyncio.sleep(0)
    lasting.cancel()
    await asyncio.wait([lasting], timeout=30)
    assert lasting.done()
    assert runs == [1]
