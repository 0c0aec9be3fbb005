"""Measures the front door with a fleet: how long answers take, what they cost, what memory does.

Ten thousand sites speak every ten seconds, two hundred people watch one site each, and two hundred
requests a second come in, each due at its time whether the one before was answered or not. Bounded,
on loopback, ends by itself. Other work on the machine lengthens every wait: the load average stands
beside, and the processor time per request says what does not depend on it.

    PYTHONPATH=tests/support python tests/bench/front_door.py [--sites 10000 --seconds 60]
"""

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil
from fleet_stage import OPERATOR, PASSWORD, Stage, staged
from postgres import postgres_server
from talking import ENDS, Talker

AIM_P99_MS, AIM_SCRAPE_S = 100.0, 1.0
MB = 1_000_000
WARM_UP_S = 12.0  # a site speaks once in ten seconds; log-ins and first pictures are over by then


def say(text: str) -> None:
    """Tell the person."""
    print(text, flush=True)  # noqa: T201 - it is a program for a person


@dataclass(slots=True)
class Load:
    """What was asked and what came of it, in ms, by operation."""

    chance: random.Random
    sites: list[str]
    took_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    events: int = 0
    event_bytes: int = 0

    def wanted(self) -> tuple[str, str]:
        """Return the next operation and its address: a mix as people and programs ask."""
        site = self.chance.choice(self.sites)
        here = f"/api/v1/sites/{site}"
        choices: list[tuple[float, str, Callable[[], str]]] = [
            (0.25, "list", self._list),
            (0.35, "dashboard", lambda: f"{here}/dashboard"),
            (0.25, "site", lambda: here),
            (0.06, "sessions", lambda: f"{here}/sessions?limit=20"),
            (0.05, "plan", lambda: f"{here}/plan"),
            (0.04, "summary", lambda: "/api/v1/fleet/summary"),
        ]
        drawn = self.chance.random()
        for share, name, address in choices:
            if drawn < share:
                return name, address()
            drawn -= share
        return "site", here

    def _list(self) -> str:
        query = self.chance.choice((
            "limit=50", "limit=50&sort=-attention", "limit=50&sort=-power&state=charging",
            "limit=50&search=berlin", "limit=50&sort=name&search=storgatan%2012",
        ))  # fmt: skip
        return f"/api/v1/sites?{query}"


async def loaded(stage: Stage, load: Load, seconds: float, per_s: float, listeners: int) -> None:
    """Ask at a steady pace for so long, while people watch."""
    talker = await stage.operator()
    watching = [
        asyncio.create_task(_watch(talker, site, load))
        for site in load.chance.sample(load.sites, min(listeners, len(load.sites)))
    ]
    await asyncio.sleep(WARM_UP_S)
    load.events = load.event_bytes = 0
    began = time.perf_counter()
    asking: set[asyncio.Task[None]] = set()
    for number in range(int(seconds * per_s)):
        due = began + number / per_s
        if (wait_s := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait_s)
        work = _log_in(stage, load, due) if number % 1000 == 500 else _ask(talker, load, due)
        task = asyncio.create_task(work)
        asking.add(task)
        task.add_done_callback(asking.discard)
    await asyncio.gather(*tuple(asking))
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)


async def _ask(talker: Talker, load: Load, due: float) -> None:
    name, path = load.wanted()
    try:
        answer = await talker.ask("GET", path)
    except ENDS as error:
        load.errors[f"{name}: {type(error).__name__}"] += 1
        return
    load.took_ms[name].append(1000 * (time.perf_counter() - due))
    # No plan is an answer too: nobody plans here.
    if answer.status >= 500 or (answer.status >= 400 and name != "plan"):
        load.errors[f"{name}: {answer.status}"] += 1


async def _log_in(stage: Stage, load: Load, due: float) -> None:
    talker = Talker(stage.port)
    try:
        await talker.log_in(OPERATOR, PASSWORD)
        load.took_ms["log-in"].append(1000 * (time.perf_counter() - due))
    except (*ENDS, RuntimeError) as error:
        load.errors[f"log-in: {error}"] += 1
    finally:
        talker.close()


async def _watch(talker: Talker, site: str, load: Load) -> None:
    try:
        async with talker.events(f"/api/v1/sites/{site}/events") as pieces:
            async for piece in pieces:
                load.events += piece.count(b"\nevent: ")
                load.event_bytes += len(piece)
    except ENDS as error:
        load.errors[f"stream: {type(error).__name__}"] += 1


def cpu_s(program: psutil.Process) -> float:
    """Return the processor time a program took so far."""
    times = program.cpu_times()
    return times.user + times.system


def shares(numbers: list[float]) -> tuple[float, float]:
    """Return median and 99th percentile."""
    ordered = sorted(numbers)
    return ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]


