"""The trust store on a real disk."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event

from eebus_gateway.core.abilities import Ability
from eebus_gateway.core.trust import Paired
from eebus_gateway.store import OWN_CHARGER_PAIRED, SHIP_PORT, Store
from volthus_kit.refusal import RefusedError

ONE, TWO = "1" * 40, "2" * 40
FULL = Paired(
    ONE,
    name="Garage",
    ship_id="Demo-1",
    host="10.0.0.7",
    port=4711,
    own=True,
    brand="Demo",
    model="EVSE",
    type="ChargingStation",
    serial="7",
    fallback_a=6.0,
    abilities=frozenset({Ability.CHARGER, Ability.APPLIANCE}),
)


def test_trust_survives_a_restart(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.keep(FULL)
    store.keep(Paired(TWO))
    store.close()
    again = Store.open(tmp_path)
    assert again.book() == {ONE: FULL, TWO: Paired(TWO)}
    again.close()


def test_what_was_forgotten_stays_forgotten(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.keep(FULL)
    store.forget(ONE)
    store.forget(ONE)
    store.close()
    again = Store.open(tmp_path)
    assert again.book() == {}
    again.close()


def test_facts_are_kept_and_the_own_charger_is_noted_with_its_trust(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    assert store.fact(SHIP_PORT) is None
    store.remember(SHIP_PORT, "4711")
    store.remember(SHIP_PORT, "4712")
    store.keep_own(FULL)
    assert (store.fact(SHIP_PORT), store.fact(OWN_CHARGER_PAIRED)) == ("4712", ONE)
    assert store.book() == {ONE: FULL}
    store.close()


def test_a_full_disk_refuses_and_loses_nothing_acknowledged(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.keep(FULL)
    fill(store)
    with pytest.raises(RefusedError) as refused:
        keep_many(store)
    assert refused.value.code == "store-failing"
    kept = store.book()
    assert kept[ONE] == FULL
    store.close()
    again = Store.open(tmp_path)
    assert again.book() == kept
    again.close()


def keep_many(store: Store) -> None:
    for number in range(200):
        store.keep(Paired(f"{number:040x}", name="x" * 60))


def fill(store: Store) -> None:
    """Let the database believe that the disk ends here."""
    engine = store.engine
    engine.dispose()

    @event.listens_for(engine, "connect")
    def _(connection: object, _: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]  # DBAPI object
        cursor.execute("PRAGMA max_page_count=1")
        cursor.close()


def test_a_database_of_before_devices_had_roles_is_brought_up_to_date(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.keep(Paired(TWO, name="old"))
    store.close()
    with closing(sqlite3.connect(tmp_path / "gateway.db")) as database:
        database.execute("ALTER TABLE paired DROP COLUMN abilities")
        database.commit()
    again = Store.open(tmp_path)
    assert again.book() == {TWO: Paired(TWO, name="old")}
    again.keep(FULL)
    assert again.book()[ONE] == FULL
    again.close()
