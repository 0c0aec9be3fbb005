"""The uncontrolled part of a scenario: house, sun and noise, as the format prescribes."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from math import sqrt

PHASES = range(3)
MASK = (1 << 64) - 1

Json = dict  # a scenario is what json.load made of its file


def splitmix64(x: int) -> int:
    """Return the format's scrambled number."""
    z = (x + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def noise(seed: int, a: int, b: int) -> float:
    """Return the format's g(seed, a, b): mean 0, deviation 1."""
    drawn = (splitmix64((seed * 1000003 + a * 8191 + b * 131 + k) & MASK) for k in range(4))
    return sqrt(3) * (sum(value / 2**64 for value in drawn) - 2)


class Trace:
    """House and sun of one scenario, second by second."""

    def __init__(self, scenario: Json) -> None:
        self._load = scenario["load"]
        self._pv = scenario.get("pv")
        self.voltage_v = scenario["site"]["voltage_v"]
        self.net_a = cache(self._net_a)

    def house_w(self, t: int) -> list[float]:
        """Return what the house takes on each phase (W), without the sun."""
        load = self._load
        base = _between(load["points"], t)
        noise_w = load.get("noise_w", 0)
        watts = [max(0.0, base[p] + noise_w * noise(load["seed"], t, p)) for p in PHASES]
        for event in load.get("events", []):
            factor = _factor(event, t)
            watts = [own + factor * event["w"][p] for p, own in enumerate(watts)]
        return watts

    def sun_w(self, t: int) -> float:
        """Return what the sun gives (W)."""
        return _between([[at, [w]] for at, w in self._pv["points"]], t)[0] if self._pv else 0.0

    def _net_a(self, t: int) -> list[float]:
        share = self._pv.get("share", [1 / 3] * 3) if self._pv else [0.0] * 3
        sun_w, house_w = self.sun_w(t), self.house_w(t)
        return [(house_w[p] - sun_w * share[p]) / self.voltage_v for p in PHASES]


def _between(points: Sequence[Sequence], t: int) -> list[float]:
    if t <= points[0][0]:
        return list(points[0][1])
    for (at, values), (until, later) in pairwise(points):
        if at <= t <= until:
            part = (t - at) / (until - at) if until > at else 0.0
            return [a + (b - a) * part for a, b in zip(values, later, strict=True)]
    return list(points[-1][1])


def _factor(event: Json, t: int) -> float:
    """Return how many times its power an event draws now: 0 while it is off."""
    since = t - event["t"]
    if not 0 <= since < event["dur"]:
        return 0.0
    if "cycle" in event:
        on_s, off_s = event["cycle"]
        since %= on_s + off_s
        if since >= on_s:
            return 0.0
    inrush = event.get("inrush")
    return inrush["x"] if inrush and since < inrush["s"] else 1.0
