"""What no turns can beat: the most energy where not all cars can run, by a linear program.

Whoever shares by the law admits everybody whose minimum fits beside those that run (loadmgmt O2),
and divides max-min, class by class, what the fuses less their margin leave (O4). What is left to
him is who runs together. The unknowns are how long each such set runs in each piece of time, so
that he knows all that comes, changes the set without loss, and reads without delay or noise. Each
term makes it easier than it is: no taper, ramp, start, peak hold or dead band; a set counts as
complete already where who waits would have less than `SPARE_A` above its minimum, and who could
be full by then (by the same program) need not be in it. A piece ends where a load of the house is
switched, a car comes or leaves, or after a minute; within it the house is taken as its mean, which
is the one thing that is no strict bound.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from math import inf

from program import Program
from uncontrolled import PHASES, Json, Trace

from cem.core.allocation import Constraint, Demand, allocate
from cem.core.reasons import Kind
from electrical.margin import usual_margin_a

MOST_CARS = 12  # 2^12 sets
PIECE_S, SWITCHED_A = 60, 1.0
SPARE_A = 1.5  # who is to start needs 1 A more than its minimum
FINE_A, FULL_KWH = 1e-6, 1e-3

Piece = tuple[int, int, list[float]]  # from, until (s), and what the house takes by phase (A)
Room = tuple[set[str], int, float]  # the nodes below a fuse, its phase, and what it leaves (A)


@dataclass(frozen=True, slots=True)
class _Car:
    name: str
    node: str
    phases: tuple[int, ...]
    least_a: float
    most_a: float
    unused_a: float
    priority: int
    need_kwh: float
    came_s: int
    leaves_s: int
    full_s: float  # not earlier
    kwh_per_as: float


def turns_kwh(scenario: Json, musts: Json) -> float:
    """Return the most energy (kWh) with at least the Jain's index of `musts`.

    Infinite where a scenario has what is not reckoned with: faults, an operator's limit, sun, an
    unbalance limit, changes of phases, weights, or too many cars.
    """
    if not _is_told(scenario):
        return inf
    cars = [_car(scenario, session) for session in scenario["sessions"]]
    jain = musts["jain"]["min"] if "jain" in musts else None
    pieces = list(_pieces(scenario, cars))
    for number, car in enumerate(cars):
        if _most(scenario, cars, pieces, jain, [number]) < car.need_kwh - FULL_KWH:
            cars[number] = replace(car, full_s=inf)
    return round(_most(scenario, cars, pieces, jain, range(len(cars))), 2)


def _most(
    scenario: Json, cars: list[_Car], pieces: list[Piece], jain: float | None, of: Iterable[int]
) -> float:
    """Return the most energy (kWh) of some of the cars, while all share by the rules."""
    program = Program()
    drawn: list[dict[int, float]] = [{} for _ in cars]
    for start_s, end_s, house_a in pieces:
        rooms = list(_rooms(scenario["site"]["root"], house_a))
        here = [n for n, car in enumerate(cars) if car.came_s <= start_s < car.leaves_s]
        running: dict[int, float] = {}
        for members in _complete(cars, here, rooms, start_s):
            unknown = program.unknown(0.0)
            running[unknown] = 1.0
            for number, current_a in _shared(cars, members, rooms).items():
                car = cars[number]
                drawn_a = current_a - car.unused_a
                drawn[number][unknown] = drawn_a * car.kwh_per_as * (end_s - start_s)
        program.limit(running, 1.0)
    counted = set(of)
    classes: dict[int, list[dict[int, float]]] = {}
    for number, (car, kwh) in enumerate(zip(cars, drawn, strict=True)):
        part = program.unknown(car.need_kwh if number in counted else 0.0, 1.0)
        program.limit({part: car.need_kwh} | {k: -each for k, each in kwh.items()}, 0.0)
        classes.setdefault(car.priority, []).append({part: 1.0})
    return program.most(list(classes.values()), jain)


def _is_told(scenario: Json) -> bool:
    site, sessions = scenario["site"], scenario["sessions"]
    return not (
        scenario["faults"]
        or site.get("lpc")
        or site.get("asymmetry_a")
        or scenario.get("pv")
        or len(sessions) > MOST_CARS
        or len({session["evse"] for session in sessions}) < len(sessions)
        or any(session["mode"] != "fast" or session.get("weight", 1) != 1 for session in sessions)
        or any(evse["phase_switch"] for evse in scenario["evses"])
    )


def _car(scenario: Json, session: Json) -> _Car:
    evse = next(e for e in scenario["evses"] if e["id"] == session["evse"])
    ev = session["ev"]
    phases = tuple(wired - 1 for wired in evse["wiring"][: ev["phases"]])
    kwh_per_as = len(phases) * scenario["site"]["voltage_v"] / 3.6e6
    most_a = min(evse["max_a"], ev["max_a"])
    unused_a = ev.get("offset_a", 0.0) - ev.get("over_a", 0.0)
    return _Car(
        evse["id"],
        evse["node"],
        phases,
        max(evse["min_a"], ev.get("min_a", 6)),
        most_a,
        unused_a,
        session.get("priority") or 2,
        session["energy_kwh"],
        session["arrive_s"],
        session["depart_s"],
        session["arrive_s"] + session["energy_kwh"] / (kwh_per_as * (most_a - unused_a)),
        kwh_per_as,
    )


def _pieces(scenario: Json, cars: list[_Car]) -> Iterator[Piece]:
    """Yield (start, end, A by phase): pieces of time in which the house is nearly the same."""
    end_s = scenario["duration_s"]
    calm = Trace(scenario | {"load": scenario["load"] | {"noise_w": 0}})
    cuts = {0, end_s} | {t for car in cars for t in (car.came_s, car.leaves_s)}
    for t in range(1, end_s):
        changes_a = zip(calm.net_a(t), calm.net_a(t - 1), strict=True)
        if max(abs(now_a - before_a) for now_a, before_a in changes_a) > SWITCHED_A:
            cuts.add(t)
    for start_s, until_s in pairwise(sorted(t for t in cuts if t <= end_s)):
        for at_s in range(start_s, until_s, PIECE_S):
            to_s = min(at_s + PIECE_S, until_s)
            house_a = [sum(calm.net_a(t)[p] for t in range(at_s, to_s)) for p in PHASES]
            yield at_s, to_s, [each / (to_s - at_s) for each in house_a]


def _rooms(node: Json, house_a: list[float]) -> Iterator[Room]:
    """Yield what every fuse leaves the cars; the house is at the root."""

    def below(node: Json) -> set[str]:
        return {node["id"]}.union(*(below(child) for child in node.get("children", [])))

    for p in PHASES:
        fuse_a = node["fuse_a"][p]
        yield below(node), p, fuse_a - usual_margin_a(fuse_a) - house_a[p]
    for child in node.get("children", []):
        yield from _rooms(child, [0.0] * len(PHASES))


def _complete(
    cars: list[_Car], here: list[int], rooms: list[Room], at_s: float
) -> Iterator[tuple[int, ...]]:
    """Yield the sets whose minima fit, and beside which nobody else's does."""
    for count in range(len(here) + 1):
        for members in combinations(here, count):
            left_a = [room_a - _least_a(cars, members, below, p) for below, p, room_a in rooms]
            if min(left_a) < 0 and members:
                continue
            waiting = [n for n in here if n not in members and cars[n].full_s > at_s]
            if not any(_fits(cars[n], rooms, left_a) for n in waiting):
                yield members


def _least_a(cars: list[_Car], members: tuple[int, ...], below: set[str], p: int) -> float:
    return sum(cars[n].least_a for n in members if _touches(cars[n], below, p))


def _fits(car: _Car, rooms: list[Room], left_a: list[float]) -> bool:
    return all(
        room_a >= car.least_a + SPARE_A
        for (below, p, _), room_a in zip(rooms, left_a, strict=True)
        if _touches(car, below, p)
    )


def _touches(car: _Car, below: set[str], p: int) -> bool:
    return car.node in below and p in car.phases


def _shared(cars: list[_Car], members: tuple[int, ...], rooms: list[Room]) -> dict[int, float]:
    """Return what the production code gives each of a set (A), to the last bit of room."""
    demands = [
        Demand(str(n), cars[n].least_a, cars[n].most_a, priority=cars[n].priority) for n in members
    ]
    constraints = [
        Constraint(Kind.FUSE, str(number), None, share, room_a, room_a)
        for number, (below, p, room_a) in enumerate(rooms)
        if (share := {str(n): 1.0 for n in members if _touches(cars[n], below, p)})
    ]
    current_a = allocate(demands, constraints, FINE_A).current_a
    return {n: current_a[str(n)] for n in members}
