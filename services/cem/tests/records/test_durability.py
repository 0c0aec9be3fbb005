"""What must not be lost: power cuts at every frame, kill -9, a full disk, a restored backup."""

import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from record_sites import START, batch, broken_laws, digest, opened, write_step
from sqlalchemy import event

from cem.records import restoring
from cem.records.core.pricing import Series, Slot
from cem.records.journal import Journal, Kept
from cem.records.revising import revise
from cem.store import Store
from volthus_kit.refusal import RefusedError

SUPPORT = Path(__file__).parents[4] / "tests" / "support"
STEPS = 6
KILLS = 3
WRITER = """
import sys
from pathlib import Path
from record_sites import opened, write_step
store, journal = opened(Path(sys.argv[1]))
step = int(sys.argv[2])
while True:
    write_step(store, journal, step)
    print(step, flush=True)
    step += 1
"""


def no_checkpoints(*owners: Store | Journal) -> None:
    """Keep every frame in the write-ahead log, so that it can be cut anywhere."""
    for owner in owners:
        engine = owner.engine if isinstance(owner, Store) else owner._engine
        engine.dispose()

        @event.listens_for(engine, "connect")
        def _keep(connection: object, _: object) -> None:
            connection.execute("PRAGMA wal_autocheckpoint=0")  # type: ignore[attr-defined]


def test_a_power_cut_at_any_frame_leaves_a_state_that_was_true_once(tmp_path: Path) -> None:
    live = tmp_path / "live"
    store, journal = opened(live)
    no_checkpoints(store, journal)
    path = live / "cem.sqlite"
    with sqlite3.connect(path) as keeper:  # an open reader: closing others checkpoints nothing
        keeper.execute("PRAGMA wal_autocheckpoint=0")
        keeper.execute("SELECT count(*) FROM cem_minute").fetchone()
        true_once = [digest(path)]
        for step in range(STEPS):
            write_step(store, journal, step)
            true_once.append(digest(path))
        wal = (live / "cem.sqlite-wal").read_bytes()
        base = path.read_bytes()
    keeper.close()
    store.close()
    journal.close()
    frame = 24 + struct.unpack(">I", wal[8:12])[0]
    frames = (len(wal) - 32) // frame
    assert frames > 50
    found = set()
    seen = 0
    for number in range(frames + 1):
        for torn in (0, frame // 2):
            cut = tmp_path / "cut"
            shutil.rmtree(cut, ignore_errors=True)
            cut.mkdir()
            (cut / "cem.sqlite").write_bytes(base)
            (cut / "cem.sqlite-wal").write_bytes(wal[: 32 + number * frame + torn])
            assert broken_laws(cut / "cem.sqlite") == [], (number, torn)
            now = digest(cut / "cem.sqlite")
            place = true_once.index(now) if now in true_once else _between(cut, seen)
            assert place >= seen, "a later cut knows at least as much"
            seen = place
            found.add(now)
    assert true_once[-1] in found
    assert len(found & set(true_once)) == STEPS + 1


def _between(cut: Path, seen: int) -> int:
    """A step with a setting is two transactions: the cut may lie between them."""
    with sqlite3.connect(cut / "cem.sqlite") as db:
        minutes = db.execute("SELECT count(*) FROM cem_minute").fetchone()[0]
        audits = db.execute("SELECT count(*) FROM cem_audit").fetchone()[0]
    db.close()
    assert audits == (minutes - 1 + 3) // 4, "the step's records are there, its setting is not"
    assert minutes - 1 == seen
    return seen


def test_killed_at_any_moment_nothing_that_was_said_is_lost(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SUPPORT), *sys.path])}
    said = -1
    for round_number in range(KILLS):
        arguments = [sys.executable, "-c", WRITER, str(tmp_path), str(said + 1)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment) as writer:
            assert writer.stdout is not None
            for _ in range(3 + 7 * round_number):
                said = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            said = max([said, *map(int, writer.stdout.read().split())])
        assert broken_laws(tmp_path / "cem.sqlite") == []
        with sqlite3.connect(tmp_path / "cem.sqlite") as db:
            minutes = db.execute("SELECT count(*) FROM cem_minute").fetchone()[0]
        db.close()
        assert minutes in (said + 1, said + 2), "all that was said, and at most the one after"
        said = minutes - 1


# --- the database takes no change ----------------------------------------------------------------


