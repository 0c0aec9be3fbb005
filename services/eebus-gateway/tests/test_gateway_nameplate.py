"""Who the gateway says it is."""

from pathlib import Path

import pytest

from eebus.errors import IdentityDamagedError
from eebus_gateway import nameplate
from eebus_gateway.pairing import book_with_own
from eebus_gateway.settings import Settings
from eebus_gateway.store import Store

OWN = "a" * 40


def test_on_a_stranger_s_machine_it_stays_on_loopback(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    network = nameplate.read(Settings(state_dir=tmp_path), store).network
    assert (network.listen_host, network.interfaces) == ("127.0.0.1", ("127.0.0.1",))
    network = nameplate.read(Settings(state_dir=tmp_path, lan=True), store).network
    assert (network.listen_host, network.interfaces) == ("", ())
    store.close()


def test_it_is_the_same_one_after_a_restart(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    first = nameplate.read(Settings(state_dir=tmp_path), store)
    assert nameplate.read(Settings(state_dir=tmp_path), store) == first
    assert f"SKI:{first.identity.ski};" in first.qr_text
    store.close()


def test_a_damaged_key_is_reported_and_left_as_it_is(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    nameplate.read(Settings(state_dir=tmp_path), store)
    key = next((tmp_path / "identity").glob("key*"))
    key.write_text("nonsense")
    with pytest.raises(IdentityDamagedError):
        nameplate.read(Settings(state_dir=tmp_path), store)
    assert key.read_text() == "nonsense"
    store.close()


def test_the_own_charger_is_entered_once(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    assert book_with_own(store, "", "f" * 40) == {}
    assert book_with_own(store, OWN, OWN) == {}
    assert book_with_own(store, OWN, "f" * 40)[OWN].own
    assert store.book()[OWN].own
    store.forget(OWN)
    assert book_with_own(store, OWN, "f" * 40) == {}
    assert list(book_with_own(store, "b" * 40, "f" * 40)) == ["b" * 40]
    store.close()
