"""What a session would have cost charged at once (C9): docs/operate/savings.md. Pure.

The same energy, from plug-in on, at the greatest power the car was seen to take, within what the
fuse left in each minute, with the sun that would have been there counted at the export price.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from cem.records.core.pricing import CENT, Slot

MINUTE_S = 60
ONE_PHASE_W = 4_600.0  # where there are three, cars take no more than 20 A from one
NOMINAL_V = 230.0


@dataclass(frozen=True, slots=True)
class Chance:
    """One minute as it would have been there for the car.

    room_a: what the fuse left beside all other cars, on the fullest phase; None = nobody knows.
    phases: of the fuse.
    sun_wh: what house and other cars left of the sun.
    """

    start_s: int
    room_a: float | None = None
    sun_wh: float = 0.0
    phases: int = 3


@dataclass(frozen=True, slots=True)
class Bill:
    """What it comes to. co2_g: None where that is not known."""

    cost: str
    co2_g: float | None


def at_once(
    energy_wh: float,
    highest_w: float,
    started_s: float,
    chances: Sequence[Chance],
    slots: Sequence[Slot],
) -> Bill | None:
    """Return the bill; None where a price is missing, or the car never drew.

    chances: minute by minute from plug-in to the end. What does not fit before the end counts
    at the price of its last minute, from the grid.
    """
    if energy_wh <= 0 or highest_w <= 0 or not chances:
        return Bill("0.0000", 0.0) if energy_wh <= 0 else None
    cost, co2_g, left_wh = Decimal(0), 0.0, energy_wh
    is_co2_known, number = True, 0
    for chance in chances:
        if left_wh <= 0:
            break
        number = _slot_of(slots, chance.start_s, number)
        if number < 0:
            return None
        span_s = chance.start_s + MINUTE_S - max(started_s, chance.start_s)
        wh = min(left_wh, _power_w(highest_w, chance) * max(0.0, span_s) / 3600)
        sun_wh = min(wh, max(0.0, chance.sun_wh) * span_s / MINUTE_S)
        left_wh -= wh
        slot = slots[number]
        if sun_wh > 0 and slot.sun_per_kwh is None:
            return None
        cost += _worth(slot, wh - sun_wh, sun_wh)
        is_co2_known = is_co2_known and slot.co2_g_per_kwh is not None
        co2_g += (slot.co2_g_per_kwh or 0.0) * (wh - sun_wh) / 1000
    if left_wh > 0:
        cost += _worth(slots[number], left_wh, 0.0)
        co2_g += (slots[number].co2_g_per_kwh or 0.0) * left_wh / 1000
    told = str(cost.quantize(CENT, ROUND_HALF_UP))
    return Bill(told, round(co2_g, 1) if is_co2_known else None)


def _worth(slot: Slot, grid_wh: float, sun_wh: float) -> Decimal:
    sun_per_kwh = slot.sun_per_kwh or Decimal(0)
    return (slot.grid_per_kwh * Decimal(grid_wh) + sun_per_kwh * Decimal(sun_wh)) / 1000


def _power_w(highest_w: float, chance: Chance) -> float:
    if chance.room_a is None:
        return highest_w
    phases = 1 if highest_w <= ONE_PHASE_W else chance.phases
    return min(highest_w, max(0.0, chance.room_a) * phases * NOMINAL_V)


def _slot_of(slots: Sequence[Slot], at_s: float, number: int) -> int:
    """Return the slot of a moment, looked for from a number on; -1 = none."""
    for later in range(max(0, number), len(slots)):
        if slots[later].start.timestamp() <= at_s < slots[later].end.timestamp():
            return later
    return -1
