"""The load of a site: what its energies teach, by the local clock, whatever the meter does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smart_charging.core.grid import Grid
from smart_charging.load.core.clock import quarters
from smart_charging.load.core.forecast import LoadForecast, LoadSite, load_forecasts
from smart_charging.load.core.learning import LoadLearned, learn, unlearned
from smart_charging.load.core.standard import Kind, Standard
from smart_charging.provider.core.errors import SetUpError

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 5, 3, 22, tzinfo=UTC)  # Monday 4 May 00:00 local
DAY = 96


def a_grid(begin: datetime, days: int) -> Grid:
    return Grid(int(begin.timestamp()), days * DAY)


def taught(
    power_w: np.ndarray, begin: datetime = MONDAY, learned: LoadLearned | None = None
) -> LoadLearned:
    grid = Grid(int(begin.timestamp()), len(power_w))
    known = learned or unlearned()
    return learn(known, grid.starts_s, grid.edges_s[1:], power_w / 4, BERLIN)


def forecast(learned: LoadLearned, begin: datetime, days: int = 1) -> LoadForecast:
    return load_forecasts([LoadSite("s", BERLIN, learned)], a_grid(begin, days))[0]


def a_house(begin: datetime, days: int) -> np.ndarray:
    """300 W, 2 kW from 18:00 to 20:00 local, another 1 kW from 10:00 to 14:00 on weekends."""
    at = quarters(BERLIN, a_grid(begin, days))
    hour, weekday = at % DAY / 4, at // DAY
    evening = 2000.0 * ((hour >= 18) & (hour < 20))
    return 300.0 + evening + 1000.0 * ((weekday >= 5) & (hour >= 10) & (hour < 14))


# --- the clock -----------------------------------------------------------------------------------


def test_a_week_of_quarters_begins_on_monday() -> None:
    assert quarters(BERLIN, a_grid(MONDAY, 7)).tolist() == list(range(672))


@pytest.mark.parametrize(
    ("begin", "slots", "missing", "double"),
    [
        (datetime(2026, 3, 28, 23, tzinfo=UTC), 92, range(8, 12), range(0)),
        (datetime(2026, 10, 24, 22, tzinfo=UTC), 100, range(0), range(8, 12)),
    ],
)
def test_the_day_the_clock_changes_has_92_or_100_quarters(
    begin: datetime, slots: int, missing: range, double: range
) -> None:
    at = quarters(BERLIN, Grid(int(begin.timestamp()), slots)) - 6 * DAY
    counts = np.bincount(at, minlength=DAY)
    for quarter in range(DAY):
        times = 0 if quarter in missing else 2 if quarter in double else 1
        assert counts[quarter] == times


def test_the_evening_stays_in_the_evening_when_the_clock_changes() -> None:
    begin = datetime(2026, 3, 1, 23, tzinfo=UTC)  # Monday 2 March
    learned = taught(a_house(begin, 21), begin)
    after = datetime(2026, 3, 29, 22, tzinfo=UTC)  # Monday 30 March, summer time
    told = forecast(learned, after)
    assert told.mean_w[18 * 4 + 2] > 1500
    assert told.mean_w[17 * 4] < 700


# --- learning ------------------------------------------------------------------------------------


def test_a_regular_house_is_known_after_weeks() -> None:
    learned = taught(a_house(MONDAY, 42))
    after = MONDAY + timedelta(days=42)
    told, true = forecast(learned, after, 7), a_house(after, 7)
    assert np.abs(told.mean_w - true).mean() < 90
    inside = np.convolve(np.abs(np.gradient(true)) > 0, np.ones(9), "same") == 0
    assert np.abs(told.mean_w - true)[inside].max() < 500, "away from the edges"
    assert told.is_learned


def test_weekends_are_told_from_working_days() -> None:
    learned = taught(a_house(MONDAY, 28))
    told = forecast(learned, MONDAY + timedelta(days=28), 7)
    noon = told.mean_w.reshape(7, DAY)[:, 12 * 4]
    assert noon[5:].min() > noon[:5].max() + 600


def test_one_weekday_of_its_own_is_learned_in_time() -> None:
    def closed_on_mondays(begin: datetime, days: int) -> np.ndarray:
        return np.where(quarters(BERLIN, a_grid(begin, days)) // DAY == 0, 100.0, 1000.0)

    learned = taught(closed_on_mondays(MONDAY, 84))
    told = forecast(learned, MONDAY + timedelta(days=84), 2).mean_w.reshape(2, DAY).mean(axis=1)
    assert told[0] < 600
    assert told[1] > 750


def test_a_new_habit_takes_weeks_and_not_months() -> None:
    learned = taught(np.full(42 * DAY, 300.0))
    begin = MONDAY + timedelta(days=42)
    learned = taught(np.full(14 * DAY, 900.0), begin, learned)
    told = forecast(learned, begin + timedelta(days=14), 3)
    assert np.abs(told.mean_w - 900).mean() < 150, "a quarter of the step is left"


def test_the_last_hours_count_at_once_and_fade() -> None:
    usual = taught(np.full(28 * DAY, 500.0))
    begin = MONDAY + timedelta(days=28)
    party = taught(np.full(8, 1500.0), begin, usual)
    after = begin + timedelta(hours=2)
    more = forecast(party, after).mean_w - forecast(usual, after).mean_w
    assert more[0] > 200
    assert more[0] > more[12] > more[40] > 0
    assert more[-1] < 0.4 * more[0]


def test_the_quantiles_hold_as_often_as_they_say() -> None:
    chance = np.random.default_rng(5)
    power = a_house(MONDAY, 84) * np.exp(chance.normal(0, 0.5, 84 * DAY))
    learned = taught(power[: 70 * DAY])
    told = forecast(learned, MONDAY + timedelta(days=70), 14)
    true = power[70 * DAY :]
    assert 0.7 < (true <= told.p80_w).mean() < 0.9
    assert 0.83 < (true <= told.p90_w).mean() < 0.97
    assert (told.mean_w <= told.p80_w).all()
    assert (told.p80_w <= told.p90_w).all()


def test_an_outlier_hardly_moves_the_profile() -> None:
    power = np.full(28 * DAY, 500.0)
    power[25 * DAY + 40] = 1e6  # a Friday
    hit = taught(power)
    told = forecast(hit, MONDAY + timedelta(days=28), 7)
    assert told.mean_w.max() < 700


def test_holes_negatives_and_absurd_energies_are_not_learned() -> None:
    power = a_house(MONDAY, 28)
    spoilt = power.copy()
    spoilt[::5] = np.nan
    spoilt[1::50] = -4000.0
    spoilt[2::50] = 1e12
    spoilt[3::50] = np.inf
    told = forecast(taught(spoilt), MONDAY + timedelta(days=28))
    clean = forecast(taught(power), MONDAY + timedelta(days=28))
    assert np.abs(told.mean_w - clean.mean_w).max() < 200
    nothing = taught(np.full(DAY, np.nan))
    assert nothing.known == 0
    assert not nothing.is_learned


def test_hours_teach_as_quarters_do() -> None:
    power, grid = a_house(MONDAY, 21), a_grid(MONDAY, 21)
    hours = grid.edges_s[::4]
    by_hour = learn(unlearned(), hours[:-1], hours[1:], power.reshape(-1, 4).mean(axis=1), BERLIN)
    assert np.allclose(by_hour.week, taught(power).week)


def test_what_was_learned_is_not_learned_again() -> None:
    power = a_house(MONDAY, 10)
    once = taught(power)
    assert taught(power, learned=once) is once
    more = taught(a_house(MONDAY, 11), learned=once)
    assert more.known == 11 * DAY
    empty = np.array([], dtype=np.int64)
    assert learn(once, empty, empty, np.array([]), BERLIN) is once


def test_a_gap_of_weeks_is_borne() -> None:
    learned = taught(a_house(MONDAY, 14))
    later = MONDAY + timedelta(days=70)
    learned = taught(a_house(later, 1), later, learned)
    assert learned.known == 15 * DAY
    assert np.isfinite(forecast(learned, later + timedelta(days=1)).mean_w).all()


# --- standard ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind)
def test_a_site_nothing_is_known_of_is_a_usual_one(kind: Kind) -> None:
    usual = unlearned(Standard(kind, yearly_wh=8_766_000.0))
    told = forecast(usual, MONDAY, 7)
    assert told.mean_w.mean() == pytest.approx(1000, rel=0.01)
    assert not told.is_learned
    assert (told.p90_w > told.mean_w).all()


def test_a_standard_of_nothing_takes_nothing_and_one_below_is_refused() -> None:
    assert forecast(unlearned(Standard(yearly_wh=0)), MONDAY).mean_w.max() == 0
    for wrong in (-1.0, float("nan"), float("inf"), 1e15):
        with pytest.raises(SetUpError):
            Standard(yearly_wh=wrong)


def test_the_first_day_already_counts() -> None:
    learned = taught(np.full(DAY, 3000.0))
    told = forecast(learned, MONDAY + timedelta(days=1))
    assert told.mean_w.mean() > 1500
    assert not learned.is_learned


# --- laws ----------------------------------------------------------------------------------------


@given(
    st.lists(
        st.floats(-1e9, 1e9) | st.sampled_from([float("nan"), float("inf"), 0.0]),
        min_size=1, max_size=60,
    ),
    st.sampled_from(["Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - drawn bare
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_a_forecast_is_always_finite_and_never_negative(
    energies: list[float], name: str, begin: datetime
) -> None:
    zone = ZoneInfo(name)
    starts = int(begin.replace(tzinfo=UTC).timestamp()) + 1234 * np.arange(len(energies))
    learned = learn(unlearned(), starts, starts + 1234, np.array(energies), zone)
    grid = Grid(int(starts[-1]) // 900 * 900, DAY)
    told = load_forecasts([LoadSite("s", zone, learned)], grid)[0]
    for power in (told.mean_w, told.p80_w, told.p90_w):
        assert np.isfinite(power).all()
        assert power.min() >= 0


def test_many_sites_get_what_each_would_get_alone() -> None:
    grid = a_grid(MONDAY + timedelta(days=14), 3)
    zones = [BERLIN, ZoneInfo("Europe/London"), ZoneInfo("UTC")]
    known = [taught(a_house(MONDAY, 14) * share) for share in (0.5, 1.0, 2.0)]
    sites = [LoadSite(str(n), zones[n % 3], known[n % 3]) for n in range(150)]
    for site, together in zip(sites, load_forecasts(sites, grid), strict=True):
        alone = load_forecasts([site], grid)[0]
        assert together.site == site.id
        assert (together.mean_w == alone.mean_w).all()
        assert (together.p90_w == alone.p90_w).all()


def test_nothing_learned_is_changed_by_learning_on() -> None:
    known = taught(a_house(MONDAY, 3))
    before = replace(known, week=known.week.copy())
    taught(a_house(MONDAY, 9), learned=known)
    assert (known.week == before.week).all()
