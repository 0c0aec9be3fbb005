"""What the house, and cars that are not planned, leave of each phase to those that are. Pure."""

from collections.abc import Sequence

import numpy as np

from smart_charging.core.grid import Floats
from smart_charging.planning.core.circuits import enclose, most_kw, phases_of
from smart_charging.planning.core.needs import Role, Wish
from smart_charging.planning.core.site import Site
from smart_charging.planning.core.slots import Slots

ROOM_KEPT = 0.05  # of each phase's room, for phases that are loaded unevenly


def phase_rooms(sites: Sequence[Site], load_high_kw: Floats) -> Floats:
    """Return what the cars of sites may draw on L1, L2, L3 [sites, 3, slots].

    0 where there is no phase; below 0 where the house takes too much. load_high_kw: [sites, slots].
    """
    kept, counts = np.zeros((len(sites), 3, 1)), np.empty((len(sites), 1, 1))
    is_measured = np.zeros((len(sites), 3, 1))  # 1 where the house's load counts, by phase
    for row, site in enumerate(sites):
        counts[row] = count = len(site.room_kw)
        for phase, room_kw in enumerate(site.room_kw):
            kept[row, phase] = (1 - ROOM_KEPT) * room_kw
            if not site.has_meter:
                kept[row, phase] -= site.base_kw[phase]
        is_measured[row, :count] = site.has_meter
    rooms: Floats = load_high_kw[:, None, :] / counts * is_measured
    return np.subtract(kept, rooms, out=rooms)


def leave_out(
    site: Site, wishes: tuple[Wish, ...], slots: Slots, surplus: Floats, room: Floats
) -> None:
    """Take out what cars draw that are not planned, and what circuits do not let through.

    surplus: [slots], room: [3, slots] of the site; both are changed.
    """
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
