"""The cloud answers about a site as its CEM does: both are asked, for the same living data."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.json_format import MessageToDict
from history_facts import make_tables
from record_sites import LIMIT, SKI, START, opened, write_step
from sqlalchemy import Engine

from cem.records.answers import RecordAnswers
from cem.records.core.evidence import Entry
from cem.records.core.minutes import Minute
from cem.records.core.sessions import Session, Standing
from cem.records.journal import Batch, Journal, Kept
from cem.records.recorder import Recorder
from cem.store import Store
from volthus_kit.clock import SystemClock
from volthus_kit.database import open_database, open_sqlite
from volthus_kit.refusal import RefusedError
from volthus_kit.streams import Kept as KeptFact
from volthus_wire.convert import to_timestamp
from volthus_wire.v1.operator_pb2 import ListEvidenceRequest
from volthus_wire.v1.planning_pb2 import SiteProfile
from volthus_wire.v1.records_pb2 import (
    GetEnergyRequest,
    ListSessionsRequest,
    SummarizeSessionsRequest,
)
from volthus_wire.v1.rpc_pb2 import Caller
from web.history import rolling
from web.history.calendars import Calendars
from web.history.core.energy import Since
from web.history.records import KeptRecords
from web.history.writing import write
from web.leases import Leases

BERLIN = ZoneInfo("Europe/Berlin")
CALLER = Caller(actor="sven", role="service", origin="site")
OTHER = "c" * 40
STEPS = 40


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        made = open_sqlite(tmp_path / "web.sqlite")
    else:
        made = open_database(request.getfixturevalue("postgres_url"))
    make_tables(made)
    yield made
    made.dispose()


@dataclass(frozen=True, slots=True)
class Both:
    """The CEM of a site and the cloud's history of it."""

    journal: Journal
    store: Store
    cem: RecordAnswers
    cloud: KeptRecords
    engine: Engine

    def deliver(self) -> None:
        """Let everything that waits reach the cloud, and add it up."""
        parcels = self.journal.waiting(100_000)
        batch = []
        for parcel in parcels:
            parcel.fact.site = "demo"
            key = f"demo-{parcel.key[0]}-{parcel.key[1]}"
            subject = f"site.demo.up.fact.{parcel.kind}"
            batch.append(KeptFact(subject, parcel.fact.SerializeToString(), key))
        done = write(self.engine, batch, 0, Since(0, 0))
        assert done.set_aside == ()
        self.journal.sent(parcels, START)

    def roll_up(self) -> None:
        """Add all up."""
        while rolling.sum_up(self.engine, START + timedelta(days=900)):
            pass


@asynccontextmanager
async def living(folder: Path, engine: Engine) -> AsyncIterator[Both]:
    """Yield a site with 40 minutes of steps and some sessions of other months."""
    store, journal = opened(folder)
    clock = SystemClock()
    cem = RecordAnswers(journal, Recorder(journal, clock, Kept()), clock, lambda: BERLIN)
    for step in range(STEPS):
        write_step(store, journal, step)
    for number, started in enumerate(
        (datetime(2026, 9, 30, 22, 30, tzinfo=UTC), datetime(2026, 10, 14, 6, 0, tzinfo=UTC))
    ):
        journal.write(other_month(started, number), started + timedelta(hours=2))
    calendars = Calendars(engine, Leases(engine, clock), "history")
    profile = SiteProfile()
    profile.planning.time_zone, profile.tariff.currency = "Europe/Berlin", "EUR"
    calendars.heard("demo", profile)
    await calendars.save()
    both = Both(journal, store, cem, KeptRecords(engine, "demo"), engine)
    await asyncio.to_thread(both.deliver)
    yield both
    store.close()
    journal.close()


def other_month(started: datetime, number: int) -> Batch:
    """Return a session with its costs, and a minute with sun."""
    session = Session(
        f"{started:%Y%m%dT%H%M%SZ}-{OTHER[:8]}", OTHER, started, charger_name=f"Right {number}",
        car="van", energy_wh=7000.0, sun_wh=2500.0, charging_s=3600.0, highest_w=11_000.0,
        cost=str(Decimal("1.23")), currency="EUR", price_series="demo", co2_g=1500.0,
        at_once_cost="1.50", at_once_co2_g=1600.0, standing=Standing.ENDED,
        ended=started + timedelta(hours=1),
    )  # fmt: skip
    minute = Minute(
        int(started.timestamp()), 50.0, 3.0, 20.0, {OTHER: 60.0, SKI: 1.5}, {OTHER: 15.0, SKI: 0.5}
    )
    return Batch({session.id: session}, frozenset({session.id}), {minute.start: minute})


def plain(message) -> dict[str, object]:
    return MessageToDict(message, preserving_proto_field_name=True)


def near(message) -> object:
    """Return a message whose numbers may differ in their last digits: sums have no order."""

    def softened(value: object) -> object:
        if isinstance(value, dict):
            return {key: softened(each) for key, each in value.items()}
        if isinstance(value, list):
            return [softened(each) for each in value]
        return round(value, 6) if isinstance(value, float) else value

    return softened(plain(message))


