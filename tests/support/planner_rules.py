"""What every plan keeps to."""

import numpy as np

from smart_charging.planner.kernels.types import Floats
from smart_charging.planner.problem import Problem

WATT = 1e-3


def check_rules(problem: Problem, power: Floats) -> None:
    """Assert that powers stay in windows, bands, caps and rooms, of the sum and of each phase."""
    assert np.isfinite(power).all()
    assert (power.sum(axis=0) <= np.maximum(0, problem.room_kw) + WATT).all()
    for car, row in zip(problem.cars, power, strict=True):
        assert not row[: max(0, car.arrival)].any()
        assert not row[max(0, car.departure) :].any()
        on = row[row > 0]
        assert (on >= car.least_kw - WATT).all()
        assert (on <= car.most_kw + WATT).all()
        if len(car.limit_kw):
            assert (row <= np.array(car.limit_kw) + WATT).all()
        assert row.sum() * problem.slot_h <= max(0.0, car.needed_kwh, car.most_kwh) + 0.01
    for line, room in enumerate(problem.phase_room_kw):
        both = zip(problem.cars, power, strict=True)
        loads = [row / car.phases.bit_count() for car, row in both if car.phases >> line & 1]
        assert (np.sum(loads, axis=0) <= np.array(room) + WATT).all()
