"""Measures the front door with a fleet: how long answers take, what they cost, what memory does.

Ten thousand sites speak every ten seconds, two hundred people watch one site each, and two hundred
requests a second come in, each at its time whether those before were answered or not. An answer is
timed from when it is asked for (connecting included) to its first byte; how late the asking itself
was is told beside, as it says that this program had to wait for the machine. An event is timed from
when the site made the picture. Bounded, on loopback, ends by itself after about 75 s.

    PYTHONPATH=tests/support python tests/bench/front_door.py [--sites 10000 --seconds 30]
"""

import argparse
import asyncio
import gc
import json
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

import psutil
from fleet_stage import OPERATOR, PASSWORD, Stage, staged
from load_lines import Came, Lines
from postgres import PostgresServer, postgres_server

AIM_P99_MS, AIM_SCRAPE_S, AIM_SERIES = 100.0, 1.0, 6
MB = 1_000_000
SETTLE_S = 12.0  # all have spoken twice; log-ins and first pictures are over
LOG_IN_EVERY = 1000  # requests
LOOK_S = 5.0  # at the memory
FORM = "application/x-www-form-urlencoded"
ENDS = (ConnectionError, TimeoutError, OSError)


def say(text: str) -> None:
    """Tell the person."""
    print(text, flush=True)  # noqa: T201 - it is a program for a person


@dataclass(slots=True)
class Load:
    """What was asked and what came of it, in ms, by operation."""

    chance: random.Random
    sites: list[str]
    took_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    late_ms: list[float] = field(default_factory=list)  # of this program, in asking
    errors: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    event_ms: list[float] = field(default_factory=list)
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


async def asked_steadily(lines: Lines, load: Load, seconds: float, per_s: float) -> None:
    """Ask at a steady pace for so long, each at its time."""
    began_s = time.perf_counter()
    asking: set[asyncio.Task[None]] = set()
    for number in range(int(seconds * per_s)):
        due_s = began_s + number / per_s
        if (wait_s := due_s - time.perf_counter()) > 0:
            await asyncio.sleep(wait_s)
        load.late_ms.append(1000 * (time.perf_counter() - due_s))
        is_log_in = number % LOG_IN_EVERY == LOG_IN_EVERY // 2
        task = asyncio.create_task(_ask(lines, load, is_log_in=is_log_in))
        asking.add(task)
        task.add_done_callback(asking.discard)
    await asyncio.gather(*tuple(asking))


async def _ask(lines: Lines, load: Load, *, is_log_in: bool) -> None:
    if is_log_in:
        name, form = "log-in", f"username={OPERATOR}&password={PASSWORD}".encode()
        request = lines.request("POST", "/api/v1/auth/token", form, FORM)
    else:
        name, path = load.wanted()
        request = lines.request("GET", path)
    try:
        came = await lines.ask(request)
    except ENDS as error:
        load.errors[f"{name}: {type(error).__name__}"] += 1
        return
    load.took_ms[name].append(1000 * (came.begun_s - came.asked_s))
    # No plan is an answer too: nobody plans here.
    if came.status >= 500 or (came.status >= 400 and name != "plan"):
        load.errors[f"{name}: {came.status}"] += 1


@asynccontextmanager
async def watched(lines: Lines, load: Load, listeners: int) -> AsyncIterator[None]:
    """Let so many people follow a site each while inside."""
    followed = load.chance.sample(load.sites, min(listeners, len(load.sites)))
    watching = [asyncio.create_task(_watch(lines, site, load)) for site in followed]
    try:
        yield
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)


async def _watch(lines: Lines, site: str, load: Load) -> None:
    last = ""

    def take(piece: bytes) -> None:
        nonlocal last
        load.event_bytes += len(piece)
        _, is_picture, picture = piece.partition(b'"at":"')
        at = picture.partition(b'"')[0].decode() if is_picture else last
        if at != last:  # the same picture comes again when it has gone stale
            last = at
            load.event_ms.append(1000 * (time.time() - datetime.fromisoformat(at).timestamp()))

    try:
        async with lines.listening(take) as line:
            await line.listen(lines.request("GET", f"/api/v1/sites/{site}/events"))
        load.errors["stream: ended"] += 1
    except ENDS as error:
        load.errors[f"stream: {type(error).__name__}"] += 1


