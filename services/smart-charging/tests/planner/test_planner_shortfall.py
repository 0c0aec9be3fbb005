"""Rooms that are hardly enough: is more energy missing than a solver, given time, must leave out?

`tests/bench/planner.py` asks the same of hundreds of sites.
"""

import cramped_sites
import pytest
from planner_rules import check_rules

from smart_charging.planner.exact import least_shortfall
from smart_charging.planner.plans import plan_many

MATTERS_KWH = 0.01
SOLVER_S = 2.0


def avoidable(count: int, has_phases: bool) -> list[float]:
    """Return what each site lacks beyond the solver's plan, or its bound where it has no time."""
    sites = list(cramped_sites.sites(count, has_phases, seed=7))
    over = []
    for site, found in zip(sites, plan_many(sites), strict=True):
        check_rules(site, found.power_kw)
        least, best = least_shortfall(site, SOLVER_S)
        assert found.least_missing_kwh <= best + 1e-3
        missing = sum(found.missing_kwh)
        assert missing >= least - 1e-3
        over.append(max(0.0, missing - best))
    return over


@pytest.mark.parametrize(
    ("has_phases", "count", "troubled", "missing_kwh"), [(False, 40, 0, 0.01), (True, 12, 2, 0.4)]
)
def test_cramped_sites_lack_no_more_than_they_must(has_phases, count, troubled, missing_kwh):
    over = avoidable(count, has_phases)
    assert sum(kwh > MATTERS_KWH for kwh in over) <= troubled
    assert sum(over) <= missing_kwh