def spanning(question, start: datetime | None, end: datetime | None):
    if start is not None:
        getattr(question, "from").CopyFrom(to_timestamp(start))
    if end is not None:
        question.to.CopyFrom(to_timestamp(end))
    return question


async def test_sessions_are_the_same_page_by_page(tmp_path: Path, engine: Engine) -> None:
    async with living(tmp_path, engine) as both:
        for asked in (
            ListSessionsRequest(),
            ListSessionsRequest(ski=OTHER),
            spanning(ListSessionsRequest(), START, START + timedelta(minutes=20)),
        ):
            cem, cloud = (
                await both.cem.list_sessions(asked, CALLER),
                await both.cloud.sessions(asked),
            )
            assert plain(cloud) == plain(cem)
            assert len(cem.sessions) > 1
        cursor, pages = "", 0
        while True:
            asked = ListSessionsRequest(most=4, cursor=cursor)
            cem, cloud = (
                await both.cem.list_sessions(asked, CALLER),
                await both.cloud.sessions(asked),
            )
            assert plain(cloud) == plain(cem)
            cursor, pages = cem.next, pages + 1
            if not cursor:
                break
        assert pages == 3


async def test_a_page_stays_true_while_sessions_are_added(tmp_path: Path, engine: Engine) -> None:
    async with living(tmp_path, engine) as both:
        whole = await both.cloud.sessions(ListSessionsRequest())
        first = await both.cloud.sessions(ListSessionsRequest(most=5))
        for step in range(STEPS, STEPS + 10):
            write_step(both.store, both.journal, step)
        await asyncio.to_thread(both.deliver)
        second = await both.cloud.sessions(ListSessionsRequest(most=100, cursor=first.next))
        assert [*first.sessions, *second.sessions] == list(whole.sessions)


async def test_sums_are_the_same_in_all_their_forms(tmp_path: Path, engine: Engine) -> None:
    async with living(tmp_path, engine) as both:
        for month in (False, True):
            for charger in (False, True):
                for car in (False, True):
                    asked = SummarizeSessionsRequest(by_month=month, by_charger=charger, by_car=car)
                    cem = await both.cem.summarize_sessions(asked, CALLER)
                    assert near(await both.cloud.summary(asked)) == near(cem)
        asked = SummarizeSessionsRequest(month="2026-10", by_charger=True)
        cem = await both.cem.summarize_sessions(asked, CALLER)
        assert near(await both.cloud.summary(asked)) == near(cem)
        assert [row.count for row in cem.totals] == [2], "half past midnight in Berlin is October"
        asked = spanning(SummarizeSessionsRequest(ski=OTHER), START, None)
        assert plain(await both.cloud.summary(asked)) == plain(
            await both.cem.summarize_sessions(asked, CALLER)
        )


async def test_energy_is_the_same_by_every_step(tmp_path: Path, engine: Engine) -> None:
    async with living(tmp_path, engine) as both:
        for rolled in (False, True):
            if rolled:
                await asyncio.to_thread(both.roll_up)
            for step_s in (60, 900, 3600, 86_400):
                first = START - timedelta(days=60) if step_s == 86_400 else START
                asked = GetEnergyRequest(step_s=step_s)
                spanning(asked, first, START + timedelta(hours=1, minutes=7))
                cem = await both.cem.get_energy(asked, CALLER)
                assert near(await both.cloud.energy(asked)) == near(cem)
                assert len(cem.spans) >= 1


async def test_evidence_is_the_same_and_its_chain_is_checked(
    tmp_path: Path, engine: Engine
) -> None:
    async with living(tmp_path, engine) as both:
        told = replace(LIMIT, name="Box\nwith\\signs", reference="42", until=START)
        entry = Entry(START, "reached", told, 4100.5, 3000.25, 1.5, "Pump (x) 3360 W accepted")
        both.journal.write(Batch(entries=(entry,)), START)
        await asyncio.to_thread(both.deliver)
        for asked in (ListEvidenceRequest(), ListEvidenceRequest(after=3, most=4)):
            cem = await both.cem.list_evidence(asked, CALLER)
            assert plain(await both.cloud.evidence(asked)) == plain(cem)
            assert cem.intact


async def test_what_is_refused_is_refused_alike(tmp_path: Path, engine: Engine) -> None:
    async with living(tmp_path, engine) as both:
        for cem, cloud, asked in (
            (both.cem.list_sessions, both.cloud.sessions, ListSessionsRequest(cursor="x")),
            (both.cem.get_energy, both.cloud.energy, GetEnergyRequest(step_s=61)),
            (
                both.cem.get_energy,
                both.cloud.energy,
                spanning(GetEnergyRequest(step_s=60), START, START + timedelta(days=9)),
            ),
            (
                both.cem.summarize_sessions,
                both.cloud.summary,
                SummarizeSessionsRequest(month="2026-13"),
            ),
        ):
            with pytest.raises(RefusedError) as of_cem:
                await cem(asked, CALLER)  # type: ignore[operator]
            with pytest.raises(RefusedError) as of_cloud:
                await cloud(asked)  # type: ignore[operator]
            assert (of_cem.value.code, of_cem.value.detail, of_cem.value.field) == (
                of_cloud.value.code, of_cloud.value.detail, of_cloud.value.field
            )  # fmt: skip
