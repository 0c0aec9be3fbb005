"""The CEM's own database: settings with their audit, and what must outlive a restart. Blocking."""

import json
import logging
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Field, Session, SQLModel, create_engine, select

from cem.core.site import ChargerSettings, EnergyManagement, GridConnection
from cem.core.state import Remembered
from cem.records import outbox, restoring
from electrical.phases import Phases
from electrical.rotation import Rotation
from volthus_kit.database import open_sqlite, written
from volthus_kit.refusal import RefusedError
from volthus_wire.convert import to_timestamp
from volthus_wire.v1 import records_pb2
from volthus_wire.v1.rpc_pb2 import Caller

logger = logging.getLogger(__name__)

ONLY = 1  # the key of a table with one row


class GridConnectionRow(SQLModel, table=True):
    """The grid connection; a phase the site does not have is 0 A."""

    __tablename__ = "cem_grid_connection"

    id: int = Field(default=ONLY, primary_key=True)
    phases: int
    fuse_l1_a: float
    fuse_l2_a: float
    fuse_l3_a: float
    margin_a: float | None
    base_load_l1_a: float
    base_load_l2_a: float
    base_load_l3_a: float
    static_share_l1_a: float | None
    static_share_l2_a: float | None
    static_share_l3_a: float | None
    revision: int


class EnergyManagementRow(SQLModel, table=True):
    """Whether limits are sent."""

    __tablename__ = "cem_energy_management"

    id: int = Field(default=ONLY, primary_key=True)
    on: bool
    confirmed_no_other: bool
    revision: int


class ChargerRow(SQLModel, table=True):
    """A charger's settings; kept when it is unpaired, so that it can come back."""

    __tablename__ = "cem_charger"

    ski: str = Field(primary_key=True)
    min_a: float
    max_a: float
    phases: int
    wiring: str
    failsafe_a: float
    priority: int
    revision: int


class PairedRow(SQLModel, table=True):
    """A charger that was paired when we last heard of it."""

    __tablename__ = "cem_paired"

    ski: str = Field(primary_key=True)


class MemoryRow(SQLModel, table=True):
    """The rest: which grid meter there is, and the epoch of this controller."""

    __tablename__ = "cem_memory"

    id: int = Field(default=ONLY, primary_key=True)
    grid_meter: str | None = None
    controller_epoch: int = 0


class AuditRow(SQLModel, table=True):
    """Who changed which setting from what to what; before and after are JSON."""

    __tablename__ = "cem_audit"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    actor: str
    role: str
    origin: str
    setting: str
    before: str
    after: str


TABLES = tuple(
    str(model.__tablename__)
    for model in (
        GridConnectionRow,
        EnergyManagementRow,
        ChargerRow,
        PairedRow,
        MemoryRow,
        AuditRow,
        *outbox.TABLES,
    )
)


class Store:
    """Reads and writes the database file `cem.sqlite` in a folder.

    Every write is one transaction; RefusedError `store-failing` means that nothing changed.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "cem.sqlite"
        self._engine = open_sqlite(self._path)

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
        read_only = create_engine(f"sqlite:///file:{self._path}?mode=ro&uri=true")
        try:
            with Session(read_only) as session:
                remembered, epoch = _read(session)
        except SQLAlchemyError as error:
            detail = "The settings cannot be read from the database."
            raise RefusedError("store-failing", detail, reason=str(error)) from error
        finally:
            read_only.dispose()
        return remembered, max(wall_epoch, epoch + 1), False

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def save_grid(
        self, grid: GridConnection, before: GridConnection | None, caller: Caller
    ) -> None:
        """Save the grid connection with its audit entry."""
        audit = _audit("grid-connection", before, grid, caller)
        self._write(_grid_row(grid), audit)

    def save_energy_management(
        self, wanted: EnergyManagement, before: EnergyManagement, caller: Caller
    ) -> None:
        """Save the switch with its audit entry."""
        self._write(
            EnergyManagementRow(**asdict(wanted)),
            _audit("energy-management", before, wanted, caller),
        )

    def save_charger(
        self, charger: ChargerSettings, before: ChargerSettings, caller: Caller
    ) -> None:
        """Save a charger's settings with their audit entry."""
        self._write(
            _charger_row(charger), _audit(f"charger/{charger.ski}", before, charger, caller)
        )

    def remember(self, paired: tuple[str, ...], grid_meter: str | None) -> None:
        """Remember who is paired and which grid meter there is."""

        def write(session: Session) -> None:
            for row in session.exec(select(PairedRow)).all():
                if row.ski not in paired:
                    session.delete(row)
            for ski in paired:
                session.merge(PairedRow(ski=ski))
            memory = session.get(MemoryRow, ONLY) or MemoryRow()
            memory.grid_meter = grid_meter
            session.add(memory)

        written(self._engine, write)

    def probe(self) -> None:
        """Raise RefusedError while the database takes no change."""

        def write(session: Session) -> None:
            session.connection().execute(text("UPDATE cem_memory SET id = id"))

        written(self._engine, write)

    def audit(self) -> list[AuditRow]:
        """Return all changes of settings, oldest first."""
        with Session(self._engine) as session:
            return list(session.exec(select(AuditRow).order_by(AuditRow.id)).all())  # type: ignore[arg-type]  # a column, to SQLModel

    def _begin(self, wall_now: datetime) -> tuple[Remembered, int]:
        """Make the tables, read, and begin a new epoch; the outbox is ready afterwards."""
        folder, wall_epoch = self._path.parent, int(wall_now.timestamp() * 1000)

        def write(session: Session) -> tuple[Remembered, int, outbox.OutboxHeadRow]:
            remembered, epoch = _started(session, self._engine, wall_epoch)
            return remembered, epoch, restoring.prepare(session, folder, wall_now)

        try:
            remembered, epoch, head = written(self._engine, write)
            restoring.confirm(folder, head)
        except OSError as error:
            detail = "The marker of the outbox cannot be written beside the database."
            raise RefusedError("store-failing", detail, reason=str(error)) from error
        return remembered, epoch

    def _write(self, *rows: SQLModel) -> None:
        """Write settings and their audit; the audit goes to the cloud too."""

        def write(session: Session) -> None:
            for row in rows:
                session.merge(row)
                if isinstance(row, AuditRow):
                    outbox.add(session, _audit_fact(row))

        written(self._engine, write)


