"""A batch of sites, their prices and outlooks -> the planner's arrays. Pure; knows both sides.

A row for each site and one for each planned car. The planner's slots all have one length. The first
of ours may be shorter: its room, surplus and powers are scaled down to what a whole slot would have
to hold less, and scaled up again after.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from smart_charging.core.grid import Floats
from smart_charging.planner.fleet import Fleet
from smart_charging.planner.plans import PER_SLOT_LATER
from smart_charging.planning.core.circuits import most_kw
from smart_charging.planning.core.needs import Role, Wish, is_in_a_hurry
from smart_charging.planning.core.room import leave_out, phase_rooms
from smart_charging.planning.core.site import VOLTAGE_V, Outlook, Prices, Session, Site
from smart_charging.planning.core.slots import SLOT_S, Slots

START_COST = 0.01  # currency per start: fewer starts for almost nothing
VARIANTS = 64  # of jitter: sites of one tariff and variant share their prices, and their order
JITTER = 0.0002  # currency per kWh, so that a fleet does not start in one second
LATE_PER_SLOT = 1e-4  # where all slots cost the same: rather late, the sun may still come
GRAMS = 1e-3  # a kg of CO2 weighs in the planner as a unit of currency does
WORTH = 0.005  # above the best feed-in price: sun is worth taking, and nothing else
SUN, LOW_SUN, LOAD, HIGH_LOAD = range(4)  # rows of an outlook


@dataclass(frozen=True, slots=True)
class Asked:
    """A site to be planned, on the slots of its batch. wishes: in the order of the profile.

    shared: what its plan has in common with others of its tariff, as it goes out.
    """

    site: Site
    prices: Prices
    shared: bytes
    outlook: Outlook
    wishes: tuple[Wish, ...]
    planned: tuple[Wish, ...] = field(init=False)  # of them, those that the planner gives power

    def __post_init__(self) -> None:
        object.__setattr__(self, "planned", tuple(w for w in self.wishes if w.is_planned))


@dataclass(frozen=True, slots=True)
class Posed:
    """A batch as arrays, and what is needed to read its answer. True powers, but in `fleet`."""

    asked: Sequence[Asked]
    slots: Slots
    fleet: Fleet
    planned: tuple[Wish, ...]  # of all sites, in the order of the fleet's cars
    outlook_kw: Floats  # [sites, 4, slots]
    surplus_kw: Floats  # [sites, slots], what the plans reckon with
    counted_kw: Floats  # of it, what the cars look at: nothing where all have it switched off
    phase_room_kw: Floats  # [sites, 3, slots]; below 0 where the house takes too much
    room_kw: Floats  # [sites, slots], of all phases together
    limits_kw: Floats  # [cars, slots]


def posed(asked: Sequence[Asked], slots: Slots) -> Posed:
    """Return the problems of sites as one fleet."""
    outlook = np.array([each.outlook.kw for each in asked], np.float64)
    surplus = _surplus(asked, slots, outlook)
    room = phase_rooms([each.site for each in asked], outlook[:, HIGH_LOAD])
    for row, each in enumerate(asked):
        leave_out(each.site, each.wishes, slots, surplus[row], room[row])
    is_seen = [any(w.session.looks_at_forecast for w in each.planned) for each in asked]
    counted = np.where(np.array(is_seen)[:, None], surplus, 0.0)
    free = np.maximum(0.0, room)
    total = free[:, 0] + free[:, 1] + free[:, 2]
    for row, each in enumerate(asked):
        if each.site.contract_kw is not None:
            rest = np.maximum(0.0, each.site.contract_kw - outlook[row, HIGH_LOAD])
            np.minimum(total[row], rest, out=total[row])
    pay = _Pay(asked)
    limits, fleet_cars = _limits(asked, slots, pay, counted), _cars(asked, pay)
    fleet = Fleet(
        SLOT_S / 3600, np.array(pay.bought), np.array(pay.sold), np.array(pay.of, np.int64),
        _scaled(counted, slots), _scaled(total, slots), *fleet_cars, _scaled(free, slots),
        _scaled(limits, slots), _biases(asked, slots, pay, counted), START_COST,
    )  # fmt: skip
    planned = tuple(wish for each in asked for wish in each.planned)
    return Posed(asked, slots, fleet, planned, outlook, surplus, counted, room, total, limits)


def _surplus(asked: Sequence[Asked], slots: Slots, outlook: Floats) -> Floats:
    """Return the sun beyond the house; only the likely sun where a goal is hard and time short."""
    sun, less = outlook[:, SUN].copy(), outlook[:, LOAD].copy()
    for row, each in enumerate(asked):
        if any(is_in_a_hurry(wish, slots) for wish in each.planned):
            sun[row] = outlook[row, LOW_SUN]
        if each.site.threshold_kw is not None:
            less[row] = each.site.threshold_kw
    surplus: Floats = np.maximum(0.0, np.subtract(sun, less, out=sun), out=sun)
    return surplus


class _Pay:
    """What the planner pays for grid energy and for sun; sites that pay the same share a row."""

    def __init__(self, asked: Sequence[Asked]) -> None:
        self.bought: list[Floats] = []
        self.sold: list[Floats] = []
        self.of: list[int] = []
        rows: dict[tuple[int, int], int] = {}
        for each in asked:
            bought, sold = _prices(each.site, each.prices, each.planned)
            row = rows.setdefault((id(bought), id(sold)), len(self.bought))
            if row == len(self.bought):
                self.bought.append(bought)
                self.sold.append(sold)
            self.of.append(row)


def _limits(asked: Sequence[Asked], slots: Slots, pay: _Pay, counted: Floats) -> Floats:
    """Return what cars may draw at most by slot: all, or the sun only."""
    most = [most_kw(each.site, w.session, each.wishes) for each in asked for w in each.planned]
    limits = np.empty((len(most), slots.count))
    limits[:] = np.array(most)[:, None]
    car = 0
    for row, each in enumerate(asked):
        for wish in each.planned:
            if wish.role is Role.SUN_ONLY:
                np.minimum(limits[car], counted[row], out=limits[car])
                if wish.session.looks_at_price:
                    # energy that one is paid for
                    limits[car][pay.bought[pay.of[row]] < 0] = most[car]
            car += 1
    return limits


def _cars(asked: Sequence[Asked], pay: _Pay) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64]]:
    """Return where each site's cars begin, and the cars, as a `Fleet` has them."""
    first, cars, whos = [0], [], []
    for row, each in enumerate(asked):
        for wish in each.planned:
            it, worth = wish.session, 0.0
            if wish.role is Role.SUN_ONLY:
                worth = max(0.0, float(pay.sold[pay.of[row]].max())) + WORTH
            cars.append((wish.needed_kwh, wish.most_kwh, it.least_kw, it.most_kw, worth))
            whos.append((0, wish.until, it.phases, it.is_charging))
        first.append(len(cars))
    return (
        np.array(first, np.int64),
        np.array(cars, np.float64).reshape(-1, 5),
        np.array(whos, np.int64).reshape(-1, 4),
    )


