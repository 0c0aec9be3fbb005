"""`make bench-stack`: three scenarios in the full stack, in real time, beside the CEM's port.

Virtual meter and chargers over Modbus and EEBUS, all services, NATS: the living site, cut to ten
minutes around the events. The same cut is played through `cem port` in the same run, so that what
the protocols cost can be seen. About 40 minutes; `--minutes 3` cuts shorter. Exits 1 when the cars
alone made an overload in the stack.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
from cutting import SETTLE_S, Json, cut
from kpis import overloads, played
from living import PHASES, LivingSite, living_site
from world import Second, World

SCENARIOS = Path(__file__).parents[1] / "control" / "scenarios"
CHOSEN = (("own-02", 600), ("own-07", 380), ("own-20", 440))  # id, from second
PORT = [str(Path(sys.executable).parent / "cem"), "port"]


@dataclass
class Seen:
    """What was seen of the site, second by second: all that the figures need of a world."""

    scenario: Json
    nodes: dict[str, tuple[list[float], list[str]]]
    seconds: list[Second] = field(default_factory=list)
    kwh: float = 0.0
    pauses: int = 0

    def uncontrolled_a(self, second: Second, node: str) -> list[float]:
        """Return what flows without the cars (A per phase)."""
        del node
        return second.net_a


def say(text: str) -> None:
    """Tell the person."""
    print(text, flush=True)  # noqa: T201 - it is a program for a person


async def watched(site: LivingSite, scenario: Json) -> Seen:
    """Watch the site until its scenario ends; once a second, as the scenario counts."""
    root = scenario["site"]["root"]
    seen = Seen(scenario, {root["id"]: (root["fuse_a"], [])})
    drew: dict[str, bool] = {}
    async with httpx.AsyncClient(timeout=5) as client:
        while True:
            truth = (await client.get(f"{site.outside}/api/state")).json()
            t = int(truth["scenario"]["t_s"])
            if t >= scenario["duration_s"]:
                return seen
            if t >= len(seen.seconds):
                second = _second(t, truth, root["id"])
                # The figures want every second: one that was missed was as the next one seen.
                seen.seconds += [replace(second, t=at) for at in range(len(seen.seconds), t + 1)]
                _count(seen, truth, drew)
            await asyncio.sleep(0.2)


def _second(t: int, truth: Json, root: str) -> Second:
    net, cars = ([truth[name][p] for p in PHASES] for name in ("net_a", "charging_a"))
    whole = [truth["current_a"][p] for p in PHASES]
    if t < SETTLE_S:
        whole, cars = net, [0.0, 0.0, 0.0]  # while it is set up nothing is counted
    return Second(t, net, {root: (whole, cars)}, 0.0, None, 0.0, 0.0, {})


def _count(seen: Seen, truth: Json, drew: dict[str, bool]) -> None:
    cars = [(c["id"], c["car"], c["current_a"] or {}) for c in truth["chargers"]]
    seen.kwh = sum(car.get("delivered_wh", 0.0) for _, car, _ in cars) / 1000
    for name, car, current_a in cars:
        draws = max(current_a.values(), default=0.0) > 0.5
        wants = car["plugged"] and car["delivered_wh"] < car["wanted_wh"]
        seen.pauses += drew.get(name, False) and not draws and wants
        drew[name] = draws


async def set_fuse(site: LivingSite, fuse_a: list[float]) -> None:
    """Set the scenario's main fuse as a service user would."""
    async with site.log_in() as client:
        answer = await client.get("/grid-connection")
        wanted = answer.json() | {"fuse_a": dict(zip(PHASES, fuse_a, strict=True))}
        wanted.pop("revision", None)
        put = await client.put("/grid-connection", json=wanted)
        put.raise_for_status()


def in_the_stack(scenario: Json) -> Json:
    """Play a scenario in a living site of its own; return its figures."""
    with tempfile.TemporaryDirectory(prefix="volthus-stack-") as name:
        path = Path(name) / f"{scenario['id']}.json"
        path.write_text(json.dumps(scenario))
        with living_site(Path(name), VOLTHUS_SCENARIO=str(path)) as site:
            asyncio.run(set_fuse(site, scenario["site"]["root"]["fuse_a"]))
            seen = asyncio.run(watched(site, scenario))
    return overloads(seen, seen.seconds) | {
        "kwh": round(seen.kwh, 2),
        "pauses": seen.pauses,
    }


def main() -> int:
    """Play all; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("only", nargs="*")
    asked = parser.parse_args()
    holds, report = True, {}
    say(f"{'':8}{'':7}{'over':>6}{'self':>6}{'over I2t':>10}{'kWh':>7}{'pauses':>8}")
    for name, start_s in CHOSEN:
        if asked.only and name not in asked.only:
            continue
        whole = json.loads((SCENARIOS / f"{name}.json").read_text())
        scenario = cut(whole, start_s, round(asked.minutes * 60))
        began = time.monotonic()
        figures = {"port": played(World(scenario, PORT)), "stack": in_the_stack(scenario)}
        for where, of in figures.items():
            say(
                f"{name:8}{where:7}{of['over_max_ex_s']:>4} s{of['self_over_s']:>4} s"
                f"{of['over_i2t_s']:>10}{of['kwh']:>7}{of['pauses']:>8}"
            )
        say(f"  {whole['title']}; {time.monotonic() - began:.0f} s")
        holds &= figures["stack"]["self_over_s"] == 0
        report[name] = figures
    say(json.dumps(report))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
