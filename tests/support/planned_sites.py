"""Random sites whose cars are all free to wait, for properties of plans; and plans of them."""

from itertools import pairwise
from random import Random

import numpy as np
from planning_sites import TARIFF, profile, session

from smart_charging.core.grid import Floats
from smart_charging.planning.core.site import Outlook
from smart_charging.planning.core.slots import Slots
from volthus_kit.testing import FakeClock
from volthus_wire.v1.planning_pb2 import Plan, SessionPlan, SiteProfile
from volthus_wire.v1.tariff_pb2 import Tariff

NOW = FakeClock().now()
PHASES = (["L1"], ["L2"], ["L3"], ["L1", "L2", "L3"])


def tariffs() -> list[Tariff]:
    """Return the usual one, one whose feed-in pays more than imports cost, and a very cheap one."""
    generous, cheap = Tariff(), Tariff()
    generous.CopyFrom(TARIFF)
    generous.fed_in.fixed_per_kwh = 0.35
    cheap.CopyFrom(TARIFF)
    cheap.bought.levies_per_kwh = -0.12
    return [TARIFF, generous, cheap]


def random_site(dice: Random, name: str) -> SiteProfile:
    """Return a site of one to three cars in mode smart with every switch on."""
    told = profile(
        name, NOW, cars=0, tariff=dice.choice(tariffs()), fuse_a=dice.choice([20.0, 25, 35, 63])
    )
    for car in range(dice.choice([1, 1, 1, 2, 3])):
        wanted = session(NOW, hours=dice.uniform(2, 30))
        wanted.session, wanted.ski = f"{name}-{car}", f"{car:040x}"
        wanted.needed_wh = dice.uniform(500, 40_000)
        wanted.most_wh = wanted.needed_wh + dice.choice([0, 5000, 20_000])
        wanted.max_a = dice.choice([8, 10, 13, 16, 20, 32])
        wanted.phases[:] = dice.choice(PHASES)
        wanted.is_charging = dice.random() < 0.4
        told.sessions.append(wanted)
    if dice.random() < 0.2:
        told.contract_w = dice.choice([4000.0, 8000.0])
    return told


def random_outlook(dice: Random, slots: Slots) -> Outlook:
    """Return an outlook with an hour or a day of sun, or none."""
    hours, from_h = np.cumsum(slots.hours), dice.uniform(0, 20)
    shines = (hours > from_h) & (hours <= from_h + dice.uniform(2, 8))
    sun = np.where(shines, dice.uniform(0, 10), 0.0) * (dice.random() < 0.6)
    load = np.full(slots.count, dice.uniform(0.1, 2))
    return Outlook(np.array((sun, 0.5 * sun, load, 1.2 * load)))


def starts(plan: SessionPlan, *, is_charging: bool) -> int:
    """Return how often a car begins to charge."""
    is_on = [is_charging, *(power > 0 for power in plan.power_w)]
    return sum(now and not before for before, now in pairwise(is_on))


def powers(plan: Plan) -> Floats:
    """Return the powers of all cars, W."""
    return np.array([one.power_w for one in plan.sessions])
