"""Three real programs on a real bus share the sites; one is killed, one is stopped."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest
from planning_sites import Follower, profile

from smart_charging.planner.compiling import compile_ahead
from smart_charging.planning.core.sharing import BEAT_S, DEAD_S, owner
from volthus_kit.bus import Bus
from volthus_kit.testing import nats_server
from volthus_wire.subjects import REPLICA_BEAT
from volthus_wire.v1.planning_pb2 import ReplicaBeat

PROGRAM = str(Path(sys.executable).parent / "smart-charging")
SITES = 24
pytestmark = pytest.mark.timeout(300)
STARTED_S = 60.0  # a program imports, and loads its kernels
LOADED_S = 6.0  # more than is stated, for a machine that does other things


class Fleet:
    """The sites, what the replicas say of themselves, and the programs by their names."""

    def __init__(self, bus: Bus, url: str, folder: Path) -> None:
        self.bus, self.url, self.folder = bus, url, folder
        self.beats: dict[str, ReplicaBeat] = {}
        self.programs: dict[str, Process] = {}
        self.sites: dict[str, Follower] = {}

    async def start(self) -> str:
        """Start one more program; return how it calls itself."""
        known = set(self.beats)
        env = dict(
            os.environ, VOLTHUS_NATS_URL=self.url, VOLTHUS_HEALTH_PORT="0",
            VOLTHUS_STATE_DIR=str(self.folder / str(len(self.programs))),
        )  # fmt: skip
        program = await asyncio.create_subprocess_exec(PROGRAM, env=env, stderr=DEVNULL)
        try:
            await until(lambda: len(self.beats) > len(known), STARTED_S)
        except TimeoutError:
            program.kill()
            await program.wait()
            raise
        (name,) = set(self.beats) - known
        self.programs[name] = program
        return name

    async def stop(self) -> None:
        """End what still runs."""
        for program in self.programs.values():
            if program.returncode is None:
                program.kill()
            await program.wait()

    def of(self, replica: str, living: list[str]) -> list[Follower]:
        """Return the sites of a replica, while these live."""
        return [site for name, site in self.sites.items() if owner(name, living) == replica]

    async def live(self) -> None:
        """Let every site say what it follows, twice a second."""
        while True:
            for site in self.sites.values():
                await site.tell_state()
            await asyncio.sleep(0.5)


@asynccontextmanager
async def fleet(folder: Path) -> AsyncIterator[Fleet]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(nats_server())
        bus = await stack.enter_async_context(Bus.connect(server.url, "test"))
        await bus.until_connected()
        made = Fleet(bus, server.url, folder)
        stack.push_async_callback(made.stop)
        await bus.subscribe(REPLICA_BEAT, lambda beat, _: made.beats.update({beat.replica: beat}))
        for number in range(SITES):
            site = Follower(bus, profile(f"s-{number}", datetime.now(UTC)))
            made.sites[site.told.site] = site
            await site.start()
        yield made


async def until(truth: Callable[[], bool], timeout_s: float = 30.0) -> float:
    """Wait for something; return how long that took."""
    began = monotonic()
    async with asyncio.timeout(timeout_s):
        while not truth():
            await asyncio.sleep(0.02)
    return monotonic() - began


async def tell(sites: list[Follower], revision: int) -> None:
    for site in sites:
        site.told.revision = revision
        await site.tell()


def are_planned(sites: list[Follower], revision: int) -> bool:
    return all(site.plans and site.plans[-1].profile_revision == revision for site in sites)


def twice(sites: list[Follower], revision: int) -> list[str]:
    """Return the sites that were planned twice from the same inputs: by two, that is.

    New weather or prices are other inputs, and another plan of the same owner.
    """
    found = []
    for site in sites:
        made = {p.plan: p.inputs_hash for p in site.plans if p.profile_revision == revision}
        if len(set(made.values())) < len(made):
            found.append(site.told.site)
    return found


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    compile_ahead()


async def test_three_replicas_share_the_sites_and_take_over_from_one_that_dies(
    tmp_path: Path,
) -> None:
    async with fleet(tmp_path) as it, asyncio.TaskGroup() as tasks:
        names = sorted([await it.start() for _ in range(3)])
        everybody = list(it.sites.values())
        await tell(everybody, 1)
        await until(lambda: are_planned(everybody, 1))
        living = tasks.create_task(it.live())

        # Divided: each has its part, nobody is planned twice.
        await until(lambda: sum(it.beats[name].sites for name in names) == SITES)
        parts = {name: it.of(name, names) for name in names}
        assert {name: it.beats[name].sites for name in names} == {
            name: len(part) for name, part in parts.items()
        }
        await asyncio.sleep(2 * BEAT_S)
        assert not twice(everybody, 1)

        # Killed: whoever lives takes over within the stated time, and only what is due is planned.
        dead = max(names, key=lambda name: len(parts[name]))
        left = [name for name in names if name != dead]
        changed, content = parts[dead][::2], parts[dead][1::2]
        it.programs[dead].kill()
        await it.programs[dead].wait()
        await tell(changed, 2)
        took_s = await until(lambda: are_planned(changed, 2))
        assert took_s <= DEAD_S + BEAT_S + LOADED_S
        await until(lambda: sum(it.beats[name].sites for name in left) == SITES)
        await asyncio.sleep(2 * BEAT_S)
        assert not twice(changed, 2)
        # The plan in force decides: who follows one that still holds is not planned again.
        assert not twice(everybody, 1)
        assert content

        # Stopped: its sites are handed over at once.
        gone, last = left
        it.programs[gone].terminate()
        await it.programs[gone].wait()
        await tell(everybody, 3)
        took_s = await until(lambda: are_planned(everybody, 3))
        assert took_s <= LOADED_S
        await until(lambda: it.beats[last].sites == SITES)
        assert not twice(everybody, 3)
        living.cancel()
