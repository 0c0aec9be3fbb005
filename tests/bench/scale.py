"""What a site costs the cloud and how that grows: 100, 1,000, 10,000 sites, in their worst hours.

Every level starts a whole cloud: a hub in operator mode with TLS, PostgreSQL, several front doors
and smart chargings, and a fleet. Each linked site has a real leaf link with the credentials of its
own role `site`; above `--linked` sites the others speak in bulk over a few ordinary connections
(the figures say how many did). Then: the facts that waited are caught up with, a steady time is
measured, tomorrow's prices are released, the hub is killed for ten seconds and all come back, and
month-end reports of the sites are read through the API. At the end what the sites were told to be
kept is compared with the tables.

    .venv/bin/python tests/bench/scale.py [--levels 100 1000 10000] [--quick] [--json FILE]
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import psutil
from google.protobuf.timestamp_pb2 import Timestamp
from postgres import postgres_server
from scale_stage import FEED, PREFIX, Database, ScaleStage, Size, scaled, until
from sqlalchemy import text
from talking import Talker

from fleet_sim.core.houses import house
from fleet_sim.playing import day_ahead
from volthus_kit.bus import Bus
from volthus_kit.refusal import NotAnsweredError
from volthus_wire.subjects import PLAN, PRICES_PUSH, SITE_STATE
from volthus_wire.v1.planning_pb2 import PushPricesRequest
from volthus_wire.v1.rpc_pb2 import Caller

Figures = dict[str, float]
CLOUD = Caller(actor="bench", role="operator", origin="cloud")
DAY_S, MINUTE_S, SLOT_S = 86_400, 60, 900
CUT_S = 10.0
READERS = 4
BACKLOG_FACTS = 40_000  # all sites together
HEARD = 0.98
PLANNED = 0.97  # of all sites: some never speak again
SEED = 1  # of the simulator, by default
PLANS_WITHIN_S = 120.0


def say(text: str) -> None:
    """Tell the person."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Told(Figures):
    """Figures that are said as they come: a level takes minutes."""

    def __ior__(self, more: Figures) -> "Told":  # type: ignore[override,misc]  # narrower on purpose
        """Take more, and say them."""
        for name, value in more.items():
            say(f"  {name:40} {value:14,.1f}")
        self.update(more)
        return self


@dataclass
class Ears:
    """What a listener at the hub hears: when the first picture and plan of each site came."""

    states: dict[str, float] = field(default_factory=dict)
    plans: dict[str, float] = field(default_factory=dict)

    async def open(self, web: Bus, simulator: Bus) -> None:
        """Listen. Only the simulator's credentials may hear what goes down to sites."""
        await web.subscribe_bytes(SITE_STATE, lambda _, at: self._note(self.states, at["site"]))
        await simulator.subscribe_bytes(PLAN, lambda _, at: self._note(self.plans, at["site"]))

    def _note(self, heard: dict[str, float], site: str) -> None:
        heard.setdefault(site, time.monotonic())


async def level(size: Size, steady_s: float, most_reports: int) -> Figures:
    """Return the figures of one size of fleet."""
    sites, load = size.sites, os.getloadavg()[0]
    figures = Told({"sites": float(sites), "linked": float(size.linked), "load": load})
    with postgres_server() as postgres, tempfile.TemporaryDirectory(prefix="volthus-scale-") as at:
        database = Database(postgres.url, _postmaster(postgres.port))
        stage_of = scaled(Path(at), database, size)
        began = time.monotonic()
        async with (
            stage_of as stage,
            Bus.connect(stage.nats.url, "web", credentials=stage.creds("web")) as web,
            Bus.connect(
                stage.nats.url, "bench", credentials=stage.folder / "simulator.creds"
            ) as simulator,
        ):
            ears = Ears()
            await ears.open(web, simulator)
            figures |= {"until all linked, s": await _until_linked(stage, began)}
            await until(lambda: len(ears.states) >= sites * HEARD)
            figures |= {"until all heard, s": time.monotonic() - began}
            figures |= await caught_up(stage, sites * size.backlog_minutes, began)
            figures |= await steady(stage, steady_s)
            figures |= await prices(ears, web, sites)
            figures |= await storm(stage, ears)
            figures |= await reports(stage, min(sites, most_reports))
            figures |= await ended(stage)
        return figures


def _postmaster(port: int) -> int:
    for one in psutil.net_connections("tcp"):
        if one.laddr and one.laddr.port == port and one.status == psutil.CONN_LISTEN and one.pid:
            return one.pid
    raise RuntimeError("PostgreSQL listens nowhere")