def _biases(asked: Sequence[Asked], slots: Slots, pay: _Pay, counted: Floats) -> Floats:
    """Return what is added to each car's prices; nothing at all where it is 0 for all."""
    found: dict[int, Floats] = {}
    car = 0
    for row, each in enumerate(asked):
        for wish in each.planned:
            if wish.role is Role.AT_ONCE:
                found[car] = PER_SLOT_LATER * np.arange(slots.count, dtype=np.float64)
            elif wish.role is Role.PLANNED and not _sees_all(wish.session):
                bought, sold = pay.bought[pay.of[row]], pay.sold[pay.of[row]]
                found[car] = _bias(wish.session, bought, sold, counted[row])
            car += 1
    biases = np.zeros((car if found else 0, slots.count))
    for row, bias in found.items():
        biases[row] = bias
    return biases


def _sees_all(session: Session) -> bool:
    return session.looks_at_forecast and session.looks_at_price


def _bias(session: Session, bought: Floats, sold: Floats, surplus: Floats) -> Floats:
    """Return what makes a car blind to what its driver switched off, where others look at it."""
    bias = np.zeros(len(bought))
    share = np.minimum(1.0, surplus / session.most_kw)
    if not session.looks_at_forecast:
        bias += (bought - sold) * share
    if not session.looks_at_price:
        late = LATE_PER_SLOT * np.arange(len(bought))
        flat = bought.mean() + LATE_PER_SLOT * len(bought) / 2 - late
        bias += (flat - bought) * (1 - share)
    return bias


def _scaled(values: Floats, slots: Slots) -> Floats:
    """Return values as the planner takes them, whose first slot is a whole one as well."""
    if slots.first_part == 1.0:
        return values
    scaled = values.copy()
    scaled[..., 0] *= slots.first_part
    return scaled


def _prices(site: Site, prices: Prices, planned: tuple[Wish, ...]) -> tuple[Floats, Floats]:
    """Return what the planner pays for grid energy and for sun, with the site's jitter."""
    slots = len(prices.bought)
    variant = hash_of(site.id) % VARIANTS
    if site.objective == "co2" and prices.co2 is not None:
        return prices.variant(f"co2 {variant}", lambda: _grams(prices, variant)), _free(slots)
    is_flat = prices.is_flat or (
        bool(planned) and not any(wish.session.looks_at_price for wish in planned)
    )
    if is_flat:
        return prices.variant("flat", lambda: _flat(prices)), prices.sold
    return prices.variant(
        f"{variant}", lambda: prices.bought + _jitter(variant, slots)
    ), prices.sold


@lru_cache(maxsize=1 << 16)
def hash_of(text: str) -> int:
    """Return a number of 60 bits that is the same on every machine."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) >> 4


def _flat(prices: Prices) -> Floats:
    flat: Floats = np.full(len(prices.bought), prices.bought.mean())
    flat += LATE_PER_SLOT * (len(flat) / 2 - np.arange(len(flat)))
    return flat


def _grams(prices: Prices, variant: int) -> Floats:
    known = prices.bought if prices.co2 is None else prices.co2
    return known * GRAMS + _jitter(variant, len(known))


@lru_cache(maxsize=8)
def _free(slots: int) -> Floats:
    return np.zeros(slots)


def _jitter(variant: int, slots: int) -> Floats:
    return np.random.default_rng(variant).uniform(-JITTER, JITTER, slots)


def kw_of(current_a: float, phases: int = 1) -> float:
    """Return the power (kW) of a current on so many phases."""
    return current_a * VOLTAGE_V * phases / 1000
