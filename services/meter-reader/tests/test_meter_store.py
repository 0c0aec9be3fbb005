import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import event

from electrical.phases import Phase
from electrical.rotation import Rotation
from meter_reader.core.configuration import Line, MeterConfig, Role, TransportKind
from meter_reader.store import FILE, Store, StoreError
from volthus_kit.refusal import RefusedError

EVA = ("eva", "service", "site")
TCP = MeterConfig(
    meter="grid-1",
    name="Haus Zähler",
    model="cg_em24_e1",
    role=Role.GRID,
    line=Line(TransportKind.TCP, host="meter.local", port=502),
    unit_id=71,
    rotation=Rotation.STR,
    invert=True,
    revision=3,
)
RTU = replace(
    TCP,
    meter="pv-1",
    role=Role.PV,
    line=Line(
        TransportKind.RTU, device="/dev/ttyS1", baud=2400, parity="E", stop_bits=2, data_bits=7
    ),
    phase=Phase.L3,
    invert=False,
)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path)
    store.load()
    yield store
    store.close()


def test_what_was_saved_is_there_after_a_restart(store, tmp_path):
    store.save(TCP, "add", EVA)
    store.save(RTU, "add", EVA)
    store.save(replace(TCP, name="House"), "update", EVA)
    store.close()
    again = Store(tmp_path)
    assert again.load() == [replace(TCP, name="House"), RTU]
    again.remove("pv-1", EVA)
    assert [config.meter for config in again.load()] == ["grid-1"]
    assert [(row.what, row.meter, row.actor) for row in again.changes()] == [
        ("add", "grid-1", "eva"),
        ("add", "pv-1", "eva"),
        ("update", "grid-1", "eva"),
        ("remove", "pv-1", "eva"),
    ]
    again.close()


def test_a_locked_database_refuses_the_change(store, tmp_path):
    other = sqlite3.connect(tmp_path / FILE)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(RefusedError, match="locked") as caught:
            store.save(TCP, "add", EVA)
    finally:
        other.rollback()
        other.close()
    assert caught.value.code == "store-failing"
    assert store.load() == []
    store.save(TCP, "add", EVA)


def test_a_full_disk_refuses_the_change_and_keeps_what_was_there(store):
    store.save(TCP, "add", EVA)
    store._engine.dispose()

    @event.listens_for(store._engine, "connect")
    def _fill_up(connection, _):
        connection.execute("PRAGMA max_page_count=1")  # SQLite's own "disk is full"

    with pytest.raises(RefusedError, match="full"):
        store.save(replace(TCP, name="x" * 100_000), "update", EVA)
    assert store.load() == [TCP]


def test_a_file_that_is_no_database_can_be_tried_again(tmp_path):
    (tmp_path / FILE).write_bytes(b"this is not SQLite" * 100)
    store = Store(tmp_path)
    with pytest.raises(StoreError, match="cannot be read"):
        store.load()
    (tmp_path / FILE).unlink()
    assert store.load() == []
    store.close()


def test_a_database_of_an_older_version_gets_what_is_new(tmp_path):
    with closing(sqlite3.connect(tmp_path / FILE)) as old:
        old.execute(
            "CREATE TABLE meter (meter TEXT PRIMARY KEY, name TEXT, model TEXT, role TEXT, kind "
            "TEXT, host TEXT, port INTEGER, device TEXT, baud INTEGER, parity TEXT, stop_bits "
            "INTEGER, data_bits INTEGER, unit_id INTEGER, rotation TEXT, invert BOOLEAN, phase "
            "TEXT, revision INTEGER)"
        )
        old.execute(
            "INSERT INTO meter VALUES ('grid-1', 'House', 'cg_em340', 'grid', 'tcp', 'h', 502, '',"
            " 0, '', 0, 0, 1, 'RST', 0, '', 3)"
        )
        old.commit()
    store = Store(tmp_path)
    (config,) = store.load()
    assert (config.revision, config.line.closes_after_poll) == (3, False)
    store.save(config, "update", ("a", "b", "c"))
    store.close()