async def _until_linked(stage: ScaleStage, began: float) -> float:
    await until(lambda: stage.links() >= stage.size.linked)
    return time.monotonic() - began


async def caught_up(stage: ScaleStage, minutes: int, began: float) -> Figures:
    """Wait until the facts that waited at the start are in the tables."""
    await until(lambda: stage.counted("SELECT count(*) FROM energy_minutes") >= minutes)
    took = time.monotonic() - began
    figures = {"facts that waited": float(minutes), "caught up, s": took}
    return figures | {f"cpu of the start, {part}, s": s for part, s in _seconds(stage).items()}


async def steady(stage: ScaleStage, for_s: float) -> Figures:
    """Measure an ordinary time."""
    await asyncio.sleep(5)
    rows = "SELECT sum(facts) FROM fact_epochs"
    said, kept, spent = _said(stage), stage.counted(rows), _seconds(stage)
    began = time.monotonic()
    await asyncio.sleep(for_s)
    took = time.monotonic() - began
    now, after = _said(stage), _seconds(stage)
    figures: Figures = {f"{name}/s": (now[name] - said[name]) / took for name in said}
    if for_s >= MINUTE_S:  # each site tells a minute a minute
        figures["facts/day"] = (stage.counted(rows) - kept) / took * DAY_S
    for part, processes in stage.processes().items():
        figures[f"cpu, {part}, %"] = (after[part] - spent[part]) / took * 100
        figures[f"memory, {part}, MB"] = sum(_resident(one) for one in processes)
    figures["subscriptions at the hub"] = float(str(stage.monitored("varz")["subscriptions"]))
    return figures


