"""What no control can beat: the most energy under the fuse, by a linear program over time.

Every term makes it easier than it is, or keeps it as it is, so that the result is a true upper
bound of what is delivered by *whoever* shares the fuse by the rules asked for, though he may know
all cars, all that comes, and share as he likes:

- The unknowns are what each car draws in each second (on larger sites in blocks of 5 or 60 s:
  the mean of a block keeps every linear limit, so it only loses the ramps), and the part of it
  in which it is offered current. A car draws no more than it and its charger can, never less than
  its minimum while it is offered current, `offset_a` less than it is granted, rises by its ramp
  at most, and draws nothing until `start_s` after it was plugged in, or after a decision that did
  not leave it its minimum. Tapers, sleep, dead bands, the pace of raises, rests, turns, reserves
  at plug-in and the rounding of limits are left out: each only takes away.
- `Rules` say what may be drawn under a fuse; see there. A meter that is silent, a charger that
  is out of reach and a controller that is away are no limit for who foresees them, except as
  the law says: a silent meter leads to the static share after 20 s.
- What was granted on a reading is drawn until the next reading, the command and the car's delay
  are over, and while its current falls: so the limit on draws is the highest that any decision
  leaves whose effect can last until now (`lasting_a`).
- The readings are without the noise of house and meter: it is new each second, so a limit that
  follows two seconds later gains nothing by it, and a maximum over 20 s only loses.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import ceil, floor, inf

from program import Program
from uncontrolled import PHASES, Json, Trace

from cem.core.estimator import loads
from cem.core.parameters import DEFAULTS
from cem.core.state import Estimate
from electrical.margin import usual_margin_a
from electrical.phases import ZERO, on_every_phase

SETTLED_S = 30  # by then a new car takes its share
MINUTE_S = 61  # readings that the peak hold looks at
SPIKE_A = 3.0  # A2: what a reading is above that waits for a second one
STATIC_AFTER_S = 20  # A3: age of a reading, then the static share
FINE_CELLS, BLOCK_S, COARSE_CARS, COARSE_S = 8000, 5, 5, 60  # how finely time is cut
STOP_S = 2


@dataclass(frozen=True, slots=True)
class Rules:
    """What whoever shares keeps to, beside what cars and chargers can do.

    foresees: knows the house of now and later, and so needs no reading; else no more than the
    last reading leaves is granted, once its rise above 3 A was seen twice. has_margin: keeps the
    usual margin free, counts what is granted and not what is drawn of it, and knows the
    static share. holds: a load of the house is held for 20 s, 6 s where nothing cycles, as we do.
    is_alike: shares max-min, where that can be told without knowing more (`_Bound._alike_a`).
    """

    foresees: bool = False
    has_margin: bool = False
    holds: bool = False
    is_alike: bool = False


PHYSICS = Rules(foresees=True)
LAW = Rules(has_margin=True)
SHARED = Rules(has_margin=True, holds=True, is_alike=True)


def bound_kwh(scenario: Json, rules: Rules, musts: Json) -> float:
    """Return the most energy (kWh) by the rules; musts: bounds on Jain's index and class 1."""
    return round(_Bound(scenario, rules).kwh(musts), 2)


