import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_sim.core.houses import house
from fleet_sim.core.looks import MINUTE_S, look, minute
from fleet_sim.core.stays import DAY_S, stay_at, stays_between

NUMBERS = st.integers(1, 10_000)
TODAY = 20_000  # days since 1970


@given(NUMBERS, st.integers(0, 99))
def test_the_same_seed_makes_the_same_site_and_it_can_exist(number: int, seed: int) -> None:
    made = house(seed, number)
    assert made == house(seed, number)
    assert 45 < made.latitude < 67
    assert 5 < made.longitude < 24
    assert 1 <= len(made.wallboxes) <= 4
    assert len({box.ski for box in made.wallboxes}) == len(made.wallboxes)
    assert all(len(box.ski) == 40 for box in made.wallboxes)


def test_another_seed_makes_another_fleet() -> None:
    assert [house(1, n).name for n in range(20)] != [house(2, n).name for n in range(20)]


def test_sites_have_ids_that_sort_as_they_count() -> None:
    ids = [house(1, n).site for n in (1, 9, 10, 999, 10_000)]
    assert ids == sorted(ids)


@given(NUMBERS, st.integers(0, 3))
def test_the_minutes_of_a_stay_add_up_to_what_its_session_tells(number: int, days: int) -> None:
    made = house(1, number)
    for stay in stays_between(made, (TODAY + days) * DAY_S, (TODAY + days + 1) * DAY_S):
        first = stay.plugged_s // MINUTE_S * MINUTE_S
        counted = sum(
            minute(made, start_s).charging[stay.ski]
            for start_s in range(first, stay.leaves_s, MINUTE_S)
        )
        # A minute may also hold the end of the stay before.
        assert counted == pytest.approx(stay.charged_wh(stay.leaves_s), abs=0.001)
        assert stay.plugged_s < stay.starts_s < stay.full_s < stay.leaves_s


@given(NUMBERS, st.integers(TODAY * DAY_S, (TODAY + 2) * DAY_S))
def test_what_the_grid_gives_is_what_house_cars_and_sun_leave(number: int, at_s: int) -> None:
    made = house(1, number)
    seen = look(made, at_s)
    assert seen == look(made, at_s)
    for place, phase in enumerate(("l1", "l2", "l3")):
        cars_a = sum(one.current_a for one in seen.chargers if phase in one.box.phases)
        assert seen.grid_a[place] == pytest.approx(seen.other_a[place] + cars_a, abs=0.02)
    for one in seen.chargers:
        assert (one.stay is None) == (one.state == "no_car")
        assert (one.power_w > 0) == (one.state == "charging")


def test_a_fleet_in_the_evening_charges_and_its_cars_leave_in_the_morning() -> None:
    fleet = [house(1, number) for number in range(200)]
    boxes = sum(len(one.wallboxes) for one in fleet)

    def plugged(hour: float) -> int:
        at_s = TODAY * DAY_S + hour * 3600
        return sum(stay_at(one, box, at_s) is not None for one in fleet for box in one.wallboxes)

    assert plugged(10) == 0
    assert 0.6 * boxes < plugged(22) < 0.9 * boxes
