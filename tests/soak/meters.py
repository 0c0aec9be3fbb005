"""`make soak`: the meter reader with 50 virtual meters that fail at random.

The reader runs as its own process with a NATS server of its own; the meters in another. Checked is
that every fault shows in the quality within its documented time, that every meter comes back by
itself, that no reading called good carries another meter's values, and that memory, descriptors and
connections of the reader stay flat. Ends with status 1 when one of that is not so.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from volthus_kit.bus import Bus
from volthus_kit.refusal import NotAnsweredError, RefusedError
from volthus_kit.testing import nats_server
from volthus_wire.subjects import METER_ADD, METER_READING
from volthus_wire.v1 import metering_pb2 as wire

SITE = "soak"
GOOD, FROZEN = wire.METER_QUALITY_GOOD, wire.METER_QUALITY_FROZEN
KINDS = {
    "tcp": wire.TRANSPORT_KIND_TCP,
    "rtu": wire.TRANSPORT_KIND_RTU,
    "rtu-over-tcp": wire.TRANSPORT_KIND_RTU_OVER_TCP,
}
# Stale is older than 2 polls of 1 s; the poll that fails takes its time-out (1 s, serial 2 s); one
# more second for the grid and a loaded machine. Frozen needs five samples.
SHOWS_S = {"tcp": 4.5, "rtu": 5.5, "rtu-over-tcp": 5.5}
FROZEN_SHOWS_S = 8.0
# The wait for the next connection is at most 5 s and 20 %, then a time-out, a poll and a sample.
RETURNS_S = {"tcp": 9.0, "rtu": 11.0, "rtu-over-tcp": 11.0}
VOLTS_OFF = 1.0
# An open serial port has five descriptors; one that fails at the first look has none.
GROWTH_MB, GROWTH_DESCRIPTORS = 12.0, 12


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - it is a program for a person


@dataclass
class Watched:
    """One meter, as its readings tell it."""

    number: int
    transport: str
    volts: float
    shared: bool
    fault: str | None = None
    since_s: float = 0.0
    shown_s: float | None = None
    back_s: float | None = None
    readings: int = 0
    sequence: int = 0
    sequence_at_fault: int = 0
    busy_advanced: bool = False


@dataclass
class Judge:
    """Folds readings and faults into what was missed."""

    meters: dict[int, Watched] = field(default_factory=dict)
    of_id: dict[str, int] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    shown: dict[str, list[float]] = field(default_factory=dict)
    returned: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)

    def heard(self, reading: wire.MeterReading) -> None:
        """Take a reading."""
        number = self.of_id.get(reading.meter)
        if number is None:
            return
        one, now_s = self.meters[number], time.monotonic()
        one.readings += 1
        one.sequence = reading.sequence
        if reading.quality == GOOD:
            self._check_values(one, reading)
        shows = reading.quality == FROZEN if one.fault == "frozen" else reading.quality != GOOD
        if one.fault is not None and one.shown_s is None and shows:
            one.shown_s = now_s - one.since_s
        if one.fault is None and one.since_s and one.back_s is None and reading.quality == GOOD:
            is_fresh = reading.age_s < 1.0
            one.back_s = now_s - one.since_s if is_fresh else None

    def event(self, told: dict[str, object]) -> None:
        """Take the beginning or the end of a fault; the one before is judged."""
        one = self.meters[int(str(told["meter"]))]
        if told["fault"] is None:
            self._judge_fault(one)
        else:
            self._judge_return(one)
            self.faults[str(told["fault"]).partition(":")[0]] += 1
        one.fault = None if told["fault"] is None else str(told["fault"])
        one.since_s, one.shown_s, one.back_s = float(str(told["at"])), None, None
        one.sequence_at_fault = one.sequence

    def end(self) -> None:
        """Judge what is left."""
        for one in self.meters.values():
            self._judge_return(one)

    def _check_values(self, one: Watched, reading: wire.MeterReading) -> None:
        volts = reading.voltage_v
        for phase in ("l1", "l2", "l3"):
            known = volts.HasField(phase)
            if known and abs(getattr(volts, phase) - one.volts) > VOLTS_OFF:
                self.missed.append(
                    f"meter {one.number}: {getattr(volts, phase):.1f} V, not {one.volts} V"
                )

    def _judge_fault(self, one: Watched) -> None:
        fault = one.fault or ""
        kind = fault.partition(":")[0]
        if kind == "busy":
            if one.sequence <= one.sequence_at_fault:
                self.missed.append(f"meter {one.number}: busy, and no value came at all")
            return
        limit_s = FROZEN_SHOWS_S if kind == "frozen" else SHOWS_S[one.transport]
        if one.shown_s is None or one.shown_s > limit_s:
            self.missed.append(f"meter {one.number} ({one.transport}): {fault} shown {one.shown_s}")
        else:
            self.shown.setdefault(kind, []).append(one.shown_s)

    def _judge_return(self, one: Watched) -> None:
        if not one.since_s or one.fault is not None:
            return
        if one.back_s is None or one.back_s > RETURNS_S[one.transport]:
            self.missed.append(f"meter {one.number} ({one.transport}): back after {one.back_s}")
        else:
            self.returned.append(one.back_s)


@dataclass(frozen=True)
class Size:
    """What the reader holds."""

    memory_mb: float
    descriptors: int
    connections: int


def size_of(process: psutil.Process) -> Size:
    return Size(
        process.memory_info().rss / 1e6,
        process.num_fds(),
        len([one for one in process.net_connections() if one.status == "ESTABLISHED"]),
    )


async def soak(asked: argparse.Namespace) -> int:
    say(f"{asked.meters} meters, {asked.seconds:g} s, seed {asked.seed}, load {_load():.1f}")
    judge = Judge()
    async with nats_server() as nats, Bus.connect(nats.url, "soak") as bus:
        await bus.until_connected()
        with tempfile.TemporaryDirectory(prefix="volthus-soak-") as folder:
            reader = start_reader(nats.url, folder)
            served = await start_served(asked)
            try:
                await set_up(bus, served, judge)
                await bus.subscribe(METER_READING, lambda m, _: judge.heard(m), site=SITE)
                before, after = await watch(served, judge, reader, asked.seconds)
            finally:
                served.kill()
                reader.terminate()
                reader.wait()
    judge.end()
    return report(judge, before, after)


def start_reader(nats_url: str, folder: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "VOLTHUS_NATS_URL": nats_url,
        "VOLTHUS_SITE": SITE,
        "VOLTHUS_STATE_DIR": folder,
        "VOLTHUS_LOG_LEVEL": "ERROR",
    }
    return subprocess.Popen([sys.executable, "-m", "meter_reader"], env=environment)


async def start_served(asked: argparse.Namespace) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("served.py")),
        *("--meters", str(asked.meters), "--seconds", str(asked.seconds)),
        *("--seed", str(asked.seed)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


async def set_up(bus: Bus, served: asyncio.subprocess.Process, judge: Judge) -> None:
    assert served.stdout is not None
    assert served.stdin is not None
    while True:
        told = json.loads(await served.stdout.readline())
        if told.get("ready"):
            break
        watched = Watched(told["meter"], told["transport"], told["volts"], told["shared"])
        judge.meters[watched.number] = watched
        judge.of_id[await add(bus, told)] = watched.number
    served.stdin.write(b"\n")
    await served.stdin.drain()


async def add(bus: Bus, told: dict[str, object]) -> str:
    """Set the meter up as a person would; the reader may still be starting."""
    transport = wire.MeterTransport(
        kind=KINDS[str(told["transport"])],
        host=str(told["host"]),
        port=int(str(told["port"])),
        device=str(told["device"]),
        unit_id=int(str(told["unit_id"])),
        closes_after_poll=int(str(told["meter"])) == 9,
    )
    settings = wire.MeterSettings(
        model=str(told["model"]), role=wire.METER_ROLE_SUB, transport=transport
    )
    question = wire.AddMeterRequest(settings=settings)
    async with asyncio.timeout(30):
        while True:
            try:
                return (await bus.ask(METER_ADD, question, site=SITE)).meter.settings.meter
            except (NotAnsweredError, RefusedError) as error:
                if isinstance(error, RefusedError) and error.code != "store-failing":
                    raise
                await asyncio.sleep(0.2)


async def watch(
    served: asyncio.subprocess.Process,
    judge: Judge,
    reader: subprocess.Popen[bytes],
    seconds: float,
) -> tuple[Size, Size]:
    """Follow the faults until the meters end; return the reader's size early and late."""
    assert served.stdout is not None
    process = psutil.Process(reader.pid)
    warm_s = min(60.0, seconds / 4)
    began_s, told_s, before = time.monotonic(), 0.0, None
    lines = served.stdout
    while time.monotonic() - began_s < seconds - 2:
        try:
            async with asyncio.timeout(1):
                line = await lines.readline()
            if line:
                judge.event(json.loads(line))
        except TimeoutError:
            pass
        passed_s = time.monotonic() - began_s
        if before is None and passed_s > warm_s:
            before = size_of(process)
        if passed_s - told_s > 60:
            told_s = passed_s
            total = sum(judge.faults.values())
            say(f"{passed_s:4.0f} s: {total} faults, {len(judge.missed)} missed")
    return before or size_of(process), size_of(process)


