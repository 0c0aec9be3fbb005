"""Fills in what sessions cost, and would have cost charged at once, as prices become known."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from sqlmodel import Session as Db
from sqlmodel import col, select

from cem.planning.at_once import Bill, Chance, at_once
from cem.planning.shelf import KEPT_S, Shelf
from cem.planning.tables import PriceRow, RoomRow
from cem.records.core.pricing import Series, Slot
from cem.records.core.sessions import Session
from cem.records.journal import Journal
from cem.records.messages import instant
from cem.records.recorder import Recorder
from cem.records.revising import revise_each
from cem.records.tables import ChargerMinuteRow, MinuteRow
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError

logger = logging.getLogger(__name__)

COALESCED_S = 1.0
TRY_AGAIN_AFTER_S = 30.0
LOOK_EVERY_S = 900.0
NOMINAL_V = 230.0


@dataclass(frozen=True, slots=True)
class Accountant:
    """Reads what prices and minutes say of a session."""

    shelf: Shelf
    journal: Journal

    def series_for(self, session: Session, currency: str) -> Series | None:
        """Return the prices that a session is billed by; None while there are none.

        None, too, where they changed their currency meanwhile: such a sum would be no money.
        currency: of prices that do not name theirs.
        """
        ended = session.ended or session.started
        rows = self.shelf.prices(session.started.timestamp() - 60, ended.timestamp() + 60)
        slots = [slot for row in rows if (slot := _slot_of(row)) is not None]
        currencies = {row.currency or currency for row in rows}
        if not slots or len(currencies) > 1:
            return None
        last = rows[-1]
        revision = max(row.revision for row in rows if row.series == last.series)
        return Series(last.series, revision, currencies.pop(), slots)

    def bill_at_once(self, session: Session, series: Series) -> Bill | None:
        """Return what a session would have cost charged at once."""
        chances = self._chances(session)
        return at_once(
            session.energy_wh,
            session.highest_w or 0.0,
            session.started.timestamp(),
            chances,
            series.slots,
        )

    def _chances(self, session: Session) -> list[Chance]:
        first_s = int(session.started.timestamp() // 60) * 60
        last_s = int((session.ended or session.started).timestamp())
        rooms = {row.start_s: row for row in self.shelf.rooms(first_s, last_s)}
        meters, cars = self.journal.look(lambda db: _minutes(db, first_s, last_s))
        return [
            _chance(start_s, session.ski, meters.get(start_s), cars.get(start_s, []), rooms)
            for start_s in range(first_s, last_s + 1, 60)
        ]


class Costs:
    """Prices sessions beside the loop: when one ends, when prices come, every quarter hour."""

    def __init__(
        self, accountant: Accountant, recorder: Recorder, clock: Clock, currency: Callable[[], str]
    ) -> None:
        self._accountant = accountant
        self._recorder = recorder
        self._clock = clock
        self._currency = currency
        self._due = asyncio.Event()
        self._is_all = True  # prices are news: sessions that have a cost may get another

    def look_soon(self, *, is_all: bool = False) -> None:
        """Have sessions priced as soon as may be. is_all: prices are news."""
        self._is_all = self._is_all or is_all
        self._due.set()

    async def run(self) -> None:
        """Price what can be priced until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._due.wait()
                    await asyncio.sleep(COALESCED_S)
            self._due.clear()
            await self.look()

    async def look(self) -> None:
        """Price every session of the kept time whose cost or whose prices are news."""
        await self._recorder.work(is_asked=True)  # the last minutes of a session that just ended
        is_all, self._is_all = self._is_all, False
        now, currency = self._clock.now(), self._currency()
        fill = partial(fill_in, self._accountant, now, currency, is_all=is_all)
        try:
            await asyncio.to_thread(fill)
        except RefusedError as error:
            logger.warning("costs not filled in", extra={"error": str(error)})
            await asyncio.sleep(TRY_AGAIN_AFTER_S)
            self.look_soon(is_all=is_all)


def fill_in(accountant: Accountant, now: datetime, currency: str, *, is_all: bool = True) -> int:
    """Price every session of the kept time that can be; returns how many were. Blocking.

    is_all: also those that have their costs. Raises RefusedError `store-failing`.
    """
    since = instant(int((now.timestamp() - KEPT_S) * 1000))
    return revise_each(
        accountant.journal,
        lambda session: accountant.series_for(session, currency),
        lambda session, series: _compared(accountant, session, series),
        since,
        now,
        is_all=is_all,
    )


def _compared(
    accountant: Accountant, session: Session, series: Series
) -> tuple[str | None, float | None]:
    bill = accountant.bill_at_once(session, series)
    return (None, None) if bill is None else (bill.cost, bill.co2_g)


def _slot_of(row: PriceRow) -> Slot | None:
    if row.import_price is None:
        return None
    return Slot(
        instant(row.start_s * 1000),
        instant(row.end_s * 1000),
        _money(row.import_price),
        None if row.export_price is None else _money(row.export_price),
        row.co2_g_per_kwh,
    )


def _money(per_kwh: float) -> Decimal:
    """Return a price that came as a 32-bit float, as it was meant."""
    return Decimal(f"{per_kwh:.6g}")


def _minutes(
    db: Db, first_s: int, last_s: int
) -> tuple[dict[int, MinuteRow], dict[int, list[ChargerMinuteRow]]]:
    meters = select(MinuteRow).where(col(MinuteRow.start_s).between(first_s, last_s))
    drawn = select(ChargerMinuteRow).where(col(ChargerMinuteRow.start_s).between(first_s, last_s))
    cars: dict[int, list[ChargerMinuteRow]] = {}
    for row in db.exec(drawn):
        cars.setdefault(row.start_s, []).append(row)
    return {row.start_s: row for row in db.exec(meters)}, cars


def _chance(
    start_s: int,
    ski: str,
    meter: MinuteRow | None,
    cars: list[ChargerMinuteRow],
    rooms: dict[int, RoomRow],
) -> Chance:
    others = [row for row in cars if row.ski != ski]
    room = rooms.get(start_s)
    known = [] if room is None else [a for a in (room.l1_a, room.l2_a, room.l3_a) if a is not None]
    # What other cars took is spread over the phases: which ones they are on is not kept.
    others_a = sum(row.energy_wh for row in others) * 60 / NOMINAL_V / max(1, len(known))
    room_a = min(known) - others_a if known else None
    return Chance(start_s, room_a, _sun_wh(meter, cars, others), max(1, len(known)))


def _sun_wh(
    meter: MinuteRow | None, cars: list[ChargerMinuteRow], others: list[ChargerMinuteRow]
) -> float:
    """Return what the house and other cars left of the sun in a minute; unknown is none.

    What the cars took, the grid did not bring and yet was no sun came from a home battery.
    """
    if meter is None or (meter.import_wh is None and meter.export_wh is None):
        return 0.0
    drawn_wh = sum(row.energy_wh for row in cars)
    export_wh = meter.export_wh or 0.0
    sunny_wh = export_wh + sum(row.sun_wh for row in cars)
    left_wh = min(sunny_wh, drawn_wh - (meter.import_wh or 0.0) + export_wh)
    if meter.sun_wh is not None:
        left_wh = min(left_wh, meter.sun_wh)
    return max(0.0, left_wh - sum(row.sun_wh for row in others))
