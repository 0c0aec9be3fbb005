"""A site, its prices and its outlook -> the planner's problem. Pure; the one place that knows both.

The planner's slots all have one length. The first of ours may be shorter: its room, surplus and
powers are scaled down to what a whole slot would have to hold less, and scaled up again after.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np

from smart_charging.core.grid import Floats
from smart_charging.planner.problem import Car, Problem
from smart_charging.planning.core.circuits import enclose, most_kw, phases_of
from smart_charging.planning.core.needs import Role, Wish, is_in_a_hurry
from smart_charging.planning.core.site import VOLTAGE_V, Outlook, Prices, Session, Site
from smart_charging.planning.core.slots import SLOT_S, Slots

START_COST = 0.01  # currency per start: fewer starts for almost nothing
ROOM_KEPT = 0.05  # of each phase's room, for phases that are loaded unevenly
VARIANTS = 64  # of jitter: sites of one tariff and variant share their prices, and their order
JITTER = 0.0002  # currency per kWh, so that a fleet does not start in one second
LATE_PER_SLOT = 1e-4  # where all slots cost the same: rather late, the sun may still come
GRAMS = 1e-3  # a kg of CO2 weighs in the planner as a unit of currency does
WORTH = 0.005  # above the best feed-in price: sun is worth taking, and nothing else


@dataclass(frozen=True, slots=True)
class Posed:
    """A problem, and what is needed to read its answer."""

    problem: Problem
    planned: tuple[Wish, ...]  # in the order of the problem's cars
    told: tuple[Wish, ...]  # in the order of the profile; planned ones and hopeless ones
    surplus_kw: Floats  # what the plan reckons with, true powers
    counted_kw: Floats  # of it, what the cars look at: nothing where all have it switched off
    phase_room_kw: Floats  # [3, slots], true powers; below 0 where the house takes too much
    room_kw: Floats  # of all phases together, true powers
    limits_kw: Floats  # [cars, slots], true powers
    is_sun_unsure: bool


def posed(
    site: Site, slots: Slots, prices: Prices, outlook: Outlook, wishes: tuple[Wish, ...]
) -> Posed:
    """Return the problem of a site."""
    planned = tuple(wish for wish in wishes if wish.is_planned)
    is_unsure = any(is_in_a_hurry(wish, slots) for wish in planned)
    sun = outlook.sun_low_kw if is_unsure else outlook.sun_kw
    less = outlook.load_kw if site.threshold_kw is None else site.threshold_kw
    surplus = np.maximum(0.0, sun - less)
    room = _phase_room(site, slots, outlook)
    reserved = [wish for wish in wishes if wish.role is Role.RESERVED]
    fair = _fair_share(wishes, room) if reserved else room
    taken = {
        wish.session.id: _reserve(wish, most_kw(site, wish.session, wishes), slots, fair, room)
        for wish in reserved
    }
    for draws in taken.values():
        np.maximum(0.0, surplus - draws, out=surplus)
    if site.circuits:
        enclose(site, wishes, taken, room)
    bought, sold = _prices(site, prices, planned)
    free = surplus if any(w.session.looks_at_forecast for w in planned) else np.zeros(slots.count)
    free_room = np.maximum(0.0, room)
    total = free_room[0] + free_room[1] + free_room[2]
    if site.contract_kw is not None:
        total = np.minimum(total, np.maximum(0.0, site.contract_kw - outlook.load_high_kw))
    limits = np.empty((len(planned), slots.count))
    for row, wish in enumerate(planned):
        limits[row] = _limit_kw(wish, most_kw(site, wish.session, wishes), bought, free)
    whole = _scaled(limits, slots)
    cars = tuple(_car(wish, whole[row], bought, sold, free) for row, wish in enumerate(planned))
    problem = Problem(
        SLOT_S / 3600, bought, sold, _scaled(free, slots), _scaled(total, slots), cars,
        phase_room_kw=_scaled(free_room, slots), start_cost=START_COST,
    )  # fmt: skip
    told = tuple(wish for wish in wishes if wish.is_told)
    return Posed(problem, planned, told, surplus, free, room, total, limits, is_unsure)


def _scaled(values: Floats, slots: Slots) -> Floats:
    """Return values as the planner takes them, whose first slot is a whole one as well."""
    if slots.first_part == 1.0:
        return values
    scaled = values.copy()
    scaled[..., 0] *= slots.first_part
    return scaled


def _phase_room(site: Site, slots: Slots, outlook: Outlook) -> Floats:
    """Return what the cars may draw on each of L1, L2, L3 (kW); 0 where there is no phase."""
    room = np.zeros((3, slots.count))
    count = len(site.room_kw)
    kept = (1 - ROOM_KEPT) * np.array(site.room_kw)
    drawn = outlook.load_high_kw / count if site.has_meter else np.array(site.base_kw)[:, None]
    np.subtract(kept[:, None], drawn, out=room[:count])
    return room


def _fair_share(wishes: tuple[Wish, ...], room: Floats) -> Floats:
    """Return what each car may count on, on each phase, where all on it charge [3, slots].

    The site shares a phase fairly: who is in a hurry does not push out who is planned.
    """
    crowd = np.zeros((3, 1))
    for wish in wishes:
        if wish.is_planned or wish.role is Role.RESERVED:
            crowd[phases_of(wish.session)] += 1
    share: Floats = np.maximum(0.0, room) / np.maximum(1.0, crowd)
    return share


def _reserve(wish: Wish, most: float, slots: Slots, fair: Floats, room: Floats) -> Floats:
    """Take out of the room what a car that is not planned will draw; return that (kW by slot).

    most: kW, what it can and what its circuits leave it.
    """
    session, phases = wish.session, phases_of(wish.session)
    power = min(most, session.least_kw) if session.mode == "min-solar" else most
    if power <= 0 or wish.most_kwh <= 0 or not phases:
        return np.zeros(slots.count)
    power_kw = np.minimum(power, len(phases) * fair[phases].min(axis=0))
    whole_kwh = slots.hours * power_kw
    left_kwh = np.maximum(0.0, wish.most_kwh - np.cumsum(whole_kwh) + whole_kwh)
    draws: Floats = np.minimum(whole_kwh, left_kwh) / slots.hours
    room[phases] -= draws / len(phases)
    return draws


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


def _limit_kw(wish: Wish, most: float, bought: Floats, surplus: Floats) -> Floats | float:
    """Return what a car may draw at most by slot: all, or the sun only."""
    if wish.role is not Role.SUN_ONLY:
        return most
    limit = np.minimum(most, surplus)
    if wish.session.looks_at_price:
        limit[bought < 0] = most  # energy that one is paid for
    return limit


def _car(wish: Wish, limit_kw: Floats, bought: Floats, sold: Floats, surplus: Floats) -> Car:
    session = wish.session
    is_sun_only, is_planned = wish.role is Role.SUN_ONLY, wish.role is Role.PLANNED
    return Car(
        session.id, 0, wish.until, wish.needed_kwh, wish.most_kwh,
        session.least_kw, session.most_kw,
        phases=session.phases,
        is_running=session.is_charging,
        worth_per_kwh=max(0.0, float(sold.max())) + WORTH if is_sun_only else 0.0,
        limit_kw=limit_kw,
        bias_per_kwh=_bias(session, bought, sold, surplus) if is_planned else (),
        is_at_once=wish.role is Role.AT_ONCE,
    )  # fmt: skip


def _bias(session: Session, bought: Floats, sold: Floats, surplus: Floats) -> Floats | tuple[()]:
    """Return what makes a car blind to what its driver switched off, where others look at it."""
    if session.looks_at_forecast and session.looks_at_price:
        return ()
    bias = np.zeros(len(bought))
    share = np.minimum(1.0, surplus / session.most_kw)
    if not session.looks_at_forecast:
        bias += (bought - sold) * share
    if not session.looks_at_price:
        late = LATE_PER_SLOT * np.arange(len(bought))
        flat = bought.mean() + LATE_PER_SLOT * len(bought) / 2 - late
        bias += (flat - bought) * (1 - share)
    return bias if bias.any() else ()


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
