"""A plan costs no more than charging at once: random sites through the service's own posing."""

from pathlib import Path
from random import Random

import httpx
import pytest
from planned_sites import random_outlook, random_site, starts

from smart_charging.planning.book import Book
from smart_charging.planning.core.posing import START_COST
from smart_charging.planning.core.slots import slots_at
from smart_charging.planning.hearing import row_of
from smart_charging.planning.making import Job, made
from smart_charging.planning.markets import Markets
from smart_charging.prices.desk import Desk
from smart_charging.prices.pushed import Pushed
from smart_charging.prices.settings import PriceSettings
from smart_charging.prices.store import Store
from volthus_kit.testing import FakeClock
from volthus_wire.v1.planning_pb2 import Plan, SiteProfile

SITES = 400
ROUNDED = 0.01  # currency per car: its last slot is no less than its least power, at once it may be


@pytest.mark.parametrize("minute_s", [0, 300, 600])  # where the first slot is a part of a quarter
def test_what_is_planned_costs_no_more_than_charging_at_once(tmp_path: Path, minute_s: int) -> None:
    clock, dice = FakeClock(), Random(minute_s)  # noqa: S311 - the same each time
    clock.go_on(minute_s)
    now_s = clock.now().timestamp()
    jobs, told = [], {}
    for number in range(SITES):
        site = random_site(dice, f"s-{number}")
        row = row_of(site, now_s)
        told[site.site] = site
        outlook = random_outlook(dice, slots_at(now_s, row.site.last_departure_s))
        jobs.append(Job(row.site, row.tariff, outlook))
    store = Store(tmp_path)
    desk = Desk(httpx.AsyncClient(), store, clock)
    book = Book(Markets(PriceSettings(), desk, Pushed(store, clock), clock), clock, {})
    compared = 0
    for each in made(book, jobs, now_s):
        compared += _is_no_dearer(Plan.FromString(each.body), told[each.job.site.id])
    assert compared > SITES / 2


def _is_no_dearer(plan: Plan, told: SiteProfile) -> bool:
    """Return whether a plan could be compared: at once, all would get the same."""
    if any(one.shortfall_wh or not one.HasField("at_once_cost") for one in plan.sessions):
        return False
    begun = sum(
        starts(one, is_charging=wanted.is_charging)
        for one, wanted in zip(plan.sessions, told.sessions, strict=True)
    )
    at_once = sum(one.at_once_cost for one in plan.sessions)
    cost = sum(one.cost for one in plan.sessions)
    assert cost <= at_once + START_COST * begun + ROUNDED * len(plan.sessions), (told, plan)
    return True
