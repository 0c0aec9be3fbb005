"""What a site's own meter teaches of its sun, and what must not teach it."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smart_charging.core.grid import Grid
from smart_charging.solar.core.forecast import SolarSite, solar_forecasts, taught
from smart_charging.solar.core.learning import (
    DAYS,
    LEAST_GAIN,
    MOST_GAIN,
    SolarLearned,
    gain_of,
)
from smart_charging.solar.core.place import Place, PvSystem
from smart_charging.solar.core.series import Quantity, Series

START = int(datetime(2026, 5, 1, tzinfo=UTC).timestamp())
DAY = 96
ROOF = PvSystem("r", 6000, 30, 180)


def clouds(days: int, seed: int = 1) -> Series:
    """Weather of changing days, by the hour."""
    chance = np.random.default_rng(seed)
    starts = START + 3600 * np.arange(24 * days, dtype=np.int64)
    cover = np.clip(np.repeat(chance.random(days), 24) + chance.normal(0, 0.1, 24 * days), 0, 1)
    return Series("t", starts, starts + 3600, {Quantity.CLOUD: cover})


def a_site(days: int) -> SolarSite:
    return SolarSite("s", Place(48.1, 11.6), (ROOF,), weather=clouds(days))


def truth(site: SolarSite, days: int, share: float, noise: float = 0.1) -> np.ndarray:
    """What a plant with this gain would have fed, W by quarter."""
    modelled = solar_forecasts([site], Grid(START, DAY * days))[0].modelled_w
    chance = np.random.default_rng(2)
    return share * modelled * np.exp(chance.normal(0, noise, len(modelled)))


def schooled(site: SolarSite, power_w: np.ndarray) -> SolarLearned:
    grid = Grid(START, len(power_w))
    return taught(site, grid.starts_s, grid.edges_s[1:], power_w / 4)


def test_the_gain_is_found_and_the_low_value_holds_in_four_of_five() -> None:
    site = a_site(40)
    power = truth(site, 40, 0.8, noise=0.3)
    learned = schooled(site, power[: 30 * DAY])
    assert learned.weather.gain == pytest.approx(0.8, abs=0.05)
    after = solar_forecasts([replace(site, learned=learned)], Grid(START, 40 * DAY))[0]
    bright = (after.middle_w > 300) & (np.arange(40 * DAY) > 30 * DAY)
    assert 0.7 < (power[bright] > after.low_w[bright]).mean() < 0.9
    assert 0.4 < (power[bright] > after.middle_w[bright]).mean() < 0.6


def test_a_gain_never_lifts_the_power_above_the_inverter() -> None:
    site = replace(a_site(20), systems=(replace(ROOF, inverter_w=3000.0),))
    learned = schooled(site, truth(site, 20, 1.5))
    assert learned.weather.gain > 1.2
    told = solar_forecasts([replace(site, learned=learned)], Grid(START, 20 * DAY))[0]
    assert told.middle_w.max() == 3000


def test_a_few_days_move_the_gain_slowly() -> None:
    site = a_site(10)
    one = schooled(site, truth(site, 10, 0.5)[:DAY])
    many = schooled(site, truth(site, 10, 0.5))
    assert 1.0 >= one.weather.gain > many.weather.gain > 0.45


@pytest.mark.parametrize("share", [0.0, 0.01, 5.0])
def test_snow_and_absurd_meters_are_bounded(share: float) -> None:
    site = a_site(20)
    learned = schooled(site, truth(site, 20, share))
    if share < 0.05:
        assert learned.weather.gain == 1.0, "a covered or dead plant teaches nothing"
    else:
        assert learned.weather.gain == MOST_GAIN
    assert LEAST_GAIN <= learned.weather.gain <= MOST_GAIN


def test_a_week_of_snow_does_not_spoil_a_month() -> None:
    site = a_site(28)
    power = truth(site, 28, 0.9)
    power[10 * DAY : 17 * DAY] = 0
    assert schooled(site, power).weather.gain == pytest.approx(0.9, abs=0.05)


def test_a_plant_held_down_teaches_nothing_of_its_gain() -> None:
    site = a_site(28)
    power = np.minimum(truth(site, 28, 1.0), 1500.0)  # the grid operator's limit
    assert schooled(site, power).weather.gain > 0.9


def test_holes_and_negative_standby_are_passed_over() -> None:
    site = a_site(20)
    power = truth(site, 20, 0.8)
    power[::7] = np.nan
    power[power < 1] = -3.0
    assert schooled(site, power).weather.gain == pytest.approx(0.8, abs=0.06)
    assert schooled(site, np.full(20 * DAY, np.nan)).weather.gain == 1.0


def test_nothing_is_learned_twice_and_pieces_teach_what_the_whole_does() -> None:
    site = a_site(8)
    power, grid = truth(site, 8, 0.7), Grid(START, 8 * DAY)
    whole = schooled(site, power)
    again = taught(replace(site, learned=whole), grid.starts_s, grid.edges_s[1:], power / 4)
    assert again is whole
    pieces = site
    for first in range(0, 8 * DAY, 24):
        part = slice(first, first + 24)
        learned = taught(pieces, grid.starts_s[part], grid.edges_s[1:][part], power[part] / 4)
        pieces = replace(pieces, learned=learned)
    assert pieces.learned.weather.gain == pytest.approx(whole.weather.gain, abs=0.1)
    assert pieces.learned.learned_until_s == whole.learned_until_s


def test_the_usual_weather_is_learned_beside_a_source() -> None:
    site = a_site(28)
    learned = schooled(site, truth(site, 28, 0.8))
    assert learned.climatology.days
    alone = schooled(replace(site, weather=None), truth(site, 28, 0.8))
    assert alone.climatology.gain == learned.climatology.gain
    assert not alone.weather.days


def test_a_lesson_of_nothing_is_none() -> None:
    site = a_site(1)
    none = np.array([], dtype=np.int64)
    assert taught(site, none, none, np.array([])) is site.learned
    dark = taught(site, np.array([START]), np.array([START + 900]), np.array([0.0]))
    assert dark.weather.gain == 1.0
    short = taught(site, np.array([START]), np.array([START + 60]), np.array([0.0]))
    assert short is site.learned


def test_only_the_last_days_count() -> None:
    site = a_site(DAYS + 20)
    power = truth(site, DAYS + 20, 0.6)
    power[20 * DAY :] *= 1.5
    learned = schooled(site, power)
    assert len(learned.weather.days) == DAYS
    assert learned.weather.gain == pytest.approx(0.9, abs=0.05)


@given(
    st.dictionaries(
        st.integers(0, 30_000), st.tuples(st.floats(0, 1e9), st.floats(1e-3, 1e9)), max_size=40
    )
)
@settings(deadline=None)
def test_the_gain_is_always_bounded(days: dict[int, tuple[float, float]]) -> None:
    assert LEAST_GAIN <= gain_of(days) <= MOST_GAIN
