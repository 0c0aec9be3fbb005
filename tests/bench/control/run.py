"""`make bench-control`: plays every scenario against `cem port` and prints a table of figures.

Scenarios of the format cem-scenario/1: our own beside this file, and those of a folder `scenarios`
found by VOLTHUS_SHARED or beside the repository; without it they are skipped, loudly. Then what was
reached beside the `stretch` bounds, an oracle and the bound of the law, and beside the baselines of
loadmgmt.md C3 (`--plain` leaves both out). Exits 1 when a `must` bound does not hold or cars alone
made an overload. As the last line the figures as JSON.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from comparing import POSSIBLE, compared, possible
from kpis import played
from uncontrolled import Json, Trace
from world import World

ROOT = Path(__file__).parents[3]
OWN = Path(__file__).parent / "scenarios"


def shared() -> Path | None:
    """Return the folder with the shared scenarios, None where there is none."""
    named = os.environ.get("VOLTHUS_SHARED")
    folder = (Path(named) if named else ROOT.parent / "shared") / "scenarios"
    return folder if folder.is_dir() else None


def scenarios(folder: Path) -> list[tuple[Json, Json]]:
    """Return the scenarios of a folder with what is expected of each."""
    bounds = folder / "expected.json"
    expected = json.loads(bounds.read_text()) if bounds.exists() else {}
    files = [path for path in sorted(folder.glob("*.json")) if path != bounds]
    return [(json.loads(path.read_text()), expected.get(path.stem, {})) for path in files]


def failures(figures: Json, bounds: Json) -> list[str]:
    """Return the bounds that do not hold, as words."""
    found = []
    for name, bound in bounds.items():
        value = figures.get(name)
        if value is None:
            found.append(f"{name} is not measured")
        elif value > bound.get("max", value) + 1e-9:
            found.append(f"{name} {value} > {bound['max']}")
        elif value < bound.get("min", value) - 1e-9:
            found.append(f"{name} {value} < {bound['min']}")
    return found


def misread(scenario: Json, check: Json) -> list[str]:
    """Return where our trace of the uncontrolled current differs from the expected one."""
    trace = Trace(scenario)
    sums = [sum(trace.net_a(t)[p] for t in range(scenario["duration_s"])) for p in range(3)]
    found = {"net_a_at_600s": (trace.net_a(600), 0.01), "sum_net_as": (sums, 1.0)}
    return [
        f"trace {name}: {value} is not {check[name]}"
        for name, (value, slack) in found.items()
        if any(abs(a - b) > slack for a, b in zip(value, check[name], strict=True))
    ]


def judged(scenario: Json, expected: Json, command: list[str]) -> tuple[Json, bool]:
    """Play one scenario, print its line; returns its figures and whether all musts hold."""
    began = time.monotonic()
    figures = played(World(scenario, command))
    seconds = time.monotonic() - began
    must = failures(figures, expected.get("must", {"self_over_s": {"max": 0}}))
    must += misread(scenario, expected["trace_check"]) if "trace_check" in expected else []
    stretch = failures(figures, expected.get("stretch", {}))
    sys.stdout.write(
        f"{scenario['id']:8} {figures['over_max_ex_s']:4.0f} {figures['self_over_s']:4.0f}"
        f" {figures['thermal']:7.2f} {figures['kwh']:7.2f} {figures['jain']:5.2f}"
        f" {figures['pv_share']:5.2f} {figures['ev_grid_kwh']:6.2f} {figures['switches']:3.0f}"
        f" {figures['pauses']:4.0f} {figures['cmds_per_evse_h']:5.0f}"
        f" {figures['lpc_over_max_s']:4.0f} {seconds:5.1f}  {scenario['title']}\n"
    )
    for word, found in (("MUST", must), ("stretch", stretch)):
        for failure in found:
            sys.stdout.write(f"         {word}: {failure}\n")
    sys.stdout.flush()
    return figures | {"must": must, "stretch": stretch}, not must


def main() -> int:
    """Play all, or those that are named; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="ids of scenarios; none = all")
    parser.add_argument("--controller", default=str(Path(sys.executable).parent / "cem") + " port")
    parser.add_argument("--plain", action="store_true", help="no oracle, no baselines")
    asked = parser.parse_args()
    folders = [OWN]
    if shared() is None:
        sys.stdout.write("SKIPPED: the shared scenarios; no such folder (set VOLTHUS_SHARED)\n")
    else:
        folders.insert(0, shared() or OWN)
    sys.stdout.write(
        "id       over self thermal     kWh  Jain    PV   grid sw. paus  cmds  LPC     s\n"
    )
    all_hold, report, reachable = True, {}, []
    for folder in folders:
        for scenario, expected in scenarios(folder):
            if asked.only and scenario["id"] not in asked.only:
                continue
            figures, holds = judged(scenario, expected, asked.controller.split())
            report[scenario["id"]] = figures
            all_hold &= holds
            if expected.get("stretch") and not asked.plain:
                reachable.append(possible(scenario, figures, expected))
    if reachable:
        reachable.insert(0, f"{'':8} {POSSIBLE}")
    sys.stdout.writelines(line + "\n" for line in [*reachable, *compared(report, asked.plain)])
    sys.stdout.write(json.dumps(report) + "\n")
    return 0 if all_hold else 1


if __name__ == "__main__":
    sys.exit(main())