def cpu_s(program: psutil.Process) -> float:
    """Return the processor time a program took so far."""
    times = program.cpu_times()
    return times.user + times.system


@dataclass(frozen=True, slots=True)
class Spread:
    """How some numbers lie."""

    count: int
    p50: float
    p95: float
    p99: float
    most: float

    @classmethod
    def of(cls, numbers: list[float]) -> "Spread":
        """Return it; of nothing all are 0."""
        ordered = sorted(numbers) or [0.0]
        at = [ordered[min(len(ordered) - 1, int(q * len(ordered)))] for q in (0.5, 0.95, 0.99)]
        return cls(len(numbers), at[0], at[1], at[2], ordered[-1])

    def line(self, name: str) -> str:
        """Return it to be read, in ms."""
        return (
            f"  {name:12} {self.count:6}   p50 {self.p50:7.1f}   p95 {self.p95:7.1f}"
            f"   p99 {self.p99:7.1f}   most {self.most:7.1f} ms"
        )


@dataclass(slots=True)
class Machine:
    """What the programs took: processor time, and the memory of the front door over time."""

    programs: dict[str, list[psutil.Process]]
    memory_mb: list[float] = field(default_factory=list)
    _began_s: float = 0.0
    _before_s: dict[str, float] = field(default_factory=dict)
    _seen_s: dict[int, float] = field(default_factory=dict)

    def begin(self) -> None:
        """Count from now."""
        self._began_s = time.perf_counter()
        self._before_s = self._spent_s()
        self.memory_mb.clear()

    def cores(self) -> dict[str, float]:
        """Return how much of a core each took since."""
        took_s = time.perf_counter() - self._began_s
        return {name: (s - self._before_s[name]) / took_s for name, s in self._spent_s().items()}

    async def watch_memory(self) -> None:
        """Look at the memory now and then until cancelled."""
        while True:
            self.memory_mb.append(self.programs["web"][0].memory_info().rss / MB)
            await asyncio.sleep(LOOK_S)

    def _spent_s(self) -> dict[str, float]:
        return {name: sum(map(self._cpu_s, some)) for name, some in self.programs.items()}

    def _cpu_s(self, program: psutil.Process) -> float:
        # A worker of the database may have ended: then what it took when it was seen last.
        with suppress(psutil.NoSuchProcess):
            self._seen_s[program.pid] = cpu_s(program)
        return self._seen_s.get(program.pid, 0.0)


async def scraped(lines: Lines, after_s: float) -> tuple[Came, int]:
    """Scrape the metrics in the midst of it; return the answer and its series of sites."""
    await asyncio.sleep(after_s)
    pieces: list[bytes] = []
    async with lines.listening(pieces.append) as line:
        came = await line.ask(lines.request("GET", "/metrics"), time.perf_counter())
    return came, sum(row.startswith(b"volthus_site_") for row in b"".join(pieces).splitlines())