class _Bound:
    """The program of one scenario, as it is put together."""

    def __init__(self, scenario: Json, rules: Rules) -> None:
        self._scenario, self._rules = scenario, rules
        self._volts, self._end_s = scenario["site"]["voltage_v"], scenario["duration_s"]
        self._block_s = _block_s(scenario)
        self._nodes = list(nodes(scenario["site"]["root"]))
        self._root = scenario["site"]["root"]["id"]
        self._left_a = _Left(scenario, rules)
        self._cars = [Reach(scenario, session, rules) for session in scenario["sessions"]]
        self._program = Program()
        self._drawn: list[dict[int, int]] = [{} for _ in self._cars]  # by block: unknown
        self._offered: list[dict[int, int]] = [{} for _ in self._cars]

    def kwh(self, musts: Json) -> float:
        """Return the most that all cars get together."""
        free = [_free(car, self._left_a, self._rules) for car in self._cars]
        for at_s in range(0, self._end_s, self._block_s):
            for number, car in enumerate(self._cars):
                self._car(number, car, at_s, free[number])
            self._fuses(at_s)
            self._order(at_s)
        parts = [
            dict.fromkeys(drawn.values(), car.kwh_per_as * self._block_s / car.need_kwh)
            for car, drawn in zip(self._cars, self._drawn, strict=True)
        ]
        for part in parts:
            self._program.limit(part, 1.002)  # a car ends with the second in which it is full
        classes: dict[int, list[dict[int, float]]] = {}
        for car, part in zip(self._cars, parts, strict=True):
            classes.setdefault(car.priority, []).append(part)
        for priority, members in classes.items():
            ratio = musts.get(f"prio{priority}_ratio")
            if ratio:
                row = {k: -factor for member in members for k, factor in member.items()}
                self._program.limit(row, -ratio["min"] * len(members))
        jain = musts.get("jain")
        return self._program.most(list(classes.values()), jain["min"] if jain else None)

    def _car(self, number: int, car: "Reach", at_s: int, free: list[bool]) -> None:
        part = sum(free[at_s : at_s + self._block_s]) / self._block_s
        if not part:
            return
        most_a = car.most_a(at_s) if self._block_s == 1 else car.most_a(None)
        if self._rules.is_alike:
            seconds = range(at_s, min(at_s + self._block_s, self._end_s))
            capped_a = [min(most_a, car.drawn_a(self._alike_a(t))) for t in seconds]
            most_a = sum(capped_a) / part / self._block_s
        drawn = self._program.unknown(car.kwh_per_as * self._block_s)
        offered = self._program.unknown(0.0, part)
        self._program.limit({drawn: 1.0, offered: -most_a}, 0.0)
        self._program.limit({drawn: -1.0, offered: car.least_a}, 0.0)
        before = self._drawn[number].get(at_s - 1)
        if self._block_s == 1 and car.rise_a < most_a:
            row = {drawn: 1.0} if before is None else {drawn: 1.0, before: -1.0}
            self._program.limit(row, car.rise_a)
        self._drawn[number][at_s], self._offered[number][at_s] = drawn, offered

    @cache  # noqa: B019 - lives as long as the program
    def _alike_a(self, t: int) -> float:
        """Return the limit (A) that every car is given by max-min sharing, infinite = not told.

        What limits all cars alike (a phase that all use, the operator's order) leaves each the
        same. That is what max-min gives where nobody can be full or take less, and where it fits
        on every other phase: then nobody is held below it, and nobody gets what he leaves.
        """
        here = [c for c in self._cars if c.came_s + SETTLED_S <= t < c.leaves_s]
        if (
            not here
            or len({c.priority for c in self._cars}) > 1
            or any(c.can_be_full for c in here)
        ):
            return inf
        if len({c.granted_most_a for c in here}) > 1 or len(self._nodes) > 1:
            return inf
        if any(deaf.start <= t < deaf.stop + SETTLED_S for c in here for deaf in c.deaf):
            return inf  # who is out of reach keeps what it has, and others may get more
        levels_a = [
            self._left_a.lasting_a(p, t, here) / len(here)
            for p in PHASES
            if all(p in c.phases for c in here)
        ]
        order_w = self._order_w(t)
        if order_w is not None:
            levels_a.append(order_w / self._volts / sum(len(c.phases) for c in here))
        level_a = min(levels_a, default=inf)
        if level_a == inf or level_a < max(c.least_a + c.unused_a for c in here):
            return inf
        for p in PHASES:
            count = sum(p in c.phases for c in here)
            if count < len(here) and self._left_a.lowest_a(p, t, here) < count * level_a:
                return inf
        return level_a

    def _fuses(self, at_s: int) -> None:
        for node, inside, fuse_a in self._nodes:
            for p in PHASES:
                here = [
                    n for n, car in enumerate(self._cars)
                    if car.node in inside and p in car.phases and at_s in self._drawn[n]
                ]  # fmt: skip
                if not here:
                    continue
                cars = [self._cars[n] for n in here]
                seconds = range(at_s, min(at_s + self._block_s, self._end_s))
                if node == self._root:
                    left_a = [self._left_a.lasting_a(p, t, cars) for t in seconds]
                else:
                    left_a = [self._left_a.fuse_a(fuse_a[p])]
                self._program.limit(self._granted(here, at_s), sum(left_a) / len(left_a))

    def _granted(self, here: list[int], at_s: int) -> dict[int, float]:
        """Return what counts under a limit: what is granted by A3, else what is drawn."""
        row = {self._drawn[n][at_s]: 1.0 for n in here}
        if self._rules.has_margin:
            row |= {self._offered[n][at_s]: self._cars[n].unused_a for n in here}
        return row

    def _order(self, at_s: int) -> None:
        """Keep what is drawn to the grid operator's order, ten seconds after it came."""
        order_w = self._order_w(at_s)
        if order_w is None:
            return
        row: dict[int, float] = {}
        for n, car in enumerate(self._cars):
            if at_s in self._drawn[n]:
                for k, factor in self._granted([n], at_s).items():
                    row[k] = factor * self._volts * len(car.phases)
        self._program.limit(row, order_w)

    def _order_w(self, t: int) -> float | None:
        """Return the operator's limit, None = there is none, or it is younger than 10 s."""
        orders = self._scenario["site"].get("lpc") or []
        obeyed = [o["limit_w"] for o in orders if o["t"] + 10 <= t]
        latest = [o["limit_w"] for o in orders if o["t"] <= t]
        return None if not obeyed or latest[-1] is None else obeyed[-1]


