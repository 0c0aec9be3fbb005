"""What was reached beside what could be: stretch bounds, oracle, terms of A3, bound, baselines."""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bound import LAW, PHYSICS, SHARED, bound_kwh
from kpis import played
from turns import turns_kwh
from uncontrolled import Json
from world import World

HERE = Path(__file__).parent
SHOWN = (("kwh", "kWh"), ("jain", "Jain"), ("pv_share", "PV share"))
# What of A3 is taken away to see what it costs (`ablated.py`): first all but the margin.
CAUTION = ["peak-hold", "dead-band", "pace", "rest", "sun-timers"]
# loadmgmt.md C3, 18 scenarios: static, like evcc (30 s), equal share (10 s, 1 s), reference.
BASELINES = (
    ("longest overload outside blind windows, s", "249 433 42 33 11"),
    ("overloads > 15 s", "39 163 13 7 1"),
    ("self-made overload, s", "1796 8833 168 108 0"),
    ("worst thermal", "1.08 1.32 1.05 1.03 0.89"),
    ("Jain, mean", "0.70 0.78 0.82 0.82 0.93"),
    ("Jain, worst", "0.25 0.39 0.44 0.43 0.73"),
    ("longest operator limit violation, s", "5 103 6 6 6"),
    ("commands per charger and hour", "1 24 132 1126 60"),
)


def possible(scenario: Json, figures: Json, expected: Json) -> str:
    """Return a line: ours, the stretch bound, the oracle's, and what nobody can beat.

    Between them what our code reaches with the margin alone, and with none of the terms of A3.
    """
    with tempfile.TemporaryDirectory(prefix="volthus-oracle-") as folder:
        path = Path(folder) / "scenario.json"
        path.write_text(json.dumps(scenario))
        oracle = _figures(scenario, "oracle.py", str(path))
    less = [_figures(scenario, "ablated.py", *terms) for terms in (CAUTION, ["margin", *CAUTION])]
    parts = []
    for name, title in SHOWN:
        if name not in expected["stretch"]:
            continue
        wanted = expected["stretch"][name]["min"]
        bounds = _bounds(scenario, expected) if name == "kwh" else ()
        values = (figures[name], wanted, oracle[name], *(each[name] for each in less), *bounds)
        parts.append(f"{title} {' / '.join(map(str, values))}")
    return f"{scenario['id']:8} {'; '.join(parts)}"


POSSIBLE = (
    "ours / stretch / oracle / margin alone / no term of A3"
    " / bound of A3 / of its margin / of physics"
)


def _bounds(scenario: Json, expected: Json) -> tuple[float, ...]:
    """Return what nobody can beat who is as fair as the stretch bound asks for."""
    stretch = expected["stretch"]
    asked = expected["must"] | {name: stretch[name] for name in ("jain",) if name in stretch}
    shared, margin, physics = (bound_kwh(scenario, r, asked) for r in (SHARED, LAW, PHYSICS))
    # Cuts that stop early may leave one too high: the margin's may then be the lower one.
    return min(shared, margin, turns_kwh(scenario, asked)), margin, physics


def _figures(scenario: Json, controller: str, *arguments: str) -> Json:
    return played(World(scenario, [sys.executable, str(HERE / controller), *arguments]))


def compared(report: Json, is_plain: bool) -> Iterator[str]:
    """Yield ours beside the baselines; on other scenarios, so only the order of size compares."""
    if is_plain or not report:
        return
    all_of = list(report.values())
    jains = [each["jain"] for each in all_of]
    ours = (
        max(each["over_max_ex_s"] for each in all_of),
        sum(each["n_over_15s"] for each in all_of),
        sum(each["self_over_s"] for each in all_of),
        max(each["thermal"] for each in all_of),
        round(sum(jains) / len(jains), 2),
        min(jains),
        max(each["lpc_over_max_s"] for each in all_of),
        round(sum(each["cmds_per_evse_h"] for each in all_of) / len(all_of)),
    )
    names = ("ours", "static", "evcc", "10 s", "1 s", "ref.")
    yield f"{'':44}" + "".join(f"{name:>8}" for name in names)
    for (title, theirs), own in zip(BASELINES, ours, strict=True):
        yield f"{title:44}" + "".join(f"{value!s:>8}" for value in (own, *theirs.split()))
