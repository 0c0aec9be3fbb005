"""How many meters one process can poll, and what a poll costs, against a bare pymodbus loop.

Part of `make bench`; `tests/bench/meters.py --quick` takes a minute. The meters run in a process of
their own and are not counted. Three things are measured:

- closed loop: the reader's whole poll (ask, decode, turn to the house, judge, write the message)
  against two bare loops over `AsyncModbusTcpClient`, taking turns in one process: one asks for the
  same registers in the same two requests and drops them undecoded (the aim is measured against
  it), one also turns them into the same numbers with `convert_from_registers`, as any use of them
  must; CPU time for each poll, and how many a second;
- paced: the real poller with a real NATS server at its grid, 500 meters at 1 Hz and one at 10 Hz;
- from the arrival of a meter's answer to the reading's arrival at a subscriber, p50 and p99.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pymodbus.client import AsyncModbusTcpClient

from electrical import Phases
from meter_profiles.blocks import Block, plan
from meter_profiles.catalogue import profile
from meter_profiles.quantity import ESSENTIAL
from meter_reader.bus import Outbox
from meter_reader.core.configuration import Line, MeterConfig, Role, TransportKind
from meter_reader.core.house import seen_from_house
from meter_reader.core.picture import picture_of
from meter_reader.core.reading import reading_of
from meter_reader.core.record import Pace, Record, answered
from meter_reader.core.setup import mounting_of
from meter_reader.device import Device
from meter_reader.lines import Lines
from meter_reader.messages import to_reading
from meter_reader.polling import Poller
from virtual_site.core.meter import Distortion, Meter, measure, quantities
from virtual_site.core.scenario import MeterBehaviour
from virtual_site.meter_line import MeterLine, Transport
from virtual_site.modbus_meter import VirtualMeter
from volthus_kit.bus import Bus
from volthus_kit.clock import SystemClock
from volthus_kit.testing import nats_server
from volthus_wire.subjects import METER_READING

MODEL = "cg_em24_e1"
AIM_RATIO, AIM_PERCENT, AIM_P99_MS = 1.3, 30.0, 5.0
Figures = dict[str, object]
Step = Callable[[], Awaitable[None]]


def say(text: str = "") -> None:
    print(text, flush=True)  # noqa: T201 - it is a program for a person


# --- the meters ----------------------------------------------------------------------------------


async def _serve(count: int) -> None:
    """Serve meters whose values move a little, until our input ends."""
    chosen, lines, meters = profile(MODEL), [], []
    for _ in range(count):
        line, meter = MeterLine(Transport.TCP, "127.0.0.1"), VirtualMeter(chosen)
        line.put(1, meter.answer)
        await line.start()
        lines.append(line)
        meters.append(meter)
    measured, now = Meter(MeterBehaviour()), 0.0
    say(json.dumps([line.port for line in lines]))
    loop = asyncio.get_running_loop()
    ended = loop.run_in_executor(None, sys.stdin.read)
    while not ended.done():
        now += 1.0
        measured = measure(measured, now, Phases(10.0, -4.0, 3.0), Distortion())
        for meter in meters:
            meter.show(quantities(measured, 230.0))
        await asyncio.wait([ended], timeout=1.0)
    for line in lines:
        await line.stop()


@contextmanager
def meters(count: int):
    """Yield the ports of meters in a process of their own."""
    command = [sys.executable, str(Path(__file__)), "--serve", str(count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.communicate()


# --- closed loop ---------------------------------------------------------------------------------


def blocks():
    chosen = profile(MODEL)
    planned = plan(chosen.points, chosen.max_read, chosen.max_gap)
    return [b for b in planned if any(p.quantity in ESSENTIAL for p in b.points)]


def numbers(block: Block) -> Callable[[list[int]], dict[str, float]]:
    """Return what turns an answer into values with pymodbus's own means."""
    places = [
        (
            point.quantity,
            slice(point.address - block.address, point.address - block.address + words),
            AsyncModbusTcpClient.DATATYPE[point.datatype.value.upper()],
            point.word_order,
            point.scale,
        )
        for point in block.points
        for words in (point.datatype.words,)
    ]
    convert = AsyncModbusTcpClient.convert_from_registers

    def values(registers: list[int]) -> dict[str, float]:
        return {
            quantity: convert(registers[place], datatype, word_order=order) * scale
            for quantity, place, datatype, order, scale in places
        }

    return values