class Reach:
    """What a car and its charger can do, seen through the limits it is given (A)."""

    def __init__(self, scenario: Json, session: Json, rules: Rules) -> None:
        evse = next(e for e in scenario["evses"] if e["id"] == session["evse"])
        ev = session["ev"]
        self.node = evse["node"]
        self.phases = [wired - 1 for wired in evse["wiring"][: ev["phases"]]]
        self.kwh_per_as = len(self.phases) * scenario["site"]["voltage_v"] / 3.6e6
        self.need_kwh, self.priority = session["energy_kwh"], session.get("priority") or 2
        self.unused_a = ev.get("offset_a", 0.0) - ev.get("over_a", 0.0)
        self._most_a = min(evse["max_a"], ev["max_a"]) - self.unused_a
        self.granted_most_a = min(evse["max_a"], ev["max_a"])
        self._step_a = ev.get("step_a", 0)
        self.least_a = max(evse["min_a"], ev.get("min_a", 6)) - self.unused_a
        self.least_granted_a = self.least_a + (self.unused_a if rules.has_margin else 0.0)
        self.rise_a = ev.get("ramp_up_a_s", 1e9)
        self.fall_a = ev.get("ramp_down_a_s", 1e9)
        self.start_s = ev.get("start_s", 0)
        self.follows_s = scenario["link"]["cmd_latency_s"] + ev.get("delay_s", 0)
        self.came_s, self.leaves_s = session["arrive_s"], session["depart_s"]
        there_s = self.leaves_s - self.came_s
        self.can_be_full = self.kwh_per_as * self._most_a * there_s >= self.need_kwh
        # Out of reach: after a while the charger's own failsafe rules, and its car follows.
        self.deaf = [
            range(f["t"], f["t"] + f["dur"])
            for f in scenario["faults"]
            if f["kind"] == "link_loss" and f["evse"] == evse["id"]
        ]
        failsafe_after_s = scenario["link"]["failsafe_after_s"]
        self._failsafe_a = evse["failsafe_a"] - self.unused_a
        settles_s = self.follows_s + ceil(self._most_a / self.fall_a) + 2
        self._left_alone = [
            range(deaf.start + failsafe_after_s + settles_s, deaf.stop) for deaf in self.deaf
        ]

    def most_a(self, t: int | None) -> float:
        """Return the most it can draw in a second; None = in any."""
        is_alone = t is not None and any(t in alone for alone in self._left_alone)
        return min(self._most_a, self._failsafe_a) if is_alone else self._most_a

    def drawn_a(self, limit_a: float) -> float:
        """Return what it draws of a limit."""
        if self._step_a and limit_a < inf:
            limit_a = floor(limit_a / self._step_a + 1e-9) * self._step_a
        return limit_a - self.unused_a


