"""Reads and writes the database file of the CEM. Blocking: call it in a thread."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine, delete, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, SQLModel, create_engine, select

from cem.core.conduct import KeptSoc
from cem.core.operating import OperatorLimit
from cem.core.site import EnergyManagement
from cem.core.state import Remembered
from cem.core.tariff import Token
from cem.records import outbox, restoring
from cem.store.changes import Change, audited, fact_of
from cem.store.migration import migrate
from cem.store.outlook_rows import car_soc_of, car_soc_row, planning_of, pv_system_of, tariff_of
from cem.store.rows import (
    car_of,
    charger_of,
    circuit_of,
    energy_management_of,
    goal_of,
    grid_of,
    instant,
    mode_of,
    operator_limit_of,
    operator_limit_row,
    operator_of,
    row_of,
)
from cem.store.tables import (
    ONLY,
    AuditRow,
    CarRow,
    CarSocRow,
    ChargerRow,
    CircuitRow,
    EnergyManagementRow,
    GoalRow,
    GridConnectionRow,
    ManagedRow,
    MemoryRow,
    ModeRow,
    OperatorLimitRow,
    OperatorRow,
    PairedRow,
    PhaseSwitchRow,
    PlanningRow,
    PvSystemRow,
    TariffRow,
    TokenRow,
)
from volthus_kit.database import open_sqlite, written
from volthus_kit.refusal import RefusedError
from volthus_wire.v1.rpc_pb2 import Caller

logger = logging.getLogger(__name__)

T = TypeVar("T")
Row = TypeVar("Row", bound=SQLModel)
API = "api"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is written besides settings, whenever it changes."""

    paired: tuple[str, ...] = ()
    grid_meter: str | None = None
    operator_limits: tuple[OperatorLimit, ...] = ()  # by EEBUS, as last heard
    phase_switches: tuple[tuple[str, tuple[datetime, ...]], ...] = ()
    socs: tuple[tuple[str, KeptSoc], ...] = ()  # by car


