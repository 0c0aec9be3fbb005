"""Measures the EEBUS library: datagrams per second, and a CEM with 1, 10 and 100 chargers.

The chargers are the library's own and run in a second process on loopback; only the CEM's process
is measured. Every charger measures once a second. In the stress every charger is also written a
new limit once a second, and the time to its acknowledgement is taken. An aim that is missed is
said, and no failure. The same datagrams are then given to the reference Go stack, by the program
in tests/interop/peers, where it can be built (`--go PROGRAM`: one that was).
"""

import argparse
import asyncio
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "fuzz"), str(HERE.parent / "support")]

from go_peers import NotBuildableError, Version, build  # noqa: E402
from wiring import Life  # noqa: E402 - the datagrams of a car's visit are made there

from eebus.cem import Cem  # noqa: E402
from eebus.events import ConnectionState, Event, Measured  # noqa: E402
from eebus.identity import Identity  # noqa: E402
from eebus.spine.datagram import read_datagram, write_datagram  # noqa: E402
from eebus.transport.node import Announcement, Network  # noqa: E402

MEGABYTE = 1_000_000
AIM_CPU_PERCENT, AIM_CHARGER_MB, AIM_P99_MS = 50.0, 2.0, 30.0


def say(text: str) -> None:
    """Tell the person."""
    print(text, flush=True)  # noqa: T201 - it is a program for a person


# --- datagrams -----------------------------------------------------------------------------------


def datagrams_per_s(texts: Sequence[str], seconds: float) -> dict[str, float]:
    """Return how many datagrams per second are read and written again, and by plain json."""

    def ours(text: str) -> None:
        write_datagram(read_datagram(json.loads(text)))

    def plain(text: str) -> None:
        json.dumps(json.loads(text), separators=(",", ":"))

    return {"eebus": _rate(ours, texts, seconds), "json": _rate(plain, texts, seconds)}


def _rate(act: Callable[[str], None], texts: Sequence[str], seconds: float) -> float:
    rates = []
    for _ in range(5):  # the best of five: what else runs here only ever slows down
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds / 5:
            for text in texts:
                act(text)
            count += len(texts)
        rates.append(count / (time.perf_counter() - began))
    return max(rates)


# --- chargers ------------------------------------------------------------------------------------


class Bench:
    """A CEM with chargers of another process."""

    def __init__(self) -> None:
        self.measured = 0
        self.cem = Cem(
            Identity.create("Bench CEM"),
            Announcement("Bench-CEM", "Bench", "CEM", "EnergyManagementSystem"),
            Network(mdns=False),
            trusted=(),
            on_event=self._hear,
        )
        self.skis: list[str] = []

    def _hear(self, event: Event) -> None:
        self.measured += isinstance(event, Measured)

    async def connect(self, chargers: list[tuple[str, int]]) -> float:
        """Trust all; return the seconds until every car can be limited."""
        began = time.monotonic()
        self.skis = [ski for ski, _ in chargers]
        for ski, port in chargers:
            self.cem.trust(ski, host="127.0.0.1", port=port)
        async with asyncio.timeout(60 + len(chargers)):
            while not all(self._is_limitable(ski) for ski in self.skis):
                await asyncio.sleep(0.05)
        return time.monotonic() - began

    def _is_limitable(self, ski: str) -> bool:
        ev = self.cem.ev(ski)
        is_connected = self.cem.connection(ski).state is ConnectionState.CONNECTED
        return is_connected and ev is not None and ev.operating_state is not None

    async def load(self, seconds: float, *, writes: bool) -> dict[str, object]:
        """Return CPU of one core (%), measurements per s, and what the writes took (ms)."""
        process = psutil.Process()
        results: list[tuple[bool, float]] = []
        before, began, heard = process.cpu_times(), time.monotonic(), self.measured
        async with asyncio.TaskGroup() as tasks:
            writing = [tasks.create_task(self._write(s, results)) for s in self.skis if writes]
            await asyncio.sleep(seconds)
            for task in writing:
                task.cancel()
        took, after = time.monotonic() - began, process.cpu_times()
        cpu_s = after.user + after.system - before.user - before.system
        answered = sorted(ms for ok, ms in results if ok)
        return {
            "cpu_percent": round(100 * cpu_s / took, 1),
            "measurements_per_s": round((self.measured - heard) / took, 1),
            "writes": len(results),
            "refused": sum(not ok for ok, _ in results),
            "ack_p50_ms": round(statistics.median(answered), 1) if answered else None,
            "ack_p99_ms": round(_p99(answered), 1) if len(answered) > 1 else None,
        }

    async def _write(self, ski: str, results: list[tuple[bool, float]]) -> None:
        """Write another limit every second, each charger at its own moment."""
        await asyncio.sleep(int(ski[:4], 16) / 0xFFFF)
        limit_a = 10.0
        while True:
            began = time.monotonic()
            limit_a = 10.0 if limit_a > 10.0 else 11.0
            done = await self.cem.write_limit(ski, (limit_a,) * 3)
            results.append((done.ok, 1000 * (time.monotonic() - began)))
            await asyncio.sleep(max(0.0, 1.0 - (time.monotonic() - began)))


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[98]


