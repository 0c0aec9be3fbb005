"""The records of a whole CEM on a real bus: a car comes, charges and goes; facts leave."""

import asyncio
import contextlib
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nats
import pytest
from record_sites import broken_laws

from cem.replaying.reading import read
from cem.replaying.replay import replay
from cem.service import serve
from cem.settings import Settings
from volthus_kit.bus import Bus
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import linked_servers, nats_server
from volthus_wire import subjects
from volthus_wire.convert import from_timestamp, to_timestamp
from volthus_wire.v1 import (
    electrical_pb2,
    evse_pb2,
    metering_pb2,
    operator_pb2,
    records_pb2,
    site_pb2,
)
from volthus_wire.v1.rpc_pb2 import Caller

SITE = "demo"
KILLS = 1  # 12 were tried by hand
SVEN = Caller(actor="sven", role="service", origin="site")
SKI = "1" * 40


class World:
    """A charger and a meter that say what a test wants, five times a second."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.has_car = False
        self.plug = 0
        self.energy_wh = 0.0
        self.is_linked = True
        self.power_w = 7200.0
        self.limits: list[operator_pb2.OperatorLimit] = []

    async def tell(self) -> None:
        roster = evse_pb2.EvseRoster(skis=[SKI])
        await self.bus.publish(subjects.EVSE_ROSTER, roster, site=SITE)
        state = evse_pb2.EvseState(ski=SKI, name="garage")
        if self.is_linked:
            state.connection = evse_pb2.CONNECTION_CONNECTED
            state.ev_known = True
            state.measured_age_s = 0.0
            if self.has_car:
                drawn_a = self.power_w / 230 / 3
                self.energy_wh += self.power_w * 0.2 / 3600
                state.energy_wh = self.energy_wh
                state.ev.CopyFrom(evse_pb2.Ev(phases=3, takes_limits=True, plug=self.plug))
                state.current_a.CopyFrom(conductors(drawn_a))
                state.power_w.CopyFrom(conductors(self.power_w / 3))
        else:
            state.connection = evse_pb2.CONNECTION_NOT_CONNECTED
        await self.bus.publish(subjects.EVSE_STATE, state, site=SITE, ski=SKI)
        grid_w = 500.0 + (self.power_w if self.has_car else 0.0)
        reading = metering_pb2.MeterReading(
            meter="grid-1",
            role=metering_pb2.METER_ROLE_GRID,
            quality=metering_pb2.METER_QUALITY_GOOD,
            current_a=dict.fromkeys(("l1", "l2", "l3"), grid_w / 690),
            power_total_w=grid_w,
            period_s=0.2,
        )
        await self.bus.publish(subjects.METER_READING, reading, site=SITE, meter="grid-1")
        limits = operator_pb2.OperatorLimits(limits=self.limits)
        await self.bus.publish(subjects.OPERATOR_LIMITS, limits, site=SITE)

    async def live(self) -> None:
        while True:
            await self.tell()
            await asyncio.sleep(0.2)

    async def sessions(self, **asked: object) -> records_pb2.ListSessionsReply:
        question = records_pb2.ListSessionsRequest(**asked)  # type: ignore[arg-type]
        return await self.bus.ask(subjects.SESSION_LIST, question, caller=SVEN, site=SITE)

    async def until(self, holds: Callable[[records_pb2.ListSessionsReply], bool]) -> list:
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(Exception):
                    found = await self.sessions()
                    if holds(found):
                        return list(found.sessions)
                await asyncio.sleep(0.2)


def conductors(value: float) -> electrical_pb2.Conductors:
    return electrical_pb2.Conductors(a=value, b=value, c=value)


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
async def world(url: str) -> AsyncIterator[World]:
    async with Bus.connect(url, "world") as bus:
        await bus.until_connected()
        made = World(bus)
        async with running(made.live()):
            yield made


def settings(url: str, folder: Path) -> Settings:
    return Settings(nats_url=url, site=SITE, state_dir=folder, record=folder / "site.jsonl")


async def test_a_session_begins_survives_a_restart_and_ends_with_its_energy(tmp_path: Path):
    async with nats_server() as server, world(server.url) as there:
        async with running(serve(settings(server.url, tmp_path))):
            await there.until(lambda found: True)
            await asyncio.sleep(1.2)
            there.has_car, there.plug = True, 1
            await there.until(lambda f: len(f.sessions) == 1 and f.sessions[0].energy_wh > 2)
        async with running(serve(settings(server.url, tmp_path))):
            await there.until(lambda f: f.sessions[0].state == "open")
            counted_wh = there.energy_wh
            there.is_linked = False
            await there.until(lambda f: f.sessions[0].state == "unknown")
            there.is_linked, there.has_car = True, False
            (session,) = await there.until(lambda f: f.sessions[0].state == "ended")
            spans = await energy(there, 3600)
            history = await decisions(there)
    assert session.energy_wh == pytest.approx(counted_wh, abs=4.0)
    assert session.charger_name == "garage"
    assert session.mode == "fast"
    assert session.revision == 2
    assert not session.HasField("cost")
    assert from_timestamp(session.ended) > from_timestamp(session.started)
    assert sum(s.charger_wh[SKI] for s in spans) == pytest.approx(session.energy_wh)
    assert sum(s.import_wh for s in spans) > session.energy_wh
    assert {d.limited_by.kind for d in history} == {"energy-management-off"}
    assert broken_laws(tmp_path / "cem.sqlite") == []
    for recording in ("site.jsonl", "site.jsonl.1"):
        outcome = replay(read(tmp_path / recording))
        assert outcome.difference is None, recording
        assert outcome.decisions > 5


@asynccontextmanager
async def program(url: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the CEM as a process of its own; it is killed afterwards, in the middle of its work."""
    environment = {
        **os.environ,
        "VOLTHUS_NATS_URL": url,
        "VOLTHUS_SITE": SITE,
        "VOLTHUS_STATE_DIR": str(folder),
        "VOLTHUS_LOG_LEVEL": "ERROR",
    }
    cem = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from cem.main import main; main()", env=environment
    )
    try:
        yield cem
    finally:
        cem.kill()
        await cem.wait()


