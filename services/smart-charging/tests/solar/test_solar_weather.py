"""What a source says is laid onto quarter-hours: energy kept, holes named, nonsense refused."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smart_charging.core.grid import MOST_SLOTS, Grid, laid
from smart_charging.provider.core.errors import AnswerError
from smart_charging.solar.core.forecast import SolarSite, solar_forecasts
from smart_charging.solar.core.place import Place, PvSystem
from smart_charging.solar.core.series import Quantity, Series, overlaid
from smart_charging.solar.core.weather import Basis, weather

MUNICH = Place(48.1, 11.6)
MORNING = datetime(2026, 6, 20, tzinfo=UTC)
GRID = Grid.at(MORNING, 96)
HOUR = 3600


def hourly(
    values: list[float], quantity: Quantity = Quantity.GHI, start: datetime = MORNING
) -> Series:
    starts = int(start.timestamp()) + HOUR * np.arange(len(values), dtype=np.int64)
    return Series("test", starts, starts + HOUR, {quantity: np.array(values, dtype=float)})


# --- grid ----------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(1, 7200), st.floats(-1e6, 1e6) | st.just(float("nan"))),
             min_size=1, max_size=20),
    st.integers(1, 5000),
)  # fmt: skip
@settings(deadline=None)
def test_laying_keeps_the_energy_of_whole_spans(pieces: list[tuple[int, float]], step: int) -> None:
    edges_in = np.cumsum([0, *(length for length, _ in pieces)]).astype(np.int64)
    values = np.array([value for _, value in pieces])
    edges = np.arange(0, edges_in[-1] + step, step, dtype=np.int64)
    means = laid(edges_in[:-1], edges_in[1:], values, edges)
    assert len(means) == len(edges) - 1
    known = values[np.isfinite(values)]
    if len(known) == len(values):
        inside = np.isfinite(means[:-1])
        assert inside.all()
        assert (means[:-1] >= known.min() - 1e-6 * abs(known).max() - 1e-9).all()
        assert (means[:-1] <= known.max() + 1e-6 * abs(known).max() + 1e-9).all()
    if not len(known):
        assert np.isnan(means).all()


def test_a_slot_known_for_less_than_half_is_not_known() -> None:
    starts, ends = np.array([0, 900]), np.array([400, 1800])
    means = laid(starts, ends, np.array([8.0, 4.0]), np.array([0, 900, 1800, 2700]))
    assert np.isnan(means[0])
    assert means[1] == 4
    assert np.isnan(means[2])


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4)), min_size=1, max_size=12),
    st.integers(0, 1000),
)
@settings(deadline=None)
def test_many_rows_are_laid_as_each_alone(pieces: list[tuple[int, int]], seed: int) -> None:
    gaps, lengths = (np.array(part, dtype=np.int64) * 450 for part in zip(*pieces, strict=True))
    ends = np.cumsum(gaps + lengths)
    values = np.random.default_rng(seed).normal(0, 1, (3, len(pieces)))
    values[values > 1.2] = np.nan
    edges = np.arange(-900, ends[-1] + 1800, 900, dtype=np.int64)
    together = laid(ends - lengths, ends, values, edges)
    for row in range(3):
        alone = laid(ends - lengths, ends, values[row], edges)
        assert np.allclose(together[row], alone, equal_nan=True)
    assert np.isnan(together[:, 0]).all(), "before the first span nothing is known"


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 12)), min_size=1, max_size=6))
@settings(deadline=None)
def test_whatever_is_laid_over_what_a_series_stays_in_order(
    pieces: list[tuple[int, int]],
) -> None:
    held: Series | None = None
    for number, (first, count) in enumerate(pieces):
        start = MORNING + timedelta(hours=first)
        held = overlaid(held, hourly([float(number)] * count, start=start))
        assert held is not None
        newest = (held.starts_s >= start.timestamp()) & (
            held.ends_s <= (start + timedelta(hours=count)).timestamp()
        )
        assert (held.values[Quantity.GHI][newest] == number).all()
        assert newest.sum() == count


def test_a_grid_of_no_slots_or_of_years_is_none() -> None:
    for slots, length in ((0, 900), (MOST_SLOTS + 1, 900), (4, 0)):
        with pytest.raises(ValueError, match="no grid"):
            Grid(0, slots, length)


def test_a_grid_begins_with_the_running_quarter() -> None:
    grid = Grid.at(datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC))
    assert grid.start == datetime(2026, 3, 29, 0, 45, tzinfo=UTC)
    assert grid.end_s - grid.start_s == 72 * 3600


# --- series --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("starts", "ends", "values"),
    [
        ([], [], []),
        ([0], [0], [1.0]),
        ([0], [-900], [1.0]),
        ([0], [7200], [1.0]),
        ([0, 900], [1800, 2700], [1.0, 2.0]),
        ([900, 0], [1800, 900], [1.0, 2.0]),
        ([0], [900], [float("nan")]),
        ([0], [900], [float("inf")]),
        ([0], [900], [99_999.0]),
    ],
)
def test_what_is_no_series_is_refused(
    starts: list[int], ends: list[int], values: list[float]
) -> None:
    with pytest.raises(AnswerError):
        Series("x", np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64),
               {Quantity.GHI: np.array(values)})  # fmt: skip


def test_negative_irradiance_counts_as_none_and_frost_as_frost() -> None:
    assert hourly([-250.0, 3.0]).values[Quantity.GHI].tolist() == [0, 3]
    assert hourly([-25.0], Quantity.AIR).values[Quantity.AIR].tolist() == [-25]


def test_a_temperature_in_kelvin_is_a_mistake_of_units() -> None:
    with pytest.raises(AnswerError, match="units"):
        hourly([293.0], Quantity.AIR)


def test_newer_weather_wins_and_older_stays_around_it() -> None:
    old = hourly([1.0, 2.0, 3.0, 4.0])
    new = hourly([9.0], start=MORNING + timedelta(hours=1))
    both = overlaid(old, new)
    assert both is not None
    assert both.values[Quantity.GHI].tolist() == [1, 9, 3, 4]
    assert overlaid(None, new) is new
    assert overlaid(old, None) is old
    assert both.part(old.starts_s[1], old.starts_s[2]) is not None
    assert both.part(0, 1) is None


# --- weather -------------------------------------------------------------------------------------


def test_an_hour_is_divided_as_a_clear_sky_would_be_and_keeps_its_energy() -> None:
    told = [0.0] * 3 + [60, 180, 300, 420, 500, 560, 600, 610, 600, 560, 500, 420, 300, 180, 60]
    found = weather([MUNICH], [hourly([*told, *[0.0] * 6])], GRID)
    by_hour = found.sky.ghi[0].reshape(-1, 4)
    assert by_hour[4:17].mean(axis=1) == pytest.approx(told[4:17], rel=1e-6)
    assert (np.diff(by_hour[5:10]) > 0).all(), "it rises within the hours of a morning"
    assert (found.basis == Basis.WEATHER).all()


def test_weather_that_ends_early_goes_on_with_the_usual_and_says_so() -> None:
    site = SolarSite("s", MUNICH, (PvSystem("r", 5000, 30, 180),), weather=hourly([0.0] * 10))
    forecast = solar_forecasts([site], GRID)[0]
    assert forecast.basis[:40].tolist() == [Basis.WEATHER] * 40
    assert forecast.basis[40:].tolist() == [Basis.CLIMATOLOGY] * 56
    assert forecast.told_until_s == GRID.start_s + 10 * HOUR
    assert forecast.middle_w[:40].max() == 0
    assert forecast.middle_w[40:].max() > 500


def test_a_hole_and_a_value_of_no_number_are_the_usual_weather() -> None:
    told = hourly([float("nan") if hour == 11 else 100.0 for hour in range(24)])
    site = SolarSite("s", MUNICH, (PvSystem("r", 5000, 30, 180),), weather=told)
    forecast = solar_forecasts([site], GRID)[0]
    assert np.isfinite(forecast.middle_w).all()
    assert forecast.basis[44:48].tolist() == [Basis.CLIMATOLOGY] * 4
    assert forecast.basis.sum() == 4


def test_weather_of_another_day_changes_nothing() -> None:
    past = hourly([500.0] * 24, start=MORNING - timedelta(days=3))
    site = SolarSite("s", MUNICH, (PvSystem("r", 5000, 30, 180),), weather=past)
    usual = SolarSite("s", MUNICH, (PvSystem("r", 5000, 30, 180),))
    one, other = solar_forecasts([site, usual], GRID)
    assert (one.middle_w == other.middle_w).all()
    assert one.told_until_s == GRID.start_s


def test_clouds_alone_tell_of_the_sun() -> None:
    bright, grey = (hourly([share] * 24, Quantity.CLOUD) for share in (0.0, 1.0))
    skies = weather([MUNICH, MUNICH], [bright, grey], GRID)
    assert skies.sky.ghi[0] == pytest.approx(skies.clear.ghi[0])
    assert skies.sky.ghi[1] == pytest.approx(0.25 * skies.clear.ghi[1])


def test_direct_and_diffuse_of_the_source_are_used() -> None:
    starts = GRID.starts_s
    columns = {
        Quantity.GHI: np.full(96, 400.0),
        Quantity.DNI: np.full(96, 123.0),
        Quantity.DHI: np.full(96, 321.0),
        Quantity.AIR: np.full(96, 30.0),
        Quantity.WIND: np.full(96, 5.0),
    }
    found = weather([MUNICH], [Series("t", starts, starts + 900, columns)], GRID)
    assert (found.sky.dni == 123).all()
    assert (found.sky.dhi == 321).all()
    assert (found.air_c == 30).all()
    assert (found.wind_m_s == 5).all()


def test_a_warm_roof_gives_less_than_a_cold_one() -> None:
    starts = GRID.starts_s
    sites = [
        SolarSite(
            "s", MUNICH, (PvSystem("r", 5000, 30, 180),),
            weather=Series("t", starts, starts + 900, {
                Quantity.GHI: np.full(96, 500.0), Quantity.AIR: np.full(96, air)
            }),
        )
        for air in (0.0, 30.0)
    ]  # fmt: skip
    cold, warm = solar_forecasts(sites, GRID)
    ratio = warm.modelled_w[48] / cold.modelled_w[48]
    assert 0.85 < ratio < 0.9, "30 K at -0.4 %"


def test_power_that_a_source_tells_of_a_roof_stands_in_for_the_model() -> None:
    share = hourly([0.5] * 12, Quantity.SHARE)
    systems = (PvSystem("a", 4000, 30, 180), PvSystem("b", 4000, 30, 180, 1000))
    both = SolarSite("s", MUNICH, systems, shares={"": share})
    one = SolarSite("s", MUNICH, systems, shares={"a": share})
    whole, half = solar_forecasts([both, one], GRID)
    assert whole.modelled_w[40] == pytest.approx(2000 + 1000), "the inverter's limit holds"
    assert whole.basis[:48].max() == Basis.WEATHER
    assert whole.basis[48:].min() == Basis.CLIMATOLOGY
    assert half.modelled_w[40] > 2000
    assert half.basis.min() == Basis.CLIMATOLOGY, "the poorest of its roofs"
