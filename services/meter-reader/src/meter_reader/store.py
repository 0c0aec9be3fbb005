"""The meters that are set up, in this service's own database. Blocking: call it in a thread."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Field, Session, SQLModel, select

from electrical.phases import Phase
from electrical.rotation import Rotation
from meter_reader.core.configuration import Line, MeterConfig, Role, TransportKind
from volthus_kit.database import open_sqlite, written

FILE = "meter-reader.sqlite3"


class StoreError(Exception):
    """The database could not be read."""


class MeterRow(SQLModel, table=True):
    """One meter as it is set up now."""

    __tablename__ = "meter"

    meter: str = Field(primary_key=True)
    name: str
    model: str
    role: str
    kind: str
    host: str
    port: int
    device: str
    baud: int
    parity: str
    stop_bits: int
    data_bits: int
    unit_id: int
    rotation: str
    invert: bool
    phase: str
    revision: int
    closes_after_poll: bool = False


class ChangeRow(SQLModel, table=True):
    """Who changed what: one row for each command that was carried out."""

    __tablename__ = "meter_change"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    actor: str
    role: str
    origin: str
    what: str  # add, update, remove
    meter: str
    settings: str  # what the meter is set to afterwards, empty after a removal


class Store:
    """Keeps the set-ups. One writer: this service."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._engine: Engine | None = None

    def load(self) -> list[MeterConfig]:
        """Open the file, create what is missing and return all meters, oldest first.

        Raises StoreError; it may be tried again.
        """
        try:
            engine = self._engine or open_sqlite(self._path)
            SQLModel.metadata.create_all(
                engine, [SQLModel.metadata.tables[t] for t in ("meter", "meter_change")]
            )
            _add_missing_columns(engine)
            with Session(engine) as session:
                configs = [_config(row) for row in session.exec(select(MeterRow)).all()]
        except (SQLAlchemyError, OSError, ValueError) as error:
            raise StoreError(f"{self._path} cannot be read: {error}") from error
        self._engine = engine
        return configs

    def save(self, config: MeterConfig, what: str, actor: tuple[str, str, str]) -> None:
        """Write a meter and who changed it. Raises RefusedError `store-failing`."""

        def write(session: Session) -> None:
            session.merge(_row(config))
            session.add(_change(what, config.meter, repr(config), actor))

        written(self.opened(), write)

    def remove(self, meter: str, actor: tuple[str, str, str]) -> None:
        """Delete a meter and write who did it. Raises RefusedError `store-failing`."""

        def write(session: Session) -> None:
            row = session.get(MeterRow, meter)
            if row is not None:
                session.delete(row)
            session.add(_change("remove", meter, "", actor))

        written(self.opened(), write)

    def changes(self) -> list[ChangeRow]:
        """Return the record of changes, oldest first."""
        with Session(self.opened()) as session:
            return list(session.exec(select(ChangeRow)).all())

    def close(self) -> None:
        """Close the file; harmless when closed."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def opened(self) -> Engine:
        """Return the file's engine. Raises OSError when its folder cannot be made."""
        if self._engine is None:
            self._engine = open_sqlite(self._path)
        return self._engine


def _add_missing_columns(engine: Engine) -> None:
    """Bring the table of an older version up to this one."""
    known = {column["name"] for column in inspect(engine).get_columns("meter")}
    if "closes_after_poll" not in known:
        with engine.begin() as connection:
            connection.execute(
                text("ALTER TABLE meter ADD COLUMN closes_after_poll BOOLEAN NOT NULL DEFAULT 0")
            )


def _change(what: str, meter: str, settings: str, actor: tuple[str, str, str]) -> ChangeRow:
    name, role, origin = actor
    return ChangeRow(
        at=datetime.now(UTC),
        actor=name,
        role=role,
        origin=origin,
        what=what,
        meter=meter,
        settings=settings,
    )


def _row(config: MeterConfig) -> MeterRow:
    line = config.line
    return MeterRow(
        meter=config.meter,
        name=config.name,
        model=config.model,
        role=config.role.value,
        kind=line.kind.value,
        host=line.host,
        port=line.port,
        device=line.device,
        baud=line.baud,
        parity=line.parity,
        stop_bits=line.stop_bits,
        data_bits=line.data_bits,
        unit_id=config.wanted_unit_id,
        rotation=config.rotation.value,
        invert=config.invert,
        phase=config.phase.value if config.phase else "",
        revision=config.revision,
        closes_after_poll=line.closes_after_poll,
    )


def _config(row: MeterRow) -> MeterConfig:
    return MeterConfig(
        meter=row.meter,
        name=row.name,
        model=row.model,
        role=Role(row.role),
        line=Line(
            kind=TransportKind(row.kind),
            host=row.host,
            port=row.port,
            device=row.device,
            baud=row.baud,
            parity=row.parity,
            stop_bits=row.stop_bits,
            data_bits=row.data_bits,
            closes_after_poll=row.closes_after_poll,
        ),
        unit_id=row.unit_id,
        rotation=Rotation(row.rotation),
        invert=row.invert,
        phase=Phase(row.phase) if row.phase else None,
        revision=row.revision,
    )
