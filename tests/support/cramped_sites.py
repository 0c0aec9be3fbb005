"""Sites whose rooms are hardly enough, made from a seed: what is the least that must be missing?

Every car's needs together come near what the room holds, windows are short, least powers are a
large part of the room, and what a car may take beyond its need is little. With phases some cars
load one of them. Prices are noise: they must never cost energy.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from smart_charging.planner.problem import Car, Problem

Floats = NDArray[np.float64]

THREE_PHASE = ((4.14, 11.04), (4.14, 22.08), (1.38, 11.04))
ONE_PHASE = ((1.38, 3.68), (1.38, 7.36), (1.84, 7.36))
SLOT_H = 0.25


def sites(count: int, has_phases: bool, seed: int = 1) -> Iterator[Problem]:
    """Yield problems, always the same; the rooms of phases where `has_phases`, else of the sum."""
    for number in range(count):
        yield _site(np.random.default_rng([seed, number, has_phases]), has_phases)


def _site(chance: np.random.Generator, has_phases: bool) -> Problem:
    slots, n = int(chance.choice([12, 24, 48, 96])), int(chance.integers(2, 9))
    per_car = float(chance.uniform(1.5, 4.5))
    room = np.full(slots, max(4.2, n * per_car)) * (1 - 0.5 * (chance.random(slots) < 0.15))
    hourly = chance.uniform(0.75, 1.0, slots // 4 + 1)
    room *= np.repeat(hourly, 4)[:slots]
    phase_room: tuple[Floats, ...] = ()
    if has_phases:
        phase_room = tuple(room / 3 * chance.uniform(0.75, 1.25) for _ in range(3))
    # how much of the room the needs fill; above 1 something must be missing
    fill = float(chance.choice([0.8, 0.93, 0.97, 1.0, 1.03]))
    cars = _cars(n, fill * float(room.sum()) * SLOT_H, slots, has_phases, chance)
    price = 0.25 + 0.1 * np.repeat(chance.normal(0, 1, slots // 4 + 1), 4)[:slots]
    sun = np.maximum(0.0, chance.normal(-1, 4, slots)) * (chance.random() < 0.5)
    return Problem(SLOT_H, price, np.full(slots, 0.08), sun, room, cars, phase_room)


def _cars(
    n: int, all_kwh: float, slots: int, has_phases: bool, chance: np.random.Generator
) -> tuple[Car, ...]:
    shares = chance.dirichlet(np.full(n, 4.0))
    return tuple(
        _car(f"ev{at + 1}", float(share) * all_kwh, slots, has_phases, chance)
        for at, share in enumerate(shares)
    )


def _car(
    name: str, wanted_kwh: float, slots: int, has_phases: bool, chance: np.random.Generator
) -> Car:
    is_one_phase = chance.random() < 0.5
    bands = ONE_PHASE if is_one_phase else THREE_PHASE
    least, most = bands[int(chance.integers(0, len(bands)))]
    phases = int(chance.choice([1, 2, 4])) if has_phases and is_one_phase else 7
    start = int(chance.integers(0, slots // 3)) if chance.random() < 0.5 else 0
    end = int(chance.integers(2 * slots // 3, slots)) if chance.random() < 0.5 else slots
    need = round(min(wanted_kwh, float(chance.uniform(0.7, 1.0)) * most * (end - start) / 4), 3)
    spare = float(chance.choice([0.0, 0.0, 0.5, 5.0]))
    return Car(name, start, end, need, need + spare, least, most, phases)