def test_a_batch_that_failed_is_written_whole_with_the_next_one(tmp_path: Path) -> None:
    store, journal = opened(tmp_path)
    with sqlite3.connect(tmp_path / "cem.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RefusedError, match="store-failing"):
            journal.write(batch(0), START + timedelta(seconds=61))
        other.execute("ROLLBACK")
    other.close()
    journal.write(batch(0).plus(batch(1)), START + timedelta(seconds=121))
    assert broken_laws(tmp_path / "cem.sqlite") == []
    assert len(journal.waiting(100)) == 4  # the session, two minutes, one entry of evidence
    store.close()
    journal.close()


def test_an_open_session_and_its_tracks_are_there_after_a_restart(tmp_path: Path) -> None:
    store, journal = opened(tmp_path)
    for step in range(7):
        write_step(store, journal, step)
    store.close()
    journal.close()
    store, journal = opened(tmp_path)
    known = journal.load()
    (session,) = known.sessions.values()
    assert session.energy_wh == 200.0
    (track,) = known.tracks.values()
    assert track.counter_wh == 600.0
    assert known.last_ids == {session.ski: session.id}
    assert [entry.event for entry in known.entries] == ["started"] * 3
    store.close()
    journal.close()


def test_what_is_old_is_forgotten_and_facts_nobody_took_are_counted(tmp_path: Path) -> None:
    store, journal = opened(tmp_path)
    for step in range(10):
        write_step(store, journal, step)
    sent = journal.waiting(5)
    journal.sent(sent, START)
    assert journal.forget(Kept(), START + timedelta(days=29)) == 0
    assert rows(tmp_path, "cem_outbox") == journal.backlog().waiting + 5
    assert journal.forget(Kept(), START + timedelta(days=31)) == 0
    assert rows(tmp_path, "cem_outbox") == journal.backlog().waiting
    later = datetime.now(UTC) + timedelta(days=401)  # settings are told by the clock on the wall
    waiting = journal.backlog().waiting
    assert journal.forget(Kept(), later) == waiting, "given up, and counted"
    tables = ("cem_minute", "cem_charger_minute", "cem_decision", "cem_session")
    left = {table: rows(tmp_path, table) for table in tables}
    assert left == {
        "cem_minute": 0, "cem_charger_minute": 0, "cem_decision": 0, "cem_session": 2,
    }  # fmt: skip
    store.close()
    journal.close()


def test_what_is_asked_for_again_while_others_are_on_their_way_leaves_again(
    tmp_path: Path,
) -> None:
    store, journal = opened(tmp_path)
    for step in range(10):
        write_step(store, journal, step)
    first = journal.waiting(6)
    journal.sent(first[2:4], START)
    on_their_way = journal.waiting(6)
    epoch = first[0].key[0]
    journal.resend(epoch, first[2].key[1], first[3].key[1])
    journal.sent(on_their_way, START)
    assert [parcel.key for parcel in journal.waiting(2)] == [first[2].key, first[3].key]
    store.close()
    journal.close()


def rows(folder: Path, table: str) -> int:
    with sqlite3.connect(folder / "cem.sqlite") as db:
        count = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - our own names
    db.close()
    return int(count)


# --- backups -------------------------------------------------------------------------------------


def epoch(journal: Journal) -> int:
    return journal.backlog().epoch


def backup(folder: Path, to: Path) -> None:
    with sqlite3.connect(folder / "cem.sqlite") as db, sqlite3.connect(to) as copy:
        db.backup(copy)
    db.close()
    copy.close()


def put_back(copy: Path, folder: Path) -> None:
    for name in ("cem.sqlite", "cem.sqlite-wal", "cem.sqlite-shm"):
        (folder / name).unlink(missing_ok=True)
    shutil.copy(copy, folder / "cem.sqlite")


def test_a_restart_keeps_the_epoch(tmp_path: Path) -> None:
    epochs = set()
    for step in range(3):
        store, journal = opened(tmp_path)
        write_step(store, journal, step)
        epochs.add(epoch(journal))
        store.close()
        journal.close()
    assert len(epochs) == 1
    assert broken_laws(tmp_path / "cem.sqlite") == []


@pytest.mark.parametrize("runs_between", [0, 1])
def test_a_restored_backup_begins_a_new_epoch(tmp_path: Path, runs_between: int) -> None:
    folder, copy = tmp_path / "live", tmp_path / "copy.sqlite"
    store, journal = opened(folder)
    write_step(store, journal, 0)
    before = epoch(journal)
    backup(folder, copy)
    for run in range(runs_between + 1):
        write_step(store, journal, run + 1)
        last = journal.waiting(100)[-1].key
        restoring.leaving(folder, journal.backlog().generation, *last)
        store.close()
        journal.close()
        store, journal = opened(folder)
    store.close()
    journal.close()
    put_back(copy, folder)
    store, journal = opened(folder)
    assert epoch(journal) > before
    write_step(store, journal, 9)
    assert broken_laws(folder / "cem.sqlite") == []
    keys = [parcel.key for parcel in journal.waiting(100)]
    assert keys == sorted(set(keys))
    assert {key[0] for key in keys} == {before, epoch(journal)}
    store.close()
    journal.close()


def test_whoever_restores_the_whole_folder_says_so_with_a_file(tmp_path: Path) -> None:
    store, journal = opened(tmp_path)
    before = epoch(journal)
    store.close()
    journal.close()
    (tmp_path / restoring.RESTORED).touch()
    store, journal = opened(tmp_path)
    assert epoch(journal) > before
    assert not (tmp_path / restoring.RESTORED).exists()
    store.close()
    journal.close()


def test_a_database_put_back_under_our_feet_lets_nothing_leave(tmp_path: Path) -> None:
    store, journal = opened(tmp_path)
    with pytest.raises(OSError, match="not of this database"):
        restoring.leaving(tmp_path, "another", 1, 1)
    store.close()
    journal.close()


# --- prices --------------------------------------------------------------------------------------


def test_prices_that_come_late_are_a_new_revision_of_the_fact(tmp_path: Path) -> None:
    store, journal = opened(tmp_path)
    for step in range(7):
        write_step(store, journal, step)
    slots = [Slot(START, START + timedelta(hours=1), Decimal("0.30"))]
    assert revise(journal, Series("t", 1, "EUR", []), START) == 0
    assert revise(journal, Series("t", 1, "EUR", slots), START) == 1, "ended ones only"
    assert revise(journal, Series("t", 1, "EUR", slots), START) == 0
    assert revise(journal, Series("t", 2, "EUR", slots), START) == 1
    facts = [p.fact.session for p in journal.waiting(1000) if p.kind == "session"]
    last = facts[-1]
    assert [fact.revision for fact in facts if fact.session == last.session] == [1, 2, 3, 4]
    assert (last.cost, last.currency, last.price_series) == (0.135, "EUR", "t@2")
    assert not facts[0].HasField("cost")
    assert broken_laws(tmp_path / "cem.sqlite") == []
    store.close()
    journal.close()