async def test_a_cem_that_is_killed_again_and_again_counts_one_session_once(tmp_path: Path):
    async with nats_server() as server, world(server.url) as there:
        for round_number in range(KILLS + 1):
            async with program(server.url, tmp_path):
                await there.until(lambda found: True)
                if round_number == 0:
                    await asyncio.sleep(1.2)
                    there.has_car, there.plug = True, 1
                before_wh = there.energy_wh
                await there.until(
                    lambda f, least=before_wh: f.sessions and f.sessions[0].energy_wh > least
                )
            assert broken_laws(tmp_path / "cem.sqlite") == []
        async with program(server.url, tmp_path):
            await there.until(lambda f: f.sessions[0].state == "open")
            counted_wh = there.energy_wh
            there.has_car = False
            (session,) = await there.until(lambda f: f.sessions[0].state == "ended")
    assert session.energy_wh == pytest.approx(counted_wh, abs=5.0)
    assert broken_laws(tmp_path / "cem.sqlite") == []


async def energy(there: World, step_s: int) -> list[records_pb2.EnergySpan]:
    now = datetime.now(UTC)
    question = records_pb2.GetEnergyRequest(step_s=step_s, to=to_timestamp(now))
    getattr(question, "from").FromDatetime(now - timedelta(hours=1))
    answer = await there.bus.ask(subjects.ENERGY_GET, question, caller=SVEN, site=SITE)
    return list(answer.spans)


async def decisions(there: World) -> list[records_pb2.DecisionRecord]:
    found, cursor = [], ""
    while True:
        question = records_pb2.ListDecisionsRequest(ski=SKI, most=1, cursor=cursor)
        page = await there.bus.ask(subjects.DECISION_LIST, question, caller=SVEN, site=SITE)
        found += page.decisions
        cursor = page.next
        if not cursor:
            numbers = [record.number for record in found]
            assert numbers == sorted(set(numbers), reverse=True)
            return found


