"""Cuts ten minutes out of a scenario: what was before is gone, cars are plugged at the start."""

import copy
from itertools import pairwise

Json = dict  # a scenario is what json.load made of its file

SETTLE_S = 90  # until the site is set up and the cars charge


def cut(scenario: Json, start_s: int, length_s: int) -> Json:
    """Return the scenario from start_s on, with SETTLE_S of its first moment before it.

    A spare charger is added: the living site leaves its last one unpaired, for trying.
    """
    made: Json = copy.deepcopy(scenario)
    made["duration_s"] = SETTLE_S + length_s
    shift = SETTLE_S - start_s
    made["load"]["points"] = _points(made["load"]["points"], start_s, shift)
    made["load"]["events"] = [
        event | {"t": event["t"] + shift}
        for event in made["load"].get("events", [])
        if event["t"] >= start_s
    ]
    if made.get("pv"):
        points = [[at, [watt]] for at, watt in made["pv"]["points"]]
        made["pv"]["points"] = [[at, w[0]] for at, w in _points(points, start_s, shift)]
    made["sessions"] = [
        session
        | {
            "arrive_s": max(5, session["arrive_s"] + shift),
            "depart_s": session["depart_s"] + shift,
        }
        for session in made["sessions"]
        if session["depart_s"] > start_s
    ]
    made["faults"] = [
        fault | {"t": fault["t"] + shift}
        for fault in made.get("faults", [])
        if start_s <= fault["t"] < start_s + length_s
    ]
    made["evses"].append(made["evses"][0] | {"id": "spare"})
    return made


def _points(points: list, start_s: int, shift: int) -> list:
    """Return a curve from start_s on, shifted, held at its value before."""
    later = [[at + shift, values] for at, values in points if at > start_s]
    return [[0, _at(points, start_s)], [SETTLE_S, _at(points, start_s)], *later]


def _at(points: list, t: int) -> list[float]:
    if t <= points[0][0]:
        return points[0][1]
    for (at, values), (until, after) in pairwise(points):
        if at <= t <= until:
            part = (t - at) / (until - at)
            return [a + (b - a) * part for a, b in zip(values, after, strict=True)]
    return points[-1][1]
