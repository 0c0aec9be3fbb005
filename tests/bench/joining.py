"""Measures joining, renewing and locking out: `python tests/bench/joining.py [--sites N]`.

A hub in operator mode with TLS, the enrolment as a program with PostgreSQL, devices with keys of
their own over HTTP. Locking out: from the operator's word to the last message that still came
through, with a site that speaks every 20 ms. Loopback only; at most 500 sites.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

sys.path.pop(0)  # this folder: this file is named as the package that it measures
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import psutil
from cloud_stage import OPERATOR, Cloud, running_cloud
from enrolment_hub import raw_client, running_site
from postgres import postgres_server

from enrolment.device import Device
from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock
from volthus_kit.refusal import NotAnsweredError
from volthus_wire.subjects import LINK_CODE, LINK_REVOKE, SITE_STATE
from volthus_wire.v1.enrolment_pb2 import CreateCodeRequest, RevokeLinkRequest
from volthus_wire.v1.site_pb2 import SiteState

AT_A_TIME = 8
MOST_SITES = 500
LOCKED_OUT = 5
SPEAKS_EVERY_S = 0.02
QUIET_S = 2.0
PATIENCE_S = 60.0


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def spent_s(process: psutil.Process) -> float:
    """Return the processor time of a process."""
    spent = process.cpu_times()
    return float(spent.user + spent.system)


async def timed(
    work: Sequence[Callable[[], Awaitable[object]]], enrolment: psutil.Process
) -> tuple[float, list[float]]:
    """Do it, some at a time; returns the seconds of all and of each, and says whose work it was."""
    ourselves = psutil.Process()
    before = (spent_s(enrolment), spent_s(ourselves))
    room, each = asyncio.Semaphore(AT_A_TIME), []

    async def one(act: Callable[[], Awaitable[object]]) -> None:
        async with room:
            began = time.perf_counter()
            await act()
            each.append(time.perf_counter() - began)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for act in work:
            tasks.create_task(one(act))
    all_s, count = time.perf_counter() - began, len(work)
    theirs, ours = spent_s(enrolment) - before[0], spent_s(ourselves) - before[1]
    say(
        f"  processor: enrolment {1000 * theirs / count:.0f} ms each, {100 * theirs / all_s:.0f} %"
        f" of a core; the devices {1000 * ours / count:.0f} ms each, {100 * ours / all_s:.0f} %"
    )
    return all_s, each


def told(what: str, count: int, all_s: float, each: list[float]) -> None:
    """Print how fast something went."""
    ms = [1000 * one for one in each]
    p50, p95 = statistics.median(ms), statistics.quantiles([*ms, *ms], n=20)[-1]
    say(f"{what}: {count / all_s:.0f} a second, p50 {p50:.0f} ms, p95 {p95:.0f} ms")


async def until_it_answers(bus: Bus) -> None:
    """Wait until the enrolment makes codes."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await bus.ask(LINK_CODE, CreateCodeRequest(site="first"), caller=OPERATOR)
            except NotAnsweredError:
                await asyncio.sleep(0.1)
            else:
                return


async def locked_out_after_s(bus: Bus, device: Device, site: str) -> float:
    """Return the seconds from the operator's word to the last thing that was heard of a site."""
    heard_s = 0.0

    def heard(_: SiteState, at: dict[str, str]) -> None:
        nonlocal heard_s
        if at["site"] == site:
            heard_s = time.perf_counter()

    await bus.subscribe(SITE_STATE, heard)
    async with running_site(device.folder) as server:
        client = await raw_client(server.url)

        async def speak(seconds: float) -> None:
            until = time.perf_counter() + seconds
            while time.perf_counter() < until:
                await client.publish(f"site.{site}.up.state", b"")
                await client.flush()
                await asyncio.sleep(SPEAKS_EVERY_S)

        async with asyncio.timeout(PATIENCE_S):
            while not heard_s:
                await speak(0.1)
        asked_s = time.perf_counter()
        await bus.ask(LINK_REVOKE, RevokeLinkRequest(site=site), caller=OPERATOR)
        async with asyncio.timeout(PATIENCE_S):
            while time.perf_counter() - max(heard_s, asked_s) < QUIET_S:
                await speak(0.1)
        await client.close()
    return max(0.0, heard_s - asked_s)


async def measure(cloud: Cloud, folder: Path, sites: int) -> None:
    """Play it and print what it took."""
    async with cloud.bus() as bus:
        await until_it_answers(bus)
        codes: dict[str, str] = {}

        async def make(site: str) -> None:
            made = await bus.ask(LINK_CODE, CreateCodeRequest(site=site), caller=OPERATOR)
            codes[site] = made.code

        names = [f"s{number:04}" for number in range(sites)]
        process = psutil.Process(cloud.enrolment.pid)
        told("codes made", sites, *await timed([lambda s=s: make(s) for s in names], process))
        devices = {name: Device(folder / name, SystemClock()) for name in names}
        join = [lambda n=n: devices[n].join(cloud.enrolment_url, codes[n]) for n in names]
        told("enrolments", sites, *await timed(join, process))
        renew = [lambda n=n: devices[n].renew() for n in names]
        told("renewals", sites, *await timed(renew, process))
        gone = [
            await locked_out_after_s(bus, devices[name], name)
            for name in names[: min(LOCKED_OUT, sites)]
        ]
        each = ", ".join(f"{one:.2f}" for one in gone)
        say(f"locked out: {max(gone):.2f} s at most after the operator's word ({each})")


async def run(sites: int) -> None:
    """Start the cloud and measure."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    say(f"{sites} sites, {AT_A_TIME} at a time, {os.cpu_count()} cores, load {load}")
    with postgres_server() as server, tempfile.TemporaryDirectory() as folder:
        async with running_cloud(Path(folder) / "cloud", server.url) as cloud:
            await cloud.web.kill()  # not measured here
            await measure(cloud, Path(folder), sites)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=100, help=f"at most {MOST_SITES} [100]")
    asyncio.run(run(max(1, min(parser.parse_args().sites, MOST_SITES))))


if __name__ == "__main__":
    main()
