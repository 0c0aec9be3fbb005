"""The CEM's database: what survives a restart, who changed what, and what a full disk does."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cem.core.site import ChargerSettings, EnergyManagement, GridConnection
from cem.core.state import Remembered
from cem.store import Change, Kept, Store
from electrical.phases import Phases
from electrical.rotation import Rotation
from volthus_kit.refusal import RefusedError
from volthus_wire.v1.rpc_pb2 import Caller

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SVEN = Caller(actor="sven", role="service", origin="site")
SKI = "a" * 40
GRID = GridConnection(
    Phases(25.0, 20.0, 16.0), 3, None, Phases(5.0, 4.0, 3.0), Phases(10.0, None, 8.0), 4
)
CHARGER = ChargerSettings(SKI, 6.0, 16.0, 3, Rotation.STR, 6.0, 1, revision=2)


def filled(folder: Path) -> Store:
    store = Store(folder)
    store.load(NOW)
    store.save([Change("grid-connection", None, GRID)], SVEN)
    switch = Change("energy-management", EnergyManagement(), EnergyManagement(True, True, 3))
    store.save([switch], SVEN)
    store.save([Change(f"charger/{SKI}", ChargerSettings(SKI), CHARGER)], SVEN)
    store.remember(Kept((SKI,), "grid-1"))
    return store


def test_everything_set_comes_back(tmp_path: Path) -> None:
    filled(tmp_path).close()
    remembered, _, is_written = Store(tmp_path).load(NOW)
    assert is_written
    assert remembered == Remembered(
        GRID, EnergyManagement(True, True, 3), {SKI: CHARGER}, (SKI,), "grid-1"
    )


def test_a_new_site_has_nothing_set(tmp_path: Path) -> None:
    remembered, epoch, _ = Store(tmp_path / "deep" / "er").load(NOW)
    assert remembered == Remembered()
    assert epoch == int(NOW.timestamp() * 1000)


def test_the_epoch_grows_even_when_the_clock_jumped_back(tmp_path: Path) -> None:
    epochs = []
    for hours in (0, 1, -5, -5, 2):
        store = Store(tmp_path)
        epochs.append(store.load(NOW + timedelta(hours=hours))[1])
        store.close()
    assert epochs == sorted(set(epochs))


def test_every_change_is_audited_with_actor_before_and_after(tmp_path: Path) -> None:
    store = filled(tmp_path)
    lower = GridConnection(Phases(16.0, 16.0, 16.0), revision=5)
    store.save([Change("grid-connection", GRID, lower)], SVEN)
    rows = store.audit()
    assert [row.setting for row in rows] == [
        "grid-connection",
        "energy-management",
        f"charger/{SKI}",
        "grid-connection",
    ]
    assert (rows[-1].actor, rows[-1].role, rows[-1].origin) == ("sven", "service", "site")
    assert json.loads(rows[-1].before)["fuse_a"]["l1"] == 25
    assert json.loads(rows[-1].after)["fuse_a"]["l1"] == 16


def test_who_is_no_longer_paired_is_forgotten_but_its_settings_stay(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.remember(Kept())
    store.close()
    remembered, _, _ = Store(tmp_path).load(NOW)
    assert remembered.paired == ()
    assert remembered.grid_meter is None
    assert remembered.charger_settings == {SKI: CHARGER}


def test_a_database_that_takes_no_change_refuses_and_stays_as_it_was(tmp_path: Path) -> None:
    store = filled(tmp_path)
    full_disk(store)
    with pytest.raises(RefusedError, match="store-failing"):
        store.probe()
    wanted = GridConnection(Phases(63.0, 63.0, 63.0))
    with pytest.raises(RefusedError, match="store-failing"):
        store.save([Change("grid-connection", GRID, wanted)], SVEN)
    store.close()
    assert Store(tmp_path).load(NOW)[0].grid == GRID


def test_a_start_with_a_locked_database_reads_the_settings_and_says_so(tmp_path: Path) -> None:
    store = filled(tmp_path)
    with sqlite3.connect(tmp_path / "cem.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        later = Store(tmp_path)
        remembered, epoch, is_written = later.load(NOW + timedelta(minutes=1))
        later.close()
    other.close()
    store.close()
    assert remembered.grid == GRID
    assert not is_written
    assert epoch >= int((NOW + timedelta(minutes=1)).timestamp() * 1000)


def test_settings_that_cannot_be_read_are_no_settings(tmp_path: Path) -> None:
    (tmp_path / "cem.sqlite").write_bytes(b"this is no database" * 100)
    store = Store(tmp_path)
    with pytest.raises(RefusedError, match="store-failing"):
        store.load(NOW)
    store.close()


def full_disk(store: Store) -> None:
    """Let the file grow no further: SQLite answers as on a full disk."""
    with store.engine.connect() as connection:  # the one pooled connection
        connection.exec_driver_sql("PRAGMA max_page_count=1")
        connection.exec_driver_sql("PRAGMA query_only=1")


def test_a_start_in_a_folder_that_takes_no_file_reads_the_settings(tmp_path: Path) -> None:
    filled(tmp_path).close()
    # As on a file system that went read-only: no journal can be made beside it.
    (tmp_path / "cem.sqlite-wal").mkdir()
    store = Store(tmp_path)
    remembered, _, is_written = store.load(NOW)
    store.close()
    assert remembered.grid == GRID
    assert not is_written