def _started(session: Session, engine: Engine, wall_epoch: int) -> tuple[Remembered, int]:
    tables = [SQLModel.metadata.tables[name] for name in TABLES]
    SQLModel.metadata.create_all(engine, tables=tables)
    remembered, last_epoch = _read(session)
    memory = session.get(MemoryRow, ONLY) or MemoryRow()
    memory.controller_epoch = max(wall_epoch, last_epoch + 1)
    session.add(memory)
    return remembered, memory.controller_epoch


def _read(session: Session) -> tuple[Remembered, int]:
    grid = session.get(GridConnectionRow, ONLY)
    switch = session.get(EnergyManagementRow, ONLY)
    memory = session.get(MemoryRow, ONLY) or MemoryRow()
    chargers = [_charger(row) for row in session.exec(select(ChargerRow)).all()]
    paired = sorted(row.ski for row in session.exec(select(PairedRow)).all())
    remembered = Remembered(
        None if grid is None else _grid(grid),
        EnergyManagement()
        if switch is None
        else EnergyManagement(switch.on, switch.confirmed_no_other, switch.revision),
        {charger.ski: charger for charger in chargers},
        tuple(paired),
        memory.grid_meter,
    )
    return remembered, memory.controller_epoch


def _grid(row: GridConnectionRow) -> GridConnection:
    return GridConnection(
        Phases(row.fuse_l1_a, row.fuse_l2_a, row.fuse_l3_a),
        row.phases,
        row.margin_a,
        Phases(row.base_load_l1_a, row.base_load_l2_a, row.base_load_l3_a),
        Phases(row.static_share_l1_a, row.static_share_l2_a, row.static_share_l3_a),
        row.revision,
    )


def _grid_row(grid: GridConnection) -> GridConnectionRow:
    return GridConnectionRow(
        phases=grid.phases,
        fuse_l1_a=grid.fuse_a.l1,
        fuse_l2_a=grid.fuse_a.l2,
        fuse_l3_a=grid.fuse_a.l3,
        margin_a=grid.margin_a,
        base_load_l1_a=grid.base_load_a.l1,
        base_load_l2_a=grid.base_load_a.l2,
        base_load_l3_a=grid.base_load_a.l3,
        static_share_l1_a=grid.static_share_a.l1,
        static_share_l2_a=grid.static_share_a.l2,
        static_share_l3_a=grid.static_share_a.l3,
        revision=grid.revision,
    )


def _charger(row: ChargerRow) -> ChargerSettings:
    return ChargerSettings(
        row.ski,
        row.min_a,
        row.max_a,
        row.phases,
        Rotation(row.wiring),
        row.failsafe_a,
        row.priority,
        revision=row.revision,
    )


def _charger_row(charger: ChargerSettings) -> ChargerRow:
    return ChargerRow(
        ski=charger.ski,
        min_a=charger.min_a,
        max_a=charger.max_a,
        phases=charger.phases,
        wiring=charger.wiring.value,
        failsafe_a=charger.failsafe_a,
        priority=charger.priority,
        revision=charger.revision,
    )


Setting = GridConnection | EnergyManagement | ChargerSettings


def _audit(setting: str, before: Setting | None, after: Setting, caller: Caller) -> AuditRow:
    return AuditRow(
        at=datetime.now(UTC),
        actor=caller.actor,
        role=caller.role,
        origin=caller.origin,
        setting=setting,
        before="null" if before is None else json.dumps(asdict(before)),
        after=json.dumps(asdict(after)),
    )


def _audit_fact(row: AuditRow) -> records_pb2.Fact:
    at = to_timestamp(row.at)
    audit = records_pb2.AuditEntry(
        at=at, actor=row.actor, role=row.role, origin=row.origin,
        setting=row.setting, before=row.before, after=row.after,
    )  # fmt: skip
    return records_pb2.Fact(at=at, audit=audit)
