"""What was learned of each site, kept over restarts; rebuildable from the sites' energies.

Blocking: call the store in a thread.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Field, Session, SQLModel, select

from smart_charging.core.grid import Floats
from smart_charging.load.core import learning as load
from smart_charging.load.core.learning import LoadLearned
from smart_charging.provider.core import decoding
from smart_charging.provider.core.decoding import Json
from smart_charging.provider.core.errors import AnswerError
from smart_charging.provider.store import StoreError
from smart_charging.solar.core import learning as solar
from smart_charging.solar.core.learning import Ratios, SolarLearned
from smart_charging.solar.core.weather import Basis
from volthus_kit.database import open_sqlite, written

FILE = "learned.sqlite3"
FORMAT = "learned/1"
DIGITS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """All that was learned of one site."""

    solar: SolarLearned = field(default_factory=SolarLearned)
    load: LoadLearned = field(default_factory=load.unlearned)


class LearnedRow(SQLModel, table=True):
    """One site; document: learned/1."""

    __tablename__ = "site_learned"

    site: str = Field(primary_key=True)
    document: str


class LearnedStore:
    """Keeps what was learned. One writer: this service."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._engine: Engine | None = None

    def load(self) -> dict[str, Learned]:
        """Return all sites; one that cannot be understood is left out, to be learned anew.

        Raises StoreError; it may be tried again.
        """
        try:
            with Session(self._opened()) as session:
                rows = list(session.exec(select(LearnedRow)).all())
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"{self._path} cannot be read: {error}") from error
        known = {}
        for row in rows:
            try:
                known[row.site] = read(row.document.encode())
            except (AnswerError, ValueError):
                continue
        return known

    def save(self, learned: Mapping[str, Learned]) -> None:
        """Write sites in one transaction. Raises RefusedError `store-failing`, and StoreError."""
        try:
            engine = self._opened()
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"{self._path} cannot be opened: {error}") from error
        rows = [LearnedRow(site=site, document=text(known)) for site, known in learned.items()]

        def write(session: Session) -> None:
            for row in rows:
                session.merge(row)

        written(engine, write)

    def forget(self, sites: Iterable[str]) -> None:
        """Drop sites. Raises RefusedError `store-failing`, and StoreError."""
        try:
            engine = self._opened()
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"{self._path} cannot be opened: {error}") from error

        def drop(session: Session) -> None:
            for site in sites:
                row = session.get(LearnedRow, site)
                if row is not None:
                    session.delete(row)

        written(engine, drop)

    def close(self) -> None:
        """Close the file; harmless when closed."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _opened(self) -> Engine:
        if self._engine is None:
            engine = open_sqlite(self._path, durable=False)  # it can all be learned again
            SQLModel.metadata.create_all(engine, [SQLModel.metadata.tables["site_learned"]])
            self._engine = engine
        return self._engine


def text(learned: Learned) -> str:
    """Return what was learned as learned/1."""
    sun, house = learned.solar, learned.load
    document = {
        "format": FORMAT,
        "solar": {
            "weather": _ratios_document(sun.weather),
            "climatology": _ratios_document(sun.climatology),
            "learned_until_s": sun.learned_until_s,
        },
        "load": {
            "week": _list(house.week),
            "week_counts": _list(house.week_counts),
            "pool": _list(house.pool),
            "pool_counts": _list(house.pool_counts),
            "high": _list(house.high),
            "high_counts": _list(house.high_counts),
            "level_w": house.level_w,
            "recent_w": house.recent_w,
            "known": house.known,
            "learned_until_s": house.learned_until_s,
        },
    }
    return json.dumps(document, separators=(",", ":"))


def read(body: bytes) -> Learned:
    """Return what was learned. Raises AnswerError for anything that is no learned/1."""
    answer = decoding.mapping(decoding.parsed(body), "the document")
    if answer.get("format") != FORMAT:
        raise AnswerError(f"the format is {str(answer.get('format'))[:30]!r}, expected {FORMAT!r}")
    return Learned(_solar(answer.get("solar")), _load(answer.get("load")))


def _solar(told: Json) -> SolarLearned:
    document = decoding.mapping(told, "solar")
    return SolarLearned(
        _ratios(document.get("weather"), Basis.WEATHER),
        _ratios(document.get("climatology"), Basis.CLIMATOLOGY),
        int(decoding.number(document.get("learned_until_s"), "learned_until_s")),
    )


def _load(told: Json) -> LoadLearned:
    document = decoding.mapping(told, "load")
    new = load.unlearned()

    def numbers(name: str, like: Floats) -> Floats:
        return _array(document.get(name), name, like)

    def number(name: str) -> float:
        return float(decoding.number(document.get(name), name))

    return LoadLearned(
        numbers("week", new.week),
        numbers("week_counts", new.week_counts),
        numbers("pool", new.pool),
        numbers("pool_counts", new.pool_counts),
        numbers("high", new.high),
        numbers("high_counts", new.high_counts),
        number("level_w"),
        number("recent_w"),
        int(number("known")),
        int(number("learned_until_s")),
    )


def _ratios_document(ratios: Ratios) -> dict[str, object]:
    return {
        "days": [[day, *map(float, energies)] for day, energies in ratios.days.items()],
        "low": _list(ratios.low),
        "middle": _list(ratios.middle),
        "counts": _list(ratios.counts),
    }


def _ratios(told: Json, basis: Basis) -> Ratios:
    document, new = decoding.mapping(told, str(basis)), solar.unlearned(basis)
    days = {}
    for row in decoding.rows(document.get("days"), "days"):
        day, measured, modelled = (
            float(decoding.number(value, "a day")) for value in decoding.rows(row, "a day")
        )
        if not (measured >= 0 and modelled > 0):
            raise AnswerError(f"the day {day:g} has no energies")
        days[int(day)] = measured, modelled
    tables = (_array(document.get(n), n, getattr(new, n)) for n in ("low", "middle", "counts"))
    return Ratios(days, solar.gain_of(days), *tables)


def _list(array: Floats) -> list[float]:
    return [round(float(value), DIGITS) for value in array.ravel()]


def _array(told: Json, name: str, like: Floats) -> Floats:
    cells = [float(decoding.number(cell, name)) for cell in decoding.rows(told, name)]
    if len(cells) != like.size:
        raise AnswerError(f"{name} has {len(cells)} numbers, expected {like.size}")
    return np.array(cells).reshape(like.shape)
