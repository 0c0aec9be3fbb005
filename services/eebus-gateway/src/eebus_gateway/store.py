"""What survives a restart: the trust store, and facts about ourselves. Blocking: use threads."""

from pathlib import Path

from sqlalchemy import Engine, inspect, text
from sqlmodel import Field, Session, SQLModel, select

from eebus_gateway.core.abilities import Ability
from eebus_gateway.core.trust import Paired
from volthus_kit.database import open_sqlite, written

FILE = "gateway.db"

SHIP_PORT = "ship_port"
OUR_SKI = "our_ski"
OWN_CHARGER_PAIRED = "own_charger_paired"  # its SKI, once it was paired by itself (A12)
FAILSAFE = "failsafe_{kind}"  # W and s, blank between, as a control box wrote them last
OFFERED = "operator_settings"  # revision of the CEM's settings that were offered last

WORDS = frozenset(Ability)


class PairedRow(SQLModel, table=True):
    """One trusted device; the columns are those of `Paired`."""

    __tablename__ = "paired"

    ski: str = Field(primary_key=True)
    name: str = ""
    ship_id: str | None = None
    host: str | None = None
    port: int | None = None
    own: bool = False
    brand: str = ""
    model: str = ""
    type: str = ""
    serial: str = ""
    fallback_a: float | None = None
    abilities: str = ""  # words, comma between


class FactRow(SQLModel, table=True):
    """One thing to remember about ourselves."""

    __tablename__ = "fact"

    name: str = Field(primary_key=True)
    value: str


class Store:
    """The gateway's own database; each write is one transaction, on disk when it returns.

    Writes raise RefusedError `store-failing` when the disk is full or the database locked.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, folder: Path) -> "Store":
        """Open or create the database in a folder.

        Raises OSError or sqlalchemy's DBAPIError when there is none and none can be made.
        """
        engine = open_sqlite(folder / FILE)
        SQLModel.metadata.create_all(
            engine,
            tables=[PairedRow.__table__, FactRow.__table__],  # type: ignore[attr-defined]
        )
        _add_missing_columns(engine)
        return cls(engine)

    def close(self) -> None:
        """Let go of the file."""
        self.engine.dispose()

    def book(self) -> dict[str, Paired]:
        """Return every trusted device, by SKI."""
        with Session(self.engine) as session:
            return {row.ski: _paired(row) for row in session.exec(select(PairedRow))}

    def fact(self, name: str) -> str | None:
        """Return what was remembered under a name."""
        with Session(self.engine) as session:
            row = session.get(FactRow, name)
            return None if row is None else row.value

    def remember(self, name: str, value: str) -> None:
        """Keep a fact about ourselves."""
        written(self.engine, lambda session: session.merge(FactRow(name=name, value=value)))

    def keep(self, paired: Paired) -> None:
        """Add or change one trusted device."""
        written(self.engine, lambda session: session.merge(_row(paired)))

    def keep_own(self, paired: Paired) -> None:
        """Add the site's own charger, and that it was paired by itself, in one step."""

        def write(session: Session) -> None:
            session.merge(_row(paired))
            session.merge(FactRow(name=OWN_CHARGER_PAIRED, value=paired.ski))

        written(self.engine, write)

    def forget(self, ski: str) -> None:
        """Remove one trusted device; one that is not there is no error."""

        def write(session: Session) -> None:
            if (row := session.get(PairedRow, ski)) is not None:
                session.delete(row)

        written(self.engine, write)


def _row(paired: Paired) -> PairedRow:
    return PairedRow(
        ski=paired.ski,
        name=paired.name,
        ship_id=paired.ship_id,
        host=paired.host,
        port=paired.port,
        own=paired.own,
        brand=paired.brand,
        model=paired.model,
        type=paired.type,
        serial=paired.serial,
        fallback_a=paired.fallback_a,
        abilities=",".join(sorted(paired.abilities)),
    )


def _paired(row: PairedRow) -> Paired:
    return Paired(
        ski=row.ski,
        name=row.name,
        ship_id=row.ship_id,
        host=row.host,
        port=row.port,
        own=row.own,
        brand=row.brand,
        model=row.model,
        type=row.type,
        serial=row.serial,
        fallback_a=row.fallback_a,
        abilities=frozenset(Ability(word) for word in row.abilities.split(",") if word in WORDS),
    )


def _add_missing_columns(engine: Engine) -> None:
    """Bring the table of an older version up to this one."""
    known = {column["name"] for column in inspect(engine).get_columns("paired")}
    if "abilities" not in known:
        with engine.begin() as connection:
            connection.execute(
                text("ALTER TABLE paired ADD COLUMN abilities VARCHAR NOT NULL DEFAULT ''")
            )
