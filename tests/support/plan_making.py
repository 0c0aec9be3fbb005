"""From a profile to the plan that goes out, for tests: real kernels, no bus."""

from pathlib import Path

import httpx
import numpy as np
from planning_sites import TARIFF, profile, session

from smart_charging.planning.book import Book
from smart_charging.planning.core.ledger import Row
from smart_charging.planning.core.site import Outlook, Trusted
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
from volthus_wire.v1.tariff_pb2 import ImportTariff, Rates, Tariff

CLOCK = FakeClock()
NOW = CLOCK.now()
NOW_S = NOW.timestamp()
FLAT = Tariff(currency="EUR", bought=ImportTariff(energy=Rates(otherwise=0.3)))


def book_in(folder: Path) -> Book:
    store = Store(folder)
    desk = Desk(httpx.AsyncClient(), store, CLOCK)
    return Book(Markets(PriceSettings(), desk, Pushed(store, CLOCK), CLOCK), CLOCK, {})


def outlook(row: Row, sun_kw: float = 0.0, load_kw: float = 0.5) -> Outlook:
    """Return a sun that shines from 4 h to 9 h ahead."""
    slots = slots_at(NOW_S, row.site.last_departure_s)
    hours = np.cumsum(slots.hours)
    sun = np.where((hours > 4) & (hours <= 9), sun_kw, 0.0)
    load = np.full(slots.count, load_kw)
    return Outlook(np.array((sun, 0.5 * sun, load, load)), (Trusted("load", "site", "standard"),))


def planned(book: Book, told: SiteProfile, sun_kw: float = 0.0, load_kw: float = 0.5) -> Plan:
    row = row_of(told, NOW_S)
    (plan,) = made(book, [Job(row.site, row.tariff, outlook(row, sun_kw, load_kw))], NOW_S)
    return Plan.FromString(plan.body)


def home(*, tariff: Tariff | None = TARIFF, hours: float = 10.0, **changed: object) -> SiteProfile:
    told = profile("house", NOW, cars=0, tariff=tariff)
    wanted = session(NOW, hours=hours)
    for name, value in changed.items():
        if name == "phases":
            wanted.phases[:] = value
        else:
            setattr(wanted, name, value)
    told.sessions.append(wanted)
    return told


def energy(plan: Plan) -> list[float]:
    """Return the energy of the only car by slot, kWh."""
    powers = plan.sessions[0].power_w
    return [p * s / 3.6e6 for p, s in zip(powers, plan.slot_s, strict=True)]
