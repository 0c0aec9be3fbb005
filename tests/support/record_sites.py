"""A site whose records are written step by step, and the laws its database must keep."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cem.core.operating import LimitState, OperatorLimit
from cem.core.site import EnergyManagement
from cem.records.core import sealing
from cem.records.core.counting import Track
from cem.records.core.evidence import Entry
from cem.records.core.history import Shown
from cem.records.core.minutes import Minute
from cem.records.core.sessions import Session, Standing
from cem.records.journal import Batch, Journal
from cem.store import Change, Store
from volthus_wire.v1.records_pb2 import Fact
from volthus_wire.v1.rpc_pb2 import Caller

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
SVEN = Caller(actor="sven", role="service", origin="site")
SKI = "a" * 40
LIMIT = OperatorLimit("lpc", "eebus", "b" * 40, LimitState.LIMITED, 4200.0)


def batch(step: int) -> Batch:
    """Return what a site with one charger writes in its minute `step`."""
    now = START + timedelta(minutes=step)
    begun = START + timedelta(minutes=step // 5 * 5)
    session = Session(
        f"{begun:%Y%m%dT%H%M%SZ}-{SKI[:8]}", SKI, begun, energy_wh=100.0 * (step % 5 + 1), plug=1
    )
    if step % 5 == 4:
        session = replace(session, standing=Standing.ENDED, ended=now)
    minute = Minute(int(now.timestamp()), 120.0, 0.0, None, {SKI: 100.0}, {SKI: 10.0})
    is_told = step % 5 in (0, 4)
    return Batch(
        {session.id: session},
        frozenset({session.id} if is_told else ()),
        {minute.start: minute},
        {"evse:" + SKI: Track(100.0 * step)},
        {"evse:" + SKI: now.timestamp()},
        (Shown(now, SKI, "fuse"),),
        (Entry(now, "started", LIMIT, 1.0, 2.0),) if step % 3 == 0 else (),
    )  # fmt: skip


def write_step(store: Store, journal: Journal, step: int) -> None:
    """Write one minute of records; every fourth one also a setting with its audit."""
    write_minute(journal, step)
    write_setting(store, step)


def write_minute(journal: Journal, step: int) -> None:
    """Write one minute of records."""
    journal.write(batch(step), START + timedelta(minutes=step, seconds=61))


def write_setting(store: Store, step: int) -> None:
    """Write what people set at a step: something at every fourth one."""
    if step % 4 == 0:
        before = EnergyManagement(revision=step)
        change = Change("energy-management", before, EnergyManagement(True, True, step + 1))
        store.save([change], SVEN)


def opened(folder: Path) -> tuple[Store, Journal]:
    """Open a site's database as a start does."""
    store = Store(folder)
    store.load(START)
    journal = Journal(folder)
    journal.load()
    return store, journal


def digest(path: Path) -> str:
    """Return a hash of everything the database says."""
    with closing(sqlite3.connect(path)) as db:
        return hashlib.sha256("\n".join(db.iterdump()).encode()).hexdigest()


def broken_laws(path: Path) -> list[str]:
    """Return what is not as it must be: gaps, facts without things, things without facts."""
    with closing(sqlite3.connect(path)) as db:
        names = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
        if not {"cem_outbox", "cem_evidence"} <= names:
            return []  # cut before the tables were made
        return list(_broken(db))


def _broken(db: sqlite3.Connection) -> Iterator[str]:
    facts = [
        (epoch, sequence, Fact.FromString(body))
        for epoch, sequence, body in db.execute(
            "SELECT epoch, sequence, body FROM cem_outbox ORDER BY 1, 2"
        )
    ]
    head = db.execute("SELECT epoch, last_sequence FROM cem_outbox_head").fetchone()
    if head is not None:
        numbers = [sequence for epoch, sequence, _ in facts if epoch == head[0]]
        if numbers != list(range(1, head[1] + 1)):
            yield f"gap: {numbers[:5]}... of {head[1]}"
    audits = sum(1 for *_, fact in facts if fact.HasField("audit"))
    if audits != db.execute("SELECT count(*) FROM cem_audit").fetchone()[0]:
        yield "audit entries and their facts differ"
    log = [
        {**json.loads(fields), "before": before, "hash": made}
        for fields, before, made in db.execute(
            "SELECT fields, before, hash FROM cem_evidence ORDER BY number"
        )
    ]
    yield from (f"evidence {fault.number} {fault.what}" for fault in sealing.faults(log))
    hashes = [fact.evidence.hash for *_, fact in facts if fact.HasField("evidence")]
    if hashes != [entry["hash"] for entry in log]:
        yield "evidence and its facts differ"
    sessions = {f.session.session: f.session for *_, f in facts if f.HasField("session")}
    for name, revision in db.execute("SELECT id, revision FROM cem_session"):
        if (sessions[name].revision if name in sessions else 0) != revision:
            yield f"session {name} stands at revision {revision}, its last fact does not"
    minutes = {f.energy.start.seconds: f.energy for *_, f in facts if f.HasField("energy")}
    for start, revision, is_told, import_wh in db.execute(
        "SELECT start_s, revision, is_told, import_wh FROM cem_minute"
    ):
        fact = minutes.get(start)
        if (fact.revision if fact else 0) != revision:
            yield f"minute {start} stands at revision {revision}, its last fact does not"
        told_wh = fact.import_wh if fact is not None and fact.HasField("import_wh") else None
        if is_told and (fact is None or told_wh != import_wh):
            yield f"minute {start} was told as something else"
    sums = dict(db.execute("SELECT start_s, sum(energy_wh) FROM cem_charger_minute GROUP BY 1"))
    told = {row[0] for row in db.execute("SELECT start_s FROM cem_minute WHERE is_told")}
    for start in told:
        if abs(minutes[start].charging_wh - sums.pop(start, 0.0)) > 1e-6:
            yield f"minute {start}: its chargers were told as something else"
    if not sums.keys() <= {row[0] for row in db.execute("SELECT start_s FROM cem_minute")}:
        yield "a charger has a minute that the site has not"
