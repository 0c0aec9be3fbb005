"""What a leaf link costs a hub, and how fast all come back: 100 to 10,000 real ones.

One hub in operator mode, and sites with nothing but their links: each a TLS connection of its own
with credentials of the role `site`, made by NATS servers of 250 sites each. Every site says a
picture every ten seconds and listens as often as `--subscriptions` says: 26 is the simulator as it
was, 65 a site whose programs subscribe to each question, 1 one subscription for all that goes down.
At each level the hub is measured, killed for ten seconds and begun anew. Loopback only, with both
ends of every link on this machine: above some thousand links it takes all of two cores. It ends by
itself, at the latest --most-s seconds after it began to wait for links.

    .venv/bin/python tests/bench/links.py [--levels 100 1000 3000 10000] [--subscriptions 1]
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import nats
import psutil
from enrolment_hub import certificate, raw_client
from nats.aio.client import Client
from scale_stage import HUB_LEAFS, PREFIX, SITES_A_SERVER, joined, monitored, until

from bus_trust import Hub
from enrolment import hub_cli
from fleet_sim import links
from volthus_kit.credentials import Credentials
from volthus_kit.ports import free_port
from volthus_kit.testing import NatsServer

MOST_LINKS = 10_000
CUT_S, STEADY_S = 10.0, 20.0
SPEAKS_EVERY_S = 10.0
TICK_S = 0.1
PICTURE = b"x" * 700  # bytes of a live picture of a small site
FREE_MB = 3000  # that must stay free: else the machine would end us, and others

Figures = dict[str, float]


def say(text: str) -> None:
    """Tell the person."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@dataclass
class Wanted:
    """How it is played. reconnect_s: each server of sites draws its own wait between two tries."""

    subscriptions: int
    reconnect_s: tuple[float, float]
    most_s: float


@dataclass
class Links:
    """The hub and all that is linked so far."""

    folder: Path
    hub: Hub
    nats: NatsServer
    leaf_port: int
    monitor_port: int
    wanted: Wanted
    servers: list[NatsServer] = field(default_factory=list)
    speakers: list[tuple[Client, list[str]]] = field(default_factory=list)

    def linked(self) -> int:
        """Return how many links the hub has."""
        told = monitored(self.monitor_port, "varz").get("leafnodes", 0)
        return told if isinstance(told, int) else 0

    def spent_s(self) -> float:
        """Return the processor time of the hub."""
        spent = psutil.Process(self.nats.pid).cpu_times()
        return float(spent.user + spent.system)

    def resident_mb(self) -> float:
        """Return the memory of the hub."""
        return float(psutil.Process(self.nats.pid).memory_info().rss) / 1e6


def furnished(folder: Path, wanted: Wanted) -> Links:
    """Return a hub as the chart makes it, not started."""
    hub = hub_cli.write(folder / "keys", datetime.now(UTC))
    certificate(folder)
    (folder / "hub").mkdir()
    auth = (folder / "keys" / "auth.conf").read_text().replace("/data/", f"{folder}/")
    (folder / "hub" / "auth.conf").write_text(auth)
    leaf_port, monitor_port = free_port(), free_port()
    server = NatsServer(
        folder / "hub",
        f'http: "127.0.0.1:{monitor_port}"\n'
        + HUB_LEAFS.format(port=leaf_port, folder=folder)
        + 'include "auth.conf"\n',
    )
    return Links(folder, hub, server, leaf_port, monitor_port, wanted)


async def add(stage: Links, stack: AsyncExitStack, numbers: range) -> None:
    """Start a server that links these sites, and what they listen for."""
    folder = stage.folder / f"links-{numbers[0]}"
    folder.mkdir()
    names = [f"{PREFIX}-{number:05d}" for number in numbers]
    credentials = await asyncio.to_thread(joined, stage.hub, folder, names)
    wait = f"{random.uniform(*stage.wanted.reconnect_s):.1f}s"  # noqa: S311 - spreads, no secret
    hub = links.Hub(f"tls://127.0.0.1:{stage.leaf_port}", stage.folder / "hub.pem", wait)
    server = NatsServer(folder, links.leaf_configuration(hub, credentials))
    await server.start()
    stack.push_async_callback(server.stop)
    client = await raw_client(server.url)
    stack.push_async_callback(client.close)
    count = stage.wanted.subscriptions
    for number in range(count):
        await client.subscribe("site.*.down.>" if count == 1 else f"site.*.down.rpc.x.q{number}")
    await client.flush()
    stage.servers.append(server)
    stage.speakers.append((client, names))


async def speak(stage: Links) -> None:
    """Let every site say its picture every SPEAKS_EVERY_S, evenly spread, until cancelled."""
    began, done = time.monotonic(), 0
    while True:
        sites = [(client, name) for client, names in stage.speakers for name in names]
        due = int((time.monotonic() - began) / SPEAKS_EVERY_S * len(sites))
        for number in range(max(done, due - len(sites)), due):
            client, name = sites[number % len(sites)]
            await client.publish(f"site.{name}.up.state", PICTURE)
        done = max(done, due)
        await asyncio.sleep(TICK_S)


