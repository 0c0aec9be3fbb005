"""How long a charger and its car take to follow."""

from eebus.events import PerPhase
from eebus_gateway.core.reaction import Reaction


def same(a: float) -> PerPhase:
    return a, a, a


def test_a_decrease_is_timed_until_the_current_is_within_one_ampere() -> None:
    reaction = Reaction().accepted(same(6), 100.0, same(16))
    reaction = reaction.measured(same(12), 101.0).measured(same(6.8), 103.0)
    assert reaction.median_s == 3.0
    assert reaction.measured(same(6), 104.0).samples_s == (3.0,)


def test_an_increase_is_timed_when_the_car_takes_it() -> None:
    reaction = Reaction().accepted(same(16), 0.0, same(6)).measured(same(15.2), 4.0)
    assert reaction.median_s == 4.0


def test_a_car_that_does_not_want_more_is_no_slow_charger() -> None:
    reaction = Reaction().accepted(same(16), 0.0, same(6)).measured(same(6), 31.0)
    assert (reaction.median_s, reaction.awaited) == (None, None)


def test_a_car_that_does_not_obey_is_a_slow_one() -> None:
    assert Reaction().accepted(same(6), 0.0, same(16)).measured(same(16), 31.0).median_s == 31.0


def test_a_limit_that_changes_nothing_is_no_sample() -> None:
    assert Reaction().accepted(same(6), 0.0, same(5.5)).awaited is None
    assert Reaction().accepted(same(6), 0.0, (None, None, None)).awaited is None


def test_the_median_is_of_the_last_samples() -> None:
    reaction = Reaction()
    for seconds in [30.0, *[2.0] * 14, 2.0]:
        reaction = reaction.accepted(same(6), 0.0, same(16)).measured(same(6), seconds)
    assert reaction.samples_s == (2.0,) * 15
