"""The exact answer, by a mixed-integer solver: the oracle of the tests, and `plan --exact`.

A thousand times slower than `planner.site`, and never on the hot path. Shortfall first, then
cost. Needs the optional package highspy.
"""

# mypy: disable-error-code="no-untyped-call,arg-type,misc,attr-defined"
# highspy builds expressions by operators that its types do not describe.
import numpy as np

from smart_charging.planner.plans import starts_of
from smart_charging.planner.problem import PENALTY_PER_KWH, Plan, Problem, ProblemError

MOST_S = 60.0


def exact(problem: Problem, most_s: float = MOST_S) -> Plan:
    """Return the optimal plan, or the best that was found in time, with its proven bound.

    Raises ProblemError where highspy is not installed.
    """
    try:
        import highspy  # noqa: PLC0415 - optional, and slow to load
    except ImportError as error:
        raise ProblemError("the exact mode needs the package highspy") from error
    h, slots = problem.slot_h, len(problem.import_price)
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)  # noqa: FBT003
    model.setOptionValue("time_limit", most_s)
    model.setOptionValue("mip_rel_gap", 1e-6)
    infinity = highspy.kHighsInf
    own = [model.addVariable(0, max(0.0, s)) for s in problem.surplus_kw]
    grid = [model.addVariable(0, infinity) for _ in range(slots)]
    is_grid: dict[int, object] = {}
    power: list[dict[int, object]] = []
    lacking = []
    for car in problem.cars:
        mine: dict[int, object] = {}
        for t in range(max(0, car.arrival), min(slots, car.departure)):
            mine[t] = p = model.addVariable(0, car.most_kw)
            on = model.addBinary()
            model.addConstr(p <= car.most_kw * on)
            model.addConstr(p >= car.least_kw * on)
        lack = model.addVariable(0, infinity)
        model.addConstr(h * sum(mine.values()) + lack >= max(0.0, car.needed_kwh))
        model.addConstr(h * sum(mine.values()) <= max(car.needed_kwh, car.most_kwh))
        power.append(mine)
        lacking.append(lack)
    for t in range(slots):
        total = sum(mine[t] for mine in power if t in mine)
        model.addConstr(total - own[t] - grid[t] == 0)
        room = max(0.0, problem.room_kw[t])
        model.addConstr(own[t] + grid[t] <= room)
        if problem.export_price[t] > problem.import_price[t]:  # the sun comes first all the same
            is_grid[t] = switch = model.addBinary()
            model.addConstr(grid[t] <= room * switch)
            model.addConstr(own[t] >= max(0.0, problem.surplus_kw[t]) * switch)
    cost = sum(
        h * problem.export_price[t] * own[t] + h * problem.import_price[t] * grid[t]
        for t in range(slots)
    )
    model.minimize(cost + PENALTY_PER_KWH * sum(lacking))
    found = np.array(model.getSolution().col_value)
    powers = np.zeros((len(problem.cars), slots))
    for at, mine in enumerate(power):
        for t, p in mine.items():
            powers[at, t] = _snapped(float(found[p.index]), problem.cars[at].least_kw)
    missing = tuple(
        max(0.0, car.needed_kwh - h * float(powers[at].sum()))
        for at, car in enumerate(problem.cars)
    )
    spent = sum(
        h * problem.export_price[t] * float(found[own[t].index])
        + h * problem.import_price[t] * float(found[grid[t].index])
        for t in range(slots)
    )
    lacks = sum(missing)  # the solver bounds cost and penalty together
    bound = float(model.getInfo().mip_dual_bound) - PENALTY_PER_KWH * lacks
    return Plan(powers, spent, missing, bound, lacks, starts_of(powers, problem))


def _snapped(power_kw: float, least_kw: float) -> float:
    """Return a power without the solver's tolerance below the least power."""
    if power_kw < least_kw / 2:
        return 0.0
    return max(power_kw, least_kw)
