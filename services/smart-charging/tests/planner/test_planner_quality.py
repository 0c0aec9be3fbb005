"""Hard sites, many of them: no rule broken, near the optima, no energy missing that need not be.

The optima were found by `exact`, for the seeds of `hard_sites`: [cost, least shortfall in kWh].
"""

import json
from pathlib import Path

import hard_sites
import numpy as np
import pytest
from planner_rules import check_rules

from smart_charging.planner.instances import problems
from smart_charging.planner.plans import plan_many
from smart_charging.planner.problem import LEAST_BILL, PENALTY_PER_KWH

OPTIMA: dict[str, tuple[float, float]] = json.loads(
    Path(__file__).with_name("hard_optima.json").read_text()
)


def solved(kind: str, count: int):
    made = {"format": "site-plan-instances/1"}
    made["instances"] = list(hard_sites.instances(kind, count))
    sites = [(name, site) for name, site in problems(made) if name in OPTIMA]
    plans = plan_many([site for _, site in sites])
    return [(site, found, *OPTIMA[name]) for (name, site), found in zip(sites, plans, strict=True)]


@pytest.mark.parametrize(
    ("kind", "count", "fleet_gap", "near", "certified"),
    [("mixed", 140, 0.0015, 0.88, 0.68), ("tight", 80, 0.002, 0.70, 0.60)],
)
def test_hard_sites_are_planned_near_their_optima(kind, count, fleet_gap, near, certified):
    excess, paid, gaps, short = 0.0, 0.0, [], []
    certificates = []
    for site, found, cost, least_kwh in solved(kind, count):
        check_rules(site, found.power_kw)
        missing = sum(found.missing_kwh)
        assert found.least_missing_kwh <= least_kwh + 1e-3
        if missing <= least_kwh + 1e-6:
            assert found.bound <= cost + 1e-3
        short.append(max(0.0, missing - least_kwh))
        excess, paid = excess + found.cost - cost, paid + abs(cost)
        over = (found.cost - cost) / max(abs(cost), LEAST_BILL)
        gaps.append(over + PENALTY_PER_KWH * short[-1])
        certificates.append(found.gap <= 1e-3)
    assert max(short) <= 0.01
    assert excess / paid <= fleet_gap
    assert np.mean(np.array(gaps) <= 1e-3) >= near
    assert np.mean(certificates) >= certified


def test_many_sites_in_one_call_have_the_plans_they_have_alone():
    made = {"format": "site-plan-instances/1"}
    made["instances"] = list(hard_sites.instances("mixed", 21, seed=5))
    sites = [site for _, site in problems(made)]
    together = plan_many(sites)
    for site, found in zip(sites, together, strict=True):
        (alone,) = plan_many([site])
        assert (alone.power_kw == found.power_kw).all()
        assert (alone.cost, alone.bound) == (found.cost, found.bound)