@asynccontextmanager
async def bare(ports: list[int], *, decodes: bool = False):
    """Yield one step for each meter: ask with pymodbus; decode the answer or drop it."""
    clients = [AsyncModbusTcpClient("127.0.0.1", port=p, retries=0, timeout=3) for p in ports]
    for client in clients:
        await client.connect()
    wanted = [(block.address, block.count, numbers(block)) for block in blocks()]

    def step(client: AsyncModbusTcpClient) -> Step:
        async def poll() -> None:
            for address, count, values in wanted:
                answer = await client.read_input_registers(address, count=count, device_id=1)
                assert len(answer.registers) == count
                if decodes:
                    values(answer.registers)

        return poll

    yield [step(client) for client in clients]
    for client in clients:
        client.close()


@asynccontextmanager
async def ours(ports: list[int]):
    """Yield one step for each meter: everything the reader does up to the bytes of the message."""
    clock = SystemClock()
    lines = Lines(clock, 3.0, 3.0)
    chosen, pace = profile(MODEL), Pace(1.0)

    def step(port: int) -> Step:
        config = config_of(port)
        device = Device(chosen, lines.take(config.line), 1)
        mounting, record, values = mounting_of(config, chosen), Record(), {}

        async def poll() -> None:
            nonlocal record
            values.update(await device.read(everything=False))
            reading = reading_of(seen_from_house(values, mounting))
            now_s = clock.monotonic()
            record = answered(record, reading, now_s, clock.now())
            to_reading(picture_of(config, 3, record, now_s, pace)).SerializeToString()

        return poll

    steps = [step(port) for port in ports]
    for poll in steps:
        await poll()  # the first takes everything
    yield steps
    await lines.close()


def config_of(port: int) -> MeterConfig:
    line = Line(TransportKind.TCP, host="127.0.0.1", port=port)
    return MeterConfig(f"grid-{port}", "Meter", MODEL, Role.GRID, line, 1)


async def _loop(steps: list[Step], seconds: float) -> tuple[float, float]:
    """Return (CPU microseconds for a poll, polls a second)."""
    polls, until = 0, time.monotonic() + seconds

    async def run(poll: Step) -> None:
        nonlocal polls
        while time.monotonic() < until:
            await poll()
            polls += 1

    began, cpu = time.monotonic(), time.process_time()
    await asyncio.gather(*(run(poll) for poll in steps))
    return 1e6 * (time.process_time() - cpu) / polls, polls / (time.monotonic() - began)


async def compare(ports: list[int], seconds: float, rounds: int) -> Figures:
    found: dict[str, list[tuple[float, float]]] = {"bare": [], "ours": [], "decoding": []}
    async with (
        bare(ports) as theirs,
        bare(ports, decodes=True) as decoding,
        ours(ports) as own,
    ):
        for _ in range(rounds):
            found["bare"].append(await _loop(theirs, seconds))
            found["ours"].append(await _loop(own, seconds))
            found["decoding"].append(await _loop(decoding, seconds))
    cpu = {name: statistics.median(c for c, _ in runs) for name, runs in found.items()}
    rate = {name: statistics.median(r for _, r in runs) for name, runs in found.items()}
    return {
        "meters": len(ports),
        "cpu_us_bare": round(cpu["bare"]),
        "cpu_us_ours": round(cpu["ours"]),
        "cpu_us_bare_decoding": round(cpu["decoding"]),
        "ratio": _ratio(found["ours"], found["bare"]),
        "ratio_to_decoding": _ratio(found["ours"], found["decoding"]),
        "polls_per_s_bare": round(rate["bare"]),
        "polls_per_s_ours": round(rate["ours"]),
    }