def report(judge: Judge, before: Size, after: Size) -> int:
    for kind, times in sorted(judge.shown.items()):
        median, worst = statistics.median(times), max(times)
        say(f"{kind:10} {len(times):4} shown, median {median:.1f} s, worst {worst:.1f} s")
    back = judge.returned
    say(f"back by themselves: {len(back)}, worst {max(back, default=0):.1f} s")
    say(
        f"memory {before.memory_mb:.1f} -> {after.memory_mb:.1f} MB, descriptors "
        f"{before.descriptors} -> {after.descriptors}, connections "
        f"{before.connections} -> {after.connections}"
    )
    missed = list(judge.missed)
    silent = [one.number for one in judge.meters.values() if not one.readings]
    if silent:
        missed.append(f"never heard: {silent}")
    if after.memory_mb - before.memory_mb > GROWTH_MB:
        missed.append("memory grows")
    if after.descriptors - before.descriptors > GROWTH_DESCRIPTORS:
        missed.append("descriptors grow")
    for line in missed[:40]:
        say(f"MISSED {line}")
    total = sum(judge.faults.values())
    verdict = "FAILED" if missed or not total else "passed"
    faults = ", ".join(f"{kind} {count}" for kind, count in sorted(judge.faults.items()))
    say(f"{verdict}: {total} faults ({faults}), {len(missed)} missed, load {_load():.1f}")
    return 1 if missed or not total else 0


def _load() -> float:
    return os.getloadavg()[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--meters", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(asyncio.run(soak(parser.parse_args())))


if __name__ == "__main__":
    main()
