"""Facts that cannot be kept now: set aside within a quota, and taken in when they can be. Blocking.

A site that was upgraded before its cloud tells of kinds that are not known yet: they wait here,
and are read again each time a replica begins to keep the history, so after each upgrade too.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, func, select
from sqlmodel import Session, col

from volthus_kit.streams import Kept
from volthus_wire.subjects import FACT, OTHER_FACTS
from web.history import upserts
from web.history.facts import FactError, Opened, opened
from web.history.tables import SetAsideRow

# Of one site: two weeks of a fact each minute; then who never stops fills the table no further.
MOST_ROWS = 20_000
MOST_BYTES = 8_000_000
PAGE = 500


def within_quota(
    connection: Connection, errors: Sequence[FactError]
) -> tuple[list[FactError], list[FactError]]:
    """Return those that may be set aside, and those for which their site has no room left."""
    if not errors:
        return [], []
    used = _used(connection, {_site(error) for error in errors})
    room: list[FactError] = []
    over: list[FactError] = []
    for error in errors:
        count, size = used.get(_site(error), (0, 0))
        count, size = count + 1, size + len(error.body)
        if count > MOST_ROWS or size > MOST_BYTES:
            over.append(error)
            continue
        used[_site(error)] = (count, size)
        room.append(error)
    return room, over


def _used(connection: Connection, sites: set[str]) -> dict[str, tuple[int, int]]:
    aside = upserts.table_of(SetAsideRow)
    wanted = (
        select(aside.c.site, func.count(), func.sum(func.length(aside.c.body)))
        .where(aside.c.site.in_(sorted(sites)))
        .group_by(aside.c.site)
    )
    return {site: (count, int(size or 0)) for site, count, size in connection.execute(wanted)}


def set_aside(connection: Connection, errors: Sequence[FactError], now_ms: int) -> None:
    """Keep facts apart, each with the reason."""
    if not errors:
        return
    rows = [
        {
            "at_ms": now_ms,
            "site": _site(error),
            "epoch": None if error.key is None else error.key.epoch,
            "sequence": None if error.key is None else error.key.sequence,
            "reason": error.reason.replace("\x00", ""),
            "body": error.body,
        }
        for error in errors
    ]
    connection.execute(upserts.table_of(SetAsideRow).insert(), rows)


def readable(engine: Engine, after: int) -> tuple[list[tuple[int, Opened]], int | None]:
    """Return those of the next page that can be read by now, with their row's id, and its end.

    after: id of the row before; the end is None when there are no more. A fact whose number was
    never told is not among them: nobody knows whether it is in.
    """
    found: list[tuple[int, Opened]] = []
    with Session(engine) as db:
        rows = db.execute(
            select(SetAsideRow)
            .where(col(SetAsideRow.id) > after)
            .order_by(col(SetAsideRow.id))
            .limit(PAGE)
        ).scalars()
        last = None
        for row in rows:
            last = row.id
            if row.id is not None and row.epoch is not None and (fact := _read(row)) is not None:
                found.append((row.id, fact))
    return found, last


def _read(row: SetAsideRow) -> Opened | None:
    try:
        subject = FACT.at(site=row.site, kind=OTHER_FACTS)
        fact = opened(Kept(subject, row.body, ""))
    except (FactError, ValueError):
        return None
    return fact if (fact.key.epoch, fact.key.sequence) == (row.epoch, row.sequence) else None


def _site(error: FactError) -> str:
    return error.site.replace("\x00", "")
