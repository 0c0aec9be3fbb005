"""The simulator as a program with a real NATS server: what a cloud hears and may ask."""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import nats
import pytest

from fleet_sim.main import serve
from fleet_sim.settings import settings_of
from volthus_kit.bus import Bus
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import NatsServer
from volthus_wire import subjects
from volthus_wire.v1 import operating_pb2, records_pb2, site_pb2
from volthus_wire.v1.records_pb2 import Fact
from volthus_wire.v1.rpc_pb2 import Caller

SITE = "fleet-00001"
FAR = Caller(actor="test", role="operator", origin="cloud")


@pytest.fixture
async def cloud() -> AsyncIterator[NatsServer]:
    with tempfile.TemporaryDirectory(prefix="volthus-nats-") as folder:
        server = NatsServer(
            Path(folder), f'jetstream {{ domain: "cloud", store_dir: "{folder}" }}\n'
        )
        await server.start()
        try:
            yield server
        finally:
            await server.stop()


@asynccontextmanager
async def speaking(cloud: NatsServer, *arguments: str) -> AsyncIterator[None]:
    task = asyncio.create_task(serve(settings_of(["--nats-url", cloud.url, *arguments])))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def listener(cloud: NatsServer) -> AsyncIterator[tuple[Bus, dict[str, list[float]]]]:
    """Yield a bus and when each site was heard."""
    heard: dict[str, list[float]] = {}
    async with Bus.connect(cloud.url, "web") as bus:
        loop = asyncio.get_running_loop()
        await bus.subscribe(
            subjects.SITE_STATE,
            lambda _, at: heard.setdefault(at["site"], []).append(loop.time()),
        )
        await bus.until_connected()
        yield bus, heard


async def until(holds: Callable[[], object], timeout_s: float = 20.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not holds():
            await asyncio.sleep(0.02)


async def test_every_site_speaks_and_a_watched_one_each_second(cloud: NatsServer) -> None:
    async with (
        listener(cloud) as (bus, heard),
        speaking(cloud, "--sites", "60", "--no-facts", "--state-every", "4"),
    ):
        await until(lambda: len(heard) == 60)
        before = len(heard[SITE])
        await bus.publish(subjects.WATCH, site_pb2.Watch(), site=SITE)
        await until(lambda: len(heard[SITE]) >= before + 3, timeout_s=6)


async def test_reads_are_answered_and_a_mode_is_kept_with_its_revision(cloud: NatsServer) -> None:
    async with (
        listener(cloud) as (bus, heard),
        speaking(cloud, "--sites", "3", "--state-every", "1"),
    ):
        await until(lambda: len(heard) == 3)
        question = site_pb2.GetSiteStateRequest()
        state = await bus.ask(subjects.SITE_STATE_GET, question, caller=FAR, site=SITE)
        ski = state.chargers[0].ski
        wanted = operating_pb2.PutModeRequest(
            ski=ski, mode=operating_pb2.ChargingMode(mode="fast", revision=1)
        )
        reply = await bus.ask(subjects.MODE_PUT, wanted, caller=FAR, site=SITE)
        assert (reply.mode.mode, reply.mode.revision) == ("fast", 2)
        with pytest.raises(RefusedError, match="revision 2"):
            await bus.ask(subjects.MODE_PUT, wanted, caller=FAR, site=SITE)
        state = await bus.ask(subjects.SITE_STATE_GET, question, caller=FAR, site=SITE)
        assert state.chargers[0].mode.mode == "fast"
        sessions = await bus.ask(
            subjects.SESSION_LIST, records_pb2.ListSessionsRequest(most=2), caller=FAR, site=SITE
        )
        assert len(sessions.sessions) == 2
        assert sessions.next == sessions.sessions[-1].session


async def test_facts_are_brought_once_and_in_order_also_when_the_server_is_killed(
    cloud: NatsServer, tmp_path: Path
) -> None:
    there = await nats.connect(cloud.url)
    await there.jetstream().add_stream(name="FACTS", subjects=["site.*.up.fact.>"])
    report = tmp_path / "report.json"
    arguments = ("--sites", "4", "--backlog-minutes", "200", "--report-file", str(report))
    async with listener(cloud) as (_, heard), speaking(cloud, *arguments):
        await until(lambda: heard)
        await cloud.stop()
        await cloud.start()

        async def kept() -> list[Fact]:
            js = there.jetstream()
            found = await js.stream_info("FACTS")
            messages = [await js.get_msg("FACTS", n + 1) for n in range(found.state.messages)]
            return [Fact.FromString(message.data or b"") for message in messages]

        async with asyncio.timeout(40):
            facts: list[Fact] = []
            while sum(fact.HasField("energy") for fact in facts) < 4 * 200:
                await asyncio.sleep(0.3)
                with contextlib.suppress(nats.errors.Error, OSError):
                    facts = await kept()
    await there.close()
    for site in {fact.site for fact in facts}:
        numbers = [fact.sequence for fact in facts if fact.site == site]
        assert numbers == list(range(1, len(numbers) + 1))
    told = json.loads(report.read_text())["sites"]
    assert all(site["acknowledged"] >= 200 for site in told.values())


async def test_after_a_storm_all_sites_are_back_within_seconds(cloud: NatsServer) -> None:
    arguments = ("--sites", "40", "--no-facts", "--state-every", "3600", "--play", "storm@0.2")
    arguments += ("--cut-off", "1")
    async with listener(cloud) as (_, heard), speaking(cloud, *arguments):
        # With a picture an hour, whoever is heard by then was heard for the storm's end.
        await until(lambda: len(heard) >= 39)
        times = sorted(moments[0] for moments in heard.values())
        assert times[-1] - times[2] < 3.0
