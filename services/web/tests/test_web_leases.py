import asyncio

import pytest
from sqlmodel import Session, SQLModel

from volthus_kit.clock import SystemClock
from volthus_kit.database import open_database, open_sqlite
from volthus_kit.testing import FakeClock
from web.leases import BEAT_S, TTL_S, LeaseRow, Leases


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request, tmp_path):
    if request.param == "sqlite":
        opened = open_sqlite(tmp_path / "leases.sqlite")
    else:
        opened = open_database(request.getfixturevalue("postgres_url"))
    SQLModel.metadata.create_all(opened, tables=[LeaseRow.__table__])
    yield opened
    opened.dispose()


@pytest.fixture
def two(engine):
    """Two replicas; each has a clock of its own, and theirs do not agree."""
    clocks = FakeClock(), FakeClock()
    clocks[1].go_on(5000)
    pair = [Leases(engine, clock, name) for clock, name in zip(clocks, "AB", strict=True)]
    for leases in pair:
        leases.want("alerts")
    return pair, clocks


async def test_of_two_that_want_a_lease_one_has_it(two):
    (one, other), clocks = two
    for _ in range(5):
        await one.renew()
        await other.renew()
        assert (one.is_mine("alerts"), other.is_mine("alerts")) == (True, False)
        for clock in clocks:
            clock.go_on(BEAT_S)


async def test_two_that_begin_at_once_do_not_both_have_it(engine):
    many = [Leases(engine, SystemClock(), str(n)) for n in range(4)]
    for leases in many:
        leases.want("alerts")
    await asyncio.gather(*(leases.renew() for leases in many))
    assert sum(leases.is_mine("alerts") for leases in many) == 1


async def test_a_holder_that_dies_is_followed_after_the_time_to_live_and_never_before(two):
    (one, other), (ones, others) = two
    await one.renew()
    await other.renew()
    for _ in range(int(TTL_S) - 1):
        for clock in (ones, others):
            clock.go_on(1)
        await other.renew()
        assert not (one.is_mine("alerts") and other.is_mine("alerts"))
    assert one.is_mine("alerts")
    ones.go_on(1)
    others.go_on(1)
    assert not one.is_mine("alerts")
    await other.renew()
    assert other.is_mine("alerts")
    await one.renew()
    assert not one.is_mine("alerts")


async def test_a_lease_given_back_is_free_at_once(two):
    (one, other), _ = two
    await one.renew()
    await one.give_back("alerts")
    await other.renew()
    assert (one.is_mine("alerts"), other.is_mine("alerts")) == (False, True)


async def test_a_jump_of_the_wall_clock_gives_nobody_a_lease(two):
    (one, other), (_, others) = two
    await one.renew()
    await other.renew()
    others.jump(10 * TTL_S)
    await other.renew()
    assert not other.is_mine("alerts")


async def test_a_holder_without_its_database_stops_in_time(two, engine):
    (one, _), (ones, _) = two
    await one.renew()
    with Session(engine) as session:
        session.connection().exec_driver_sql("DROP TABLE leases")
        session.commit()
    ones.go_on(TTL_S - 1)
    await one.renew()
    assert one.is_mine("alerts")
    ones.go_on(1)
    assert not one.is_mine("alerts")


async def test_work_moves_to_the_other_replica_when_its_holder_ends(engine):
    began: list[str] = []

    def replica(name: str) -> list[asyncio.Task]:
        leases = Leases(engine, SystemClock(), name)

        async def work():
            began.append(name)
            await asyncio.Event().wait()

        return [
            asyncio.create_task(leases.run()),
            asyncio.create_task(leases.while_mine("alerts", work)),
        ]

    async def end(tasks):
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    first = replica("A")
    async with asyncio.timeout(10):
        while began != ["A"]:
            await asyncio.sleep(0.02)
    second = replica("B")
    await asyncio.sleep(0.7)
    assert began == ["A"]
    await end(first)
    async with asyncio.timeout(10):
        while began != ["A", "B"]:
            await asyncio.sleep(0.02)
    await end(second)


async def test_work_that_fails_says_so(engine):
    leases = Leases(engine, SystemClock())
    leases.want("alerts")
    await leases.renew()

    async def work():
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await leases.while_mine("alerts", work)
