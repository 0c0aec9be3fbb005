"""Compares what a site wrote with what the cloud has of it: everything once, nothing else."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine, text

from web.history.core.energy import unpacked


def differences(cem: Path, history: Engine, site: str) -> list[str]:
    """Return in what the tables of the cloud differ from a site's own database."""
    with closing(sqlite3.connect(cem)) as truth:
        return list(_differences(truth, history, site))


def _differences(truth: sqlite3.Connection, history: Engine, site: str) -> Iterator[str]:
    def there(statement: str) -> list[tuple[object, ...]]:
        with history.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), {"site": site})]

    heads = truth.execute("SELECT epoch, last_sequence FROM cem_outbox_head").fetchall()
    told = there("SELECT epoch, highest, facts FROM fact_epochs WHERE site = :site")
    if told != [(epoch, last, last) for epoch, last in heads]:
        yield f"{site}: facts are in as {told}, told were {heads}"
    if gaps := there("SELECT first, last FROM fact_gaps WHERE site = :site"):
        yield f"{site}: missing {gaps}"
    if aside := there("SELECT reason FROM facts_set_aside WHERE site = :site"):
        yield f"{site}: set aside {aside}"
    yield from _compared(
        f"{site}: sessions",
        truth.execute(
            "SELECT id, revision, energy_wh, ended_ms FROM cem_session WHERE revision > 0"
        ).fetchall(),
        there("SELECT id, revision, energy_wh, ended_ms FROM charging_sessions WHERE site = :site"),
    )
    yield from _compared(
        f"{site}: minutes",
        truth.execute(
            "SELECT start_s, revision, import_wh FROM cem_minute WHERE is_told"
        ).fetchall(),
        there("SELECT start_s, revision, import_wh FROM energy_minutes WHERE site = :site"),
    )
    chargers: dict[int, dict[str, tuple[float, float]]] = {}
    for start_s, ski, energy_wh, sun_wh in truth.execute(
        "SELECT start_s, ski, energy_wh, sun_wh FROM cem_charger_minute"
        " WHERE start_s IN (SELECT start_s FROM cem_minute WHERE is_told)"
    ):
        chargers.setdefault(start_s, {})[ski] = (energy_wh, sun_wh)
    kept = there("SELECT start_s, chargers FROM energy_minutes WHERE site = :site")
    yield from _compared(
        f"{site}: minutes of chargers",
        [(start_s, json.dumps(found, sort_keys=True)) for start_s, found in chargers.items()],
        [(start_s, json.dumps(unpacked(str(found)), sort_keys=True)) for start_s, found in kept],
    )
    yield from _compared(
        f"{site}: evidence",
        truth.execute("SELECT number, hash, before FROM cem_evidence").fetchall(),
        there("SELECT number, hash, before FROM evidence_entries WHERE site = :site AND is_sealed"),
    )
    yield from _compared(
        f"{site}: audit",
        truth.execute('SELECT setting, "after" FROM cem_audit').fetchall(),
        there('SELECT setting, "after" FROM site_audit WHERE site = :site'),
    )


def _compared(
    what: str, true: list[tuple[object, ...]], told: list[tuple[object, ...]]
) -> Iterator[str]:
    if sorted(map(repr, true)) == sorted(map(repr, told)):
        return
    missing, extra = (
        set(map(repr, true)) - set(map(repr, told)),
        set(map(repr, told)) - set(map(repr, true)),
    )
    yield (
        f"{what}: {len(true)} were told, {len(told)} are there; missing {sorted(missing)[:3]},"
        f" too many {sorted(extra)[:3]}"
    )