class Store:
    """Reads and writes the database file `cem.sqlite` in a folder.

    Every write is one transaction; RefusedError `store-failing` means that nothing changed.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "cem.sqlite"
        self.engine: Engine = open_sqlite(self._path)

    def load(self, wall_now: datetime) -> tuple[Remembered, int, bool]:
        """Return what is remembered, this start's controller epoch, and if that was written.

        The epoch is the wall clock in ms or one more than the last, whichever is higher: it grows
        with a clock that jumped back, and also when the database cannot be written. A clock that
        is behind *and* a database that fails give a lower epoch; then the gateway refuses our
        limits and the chargers stay at their safe current. Raises RefusedError when the settings
        cannot even be read.
        """
        wall_epoch = int(wall_now.timestamp() * 1000)
        try:
            return *self._begin(wall_now), True
        except RefusedError:
            logger.exception("database takes no change; reading only")
        remembered, epoch = self._read_only()
        return remembered, max(wall_epoch, epoch + 1), False

    def close(self) -> None:
        """Close the file."""
        self.engine.dispose()

    def save(
        self,
        changes: Sequence[Change],
        caller: Caller,
        managed: Iterable[str] | None = None,
    ) -> None:
        """Save settings with their audit entries, all of them or none.

        managed: the pointers that a site file manages from now on; None = as before.
        """

        def write(session: Session) -> None:
            for change in changes:
                _save(session, change)
                entry = audited(change, caller)
                session.add(entry)
                outbox.add(session, fact_of(entry))  # the audit goes to the cloud too
            if managed is not None:
                session.connection().execute(delete(ManagedRow))
                session.add_all(ManagedRow(pointer=pointer) for pointer in sorted(set(managed)))

        self.write(write)

    def remember(self, kept: Kept) -> None:
        """Remember what must outlive a restart besides settings."""

        def write(session: Session) -> None:
            _replace(session, PairedRow, [PairedRow(ski=ski) for ski in kept.paired])
            limits = select(OperatorLimitRow).where(OperatorLimitRow.source != API)
            for row in session.exec(limits).all():
                session.delete(row)
            session.flush()
            session.add_all(operator_limit_row(limit) for limit in kept.operator_limits)
            switches = [
                PhaseSwitchRow(ski=ski, at=at.isoformat())
                for ski, moments in kept.phase_switches
                for at in sorted(set(moments))
            ]
            _replace(session, PhaseSwitchRow, switches)
            _replace(session, CarSocRow, [car_soc_row(car, word) for car, word in kept.socs])
            memory = session.get(MemoryRow, ONLY) or MemoryRow()
            memory.grid_meter = kept.grid_meter
            session.add(memory)

        self.write(write)

    def probe(self) -> None:
        """Raise RefusedError while the database takes no change."""

        def write(session: Session) -> None:
            session.connection().execute(text("UPDATE cem_memory SET id = id"))

        self.write(write)

    def write(self, write: Callable[[Session], T]) -> T:
        """Run `write` in one transaction. Raises RefusedError `store-failing`."""
        return written(self.engine, write)

    def managed(self) -> frozenset[str]:
        """Return the pointers that the last applied site file manages.

        Raises RefusedError when they cannot be read.
        """
        try:
            with Session(self.engine) as session:
                return frozenset(row.pointer for row in _all(session, ManagedRow))
        except SQLAlchemyError as error:
            detail = "What the site file manages cannot be read from the database."
            raise RefusedError("store-failing", detail, reason=str(error)) from error

    def token(self) -> Token | None:
        """Return the customer's own key at the price source, where one is kept.

        Raises RefusedError when it cannot be read.
        """
        try:
            with Session(self.engine) as session:
                row = session.get(TokenRow, ONLY)
        except SQLAlchemyError as error:
            detail = "The token of the tariff cannot be read from the database."
            raise RefusedError("store-failing", detail, reason=str(error)) from error
        return None if row is None else Token(row.secret)

    def audit(self) -> list[AuditRow]:
        """Return all changes of settings, oldest first."""
        with Session(self.engine) as session:
            return list(session.exec(select(AuditRow).order_by(AuditRow.id)).all())  # type: ignore[arg-type]  # a column, to SQLModel

    def _read_only(self) -> tuple[Remembered, int]:
        """Read without any change. Raises RefusedError."""
        try:
            return _read_from(f"sqlite:///file:{self._path}?mode=ro&uri=true")
        except SQLAlchemyError as error:
            reason = error
        journal = self._path.with_name(f"{self._path.name}-wal")
        try:
            # Beside a file in WAL mode SQLite makes two others, which a folder on a file system
            # that went read-only does not take. Without a journal the file is all there is.
            if not (journal.is_file() and journal.stat().st_size):
                return _read_from(f"sqlite:///file:{self._path}?immutable=1&uri=true")
        except (SQLAlchemyError, OSError):
            logger.debug("database cannot be read without its journal either")
        detail = "The settings cannot be read from the database."
        raise RefusedError("store-failing", detail, reason=str(reason)) from reason

    def _begin(self, wall_now: datetime) -> tuple[Remembered, int]:
        """Make the tables, read, and begin a new epoch; the outbox is ready afterwards."""
        folder, wall_epoch = self._path.parent, int(wall_now.timestamp() * 1000)

        def write(session: Session) -> tuple[Remembered, int, outbox.OutboxHeadRow]:
            remembered, epoch = _started(session, wall_epoch)
            return remembered, epoch, restoring.prepare(session, folder, wall_now)

        try:
            remembered, epoch, head = written(self.engine, write)
            restoring.confirm(folder, head)
        except OSError as error:
            detail = "The marker of the outbox cannot be written beside the database."
            raise RefusedError("store-failing", detail, reason=str(error)) from error
        return remembered, epoch


def _save(session: Session, change: Change) -> None:
    if change.after is not None:
        session.merge(row_of(change.after, change.id))
    elif change.before is not None:
        gone = session.merge(row_of(change.before, change.id))
        session.delete(gone)


def _replace(session: Session, model: type[Row], rows: Sequence[Row]) -> None:
    """Replace all rows of a table."""
    session.connection().execute(delete(model))
    session.add_all(rows)


def _read_from(url: str) -> tuple[Remembered, int]:
    read_only = create_engine(url)
    try:
        with Session(read_only) as session:
            return _read(session)
    finally:
        read_only.dispose()


def _started(session: Session, wall_epoch: int) -> tuple[Remembered, int]:
    added = migrate(session.connection())
    if added:
        logger.info("database brought to today's form", extra={"added": ", ".join(added)})
    remembered, last_epoch = _read(session)
    memory = session.get(MemoryRow, ONLY) or MemoryRow()
    memory.controller_epoch = max(wall_epoch, last_epoch + 1)
    session.add(memory)
    return remembered, memory.controller_epoch


def _read(session: Session) -> tuple[Remembered, int]:
    grid = session.get(GridConnectionRow, ONLY)
    switch = session.get(EnergyManagementRow, ONLY)
    operator = session.get(OperatorRow, ONLY)
    memory = session.get(MemoryRow, ONLY) or MemoryRow()
    limits = [operator_limit_of(row) for row in _all(session, OperatorLimitRow)]
    remembered = Remembered(
        grid=None if grid is None else grid_of(grid),
        energy_management=EnergyManagement() if switch is None else energy_management_of(switch),
        charger_settings={row.ski: charger_of(row) for row in _all(session, ChargerRow)},
        paired=tuple(sorted(row.ski for row in _all(session, PairedRow))),
        grid_meter=memory.grid_meter,
        circuits=tuple(sorted(map(circuit_of, _all(session, CircuitRow)), key=attrgetter("id"))),
        modes={row.ski: mode_of(row) for row in _all(session, ModeRow)},
        goals={row.ski: goal_of(row) for row in _all(session, GoalRow)},
        cars=tuple(sorted(map(car_of, _all(session, CarRow)), key=attrgetter("id"))),
        phase_switches=_switches(session),
        operator_limits=tuple(limit for limit in limits if limit.source != API),
        api_limit=next((limit for limit in limits if limit.source == API), None),
    )
    if operator is not None:
        remembered = replace(remembered, operator=operator_of(operator))
    remembered = _with_outlook(session, remembered)
    return remembered, memory.controller_epoch


def _with_outlook(session: Session, remembered: Remembered) -> Remembered:
    tariff, planning = session.get(TariffRow, ONLY), session.get(PlanningRow, ONLY)
    systems = sorted(map(pv_system_of, _all(session, PvSystemRow)), key=attrgetter("id"))
    return replace(
        remembered,
        tariff=remembered.tariff if tariff is None else tariff_of(tariff),
        planning=remembered.planning if planning is None else planning_of(planning),
        pv_systems=tuple(systems),
        socs=dict(map(car_soc_of, _all(session, CarSocRow))),
    )


def _all(session: Session, model: type[Row]) -> Sequence[Row]:
    return session.exec(select(model)).all()


def _switches(session: Session) -> dict[str, tuple[datetime, ...]]:
    found: dict[str, tuple[datetime, ...]] = {}
    for row in _all(session, PhaseSwitchRow):
        at = instant(row.at)
        if at is not None:
            found[row.ski] = (*found.get(row.ski, ()), at)
    return found