class _Left:
    """What every decision may leave the cars of each phase at the grid connection (A)."""

    def __init__(self, scenario: Json, rules: Rules) -> None:
        self._rules, self._trace = rules, Trace(scenario)
        self._calm = Trace(scenario | {"load": scenario["load"] | {"noise_w": 0}})
        self._fuses_a = scenario["site"]["root"]["fuse_a"]
        self._static_a = scenario["site"].get("static_limit_a", 0.0)
        self._meter = scenario["meter"]
        self._away = [
            range(f["t"], f["t"] + f["dur"])
            for f in scenario["faults"]
            if f["kind"] == "cem_outage"
        ]
        self._silent = [
            range(f["t"], f["t"] + f["dur"])
            for f in scenario["faults"]
            if f["kind"] in ("meter_dropout", "meter_freeze")
        ]
        self.end_s = scenario["duration_s"]
        self._read = [self._readings(p) for p in PHASES]
        self._decided = [list(self._decisions(p)) for p in PHASES]

    def fuse_a(self, fuse_a: float) -> float:
        """Return what of a fuse may be granted, house and cars together."""
        margin_a = usual_margin_a(fuse_a) if self._rules.has_margin else 0.0
        return fuse_a - margin_a

    def decided_a(self, p: int, t: int) -> float:
        """Return what the decision of a second leaves all cars on a phase."""
        return self._decided[p][t]

    def is_away(self, t: int) -> bool:
        """Return whether nobody decides in a second."""
        return any(t in away for away in self._away)

    def lasting_a(self, p: int, t: int, cars: list["Reach"]) -> float:
        """Return the most that may still be drawn of what was granted; at least 0.

        Grants fall at once, and are given on only once what another draws has fallen (design.md,
        law 3): so the sum of draws was within what some decision left, not longer ago than the
        slowest car takes to hear of it and to come down.
        """
        follow = [car.follows_s for car in cars]
        fall_a = min(car.fall_a for car in cars)
        highest_a = max(
            self._decided[p][max(0, t - late_s - more_s)] - more_s * fall_a
            for late_s in range(min(follow), max(follow) + 1)
            for more_s in range(ceil(32 / fall_a) + 1)
        )
        if self._rules.foresees:
            highest_a = max(highest_a, self._fuses_a[p] - self._trace.net_a(t)[p])
        deaf = [
            car.most_a(t) + car.unused_a
            for car in cars
            if any(deaf.start <= t < deaf.stop + SETTLED_S for deaf in car.deaf)
        ]
        return max(0.0, highest_a, sum(deaf))

    def lowest_a(self, p: int, t: int, cars: list["Reach"]) -> float:
        """Return the least that a decision left of late whose effect can last until now."""
        late_s = max(car.follows_s for car in cars) + 16
        return min(self._decided[p][max(0, t - late_s) : t + 1])

    def _readings(self, p: int) -> list[tuple[int, float]]:
        """Return (time, A) of the newest reading by every second, as far as it is believed."""
        found: list[tuple[int, float]] = []
        at_s, raw_a, believed_a = -1, 0.0, 0.0
        for t in range(self.end_s):
            read_s = t - self._meter["latency_s"]
            is_read = read_s >= 0 and read_s % self._meter["period_s"] == 0
            if is_read and not any(read_s in silent for silent in self._silent):
                now_a = self._calm.net_a(read_s)[p]
                highest_a = max(raw_a, believed_a) + SPIKE_A
                believed_a = min(now_a, highest_a) if found and at_s >= 0 else now_a
                at_s, raw_a = read_s, now_a
            found.append((at_s, believed_a))
        return found

    def _decisions(self, p: int) -> Iterator[float]:
        before_a = 0.0
        for t in range(self.end_s):
            if not self.is_away(t):
                before_a = self._decide(p, t)
            yield before_a

    def _decide(self, p: int, t: int) -> float:
        at_s, house_a = self._read[p][t]
        if at_s < 0:
            return 0.0
        if self._rules.has_margin and t - at_s > STATIC_AFTER_S:
            return self._static_a
        if self._rules.holds:
            house_a = self._held_a(p, t)
        return self.fuse_a(self._fuses_a[p]) - house_a

    def _held_a(self, p: int, t: int) -> float:
        """Return what the house is expected to take, as the production code says it."""
        readings = dict(self._read[p][max(0, t - MINUTE_S) : t + 1])
        estimates = (
            Estimate(float(at_s), ZERO, each, each, each)
            for at_s, each in ((at_s, on_every_phase(a)) for at_s, a in readings.items())
            if at_s >= 0
        )
        return loads(tuple(estimates), DEFAULTS).held.l1


def _free(car: Reach, left: _Left, rules: Rules) -> list[bool]:
    """Return the seconds in which a car can draw at all.

    Where a decision leaves less than its minimum it is paused: it stops within 2 s, and starts
    again when it was offered current for `start_s`.
    """
    first_s = car.came_s + car.start_s + car.follows_s - 1
    free = [first_s <= t < car.leaves_s for t in range(left.end_s)]
    if rules.foresees:
        return free
    for t in range(car.came_s, min(car.leaves_s, left.end_s)):
        if left.is_away(t) or any(t in deaf for deaf in car.deaf):
            continue
        if min(left.decided_a(p, t) for p in car.phases) < car.least_granted_a:
            stops_s = t + car.follows_s + STOP_S - 1
            starts_s = t + car.follows_s + 1 + car.start_s
            free[stops_s:starts_s] = [False] * len(free[stops_s:starts_s])
    return free


def _block_s(scenario: Json) -> int:
    cars = len(scenario["sessions"])
    if cars * scenario["duration_s"] <= FINE_CELLS:
        return 1
    return BLOCK_S if cars < COARSE_CARS else COARSE_S


def nodes(node: Json) -> Iterator[tuple[str, set[str], list[float]]]:
    inside = {node["id"]}
    for child in node.get("children", []):
        for found in nodes(child):
            inside |= found[1]
            yield found
    yield node["id"], inside, node["fuse_a"]
