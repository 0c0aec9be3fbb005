"""Reads `site-plan-instances/1` and writes `site-plan/1`: files of planning problems, as JSON."""

from collections.abc import Iterator, Mapping, Sequence

from smart_charging.planner.problem import MOST_SLOTS, Car, Plan, Problem, ProblemError

FORMAT = "site-plan-instances/1"
MOST_NUMBER = 1e9  # of anything in a file: what is larger is a mistake
DIGITS = 7  # of a power in kW: below the tolerance of 1 W

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


def problems(document: Json) -> Iterator[tuple[str, Problem]]:
    """Yield the id and the problem of every instance. Raises ProblemError, naming the instance."""
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        found = document.get("format") if isinstance(document, Mapping) else type(document).__name__
        raise ProblemError(f"format is {found!r}; expected {FORMAT!r}")
    names: set[str] = set()
    for at, instance in enumerate(_list(document, "instances")):
        if not isinstance(instance, Mapping):
            raise ProblemError(f"instances[{at}] is {type(instance).__name__}; expected an object")
        name = instance.get("id")
        if not isinstance(name, str) or name in names:
            raise ProblemError(f"instances[{at}].id is {name!r}; expected a text of its own")
        names.add(name)
        try:
            yield name, _problem(instance)
        except ProblemError as error:
            raise ProblemError(f"instance {name}: {error}") from error


def answer(name: str, problem: Problem, plan: Plan) -> dict[str, Json]:
    """Return one plan of a `site-plan/1` document, with what it costs and what proves it."""
    powers: dict[str, Json] = {
        car.id: [round(float(power), DIGITS) for power in row]
        for car, row in zip(problem.cars, plan.power_kw, strict=True)
    }
    return {
        "id": name,
        "ev_power_kw": powers,
        "cost_eur": round(plan.cost, 6),
        "shortfall_kwh": round(sum(plan.missing_kwh), 6),
        "bound_eur": round(plan.bound, 6),
        "gap": round(plan.gap, 8),
    }


def _problem(instance: Mapping[str, Json]) -> Problem:
    sun, load = _numbers(instance, "pv_kw"), _numbers(instance, "base_load_kw")
    limit = _numbers(instance, "grid_limit_kw")
    if not len(sun) == len(load) == len(limit):
        raise ProblemError(
            f"pv_kw, base_load_kw and grid_limit_kw have {len(sun)}, {len(load)} and {len(limit)} "
            "values; expected one per slot in each"
        )
    if "n_slots" in instance and _whole(instance, "n_slots", 1, MOST_SLOTS) != len(sun):
        raise ProblemError(f"n_slots is {instance['n_slots']!r}; pv_kw has {len(sun)} values")
    cars: list[Car] = []
    for ev in _list(instance, "evs"):
        if not isinstance(ev, Mapping):
            raise ProblemError(f"evs holds {ev!r}; expected objects")
        car = _car(ev, len(sun))
        if any(other.id == car.id for other in cars):
            raise ProblemError(f"two evs have the id {car.id!r}")
        cars.append(car)
    return Problem(
        _number(instance, "slot_minutes") / 60,
        _numbers(instance, "import_price"),
        _numbers(instance, "export_price"),
        [max(0.0, s - b) for s, b in zip(sun, load, strict=True)],
        [max(0.0, m - b) for m, b in zip(limit, load, strict=True)],
        tuple(cars),
    )


def _car(ev: Mapping[str, Json], slots: int) -> Car:
    name = ev.get("id")
    if not isinstance(name, str):
        raise ProblemError(f"evs.id is {name!r}; expected a text")
    arrival = _whole(ev, "arrival_slot", 0, slots)
    return Car(
        name,
        arrival,
        _whole(ev, "departure_slot", arrival, slots),
        _number(ev, "energy_needed_kwh"),
        _number(ev, "energy_max_kwh"),
        _number(ev, "p_min_kw"),
        _number(ev, "p_max_kw"),
    )


def _list(message: Mapping[str, Json], name: str) -> Sequence[Json]:
    value = message.get(name)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ProblemError(f"{name} is {type(value).__name__}; expected a list")
    return value


def _numbers(message: Mapping[str, Json], name: str) -> list[float]:
    return [_checked(f"{name}[{at}]", value) for at, value in enumerate(_list(message, name))]


def _number(message: Mapping[str, Json], name: str) -> float:
    return _checked(name, message.get(name))


def _checked(name: str, value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ProblemError(f"{name} is {value!r:.40}; expected a number")
    if not -MOST_NUMBER <= value <= MOST_NUMBER:  # catches NaN too
        raise ProblemError(f"{name} is {value!r:.20}; expected a number up to {MOST_NUMBER:g}")
    return float(value)


def _whole(message: Mapping[str, Json], name: str, least: int, most: int) -> int:
    value = _number(message, name)
    if value != int(value) or not least <= value <= most:
        raise ProblemError(f"{name} is {value:g}; expected a whole number, {least} to {most}")
    return int(value)
