"""What no control that keeps the law can beat: the most energy, by a linear program.

It knows no time at all: limits keep to fuse - margin - house in the mean of each half minute, to
the operator's limit, and to what each car takes below its limit. Minimums are relaxed to the part
of the time that a car runs, and nobody ramps, starts, rests or shares alike.
"""

from collections.abc import Iterator

import highspy
import numpy as np
from uncontrolled import PHASES, Json, Trace

BUCKET_S = 30
Row = tuple[dict[int, float], float]  # sum of value x unknown, and its upper limit
MARGIN_FIXED_A, MARGIN_OF_FUSE = 0.5, 0.01  # loadmgmt.md A3


def bound_kwh(scenario: Json) -> float:
    """Return the most energy (kWh) that fits within the law."""
    cars = list(_cars(scenario))
    count = len(cars)
    # Two unknowns for every car and bucket: A drawn, and the part of the time it runs.
    rows: list[Row] = []
    for shares, limit_a in _rooms(scenario, cars):
        unused = {count + k: share * cars[k]["unused_a"] for k, share in shares.items()}
        rows.append((shares | unused, limit_a))
    for number, session in enumerate(scenario["sessions"]):
        own = {k: _kwh(car) for k, car in enumerate(cars) if car["session"] == number}
        rows.append((own, session["energy_kwh"]))
    for k, car in enumerate(cars):
        rows.append(({k: 1.0, count + k: car["unused_a"] - car["most_a"]}, 0.0))
        rows.append(({k: -1.0, count + k: car["least_a"] - car["unused_a"]}, 0.0))
    return round(_most([_kwh(car) for car in cars], rows), 2)


def _kwh(car: Json) -> float:
    """Return the energy (kWh) of one ampere in a car's bucket."""
    return car["w_per_a"] * car["seconds"] / 3.6e6


def _most(worth: list[float], rows: list[Row]) -> float:
    """Return the highest sum of worth x the first unknowns; the others are parts from 0 to 1."""
    count = len(worth)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = 2 * count, len(rows)
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = np.array(worth + [0.0] * count)
    lp.col_lower_ = np.zeros(2 * count)
    lp.col_upper_ = np.array([highspy.kHighsInf] * count + [1.0] * count)
    lp.row_lower_ = np.full(len(rows), -highspy.kHighsInf)
    lp.row_upper_ = np.array([limit for _, limit in rows])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.cumsum([0, *(len(row) for row, _ in rows)])
    lp.a_matrix_.index_ = np.array([k for row, _ in rows for k in row])
    lp.a_matrix_.value_ = np.array([value for row, _ in rows for value in row.values()])
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.passModel(lp)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(f"the bound has no solution: {solver.getModelStatus()}")
    return float(solver.getObjectiveValue())


def _cars(scenario: Json) -> Iterator[Json]:
    """Yield each car in each bucket in which it is there."""
    evses = {evse["id"]: evse for evse in scenario["evses"]}
    for number, session in enumerate(scenario["sessions"]):
        evse, ev = evses[session["evse"]], session["ev"]
        used = evse["wiring"][: ev["phases"]]
        came_s = session["arrive_s"] + ev.get("start_s", 0)
        for start_s in range(0, scenario["duration_s"], BUCKET_S):
            until_s = min(start_s + BUCKET_S, session["depart_s"], scenario["duration_s"])
            seconds = until_s - max(start_s, came_s)
            if seconds <= 0:
                continue
            unused_a = ev.get("offset_a", 0.0) - ev.get("over_a", 0.0)
            yield {
                "session": number, "start_s": start_s, "seconds": seconds, "node": evse["node"],
                "phases": used, "w_per_a": len(used) * scenario["site"]["voltage_v"],
                "most_a": min(evse["max_a"], ev["max_a"] + unused_a), "unused_a": unused_a,
                "least_a": max(evse["min_a"], ev.get("min_a", 6)),
            }  # fmt: skip


def _rooms(scenario: Json, cars: list[Json]) -> Iterator[Row]:
    """Yield (A of each car for one of its limit, A in sum) for every fuse, order and bucket."""
    trace, site = Trace(scenario), scenario["site"]
    for start_s in range(0, scenario["duration_s"], BUCKET_S):
        here = [(k, car) for k, car in enumerate(cars) if car["start_s"] == start_s]
        seconds = range(start_s, min(start_s + BUCKET_S, scenario["duration_s"]))
        net_a = [sum(trace.net_a(t)[p] for t in seconds) / len(seconds) for p in PHASES]
        for node, inside, fuse_a in _nodes(site["root"]):
            is_root = node == site["root"]["id"]
            for p in PHASES:
                shares = {
                    k: 1.0 * car["seconds"] / BUCKET_S
                    for k, car in here
                    if car["node"] in inside and p + 1 in car["phases"]
                }
                margin_a = MARGIN_FIXED_A + MARGIN_OF_FUSE * fuse_a[p]
                yield shares, max(0.0, fuse_a[p] - margin_a - (net_a[p] if is_root else 0.0))
        orders = [o["limit_w"] for o in site.get("lpc") or [] if o["t"] <= start_s]
        if orders and orders[-1] is not None:
            watts = {k: car["w_per_a"] * car["seconds"] / BUCKET_S for k, car in here}
            yield watts, orders[-1]


def _nodes(node: Json) -> Iterator[tuple[str, set[str], list[float]]]:
    inside = {node["id"]}
    for child in node.get("children", []):
        for found in _nodes(child):
            inside |= found[1]
            yield found
    yield node["id"], inside, node["fuse_a"]
