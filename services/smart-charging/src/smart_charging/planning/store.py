"""The plans that were made, and the revisions of price series, in this service's own database.

Blocking: call it in a thread. All of it can be made anew; without it a restart plans once more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, delete, func
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Field, Session, SQLModel, col, select

from volthus_kit.database import open_sqlite, written

FILE = "plans.sqlite3"
WRITE_PLAN = (  # as the driver takes it: there are thousands in a second
    "INSERT OR REPLACE INTO plan (site, plan, revision, made_s, body) VALUES (?, ?, ?, ?, ?)"
)
PRUNE_EVERY = 20_000  # plans
PAGE_BYTES = 16_384  # a plan takes 3 to 10 kB


class StoreError(Exception):
    """The database could not be read."""


class PlanRow(SQLModel, table=True):
    """One plan as it was published."""

    __tablename__ = "plan"

    site: str = Field(primary_key=True)
    plan: str = Field(primary_key=True)  # sorts by time
    revision: int
    made_s: float
    body: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """One plan to be kept; as a plain value, for there are thousands in a second."""

    site: str
    plan: str
    revision: int
    made_s: float
    body: bytes


class SeriesRow(SQLModel, table=True):
    """The newest revision of a price series as it was published."""

    __tablename__ = "price_series"

    series: str = Field(primary_key=True)
    revision: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Known:
    """The last plan of a site, without its body."""

    plan: str
    revision: int
    made_s: float


class Store:
    """One writer: this service. kept: plans of each site that are not forgotten."""

    def __init__(self, folder: Path, kept: int = 5) -> None:
        self._path, self._kept = folder / FILE, kept
        self._engine: Engine | None = None
        self._since_pruned = 0

    def load(self) -> tuple[dict[str, Known], dict[str, tuple[int, bytes]]]:
        """Return the last plan of each site, and the series by name. Raises StoreError."""
        try:
            with Session(self._opened()) as session:
                newest = (
                    select(PlanRow.site, func.max(PlanRow.plan)).group_by(PlanRow.site).subquery()
                )
                found = session.exec(
                    select(PlanRow.site, PlanRow.plan, PlanRow.revision, PlanRow.made_s).join(
                        newest,
                        (col(PlanRow.site) == newest.c[0]) & (col(PlanRow.plan) == newest.c[1]),
                    )
                ).all()
                series = session.exec(select(SeriesRow)).all()
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"{self._path} cannot be read: {error}") from error
        return (
            {site: Known(plan, revision, made_s) for site, plan, revision, made_s in found},
            {row.series: (row.revision, row.body) for row in series},
        )

    def history(self, site: str) -> list[tuple[str, bytes]]:
        """Return the plans of a site that are kept, newest first. Raises StoreError."""
        try:
            with Session(self._opened()) as session:
                rows = session.exec(
                    select(PlanRow).where(PlanRow.site == site).order_by(col(PlanRow.plan).desc())
                ).all()
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"{self._path} cannot be read: {error}") from error
        return [(row.plan, row.body) for row in rows]

    def save(self, plans: Iterable[Kept], series: Iterable[SeriesRow]) -> None:
        """Write in one transaction. Raises RefusedError `store-failing`, StoreError."""
        made = [(p.site, p.plan, p.revision, p.made_s, p.body) for p in plans]
        priced = list(series)
        try:
            engine = self._opened()
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"{self._path} cannot be opened: {error}") from error
        self._since_pruned += len(made)
        is_time = self._since_pruned >= PRUNE_EVERY

        def write(session: Session) -> None:
            if made:
                session.connection().exec_driver_sql(WRITE_PLAN, made)
            for row in priced:
                session.merge(row)
            if is_time:
                self._prune(session)

        written(engine, write)
        if is_time:
            self._since_pruned = 0

    def prune(self) -> None:
        """Forget all but the newest plans of each site."""
        written(self._opened(), self._prune)

    def close(self) -> None:
        """Close the file; harmless when closed."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _prune(self, session: Session) -> None:
        place = func.row_number().over(
            partition_by=col(PlanRow.site), order_by=col(PlanRow.plan).desc()
        )
        ranked = select(PlanRow.site, PlanRow.plan, place.label("place")).subquery()
        old = select(ranked.c.plan).where(
            ranked.c.site == PlanRow.site,
            ranked.c.plan == PlanRow.plan,
            ranked.c.place > self._kept,
        )
        session.execute(delete(PlanRow).where(old.exists()))

    def _opened(self) -> Engine:
        if self._engine is None:
            engine = open_sqlite(self._path, durable=False, page_bytes=PAGE_BYTES)
            tables = [SQLModel.metadata.tables[name] for name in ("plan", "price_series")]
            SQLModel.metadata.create_all(engine, tables)
            self._engine = engine
        return self._engine
