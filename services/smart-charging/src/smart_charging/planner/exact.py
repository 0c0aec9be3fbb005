"""The exact answer, by a mixed-integer solver: the oracle of the tests, and `plan --exact`.

A thousand times slower than the kernels, and never on the hot path. The least shortfall first, then
cost with starts. Needs the optional package highspy.
"""

# mypy: disable-error-code="operator,no-untyped-call,arg-type,misc,attr-defined,no-any-return"
# highspy builds expressions by operators that its types do not describe.
from dataclasses import dataclass, field

import numpy as np

from smart_charging.planner.kernels.types import Floats
from smart_charging.planner.plans import fleet_of, starts_of
from smart_charging.planner.problem import Car, Plan, Problem, ProblemError

MOST_S = 60.0  # for each of the two questions
GAP = 1e-6
SLACK_KWH = 1e-6  # of the least shortfall, when cost is asked for


@dataclass(slots=True)
class _Model:
    """A problem as the solver sees it. power: by car, slot to variable."""

    solver: object
    own: list[object] = field(default_factory=list)
    grid: list[object] = field(default_factory=list)
    power: list[dict[int, object]] = field(default_factory=list)
    lacking: list[object] = field(default_factory=list)
    starts: list[object] = field(default_factory=list)


def exact(problem: Problem, most_s: float = MOST_S) -> Plan:
    """Return the optimal plan, or the best that was found in time, with its proven bound.

    Raises ProblemError for a problem that is none, for wishes that are no money (worth, bias, at
    once), which it does not know, and where highspy is not installed.
    """
    model = _modelled(problem, most_s)
    solver = model.solver
    none = 0 * solver.addVariable(0, 0)
    least, short = _shortest(model)
    solver.addConstr(none + sum(model.lacking) <= short + SLACK_KWH)
    cost = sum(
        problem.slot_h * (problem.export_price[t] * own + problem.import_price[t] * grid)
        for t, (own, grid) in enumerate(zip(model.own, model.grid, strict=True))
    )
    solver.minimize(cost + problem.start_cost * (none + sum(model.starts)))
    return _plan(model, problem, least, short)


def least_shortfall(problem: Problem, most_s: float = MOST_S) -> tuple[float, float]:
    """Return (what no plan lacks less than, what the solver's best plan lacks), in kWh.

    Raises ProblemError, as `exact` does.
    """
    return _shortest(_modelled(problem, most_s))


def _shortest(model: _Model) -> tuple[float, float]:
    solver = model.solver
    solver.minimize(0 * solver.addVariable(0, 0) + sum(model.lacking))
    least = max(0.0, float(solver.getInfo().mip_dual_bound))
    return least, float(solver.getInfo().objective_function_value)


def _modelled(problem: Problem, most_s: float) -> _Model:
    fleet_of([problem])  # says what is wrong with a problem
    if any(c.is_at_once or c.worth_per_kwh or len(c.bias_per_kwh) for c in problem.cars):
        raise ProblemError("the exact mode knows no worth, bias or charging at once")
    try:
        import highspy  # noqa: PLC0415 - optional, and slow to load
    except ImportError as error:
        raise ProblemError("the exact mode needs the package highspy") from error
    solver = highspy.Highs()
    options = {"output_flag": False, "time_limit": most_s, "mip_rel_gap": GAP, "threads": 1}
    for name, value in options.items():
        solver.setOptionValue(name, value)
    model = _Model(solver)
    _add_cars(model, problem)
    _add_slots(model, problem)
    return model


def _add_cars(model: _Model, problem: Problem) -> None:
    solver, h = model.solver, problem.slot_h
    for car in problem.cars:
        mine: dict[int, object] = {}
        before: object = float(car.is_running and car.arrival <= 0)
        for t in range(max(0, car.arrival), min(len(problem.room_kw), car.departure)):
            most = min(car.most_kw, max(0.0, problem.room_kw[t]))
            most = min(most, car.limit_kw[t]) if len(car.limit_kw) else most
            if most < car.least_kw - 1e-9 or most <= 0:
                before = 0.0
                continue
            mine[t] = p = solver.addVariable(0, max(most, car.least_kw))
            is_on = solver.addBinary()
            solver.addConstr(p <= max(most, car.least_kw) * is_on)
            solver.addConstr(p >= car.least_kw * is_on)
            if problem.start_cost:
                start = solver.addVariable(0, 1)
                solver.addConstr(start >= is_on - before)
                model.starts.append(start)
            before = is_on
        lack = solver.addVariable(0, max(0.0, car.needed_kwh))
        energy = h * sum(mine.values()) if mine else 0 * lack
        solver.addConstr(energy + lack >= max(0.0, car.needed_kwh))
        solver.addConstr(energy <= max(0.0, car.needed_kwh, car.most_kwh))
        model.power.append(mine)
        model.lacking.append(lack)


def _add_slots(model: _Model, problem: Problem) -> None:
    solver = model.solver
    for t, (room_kw, sun_kw) in enumerate(zip(problem.room_kw, problem.surplus_kw, strict=True)):
        room, sun = max(0.0, room_kw), max(0.0, sun_kw)
        own, grid = solver.addVariable(0, sun), solver.addVariable(0, room)
        model.own.append(own)
        model.grid.append(grid)
        here = [
            (c, mine[t]) for c, mine in zip(problem.cars, model.power, strict=True) if t in mine
        ]
        solver.addConstr(sum(p for _, p in here) - own - grid == 0)
        solver.addConstr(own + grid <= room)
        for line, rooms in enumerate(problem.phase_room_kw):
            loads = [_share(car) * p for car, p in here if car.phases >> line & 1]
            if loads:
                solver.addConstr(sum(loads) <= max(0.0, rooms[t]))
        if problem.export_price[t] > problem.import_price[t]:  # the sun comes first all the same
            is_grid = solver.addBinary()
            solver.addConstr(grid <= room * is_grid)
            solver.addConstr(own >= sun * is_grid)


def _share(car: Car) -> float:
    return 1.0 / car.phases.bit_count()


def _plan(model: _Model, problem: Problem, least: float, short: float) -> Plan:
    solver, h = model.solver, problem.slot_h
    found = np.array(solver.getSolution().col_value)
    powers = np.zeros((len(problem.cars), len(problem.room_kw)))
    for at, mine in enumerate(model.power):
        for t, p in mine.items():
            powers[at, t] = _snapped(float(found[p.index]), problem.cars[at].least_kw)
    got = powers.sum(axis=1) * h
    missing = tuple(
        max(0.0, car.needed_kwh - float(energy))
        for car, energy in zip(problem.cars, got, strict=True)
    )
    cost = _cost(powers, problem)
    over = float(solver.getInfo().objective_function_value) - float(solver.getInfo().mip_dual_bound)
    return Plan(
        powers, cost, missing, cost - max(0.0, over), min(least, short), starts_of(powers, problem)
    )


def _cost(powers: Floats, problem: Problem) -> float:
    total = powers.sum(axis=0)
    under = np.minimum(total, np.maximum(0.0, problem.surplus_kw))
    prices = np.asarray(problem.export_price), np.asarray(problem.import_price)
    return float((prices[0] * under + prices[1] * (total - under)).sum() * problem.slot_h)


def _snapped(power_kw: float, least_kw: float) -> float:
    """Return a power without the solver's tolerance below the least power."""
    if power_kw < least_kw / 2 or power_kw < 1e-6:
        return 0.0
    return max(power_kw, least_kw)
