"""Writes and reads what planning keeps, in the CEM's database. Blocking; one transaction each."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from google.protobuf.message import DecodeError
from sqlalchemy import delete, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session as Db
from sqlmodel import col, select

from cem.planning.reading import known, slots_of
from cem.planning.revisions import Mark, Standing
from cem.planning.tables import (
    ONLY,
    TABLES,
    PlannedRow,
    PlanRow,
    PlanSlotRow,
    PriceHeadRow,
    PriceRow,
    ProfileRow,
    RoomRow,
)
from cem.planning.timeline import Axis, Measured
from cem.store.migration import migrate
from volthus_kit.database import open_sqlite, written
from volthus_kit.refusal import RefusedError
from volthus_wire.v1 import planning_pb2

R = TypeVar("R")

MINUTES = text(
    "SELECT start_s / :step * :step AS s, count(*), count(coalesce(import_wh, export_wh)),"
    " count(sun_wh) FROM cem_minute WHERE start_s >= :first AND start_s < :last GROUP BY s"
)

KEPT_S = 35 * 86_400  # sessions of that time may still be priced anew


@dataclass(frozen=True, slots=True)
class Known:
    """What a start finds."""

    standing: Standing
    plan: planning_pb2.Plan | None
    prices: planning_pb2.PriceSeries | None


class Shelf:
    """What planning keeps. Raises RefusedError `store-failing` where the database refuses."""

    def __init__(self, folder: Path) -> None:
        self._engine = open_sqlite(folder / "cem.sqlite")

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def load(self) -> Known:
        """Make the tables, and return what is kept."""

        def read(db: Db) -> Known:
            migrate(db.connection(), (str(model.__tablename__) for model in TABLES))
            plan, head = db.get(PlanRow, ONLY), db.get(PriceHeadRow, ONLY)
            return Known(
                _standing_of(db.get(ProfileRow, ONLY)),
                None if plan is None else _plan_of(plan.message),
                None if head is None else _series_of(head.message),
            )

        return written(self._engine, read)

    def keep_standing(self, standing: Standing) -> None:
        """Write where the profile stands."""
        marks = {name: asdict(mark) for name, mark in standing.sessions.items()}
        row = ProfileRow(
            revision=standing.revision,
            digest=standing.digest,
            plan=standing.plan,
            marks=json.dumps(marks),
        )
        self._write(lambda db: _merge(db, row))

    def keep_plan(self, message: planning_pb2.Plan) -> None:
        """Write the plan in force."""
        row = PlanRow(message=message.SerializeToString())
        self._write(lambda db: _merge(db, row))

    def keep_slot(
        self, slot: PlanSlotRow, planned: Mapping[str, tuple[str, float]], now_s: float
    ) -> None:
        """Write a slot that begins, if none is written yet. planned: session and W by SKI."""

        def write(db: Db) -> None:
            if db.get(PlanSlotRow, slot.start_s) is not None:
                return
            db.add(slot)
            for ski, (session, power_w) in planned.items():
                row = PlannedRow(start_s=slot.start_s, ski=ski, session=session, power_w=power_w)
                db.merge(row)
            for model in (PlanSlotRow, PlannedRow):
                db.connection().execute(
                    delete(model).where(col(model.start_s) < int(now_s - KEPT_S))
                )

        self._write(write)

    def keep_room(self, row: RoomRow) -> None:
        """Write what the fuse left in a minute; forget the old ones."""

        def write(db: Db) -> None:
            db.merge(row)
            old = col(RoomRow.start_s) < row.start_s - KEPT_S
            db.connection().execute(delete(RoomRow).where(old))

        self._write(write)

    def keep_prices(self, message: planning_pb2.PriceSeries, now_s: float) -> None:
        """Write a series of prices beside those before.

        A slot belongs to the series that was in force when it began: only that one may revise it.
        Another series begins with the first slot that has not begun yet.
        """
        rows = _price_rows(message)
        head = PriceHeadRow(message=message.SerializeToString())
        if not rows:
            self._write(lambda db: _merge(db, head))
            return
        first_s, last_s = rows[0].start_s, rows[-1].end_s

        def write(db: Db) -> None:
            within = (col(PriceRow.end_s) > first_s, col(PriceRow.start_s) < last_s)
            same = col(PriceRow.series) == message.series
            ahead = col(PriceRow.start_s) >= int(now_s)
            before = {row.start_s: row for row in db.exec(select(PriceRow).where(*within, same))}
            for row in rows:  # a value that stays is no news: nothing is priced anew for it
                then = before.get(row.start_s)
                if then is not None and _values(then) == _values(row):
                    row.revision = then.revision
            db.expunge_all()
            db.connection().execute(delete(PriceRow).where(*within, same | ahead))
            taken = [(row.start_s, row.end_s) for row in db.exec(select(PriceRow).where(*within))]
            free = (
                row
                for row in rows
                if not any(row.start_s < end_s and start_s < row.end_s for start_s, end_s in taken)
            )
            for row in free:
                db.add(row)
            db.connection().execute(
                delete(PriceRow).where(col(PriceRow.end_s) < int(now_s - KEPT_S))
            )
            _merge(db, head)

        self._write(write)

    def prices(self, from_s: float, to_s: float, series: str = "") -> list[PriceRow]:
        """Return the slots of prices within a time, oldest first."""
        wanted = (
            select(PriceRow)
            .where(col(PriceRow.end_s) > from_s)
            .where(col(PriceRow.start_s) < to_s)
            .order_by(col(PriceRow.start_s))
        )
        if series:
            wanted = wanted.where(PriceRow.series == series)
        return self.look(lambda db: list(db.exec(wanted)))

    def slots(self, from_s: float, to_s: float) -> tuple[list[PlanSlotRow], list[PlannedRow]]:
        """Return what plans meant within a time, as they stood when each slot began."""

        def read(db: Db) -> tuple[list[PlanSlotRow], list[PlannedRow]]:
            slots = (
                select(PlanSlotRow)
                .where(col(PlanSlotRow.end_s) > from_s)
                .where(col(PlanSlotRow.start_s) < to_s)
                .order_by(col(PlanSlotRow.start_s))
            )
            found = list(db.exec(slots))
            if not found:
                return [], []
            planned = select(PlannedRow).where(
                col(PlannedRow.start_s).between(found[0].start_s, found[-1].start_s)
            )
            return found, list(db.exec(planned))

        return self.look(read)

    def rooms(self, from_s: float, to_s: float) -> list[RoomRow]:
        """Return what the fuse left by minute."""
        wanted = select(RoomRow).where(col(RoomRow.start_s).between(int(from_s), int(to_s)))
        return self.look(lambda db: list(db.exec(wanted)))

    def measured(self, axis: Axis) -> Measured:
        """Return how much of each step of an axis the records hold."""
        asked = {"step": axis.step_s, "first": axis.start_s, "last": axis.end_s}

        def read(db: Db) -> Measured:
            rows = db.connection().execute(MINUTES, asked).all()
            return Measured(*({row[0]: row[place] * 60.0 for row in rows} for place in (1, 2, 3)))

        return self.look(read)

    def look(self, read: Callable[[Db], R]) -> R:
        """Return what `read` finds. Raises RefusedError where the database cannot be read."""
        try:
            with Db(self._engine, expire_on_commit=False) as db:
                return read(db)
        except SQLAlchemyError as error:
            detail = "Plans and prices cannot be read from the database."
            raise RefusedError("store-failing", detail, reason=str(error)) from error

    def _write(self, write: Callable[[Db], None]) -> None:
        written(self._engine, write)


def _merge(db: Db, row: ProfileRow | PlanRow | PriceHeadRow) -> None:
    db.merge(row)


def _standing_of(row: ProfileRow | None) -> Standing:
    if row is None:
        return Standing()
    marks = {name: Mark(**mark) for name, mark in json.loads(row.marks).items()}
    return Standing(row.revision, row.digest, marks, row.plan)


def _plan_of(content: bytes) -> planning_pb2.Plan | None:
    try:
        return planning_pb2.Plan.FromString(content)
    except DecodeError:
        return None


def _series_of(content: bytes) -> planning_pb2.PriceSeries | None:
    try:
        return planning_pb2.PriceSeries.FromString(content)
    except DecodeError:
        return None


def _price_rows(message: planning_pb2.PriceSeries) -> list[PriceRow]:
    spans = slots_of(message.start, message.slot_s).spans() if message.slot_s else []
    return [
        PriceRow(
            start_s=int(start_s),
            end_s=int(end_s),
            series=message.series,
            revision=message.revision,
            currency=message.currency,
            import_price=_value(message.import_price, number),
            export_price=_value(message.export_price, number),
            co2_g_per_kwh=_value(message.co2_g_per_kwh, number),
        )
        for number, (start_s, end_s) in enumerate(spans)
    ]


def _values(row: PriceRow) -> tuple[object, ...]:
    return (row.end_s, row.import_price, row.export_price, row.co2_g_per_kwh)


def _value(values: Sequence[float], number: int) -> float | None:
    return known(values[number]) if number < len(values) else None