async def test_questions_that_cannot_be_answered_are_refused(tmp_path: Path):
    async with (
        nats_server() as server,
        world(server.url) as there,
        running(serve(settings(server.url, tmp_path))),
    ):
        await there.until(lambda found: True)
        with pytest.raises(RefusedError, match="unknown-step"):
            await energy(there, 61)
        far = records_pb2.GetEnergyRequest(step_s=60, to=to_timestamp(datetime.now(UTC)))
        with pytest.raises(RefusedError, match="too-many-spans"):
            await there.bus.ask(subjects.ENERGY_GET, far, caller=SVEN, site=SITE)
        wrong = records_pb2.ListDecisionsRequest(cursor="x")
        with pytest.raises(RefusedError, match="unknown-cursor"):
            await there.bus.ask(subjects.DECISION_LIST, wrong, caller=SVEN, site=SITE)


async def test_an_operator_limit_leaves_evidence_that_checks(tmp_path: Path):
    limit = operator_pb2.OperatorLimit(
        kind="lpc", source="eebus", ski="b" * 40, state="limited", limit_w=4200, connected=True
    )
    async with (
        nats_server() as server,
        world(server.url) as there,
        running(serve(settings(server.url, tmp_path))),
    ):
        await there.until(lambda found: True)
        there.has_car, there.plug, there.power_w = True, 1, 4000.0
        there.limits = [limit]
        question = operator_pb2.ListEvidenceRequest()
        async with asyncio.timeout(20):
            while True:
                log = await there.bus.ask(subjects.EVIDENCE_LIST, question, caller=SVEN, site=SITE)
                if len(log.entries) >= 2:
                    break
                await asyncio.sleep(0.2)
    assert [entry.event for entry in log.entries][:2] == ["started", "reached"]
    assert log.intact
    assert log.entries[0].limit.limit_w == 4200
    assert log.entries[1].before == log.entries[0].hash
    assert broken_laws(tmp_path / "cem.sqlite") == []


async def test_facts_wait_for_the_cloud_and_arrive_in_order(tmp_path: Path):
    async with (
        linked_servers(SITE) as (edge, cloud),
        world(edge.url) as there,
        running(serve(settings(edge.url, tmp_path))),
    ):
        await there.until(lambda found: True)
        await put_switch(there)
        assert waiting(tmp_path) >= 1
        there_too = await nats.connect(cloud.url)
        stream = there_too.jetstream()
        await stream.add_stream(name="FACTS", subjects=["site.*.up.fact.>"])
        there.has_car, there.plug = True, 1
        async with asyncio.timeout(40):
            while waiting(tmp_path) or sent(tmp_path) < 2:
                await asyncio.sleep(0.2)
        count = (await stream.stream_info("FACTS")).state.messages
        facts = []
        for number in range(1, count + 1):
            kept = await stream.get_msg("FACTS", number)
            facts.append(records_pb2.Fact.FromString(kept.data or b""))
        await there_too.close()
    assert [fact.sequence for fact in facts] == list(range(1, count + 1))
    assert {fact.site for fact in facts} == {SITE}
    assert len({fact.epoch for fact in facts}) == 1
    assert facts[0].audit.setting == "energy-management"
    assert "session" in {fact.WhichOneof("what") for fact in facts}


async def put_switch(there: World) -> None:
    switch = site_pb2.EnergyManagement(on=True, confirmed_no_other=True)
    request = site_pb2.PutEnergyManagementRequest(settings=switch)
    await there.bus.ask(subjects.ENERGY_MANAGEMENT_PUT, request, caller=SVEN, site=SITE)


def waiting(folder: Path) -> int:
    return count(folder, "SELECT count(*) FROM cem_outbox WHERE sent_ms IS NULL")


def sent(folder: Path) -> int:
    return count(folder, "SELECT count(*) FROM cem_outbox WHERE sent_ms IS NOT NULL")


def count(folder: Path, question: str) -> int:
    db = sqlite3.connect(folder / "cem.sqlite")
    try:
        return int(db.execute(question).fetchone()[0])
    finally:
        db.close()
