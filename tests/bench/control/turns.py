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
from itertools import combinations, pairwise
from math import inf

from bound import LAW, Reach, nodes
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
Members = tuple[int, ...]


def turns_kwh(scenario: Json, musts: Json) -> float:
    """Return the most energy (kWh) with at least the Jain's index of `musts`.

    Infinite where a scenario has what is not reckoned with: faults, an operator's limit, sun, an
    unbalance limit, changes of phases, weights, or too many cars.
    """
    if not _is_told(scenario):
        return inf
    turns = _Turns(scenario, musts["jain"]["min"] if "jain" in musts else None)
    everybody = range(len(turns.cars))
    for number in everybody:
        if turns.most_kwh([number]) < turns.cars[number].need_kwh - FULL_KWH:
            turns.full_s[number] = inf
    return round(turns.most_kwh(everybody), 2)


class _Turns:
    """Who may run together in one scenario. full_s: when each car is full at the earliest."""

    def __init__(self, scenario: Json, jain: float | None) -> None:
        self._scenario, self._jain = scenario, jain
        self.cars = [Reach(scenario, session, LAW) for session in scenario["sessions"]]
        self.full_s = [
            car.came_s + car.need_kwh / (car.kwh_per_as * (car.granted_most_a - car.unused_a))
            for car in self.cars
        ]
        self._pieces = list(_pieces(scenario, self.cars))

    def most_kwh(self, of: Iterable[int]) -> float:
        """Return the most energy of some of the cars, while all share by the rules."""
        program = Program()
        drawn: list[dict[int, float]] = [{} for _ in self.cars]
        for start_s, end_s, house_a in self._pieces:
            rooms = list(_rooms(self._scenario["site"]["root"], house_a))
            running: dict[int, float] = {}
            for members in self._complete(start_s, rooms):
                unknown = program.unknown(0.0)
                running[unknown] = 1.0
                for number, current_a in self._shared(members, rooms).items():
                    car = self.cars[number]
                    ampere_s = (current_a - car.unused_a) * (end_s - start_s)
                    drawn[number][unknown] = ampere_s * car.kwh_per_as
            program.limit(running, 1.0)
        counted = set(of)
        classes: dict[int, list[dict[int, float]]] = {}
        for number, (car, kwh) in enumerate(zip(self.cars, drawn, strict=True)):
            part = program.unknown(car.need_kwh if number in counted else 0.0, 1.0)
            program.limit({part: car.need_kwh} | {k: -each for k, each in kwh.items()}, 0.0)
            classes.setdefault(car.priority, []).append({part: 1.0})
        return program.most(list(classes.values()), self._jain)

    def _complete(self, at_s: int, rooms: list[Room]) -> Iterator[Members]:
        """Yield the sets whose minima fit, and beside which nobody else's does."""
        here = [n for n, car in enumerate(self.cars) if car.came_s <= at_s < car.leaves_s]
        for count in range(len(here) + 1):
            for members in combinations(here, count):
                left_a = [room[2] - self._least_a(members, room) for room in rooms]
                if members and min(left_a) < 0:
                    continue
                waiting = [n for n in here if n not in members and self.full_s[n] > at_s]
                if not any(_fits(self.cars[n], rooms, left_a) for n in waiting):
                    yield members

    def _least_a(self, members: Members, room: Room) -> float:
        cars = [self.cars[n] for n in members]
        return sum(car.least_granted_a for car in cars if _touches(car, room))

    def _shared(self, members: Members, rooms: list[Room]) -> dict[int, float]:
        """Return what the production code gives each of a set (A), to the last bit of room."""
        demands = []
        for n in members:
            car = self.cars[n]
            least_a, most_a = car.least_granted_a, car.granted_most_a
            demands.append(Demand(str(n), least_a, most_a, priority=car.priority))
        constraints = [
            Constraint(Kind.FUSE, str(number), None, share, room[2], room[2])
            for number, room in enumerate(rooms)
            if (share := {str(n): 1.0 for n in members if _touches(self.cars[n], room)})
        ]
        current_a = allocate(demands, constraints, FINE_A).current_a
        return {n: current_a[str(n)] for n in members}


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


def _pieces(scenario: Json, cars: list[Reach]) -> Iterator[Piece]:
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


def _rooms(root: Json, house_a: list[float]) -> Iterator[Room]:
    """Yield what every fuse leaves the cars; the house is at the root."""
    for node, inside, fuse_a in nodes(root):
        for p in PHASES:
            taken_a = house_a[p] if node == root["id"] else 0.0
            yield inside, p, fuse_a[p] - usual_margin_a(fuse_a[p]) - taken_a


def _fits(car: Reach, rooms: list[Room], left_a: list[float]) -> bool:
    needed_a = car.least_granted_a + SPARE_A
    pairs = zip(rooms, left_a, strict=True)
    return all(free_a >= needed_a for room, free_a in pairs if _touches(car, room))


def _touches(car: Reach, room: Room) -> bool:
    below, p, _ = room
    return car.node in below and p in car.phases