async def with_chargers(count: int, seconds: float) -> dict[str, object]:
    """Return the figures of a CEM with so many chargers."""
    bench = Bench()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(bench.cem.run())
        await bench.cem.started()
        gc.collect()
        empty_mb = psutil.Process().memory_info().rss / MEGABYTE
        others = await asyncio.create_subprocess_exec(
            sys.executable, str(HERE / "eebus_chargers.py"), str(count), bench.cem.ski,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=2**20,
        )  # fmt: skip
        try:
            assert others.stdout is not None
            chargers = [(str(s), int(p)) for s, p in json.loads(await others.stdout.readline())]
            connected_s = await bench.connect(chargers)
            quiet = await bench.load(seconds, writes=False)
            stress = await bench.load(seconds, writes=True)
            gc.collect()
            full_mb = psutil.Process().memory_info().rss / MEGABYTE
        finally:
            assert others.stdin is not None
            others.stdin.close()
            await others.wait()
            running.cancel()
    return {
        "chargers": count,
        "connected_s": round(connected_s, 1),
        "mb_per_charger": round((full_mb - empty_mb) / count, 2),
        "quiet": quiet,
        "stress": stress,
    }


# --- the report ----------------------------------------------------------------------------------


def _inside(arguments: argparse.Namespace) -> int:
    """Measure one number of chargers in a process that has done nothing else."""
    say(json.dumps(asyncio.run(with_chargers(arguments.inside, arguments.seconds))))
    return 0


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chargers", type=int, nargs="*", default=[1, 10, 100])
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--go", type=Path, help="program that prints datagrams per second")
    parser.add_argument("--inside", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        return _inside(arguments)
    texts = [text for _, text in Life().lived().said]
    rates = datagrams_per_s(texts, arguments.seconds / 3)
    ratio = rates["json"] / rates["eebus"]
    say(
        f"datagrams read and written, {len(texts)} of a car's visit, mean "
        f"{statistics.mean(map(len, texts)):.0f} bytes:\n"
        f"  eebus {rates['eebus']:,.0f}/s, json.loads and dumps {rates['json']:,.0f}/s: "
        f"{ratio:.2f} times the time of plain JSON"
    )
    rates |= _go(arguments.go, texts)
    runs = []
    for count in arguments.chargers:
        command = [sys.executable, __file__, "--inside", str(count)]
        command += ["--seconds", str(arguments.seconds)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        runs.append(json.loads(done.stdout.splitlines()[-1]))
        _tell(runs[-1])
    _judge(runs[-1])
    say(json.dumps({"datagrams_per_s": rates, "runs": runs}))
    return 0


def _go(program: Path | None, texts: list[str]) -> dict[str, float]:
    """Tell how fast the reference is; {} where its program can be neither had nor built."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            program = program or build(Version.PRERELEASE, Path(folder)).program
        except NotBuildableError as error:
            say(f"  NOT COMPARED with the Go stack: {error}")
            return {}
        command = [str(program), "bench"]
        done = subprocess.run(
            command, input="\n".join(texts), check=True, stdout=subprocess.PIPE, text=True
        )
    rate = float(json.loads(done.stdout)["per_second"])
    say(f"  the reference Go stack, same datagrams, same machine: {rate:,.0f}/s")
    return {"go": rate}


def _tell(run: dict[str, object]) -> None:
    say(
        f"{run['chargers']} chargers: all limitable after {run['connected_s']} s, "
        f"{run['mb_per_charger']} MB each"
    )
    for name, words in (("quiet", "measurements at 1 Hz"), ("stress", "and limits at 1 Hz")):
        load = run[name]
        assert isinstance(load, dict)
        line = f"  {words:24} CPU {load['cpu_percent']:>5} % of a core, "
        line += f"{load['measurements_per_s']} measurements/s"
        if load["writes"]:
            line += f", {load['writes']} writes ({load['refused']} refused), acknowledged in "
            line += f"p50 {load['ack_p50_ms']} / p99 {load['ack_p99_ms']} ms"
        say(line)


def _judge(run: dict[str, object]) -> None:
    quiet, stress = run["quiet"], run["stress"]
    assert isinstance(quiet, dict)
    assert isinstance(stress, dict)
    aims = (
        ("CPU with measurements at 1 Hz", quiet["cpu_percent"], AIM_CPU_PERCENT, "%"),
        ("memory per charger", run["mb_per_charger"], AIM_CHARGER_MB, "MB"),
        ("write to acknowledgement, p99", stress["ack_p99_ms"], AIM_P99_MS, "ms"),
    )
    for what, value, aim, unit in aims:
        verdict = "met" if isinstance(value, int | float) and value < aim else "MISSED"
        say(f"  {what} at {run['chargers']}: {value} {unit}, aim below {aim:g} {unit}: {verdict}")


if __name__ == "__main__":
    sys.exit(main())