def _ratio(ours_runs: list[tuple[float, float]], bare_runs: list[tuple[float, float]]) -> float:
    """Return the median of the ratios of neighbouring runs: the machine is as busy for both."""
    pairs = zip(ours_runs, bare_runs, strict=True)
    return round(statistics.median(a[0] / b[0] for a, b in pairs), 2)


# --- paced, with the bus -------------------------------------------------------------------------


async def paced(ports: list[int], period_s: float, seconds: float) -> Figures:
    """Run the real poller at its grid and hear what it publishes."""
    late_ms: list[float] = []
    clock = SystemClock()
    lines = Lines(clock, 1.0, 2.0)
    async with nats_server() as nats, Bus.connect(nats.url, "bench") as bus:

        def heard(message, _) -> None:
            arrived = message.measured_at.seconds + message.measured_at.nanos / 1e9
            late_ms.append(1000 * (datetime.now(UTC).timestamp() - arrived))

        async with asyncio.TaskGroup() as tasks:
            await bus.until_connected()
            poller = Poller(tasks, lines, clock, Pace(period_s), Outbox(bus, "bench"))
            for port in ports:
                await poller.watch(config_of(port))
            await asyncio.sleep(2)  # the first round takes everything
            began, cpu = time.monotonic(), time.process_time()
            await asyncio.sleep(seconds)
            percent = 100 * (time.process_time() - cpu) / (time.monotonic() - began)
            await bus.subscribe(METER_READING, heard, site="bench")
            began = time.monotonic()
            await asyncio.sleep(seconds)
            rate = len(late_ms) / (time.monotonic() - began)
            for port in ports:
                await poller.forget(f"grid-{port}")
    late_ms.sort()
    return {
        "meters": len(ports),
        "period_s": period_s,
        "cpu_percent": round(percent, 1),
        "readings_per_s": round(rate, 1),
        "wanted_per_s": round(len(ports) / period_s, 1),
        "answer_to_published_ms": {
            "p50": round(late_ms[len(late_ms) // 2], 2),
            "p99": round(late_ms[int(len(late_ms) * 0.99)], 2),
        },
    }


# --- all of it -----------------------------------------------------------------------------------


async def measured_all(asked: argparse.Namespace) -> Figures:
    figures: Figures = {"load_average": os.getloadavg()[0], "python": sys.version.split()[0]}
    say(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with meters(500) as ports:
        for count in (1, 50, 500):
            row = await compare(ports[:count], asked.seconds, asked.rounds)
            figures[f"closed loop, {count}"] = row
            say(
                f"{count:4} meters, closed loop: {row['cpu_us_ours']} us CPU a poll, bare pymodbus "
                f"{row['cpu_us_bare']} us, ratio {row['ratio']} (aim <= {AIM_RATIO}); bare and "
                f"decoding {row['cpu_us_bare_decoding']} us, ratio {row['ratio_to_decoding']}; "
                f"{row['polls_per_s_ours']} polls/s, bare {row['polls_per_s_bare']}"
            )
        for count, period_s in ((500, 1.0), (50, 1.0), (1, 0.1)):
            row = await paced(ports[:count], period_s, asked.paced)
            figures[f"paced, {count} at {1 / period_s:g} Hz"] = row
            late = row["answer_to_published_ms"]
            say(
                f"{count:4} meters at {1 / period_s:g} Hz: {row['cpu_percent']} % of a core (aim < "
                f"{AIM_PERCENT:g}), {row['readings_per_s']} of {row['wanted_per_s']} readings/s, "
                f"answer to published p50 {late['p50']} ms, p99 {late['p99']} ms "
                f"(aim < {AIM_P99_MS:g})"
            )
    figures["load_average_at_end"] = os.getloadavg()[0]
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one closed loop")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--paced", type=float, default=10.0, help="seconds of each paced run")
    parser.add_argument("--quick", action="store_true", help="about a minute")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        asyncio.run(_serve(asked.serve))
        return
    if asked.quick:
        asked.seconds, asked.rounds, asked.paced = 1.5, 3, 5.0
    say(json.dumps(asyncio.run(measured_all(asked))))


if __name__ == "__main__":
    main()