async def level(stage: Links, stack: AsyncExitStack, count: int) -> Figures:
    """Raise the number of links to `count`, and measure."""
    have = sum(len(names) for _, names in stage.speakers)
    before_s, began = stage.spent_s(), time.monotonic()
    for numbers in _parts(have + 1, count):  # one server after the other: the storm comes later
        await add(stage, stack, numbers)
        await until(lambda last=numbers[-1]: stage.linked() >= last, stage.wanted.most_s, 0.05)
    figures = {
        "links": float(count), "load": os.getloadavg()[0],
        "all up, s": time.monotonic() - began, "cpu to come up, s": stage.spent_s() - before_s,
    }  # fmt: skip
    speaking = asyncio.create_task(speak(stage))
    try:
        await asyncio.sleep(5)
        before_s, began = stage.spent_s(), time.monotonic()
        await asyncio.sleep(STEADY_S)
        figures["cpu, %"] = 100 * (stage.spent_s() - before_s) / (time.monotonic() - began)
        figures["memory, MB"] = stage.resident_mb()
        told = monitored(stage.monitor_port, "varz")
        figures["subscriptions"] = float(str(told["subscriptions"]))
        sites = [psutil.Process(server.pid).memory_info().rss for server in stage.servers]
        figures["memory of the sites' servers, MB"] = sum(sites) / 1e6
        return figures | await storm(stage, count)
    finally:
        speaking.cancel()
        await asyncio.wait([speaking])


def _parts(first: int, last: int) -> Iterator[range]:
    for at in range(first, last + 1, SITES_A_SERVER):
        yield range(at, min(at + SITES_A_SERVER, last + 1))


async def storm(stage: Links, count: int) -> Figures:
    """Kill the hub for a while; all come back by themselves."""
    await stage.nats.stop()
    await asyncio.sleep(CUT_S)
    await stage.nats.start()
    began, seen = time.monotonic(), []

    def all_back() -> bool:
        seen.append((time.monotonic() - began, stage.linked()))
        return seen[-1][1] >= count

    await until(all_back, stage.wanted.most_s)
    return {
        "storm: half back, s": next(at for at, n in seen if n >= count / 2),
        "storm: all back, s": seen[-1][0],
        "storm: cpu, s": stage.spent_s(),
        "storm: memory, MB": stage.resident_mb(),
    }


async def run(levels: list[int], wanted: Wanted) -> list[Figures]:
    """Play all levels, one upon the other; stops at the first that is not reached."""
    table: list[Figures] = []
    with tempfile.TemporaryDirectory(prefix="volthus-links-") as folder:
        async with AsyncExitStack() as stack:
            stage = await asyncio.to_thread(furnished, Path(folder), wanted)
            await stage.nats.start()
            stack.push_async_callback(stage.nats.stop)
            listener = await _listener(stage)
            stack.push_async_callback(listener.close)
            for count in levels:
                if psutil.virtual_memory().available < FREE_MB * 1e6:
                    say(f"{count} links: not begun, less than {FREE_MB} MB are free")
                    break
                try:
                    table.append(await level(stage, stack, count))
                except TimeoutError:
                    say(f"{count} links: {stage.linked()} up after {wanted.most_s:.0f} s")
                    break
                for name, value in table[-1].items():
                    say(f"  {name:36} {value:12,.1f}")
    return table


async def _listener(stage: Links) -> Client:
    """Hear the pictures at the hub, as a front door does."""
    shown = Credentials(stage.folder / "keys" / "web.creds")
    client = await nats.connect(
        stage.nats.url, max_reconnect_attempts=-1, reconnect_time_wait=0.5, error_cb=_quiet,
        user_jwt_cb=shown.claims, signature_cb=shown.signed,
    )  # fmt: skip
    await client.subscribe("site.*.up.>", cb=_heard)
    return client


async def _heard(_: object) -> None:
    """Take a picture."""


async def _quiet(_: Exception) -> None:
    """The hub goes away on purpose."""


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--levels", type=int, nargs="+", default=[100, 1000, 3000, 10_000])
    parser.add_argument("--subscriptions", type=int, default=1, help="of each site [1]")
    waits = "between these the wait of each server of sites is drawn [1 5]"
    parser.add_argument("--reconnect", type=float, nargs=2, default=[1.0, 5.0], help=waits)
    parser.add_argument("--most-s", type=float, default=300, help="most seconds to wait [300]")
    parser.add_argument("--json", type=Path, help="where the figures go as well")
    asked = parser.parse_args()
    levels = sorted(min(count, MOST_LINKS) for count in asked.levels)
    low, high = sorted(asked.reconnect)
    table = asyncio.run(run(levels, Wanted(asked.subscriptions, (low, high), asked.most_s)))
    if asked.json:
        asked.json.write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
