"""Measures what watching 10,000 sites for alerts costs: `python tests/bench/alerts.py [--sites N]`.

Each site speaks every 10 s of two chargers and three notices; one in a hundred has something
wrong. Then the worst day: the bus is there, and every site falls silent and comes back.
"""

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from volthus_kit.testing import FakeClock
from volthus_wire.v1 import site_pb2
from web.alerts.engine import AlertEngine, Surroundings
from web.live import Live
from web.store import open_store
from web.webhooks import store as webhook_store

EVERY_S = 10
ROUNDS_S = 30


def picture(site: str, *, is_bad: bool) -> bytes:
    """Return what a site says."""
    state = site_pb2.SiteState(site=site, name=site, ladder="fresh", overload_s=0.0)
    for number in range(2):
        state.chargers.add(
            ski=f"{number}" * 40,
            name=f"Garage {number}",
            state="offline" if is_bad and number == 0 else "charging",
            session=f"s-{number}",
            session_energy_wh=1000.0,
        )
    for code in ("no-fuse-set", "failsafe-sum", "plan-over"):
        state.notices.add(code=code, severity="warning")
    return state.SerializeToString()


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


async def measure(sites: int) -> None:
    """Play it and print what it took."""
    clock = FakeClock(datetime(2026, 11, 22, tzinfo=UTC))
    with tempfile.TemporaryDirectory() as folder:
        engine = open_store(Path(folder))
        live = Live(clock)
        told = 0

        def tell(_session: object, events: object) -> None:
            nonlocal told
            told += len(list(events))  # type: ignore[call-overload]  # a sequence

        around = Surroundings(lambda: True, lambda _session: {})
        alerts = AlertEngine(engine, clock, live, around, [webhook_store.enqueue, tell])
        bodies = [(f"site-{n}", picture(f"site-{n}", is_bad=n % 100 == 0)) for n in range(sites)]
        with live.changes() as touched:
            for site, body in bodies:
                live.heard_state(site, body)
            began = time.perf_counter()
            await alerts.round(touched)
            say(f"first look at {sites} sites: {time.perf_counter() - began:.2f} s")

            spent_s = longest_s = 0.0
            share = sites // EVERY_S
            for second in range(ROUNDS_S):
                clock.go_on(1)
                start = second % EVERY_S * share
                for site, body in bodies[start : start + share]:
                    live.heard_state(site, body)
                began_cpu, began = time.process_time(), time.perf_counter()
                await alerts.round(touched)
                spent_s += time.process_time() - began_cpu
                longest_s = max(longest_s, time.perf_counter() - began)
            say(
                f"calm: {share} sites a second cost {1000 * spent_s / ROUNDS_S:.1f} ms of CPU a "
                f"second ({100 * spent_s / ROUNDS_S:.1f} % of a core); the longest round "
                f"{1000 * longest_s:.0f} ms"
            )
            for name, wait_s in (("falls silent", 31), ("is an alert", 130)):
                clock.go_on(wait_s)
                began_cpu, began = time.process_time(), time.perf_counter()
                await alerts.round(touched)
                say(
                    f"every site {name}: {time.perf_counter() - began:.1f} s, of it "
                    f"{time.process_time() - began_cpu:.1f} s CPU; {told} events told so far"
                )
        memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        say(f"memory at most {memory_mb:.0f} MB, pictures of all sites included")
        engine.dispose()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=10_000)
    asyncio.run(measure(parser.parse_args().sites))


if __name__ == "__main__":
    main()
