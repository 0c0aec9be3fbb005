"""What chargers draw together in silence, on every phase of every fuse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrical.phases import ALL_PHASES, Phase
from web.core.failsafe import Falling, Fuse, sums

EACH_25 = dict.fromkeys(ALL_PHASES, 25.0)
MAIN = Fuse(None, None, EACH_25, dict.fromkeys(ALL_PHASES, 4.0))
GARAGE = Fuse("garage", None, dict.fromkeys(ALL_PHASES, 10.0), {})
BOX = Fuse("box", "garage", dict.fromkeys(ALL_PHASES, 6.0), {})


def test_failsafe_currents_and_base_load_are_added_by_phase() -> None:
    found = sums([MAIN], [Falling("a", 6, 3, "RST", None), Falling("b", 8, 1, "STR", None)])
    assert [(one.phase.value, one.sum_a, one.fits) for one in found] == [
        ("L1", 10, True),
        ("L2", 18, True),
        ("L3", 10, True),
    ]
    assert found[1].parts == (("a", 6), ("b", 8))


def test_a_charger_counts_on_each_fuse_above_it_and_the_base_load_on_the_main_one() -> None:
    found = sums([BOX, MAIN, GARAGE], [Falling("a", 7, 3, "RST", "box")])
    by_fuse = {one.circuit: one for one in found if one.phase is Phase.L1}
    assert [one.circuit for one in found[:3]] == [None, None, None]
    assert {circuit: (one.sum_a, one.fits) for circuit, one in by_fuse.items()} == {
        None: (11, True),
        "garage": (7, True),
        "box": (7, False),
    }


def test_on_one_phase_everybody_is_on_it() -> None:
    one_phase = Fuse(None, None, {Phase.L1: 25.0}, {Phase.L1: 1.0})
    found = sums([one_phase], [Falling("a", 6, 3, "STR", "gone"), Falling("b", 6, 1, "TRS", None)])
    assert [(one.phase, one.sum_a) for one in found] == [(Phase.L1, 13)]


@given(st.lists(st.floats(0, 32), max_size=6))
def test_nothing_is_lost(currents: list[float]) -> None:
    chargers = [Falling(str(n), a, 3, "RST", None) for n, a in enumerate(currents)]
    for one in sums([MAIN], chargers):
        assert one.sum_a == pytest.approx(4 + sum(currents))
