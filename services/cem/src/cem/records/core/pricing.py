"""Cost and CO2 of a session from series of prices by time: facts that can be filled in later. Pure.

Until a series covers every minute that a session took from the grid, its cost is not known.
A series has an id and a revision; the cost names both, so that a better series replaces it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from cem.records.core.sessions import Session

CENT = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Slot:
    """A price per kWh from the grid, in [start, end); co2_g_per_kwh: None = unknown.

    sun_per_kwh: what own sun is worth (a feed-in tariff lost); 0 by default, None = unknown.
    """

    start: datetime
    end: datetime
    grid_per_kwh: Decimal
    sun_per_kwh: Decimal | None = Decimal(0)
    co2_g_per_kwh: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Prices of one tariff; a later revision of the same id replaces an earlier one."""

    id: str
    revision: int
    currency: str
    slots: Sequence[Slot]

    @property
    def name(self) -> str:
        """Return what a cost names as its source."""
        return f"{self.id}@{self.revision}"


@dataclass(frozen=True, slots=True)
class Used:
    """Energy that a session took in a minute."""

    start: datetime
    grid_wh: float
    sun_wh: float


def priced(session: Session, used: Iterable[Used], series: Series) -> Session | None:
    """Return the session with its cost filled in, None when nothing is to be changed.

    That is so when the series does not cover a minute, or the cost is already by this series or
    a later revision of it. Energy that is in no minute is priced at the mean of those that are.
    """
    if not _is_newer(series, session.price_series):
        return None
    cost, told_wh, co2_g = Decimal(0), 0.0, 0.0
    is_co2_known = True
    for one in used:
        slot = _slot_at(series.slots, one.start)
        if slot is None or (slot.sun_per_kwh is None and one.sun_wh > 0):
            return None
        cost += slot.grid_per_kwh * Decimal(one.grid_wh) / 1000
        cost += (slot.sun_per_kwh or Decimal(0)) * Decimal(one.sun_wh) / 1000
        told_wh += one.grid_wh + one.sun_wh
        is_co2_known = is_co2_known and slot.co2_g_per_kwh is not None
        co2_g += (slot.co2_g_per_kwh or 0.0) * one.grid_wh / 1000
    if told_wh <= 0 < session.energy_wh:
        return None
    if told_wh > 0:
        factor = session.energy_wh / told_wh
        cost, co2_g = cost * Decimal(factor), co2_g * factor
    return replace(
        session,
        cost=str(cost.quantize(CENT, ROUND_HALF_UP)),
        currency=series.currency,
        price_series=series.name,
        co2_g=round(co2_g, 1) if is_co2_known else None,
    )


def _is_newer(series: Series, name: str) -> bool:
    known, _, revision = name.rpartition("@")
    return known != series.id or int(revision) < series.revision


def _slot_at(slots: Sequence[Slot], instant: datetime) -> Slot | None:
    return next((slot for slot in slots if slot.start <= instant < slot.end), None)