async def measured(asked: argparse.Namespace, database: PostgresServer | None) -> dict[str, float]:
    """Play it, tell what was measured and return the figures."""
    options = ["--no-facts"] if asked.no_facts else []
    environment = {"VOLTHUS_DATABASE_URL": database.url} if database else {}
    chance = random.Random(1)  # noqa: S311 - the same load each time
    load = Load(chance, [f"fleet-{n:05d}" for n in range(1, asked.sites + 1)])
    async with staged(asked.sites, *options, environment=environment) as stage:
        talker = await stage.operator()
        plain = Lines(stage.port, {})
        lines = Lines(stage.port, {**talker.headers, "Accept-Encoding": "gzip"})
        machine = Machine(programs_of(stage, database))
        async with watched(lines, load, asked.listeners):
            await asyncio.sleep(SETTLE_S)
            gc.collect()
            gc.disable()  # this program's own pauses are not the server's
            load.event_ms.clear()
            load.event_bytes = 0
            machine.begin()
            looking = asyncio.create_task(machine.watch_memory())
            scraping = asyncio.create_task(scraped(plain, asked.seconds / 2))
            await asked_steadily(lines, load, asked.seconds, asked.rate)
            scrape, series = await scraping
            cores = machine.cores()
            looking.cancel()
        lines.close()
    figures = told(load, machine, cores) | {
        "scrape, s": scrape.ended_s - scrape.asked_s,
        "scrape, series of sites": float(series),
        "load average": os.getloadavg()[0],
    }
    say(f"  scrape of {series} series of sites, {scrape.size / MB:.1f} MB, under load: "
        f"{figures['scrape, s']:.2f} s")  # fmt: skip
    say(f"  load average: {figures['load average']:.1f} on {os.cpu_count()} cores")
    return figures


def programs_of(stage: Stage, database: PostgresServer | None) -> dict[str, list[psutil.Process]]:
    """Return who does what on the machine."""
    programs = {
        "web": [stage.web.seen()],
        "nats": [psutil.Process(stage.nats._process.pid)],
        "fleet-sim": [stage.fleet.seen()],
        "this program": [psutil.Process()],
    }
    if database is not None:
        programs["postgres"] = database.processes()
    return programs


def told(load: Load, machine: Machine, cores: dict[str, float]) -> dict[str, float]:
    """Tell what was measured; return the figures."""
    if not load.took_ms:
        raise SystemExit(f"nothing was answered: {dict(load.errors)}")
    for name, numbers in sorted(load.took_ms.items()):
        say(Spread.of(numbers).line(name))
    everything = Spread.of([one for numbers in load.took_ms.values() for one in numbers])
    say(everything.line("all answers"))
    events = Spread.of(load.event_ms)
    say(events.line("events"))
    say(Spread.of(load.late_ms).line("asked late by"))
    say(f"  errors: {dict(load.errors) or 'none'}; {load.event_bytes / MB:.1f} MB of events")
    share = "  ".join(f"{name} {100 * one:.0f} %" for name, one in cores.items())
    say(f"  of a core: {share}")
    say(f"  memory of web each {LOOK_S:g} s: "
        f"{' '.join(f'{one:.0f}' for one in machine.memory_mb)} MB")  # fmt: skip
    return {
        "p50, ms": everything.p50, "p99, ms": everything.p99, "most, ms": everything.most,
        "events p50, ms": events.p50, "events p99, ms": events.p99,
        "errors": float(sum(load.errors.values())),
        "web, memory at start, MB": machine.memory_mb[0],
        "web, memory at end, MB": machine.memory_mb[-1],
    } | {f"{name}, cores": one for name, one in cores.items()}  # fmt: skip


@contextmanager
def _database(asked: argparse.Namespace) -> Iterator[PostgresServer | None]:
    """Yield a PostgreSQL of our own, as a cloud has one; None = a SQLite file."""
    if asked.sqlite:
        yield None
        return
    with postgres_server() as server:
        yield server


def main() -> None:
    """Measure; exits with 1 where an answer failed or, with --strict, an aim was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=30.0)
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
    is_late = (
        figures["p99, ms"] > AIM_P99_MS
        or figures["scrape, s"] > AIM_SCRAPE_S
        or figures["scrape, series of sites"] > AIM_SERIES * asked.sites
    )
    say(f"  aims: p99 below {AIM_P99_MS:g} ms, scrape below {AIM_SCRAPE_S:g} s with at most "
        f"{AIM_SERIES} series a site: "
        f"{'missed' if is_late else 'met'}")  # fmt: skip
    sys.exit(bool(figures["errors"]) or (asked.strict and is_late))


if __name__ == "__main__":
    main()
