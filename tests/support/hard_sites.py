"""Sites that are hard to plan, made from a seed: for tests and measurements of the planner.

Like the development instances in shape (tariffs, chargers, 96-288 quarters), but with far more
prices below zero, feed-in above import, rooms too small for all wishes, and tiny bills.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Instance = dict[str, object]

CHARGERS = ((4.14, 11.04), (4.14, 11.04), (1.38, 3.68), (1.38, 11.04), (1.38, 7.36), (4.14, 22.08))
KINDS = ("single", "few", "many", "tight")


def instances(kind: str, count: int, seed: int = 1) -> Iterator[Instance]:
    """Yield instances of `site-plan-instances/1` of a kind (KINDS, or "mixed"), always the same."""
    for number in range(count):
        chance = np.random.default_rng([seed, number, len(kind)])
        drawn = ("single", "few", "many", "tight", "few", "single", "many")[number % 7]
        yield _instance(f"{kind}-{seed}-{number}", drawn if kind == "mixed" else kind, chance)


def _instance(name: str, kind: str, chance: np.random.Generator) -> Instance:
    slots = int(chance.choice([96, 128, 144, 192, 288]))
    hour = (np.arange(slots) / 4 + chance.uniform(0, 24)) % 24
    most = {"single": 1, "few": 3, "many": 10, "tight": 10}[kind]
    cars = 1 if most == 1 else int(chance.integers(2 if most == 3 else 4, most + 1))
    size = float(cars) if cars < 4 else 0.6 * cars
    price = _import_price(hour, chance)
    load = size * 0.3 * (1 + chance.random(slots)) + (hour > 17) * chance.uniform(0, 1.5)
    sun = _sun(hour, chance) * size * float(chance.choice([0, 1, 3, 6, 9]))
    limit = float(chance.choice([11.0, 17.25, 24.15] if cars < 4 else [24.15, 34.5, 55.0]))
    if kind == "tight":
        limit = max(load.max() + 1.5, cars * chance.uniform(1.2, 3.2))
    limits = np.full(slots, limit)
    if chance.random() < 0.3:  # told by the grid to draw less for some hours
        limits[(hour > 17) & (hour < 20)] = max(4.4, 0.4 * limit)
    return {
        "id": name,
        "slot_minutes": 15,
        "import_price": _rounded(price),
        "export_price": _rounded(_export_price(price, chance)),
        "pv_kw": _rounded(sun),
        "base_load_kw": _rounded(load),
        "grid_limit_kw": _rounded(limits),
        "evs": [_car(f"ev{at + 1}", kind, slots, chance) for at in range(cars)],
    }


def _import_price(hour: Floats, chance: np.random.Generator) -> Floats:
    kind = chance.choice(
        ["hourly", "quarterly", "negative", "flat2", "flat"], p=[0.3, 0.2, 0.3, 0.1, 0.1]
    )
    if kind == "flat":
        return np.full(len(hour), 0.27)
    if kind == "flat2":
        return np.where((hour > 7) & (hour < 21), 0.31, 0.22)
    noise = chance.normal(0, 0.04, len(hour))
    if kind != "quarterly":
        noise = np.repeat(noise[::4], 4)[: len(hour)]
    valley = np.exp(-(((hour - 13) / 2.5) ** 2)) * chance.uniform(0.05, 0.3)
    level = chance.uniform(0.02, 0.15) if kind == "negative" else chance.uniform(0.2, 0.45)
    return level + 0.06 * np.sin((hour - 13) / 12 * np.pi) ** 2 - valley + noise


def _export_price(price: Floats, chance: np.random.Generator) -> Floats:
    match int(chance.integers(0, 4)):
        case 0:
            return np.full(len(price), 0.08)
        case 1:
            return np.zeros(len(price))
        case 2:
            return (price - 0.13) / 1.21  # spot without fees
        case _:
            return np.full(len(price), float(chance.choice([0.12, 0.2])))


def _sun(hour: Floats, chance: np.random.Generator) -> Floats:
    clouds = np.clip(chance.normal(0.7, 0.3, len(hour)), 0.05, 1)
    return np.maximum(0, np.sin((hour - 6) / 12 * np.pi)) * clouds


def _car(name: str, kind: str, slots: int, chance: np.random.Generator) -> dict[str, object]:
    least, most = CHARGERS[int(chance.integers(0, len(CHARGERS)))]
    start = int(chance.integers(1, slots // 2)) if chance.random() < 0.25 else 0
    shortest = 8 if kind != "tight" else 24
    end = int(chance.integers(min(start + shortest, slots - 1), slots + 1))
    reach = 0.25 * most * (end - start)
    match int(chance.integers(0, 10)):
        case 0:
            need = float(chance.uniform(0.01, 0.3 * least))  # less than one slot at the least power
        case 1:
            need = float(chance.uniform(0.9, 1.1)) * min(
                reach, 60.0
            )  # as much as there is time for
        case _:
            need = min(float(chance.uniform(3, 60)), 0.95 * reach)
    spare = float(chance.choice([0.0, 0.0, 2.0, 10.0, 25.0]))
    return {
        "id": name,
        "arrival_slot": start,
        "departure_slot": end,
        "energy_needed_kwh": round(need, 4),
        "energy_max_kwh": round(need + spare, 4),
        "p_min_kw": least,
        "p_max_kw": most,
    }


def _rounded(values: Floats) -> list[float]:
    return [round(float(value), 5) for value in values]
