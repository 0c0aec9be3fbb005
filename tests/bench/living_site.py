"""`make bench`: measures a living site of its own and prints what it found.

Prints tables for a person and, as the last line, the same figures as JSON. See latency.py and
load.py for what exactly is measured from where to where. Everything it starts, it stops.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import cold
import latency
import load
import report
from living import PHASES, LivingSite, living_site, until

CAR = {"standard": "iec61851", "phases": 3, "max_a": 16, "energy_wh": 900_000}
CAR_A = 16.0
SPARE_A = 4.0  # above what all cars together can take, so that a ramp begins with full limits
SETTLE_S = 180
WATCH = {"Accept": "text/event-stream"}


def say(text: str = "") -> None:
    """Tell the person at the terminal."""
    print(text, flush=True)  # noqa: T201 - it is a program for a person


def main() -> None:
    """Measure and print; an aim that is missed is said, and no failure."""
    asked = _arguments()
    _clean_up_when_told()
    figures: report.Figures = {"machine": report.machine()}
    say("  ".join(f"{key}: {value}" for key, value in report.machine().items()))
    p99_ms: dict[int, float | None] = {}
    total: report.Figures = {}
    for chargers in asked.chargers:
        with _site(chargers) as site:
            found = asyncio.run(_measure(site, chargers, asked))
        figures[f"{chargers} chargers"] = found
        p99_ms[chargers] = found["latency"]["reading_to_accepted_ms"]["p99"]
        total = found["load, page open"]["sum"]
    if asked.cold:
        with tempfile.TemporaryDirectory(prefix="volthus-cold-") as folder:
            figures["cold"] = cold.measure(Path(folder), say)
        say(f"cold: {figures['cold']}")
    figures["load_average_at_end"] = report.machine()["load_average_1_min"]
    say(f"\nAims, with {asked.chargers[-1]} chargers and a page open:")
    for line in report.verdicts(p99_ms, total):
        say(line)
    say()
    say(json.dumps(figures))


def _clean_up_when_told() -> None:
    """Let INT and TERM end the program as an error does, with everything stopped behind it.

    In the background of a shell INT arrives ignored, and TERM would leave the site behind.
    """

    def stop(number: int, _: object) -> None:
        sys.exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--chargers", type=int, nargs="+", default=[3, 10], metavar="N")
    parser.add_argument("--changes", type=int, default=200, help="limits to lower, each [200]")
    parser.add_argument("--at-most-s", type=float, default=480, help="longest ramping [480]")
    parser.add_argument("--load-s", type=float, default=60, help="time of a load figure [60]")
    parser.add_argument("--cold", action="store_true", help="a fresh clone's run and test as well")
    return parser.parse_args()


@contextlib.contextmanager
def _site(chargers: int):
    """A site with so many paired chargers (one more stays unpaired, as always)."""
    say(f"\nstarting a site with {chargers} paired chargers ...")
    with (
        tempfile.TemporaryDirectory(prefix="volthus-bench-") as folder,
        living_site(Path(folder), VOLTHUS_CHARGERS=str(chargers + 1)) as site,
    ):
        yield site


async def _measure(site: LivingSite, chargers: int, asked: argparse.Namespace) -> dict:
    await _prepare(site, chargers)
    found: dict = {}
    began_s = time.monotonic()
    listener = await latency.measure(site, chargers, asked.changes, asked.at_most_s)
    found["latency"] = report.latency(listener, time.monotonic() - began_s)
    _print(report.latency_lines(chargers, found["latency"]))
    shares = await load.measure(_pids(site), asked.load_s)
    found["load"] = report.load(shares, asked.load_s)
    _print(report.load_lines("at rest, 1 Hz", found["load"]))
    async with _open_page(site):
        shares = await load.measure(_pids(site), asked.load_s)
    found["load, page open"] = report.load(shares, asked.load_s)
    _print(report.load_lines("1 Hz, one page open", found["load, page open"]))
    return found


async def _prepare(site: LivingSite, chargers: int) -> None:
    """Give the site a fuse that lets every car charge, plug the cars, wait until all charge."""
    fuse_a = chargers * CAR_A + latency.HOUSE_A + SPARE_A
    await site.outside_post("sun", {"w": 0})
    await site.outside_post(
        "household", {f"{p}_w": latency.HOUSE_A * latency.VOLTAGE_V for p in PHASES}
    )
    async with site.log_in() as client:
        answer = await client.put("/grid-connection", json=_grid(fuse_a))
        answer.raise_for_status()
        for number in range(chargers):
            (await site.page_post(number, "plug", CAR)).raise_for_status()

        async def all_charge() -> bool:
            board = (await client.get("/dashboard")).json()["chargers"]
            drawn_a = [(c["current_a"] or {}).get("l1") or 0.0 for c in board]
            return sum(a > CAR_A - 2 for a in drawn_a) == chargers

        await until("all cars charge", all_charge, SETTLE_S, every_s=1.0)


def _grid(fuse_a: float) -> dict:
    return {
        "fuse_a": dict.fromkeys(PHASES, fuse_a),
        "phases": 3,
        "margin_a": None,
        "base_load_a": dict.fromkeys(PHASES, latency.HOUSE_A),
        "static_share_a": None,
    }


def _pids(site: LivingSite) -> dict[str, int]:
    return {name: program["pid"] for name, program in site.demo["programs"].items()}


@contextlib.asynccontextmanager
async def _open_page(site: LivingSite) -> AsyncIterator[None]:
    """Follow the live events as one open page does."""

    async def follow(client: httpx.AsyncClient) -> None:
        async with client.stream("GET", "/events", headers=WATCH, timeout=None) as events:
            async for _ in events.aiter_bytes():
                pass

    async with site.log_in() as client:
        page = asyncio.create_task(follow(client))
        try:
            yield
            if page.done():
                page.result()
                raise RuntimeError("the event stream ended while it was measured")
        finally:
            page.cancel()
            await asyncio.gather(page, return_exceptions=True)


def _print(lines: list[str]) -> None:
    for line in ("", *lines):
        say(line)


if __name__ == "__main__":
    main()