async def scraped(stage: Stage) -> tuple[float, int, int]:
    """Return how long a scrape took, its size and its series of sites."""
    talker = Talker(stage.port)
    began = time.perf_counter()
    answer = await talker.ask("GET", "/metrics")
    took_s = time.perf_counter() - began
    talker.close()
    series = sum(line.startswith(b"volthus_site_") for line in answer.body.splitlines())
    return took_s, len(answer.body), series


async def measured(asked: argparse.Namespace, database: str) -> dict[str, float]:
    """Play it and return the figures."""
    figures: dict[str, float] = {}
    options = ["--no-facts"] if asked.no_facts else []
    environment = {"VOLTHUS_DATABASE_URL": database} if database else {}
    async with staged(asked.sites, *options, environment=environment) as stage:
        nats = psutil.Process(stage.nats._process.pid)
        programs = {
            "web": stage.web.seen(), "nats": nats, "fleet-sim": stage.fleet.seen(),
            "this one": psutil.Process(),
        }  # fmt: skip
        await asyncio.sleep(10.0)
        memory = [programs["web"].memory_info().rss / MB]
        before = {name: cpu_s(program) for name, program in programs.items()}
        chance = random.Random(1)  # noqa: S311 - the same load each time
        load = Load(chance, [f"fleet-{n:05d}" for n in range(1, asked.sites + 1)])
        began = time.perf_counter()
        await loaded(stage, load, asked.seconds, asked.rate, asked.listeners)
        took_s = time.perf_counter() - began
        spent = {name: cpu_s(program) - before[name] for name, program in programs.items()}
        memory.append(programs["web"].memory_info().rss / MB)
        scrape_s, size, series = await scraped(stage)
    answered = sum(map(len, load.took_ms.values()))
    for name, numbers in sorted(load.took_ms.items()):
        p50, p99 = shares(numbers)
        figures[f"{name} p50, ms"], figures[f"{name} p99, ms"] = p50, p99
        say(f"  {name:10} {len(numbers):6} answers   p50 {p50:7.1f} ms   p99 {p99:7.1f} ms")
    if not answered:
        raise SystemExit(f"nothing was answered: {dict(load.errors)}")
    everything = [one for numbers in load.took_ms.values() for one in numbers]
    figures["p50, ms"], figures["p99, ms"] = shares(everything)
    say(f"  all        {answered:6} answers   p50 {figures['p50, ms']:7.1f} ms"
        f"   p99 {figures['p99, ms']:7.1f} ms")  # fmt: skip
    say(f"  errors: {dict(load.errors) or 'none'}")
    say(f"  {load.events} events of {load.event_bytes / MB:.1f} MB to {asked.listeners} listeners")
    for name, seconds in spent.items():
        figures[f"{name}, cores"] = seconds / took_s
        say(f"  {name:10} {100 * seconds / took_s:5.0f} % of a core")
    figures["errors"] = float(sum(load.errors.values()))
    figures["web, memory at start, MB"], figures["web, memory at end, MB"] = memory
    say(f"  web: {memory[0]:.0f} MB at the start, {memory[1]:.0f} MB at the end")
    figures["scrape, s"], figures["scrape, series of sites"] = scrape_s, float(series)
    say(f"  scrape of {series} series of sites, {size / MB:.1f} MB: {scrape_s:.2f} s")
    figures["load average"] = os.getloadavg()[0]
    say(f"  load average of the machine: {figures['load average']:.1f} on {os.cpu_count()} cores")
    return figures


@contextmanager
def _database(asked: argparse.Namespace) -> Iterator[str]:
    """Yield the URL of a PostgreSQL of our own, as a cloud has one; "" = a SQLite file."""
    if asked.sqlite:
        yield ""
        return
    with postgres_server() as server:
        yield server.url


def main() -> None:
    """Measure; exits with 1 where an answer failed or, with --strict, an aim was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--listeners", type=int, default=200)
    parser.add_argument("--no-facts", action="store_true")
    parser.add_argument("--sqlite", action="store_true", help="instead of PostgreSQL")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    say(f"front door: {asked.sites} sites, {asked.listeners} listeners, {asked.rate:g} requests/s")
    with _database(asked) as database:
        figures = asyncio.run(measured(asked, database))
    if asked.json:
        say(json.dumps(figures))
    is_late = figures["p99, ms"] > AIM_P99_MS or figures["scrape, s"] > AIM_SCRAPE_S
    say(f"  aims: p99 below {AIM_P99_MS:g} ms, scrape below {AIM_SCRAPE_S:g} s: "
        f"{'missed' if is_late else 'met'}")  # fmt: skip
    sys.exit(bool(figures["errors"]) or (asked.strict and is_late))


if __name__ == "__main__":
    main()
