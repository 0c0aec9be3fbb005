"""What a wanted current means for the plugged car."""

from hypothesis import given
from hypothesis import strategies as st

from eebus.events import Ev, PerPhase
from eebus_gateway.core.limits import PATIENCE_S, written_for

PWM = Ev(communication="iec61851", phases=3, min_a=6.0, max_a=16.0, pause_a=0.1, has_opev=True)
ISO = Ev(communication="iso15118-2ed1", phases=3, min_a=2.2, max_a=16.0, has_opev=True)
NEW = Ev(has_opev=True)


def same(a: float | None) -> PerPhase:
    return a, a, a


def test_below_the_minimum_the_car_is_paused() -> None:
    assert written_for(same(5.9), PWM, 99) == same(0.0)
    assert written_for(same(6.0), PWM, 99) == same(6.0)
    assert written_for(same(6.0), Ev(communication="iec61851", min_a=8.0), 99) == same(0.0)


def test_an_iso_15118_car_goes_below_six_amperes() -> None:
    assert written_for(same(2.2), ISO, 99) == same(2.2)
    assert written_for(same(2.1), ISO, 99) == same(0.0)


def test_the_range_of_a_pwm_charger_is_its_default_and_not_the_car_s() -> None:
    assert written_for(same(32.0), PWM, 99) == same(32.0)
    assert written_for(same(32.0), ISO, 99) == same(16.0)


def test_a_car_just_plugged_is_not_paused_before_its_standard_is_known() -> None:
    assert written_for(same(0.0), NEW, 1) == same(6.0)
    assert written_for(same(0.0), PWM, 1) == same(0.0)
    assert written_for(same(0.0), NEW, PATIENCE_S) == same(0.0)


def test_conductors_without_a_limit_stay_without() -> None:
    assert written_for((10.0, None, None), PWM, 99) == (10.0, None, None)
    assert written_for(same(None), NEW, 0) == same(None)


def test_a_car_that_charges_evenly_gets_its_lowest_current_everywhere() -> None:
    even = Ev(communication="iec61851", asymmetric=False, has_opev=True)
    assert written_for((10.0, 8.0, 12.0), even, 99) == same(8.0)
    able = Ev(communication="iso15118-2ed1", asymmetric=True, has_opev=True)
    assert written_for((10.0, 8.0, 12.0), able, 99) == (10.0, 8.0, 12.0)


amperes = st.one_of(st.none(), st.floats(0, 80))
evs = st.builds(
    Ev,
    communication=st.sampled_from([None, "iec61851", "iso15118-2ed1"]),
    asymmetric=st.sampled_from([None, True, False]),
    min_a=st.one_of(st.none(), st.floats(1, 8)),
    max_a=st.one_of(st.none(), st.floats(8, 32)),
    has_opev=st.just(True),
)


@given(st.tuples(amperes, amperes, amperes), evs, st.floats(PATIENCE_S, 1e6))
def test_never_more_is_written_than_was_wanted(wanted: PerPhase, ev: Ev, plugged_s: float) -> None:
    for asked, written in zip(wanted, written_for(wanted, ev, plugged_s), strict=True):
        assert (asked is None) is (written is None)
        assert asked is None or written is None or written <= asked
