"""What sites taught comes back after a restart as it was, or not at all."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from smart_charging.core.grid import Grid
from smart_charging.learned import FILE, Learned, LearnedStore, read, text
from smart_charging.load.core.forecast import LoadSite, load_forecasts
from smart_charging.load.core.learning import learn
from smart_charging.load.core.learning import unlearned as usual_load
from smart_charging.provider.core.errors import AnswerError
from smart_charging.provider.store import StoreError
from smart_charging.solar.core.forecast import SolarSite, solar_forecasts, taught
from smart_charging.solar.core.place import Place, PvSystem

BERLIN = ZoneInfo("Europe/Berlin")
START = int(datetime(2026, 5, 4, tzinfo=UTC).timestamp())
PLACE, ROOF = Place(48.1, 11.6), PvSystem("r", 5000, 30, 180)


def some() -> Learned:
    grid = Grid(START, 96 * 10)
    chance = np.random.default_rng(1)
    site = SolarSite("s", PLACE, (ROOF,))
    power = solar_forecasts([site], grid)[0].modelled_w * chance.uniform(0.3, 1.1, grid.slots)
    house = chance.uniform(100, 900, grid.slots)
    ends = grid.edges_s[1:]
    return Learned(
        taught(site, grid.starts_s, ends, power / 4),
        learn(usual_load(), grid.starts_s, ends, house / 4, BERLIN),
    )


def same(one: Learned, other: Learned) -> bool:
    return text(one) == text(other)


def test_what_was_learned_comes_back_and_forecasts_the_same() -> None:
    known = some()
    again = read(text(known).encode())
    assert same(known, again)
    assert again.solar.climatology.gain == pytest.approx(known.solar.climatology.gain)
    grid = Grid(START, 96)
    before, after = (
        solar_forecasts([SolarSite("s", PLACE, (ROOF,), learned.solar)], grid)[0]
        for learned in (known, again)
    )
    assert np.allclose(before.low_w, after.low_w, atol=1)
    later = Grid(START + 10 * 86_400, 96)
    was, is_now = load_forecasts(
        [LoadSite("s", BERLIN, learned.load) for learned in (known, again)], later
    )
    assert np.allclose(was.mean_w, is_now.mean_w, atol=0.01)
    assert np.allclose(was.p90_w, is_now.p90_w, atol=0.01)
    assert again.load.is_learned


def test_a_store_keeps_and_forgets(tmp_path: Path) -> None:
    store = LearnedStore(tmp_path)
    assert store.load() == {}
    store.save({"a": some(), "b": Learned()})
    store.save({"b": some()})
    store.close()
    known = LearnedStore(tmp_path).load()
    assert set(known) == {"a", "b"}
    assert same(known["a"], known["b"])
    store.forget(["a", "c"])
    assert set(store.load()) == {"b"}
    store.close()


@pytest.mark.parametrize(
    "harm", ["", "{}", "[]", '{"format":"learned/1"}', '{"format":"learned/9"}', "no json"]
)
def test_a_spoilt_row_is_learned_anew(tmp_path: Path, harm: str) -> None:
    store = LearnedStore(tmp_path)
    store.save({"a": some(), "b": some()})
    with sqlite3.connect(tmp_path / FILE) as file:
        file.execute("update site_learned set document = ? where site = 'a'", (harm,))
    file.close()
    assert set(store.load()) == {"b"}
    store.close()


def test_a_document_of_wrong_lengths_or_energies_is_refused() -> None:
    whole = text(some())
    for wrong in (
        whole.replace('"week":[', '"week":[1.0,', 1),
        whole.replace('"days":[[', '"days":[[1,2.0,-3.0],[', 1),
        whole.replace('"known":960', '"known":"many"'),
        whole.replace('"low":[', '"low":[null,', 1),
    ):
        assert wrong != whole
        with pytest.raises(AnswerError):
            read(wrong.encode())


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    store = LearnedStore(tmp_path / "taken")
    with pytest.raises(StoreError, match="cannot be"):
        store.load()
    with pytest.raises(StoreError, match="cannot be"):
        store.save({"a": Learned()})