async def prices(ears: Ears, web: Bus, sites: int) -> Figures:
    """Release tomorrow's prices, and wait for the last new plan."""
    start_s = (int(time.time()) // DAY_S + 1) * DAY_S
    slots = range(DAY_S // SLOT_S)
    question = PushPricesRequest(
        zone=FEED, currency="EUR", start=Timestamp(seconds=start_s),
        slot_s=[SLOT_S for _ in slots], per_kwh=[day_ahead(slot / 4) for slot in slots],
    )  # fmt: skip
    # Whoever pays in another currency has no use for them, and keeps the plan.
    houses = [house(SEED, number, PREFIX) for number in range(sites)]
    concerned = {one.site for one in houses if one.currency == question.currency}
    began = time.monotonic()
    ears.plans.clear()
    try:
        await web.ask(PRICES_PUSH, question, caller=CLOUD, timeout_s=20)
    except NotAnsweredError as error:
        say(f"  prices not taken: {error}")
        return {}
    try:
        await until(
            lambda: len(concerned & ears.plans.keys()) >= len(concerned) * PLANNED, PLANS_WITHIN_S
        )
    except TimeoutError:
        say("  not every site was planned in time")
    waits = sorted(at - began for site, at in ears.plans.items() if site in concerned)
    if not waits:
        return {"plans after prices": 0.0}
    return {
        "sites the prices concern": float(len(concerned)),
        "plans after prices": float(len(waits)),
        "half of the plans, s": waits[len(waits) // 2],
        "97 % of the plans, s": waits[-1],
    }


async def storm(stage: ScaleStage, ears: Ears) -> Figures:
    """Kill the hub for a while; everybody comes back by themselves."""
    before = _seconds(stage)
    await stage.nats.stop()
    await asyncio.sleep(CUT_S)
    ears.states.clear()
    await stage.nats.start()
    began, seen = time.monotonic(), []

    def all_back() -> bool:
        seen.append((time.monotonic() - began, stage.links()))
        return seen[-1][1] >= stage.size.linked

    await until(all_back)
    await until(lambda: len(ears.states) >= (stage.size.sites - _silent(stage)) * HEARD)
    heard = sorted(at - began for at in ears.states.values())
    after = _seconds(stage)
    figures = {
        "storm: half of the links back, s": next(
            at for at, n in seen if n >= stage.size.linked / 2
        ),
        "storm: last link back, s": seen[-1][0],
        "storm: half heard again, s": heard[len(heard) // 2],
        "storm: 98 % heard again, s": heard[-1],
    }
    figures["storm: cpu of the new hub, s"] = after["nats"]
    for part in ("web", "smart-charging"):
        figures[f"storm: cpu, {part}, s"] = after[part] - before[part]
    return figures


def _silent(stage: ScaleStage) -> int:
    return stage.size.sites // 100 + 2  # houses that never speak again, by the simulator's own dice


async def reports(stage: ScaleStage, sites: int) -> Figures:
    """Read the month of every site as a person does at its end: sessions as CSV, energy by day."""
    talkers = [await stage.operator() for _ in range(READERS)]
    names = iter([f"fleet-{1 + number * stage.size.sites // sites:05d}" for number in range(sites)])
    waits: list[float] = []
    failed = 0

    async def read(talker: Talker) -> None:
        nonlocal failed
        for name in names:
            began = time.monotonic()
            for path in ("sessions.csv", "energy?resolution=day"):
                answer = await talker.ask("GET", f"/api/v1/sites/{name}/{path}")
                failed += answer.status != 200
            waits.append(time.monotonic() - began)

    before, began = _seconds(stage), time.monotonic()
    await asyncio.gather(*(read(talker) for talker in talkers))
    took, after = time.monotonic() - began, _seconds(stage)
    for talker in talkers:
        talker.close()
    waits.sort()
    spent = sum(after[part] - before[part] for part in ("web", "postgres"))
    return {
        "reports read": float(sites),
        "reports failed": float(failed),
        "reports/s": sites / took,
        "reports p95, ms": waits[int(len(waits) * 0.95)] * 1000,
        "reports cpu, ms each": spent / sites * 1000,
    }


async def ended(stage: ScaleStage) -> Figures:
    """Let the sites end, and compare what they were told to be kept with the tables."""
    for fleet in stage.fleets:
        await fleet.program.end()
    told = {site: one for fleet in stage.fleets for site, one in fleet.told().items()}
    acknowledged = sum(one["acknowledged"] for one in told.values())
    total = "SELECT sum(facts) FROM fact_epochs"
    took = await until(lambda: stage.counted(total) >= acknowledged, 90)
    await asyncio.sleep(1)
    kept = await asyncio.to_thread(_kept, stage)
    lost = sum(max(0, one["acknowledged"] - kept.get(site, 0)) for site, one in told.items())
    doubled = sum(max(0, kept.get(site, 0) - one["sequence"]) for site, one in told.items())
    return {
        "facts acknowledged": float(acknowledged),
        "facts lost": float(lost),
        "facts twice": float(doubled),
        "gaps open": float(stage.counted("SELECT count(*) FROM fact_gaps")),
        "last fact in the tables after, s": took,
    }


def _kept(stage: ScaleStage) -> dict[str, int]:
    with stage.engine.connect() as connection:
        rows = connection.execute(text("SELECT site, sum(facts) FROM fact_epochs GROUP BY site"))
        return {site: int(facts) for site, facts in rows}


def _said(stage: ScaleStage) -> dict[str, float]:
    told = stage.monitored("varz")
    return {
        "messages in": float(str(told["in_msgs"])),
        "messages out": float(str(told["out_msgs"])),
        "bytes in": float(str(told["in_bytes"])),
        "bytes out": float(str(told["out_bytes"])),
    }


def _seconds(stage: ScaleStage) -> dict[str, float]:
    return {part: sum(_spent(one) for one in them) for part, them in stage.processes().items()}


def _spent(process: psutil.Process) -> float:
    try:
        spent = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(spent.user + spent.system)


def _resident(process: psutil.Process) -> float:
    try:  # of PostgreSQL's processes the shared memory would be counted many times
        return float(process.memory_full_info().uss) / 1e6
    except psutil.Error:
        return 0.0


async def main() -> None:
    """Run all levels and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--levels", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--linked", type=int, default=1000, help="most sites with a real link")
    parser.add_argument("--replicas", type=int, default=2, help="of web and of smart-charging")
    parser.add_argument("--steady", type=float, default=30.0, help="seconds measured")
    parser.add_argument("--reports", type=int, default=500, help="most reports read a level")
    parser.add_argument("--quick", action="store_true", help="100 sites, ten seconds")
    parser.add_argument("--json", type=Path, help="where the figures go as well")
    asked = parser.parse_args()
    if asked.quick:
        asked.levels, asked.steady, asked.reports = [100], 10.0, 50
    table: list[Figures] = []
    for sites in asked.levels:
        say(f"{sites} sites, load {os.getloadavg()[0]:.1f}")
        began = time.monotonic()
        backlog = max(2, min(120, BACKLOG_FACTS // sites))
        size = Size(sites, min(sites, asked.linked), asked.replicas, backlog)
        figures = await level(size, asked.steady, asked.reports)
        figures["whole level, s"] = time.monotonic() - began
        table.append(figures)
        say(f"  {'whole level, s':40} {figures['whole level, s']:14,.1f}")
    if asked.json:
        asked.json.write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    asyncio.run(main())
