"""Sun, sky and roof: against pvlib as oracle, and laws that hold everywhere on earth."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smart_charging.core.grid import Grid
from smart_charging.provider.core.errors import SetUpError
from smart_charging.solar.core.forecast import SolarSite, solar_forecasts
from smart_charging.solar.core.place import Place, PvSystem
from smart_charging.solar.core.roof import glass, power_w, split
from smart_charging.solar.core.sun import Sky, Sun, clear_sky, sun, turbidity
from smart_charging.solar.core.surplus import surplus_w

MUNICH = Place(48.1, 11.6, 520)
SOUTH = PvSystem("south", 6000, 30, 180)
SUMMER = datetime(2026, 6, 20, tzinfo=UTC)
PLACES = [MUNICH, Place(-33.9, 18.4), Place(65.0, -20.0, 100), Place(0.0, 100.0),
          Place(39.7, -105.2, 1830)]  # fmt: skip
ROOFS = [(0.0, 0.0), (45.0, 158.0), (90.0, 270.0), (30.0, 90.0), (20.0, -10.0)]


@pytest.fixture(scope="module")
def pvlib() -> Any:
    """The oracle; it is no part of the product."""
    return pytest.importorskip("pvlib", reason="NO ORACLE: pvlib is not installed")


def a_year(place: Place) -> tuple[Grid, Sun, Sky]:
    grid = Grid(int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()), 8760, 3600)
    above = sun([place.cell], grid.middles_s)
    clear = clear_sky(
        above, turbidity([place.cell], grid.middles_s), np.array([[place.altitude_m]])
    )
    return grid, above, clear


def degrees(above: Sun) -> tuple[np.ndarray, np.ndarray]:
    zenith = np.degrees(np.arccos(np.clip(above.up[0], -1, 1)))
    return zenith, np.degrees(np.arctan2(above.east[0], above.north[0])) % 360


# Latitude, longitude, time, tilt, azimuth, W/m2 on the flat, degrees C, m/s -> height of the sun, W
# of 6 kW with 10 % losses and an inverter of 5 kW: what pvlib 0.16.1 gives, once and for all.
KNOWN = [
    (48.1, 11.6, "2026-06-20T11:10", 30, 180, 850, 24, 2, 65.31, 4373.6),
    (48.1, 11.6, "2026-06-20T04:30", 30, 90, 120, 12, 1, 10.14, 1352.5),
    (48.1, 11.6, "2026-12-20T11:10", 60, 180, 180, -2, 4, 18.47, 1328.1),
    (59.3, 18.1, "2026-03-29T01:00", 30, 180, 0, 0, 1, -22.53, 0.0),
    (59.3, 18.1, "2026-03-29T12:00", 45, 225, 430, 5, 3, 32.68, 3320.3),
    (-33.9, 18.4, "2026-12-20T10:45", 10, 0, 1020, 27, 6, 79.53, 4994.1),
    (-33.9, 18.4, "2026-06-20T08:00", 25, 0, 210, 11, 2, 20.13, 1386.9),
    (1.3, 103.8, "2026-10-25T05:00", 5, 90, 620, 30, 1, 76.32, 2897.1),
    (39.7, -105.2, "2026-07-01T22:30", 45, 158, 540, 31, 2, 43.84, 1576.2),
    (65.0, -20.0, "2026-06-20T23:30", 90, 330, 15, 8, 5, 1.02, 20.3),
]


# --- the oracle ----------------------------------------------------------------------------------


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: f"{known[0]} {known[2]}")
def test_a_roof_gives_what_the_oracle_once_gave(known: tuple[Any, ...]) -> None:
    latitude, longitude, moment, tilt, azimuth, ghi, air, wind, height, power = known
    at_s = np.array([datetime.fromisoformat(moment + "+00:00").timestamp()])
    above = sun([Place(latitude, longitude).cell], at_s)
    assert np.degrees(np.arcsin(above.up[0, 0])) == pytest.approx(height, abs=0.05)
    sky = split(np.array([[float(ghi)]]), above)
    roof = PvSystem("r", 6000, tilt, azimuth, 5000, 0.1)
    ours = power_w([roof], above, sky, np.array([[float(air)]]), np.array([[float(wind)]]))
    assert ours[0, 0] == pytest.approx(power, rel=0.005, abs=2)


@pytest.mark.parametrize("place", PLACES, ids=lambda p: str(p.cell))
def test_the_sun_stands_where_the_oracle_sees_it(pvlib: Any, place: Place) -> None:
    pandas = pytest.importorskip("pandas")
    grid, above, clear = a_year(place)
    times = pandas.to_datetime(grid.middles_s, unit="s", utc=True)
    told = pvlib.solarposition.spa_python(
        times, place.latitude_deg, place.longitude_deg, altitude=place.altitude_m
    )
    zenith, azimuth = degrees(above)
    assert np.abs(zenith - told.zenith.to_numpy()).max() < 0.02
    turned = np.abs((azimuth - told.azimuth.to_numpy() + 180) % 360 - 180)
    assert (turned * np.sin(np.radians(zenith))).max() < 0.02
    air = pvlib.atmosphere.get_absolute_airmass(
        pvlib.atmosphere.get_relative_airmass(told.zenith),
        pvlib.atmosphere.alt2pres(place.altitude_m),
    )
    linke = turbidity([place.cell], grid.middles_s)[0]
    sky = pvlib.clearsky.ineichen(
        told.zenith, air, linke, place.altitude_m, dni_extra=above.beam_w_m2
    )
    high = above.up[0] > 0.05
    assert np.abs(clear.ghi[0] - sky.ghi.to_numpy()).max() < 1
    assert np.abs(clear.dni[0] - sky.dni.to_numpy())[high].max() < 2
    assert np.abs(clear.dhi[0] - sky.dhi.to_numpy())[high].max() < 1


@pytest.mark.parametrize(("tilt", "azimuth"), ROOFS)
@pytest.mark.parametrize("place", PLACES[:3], ids=lambda p: str(p.cell))
def test_a_roof_gives_what_the_oracles_chain_gives(
    pvlib: Any, place: Place, tilt: float, azimuth: float
) -> None:
    _, above, clear = a_year(place)
    cloudy = split(clear.ghi * np.linspace(0.1, 1.0, clear.ghi.shape[1]), above)
    zenith, turned = degrees(above)
    roof = PvSystem("r", 6000, tilt, azimuth, 4000, 0.1)
    ours = power_w([roof], above, cloudy, np.full((1, 1), 12.0), np.full((1, 1), 2.0))[0]
    plane = pvlib.irradiance.get_total_irradiance(
        tilt, azimuth, zenith, turned, cloudy.dni[0], cloudy.ghi[0], cloudy.dhi[0],
        dni_extra=above.beam_w_m2, model="haydavies", albedo=0.2,
    )  # fmt: skip
    lost = pvlib.iam.physical(pvlib.irradiance.aoi(tilt, azimuth, zenith, turned))
    warm = pvlib.temperature.faiman(plane["poa_global"], 12, 2)
    used = plane["poa_direct"] * lost + plane["poa_diffuse"]
    direct = pvlib.pvsystem.pvwatts_dc(used, warm, 6000, -0.004) * 0.9
    told = np.nan_to_num(pvlib.inverter.pvwatts(direct, 4000 / 0.96))
    told = np.where(above.up[0] > 0, np.maximum(told, 0), 0)
    assert np.abs(ours - told).max() < 1.0
    assert ours.sum() == pytest.approx(told.sum(), rel=1e-3)


def test_the_split_is_the_oracles(pvlib: Any) -> None:
    grid, above, clear = a_year(MUNICH)
    zenith, _ = degrees(above)
    ghi = clear.ghi * np.linspace(0.05, 1.1, clear.ghi.shape[1])
    ours = split(ghi, above)
    told = pvlib.irradiance.erbs(ghi[0], zenith, 1 + np.arange(grid.slots) // 24)
    assert np.abs(ours.dhi[0] - told["dhi"]).max() < 2
    assert np.abs(ours.dni[0] - told["dni"]).max() < 5


def test_the_table_of_the_glass_is_near_the_formula(pvlib: Any) -> None:
    angles = np.linspace(0, 89.5, 500)
    assert np.abs(glass(np.cos(np.radians(angles))) - pvlib.iam.physical(angles)).max() < 2e-3


# --- laws ----------------------------------------------------------------------------------------


places = st.builds(
    Place, st.floats(-90, 90), st.floats(-180, 180), st.floats(-400, 5000)
)  # fmt: skip
roofs = st.builds(
    PvSystem, st.just("r"), st.floats(0, 1e6), st.floats(0, 90), st.floats(-360, 360),
    st.none() | st.floats(0, 1e6), st.floats(0, 0.99),
)  # fmt: skip
days = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(  # noqa: DTZ001 - drawn bare
    lambda moment: moment.replace(tzinfo=UTC)
)


@given(places, st.lists(roofs, max_size=4), days)
@settings(max_examples=100, deadline=None)
def test_a_forecast_is_always_finite_and_within_the_inverters(
    place: Place, systems: list[PvSystem], day: datetime
) -> None:
    forecast = solar_forecasts([SolarSite("s", place, tuple(systems))], Grid.at(day, 96))[0]
    most = sum(system.most_w for system in systems)
    for power in (forecast.middle_w, forecast.low_w, forecast.modelled_w, forecast.clear_w):
        assert power.shape == (96,)
        assert np.isfinite(power).all()
        assert power.min() >= 0
        assert power.max() <= most * (1 + 1e-9)
    assert (forecast.low_w <= forecast.middle_w).all()


def test_many_sites_get_what_each_would_get_alone() -> None:
    chance = np.random.default_rng(3)
    grid = Grid.at(SUMMER, 96)
    sites = [
        SolarSite(
            str(number),
            Place(*chance.uniform(-60, 60, 2)),
            tuple(
                PvSystem(str(roof), *chance.uniform(0, 90, 2), chance.uniform(0, 360))
                for roof in range(number % 4)
            ),
        )
        for number in range(150)
    ]
    for site, together in zip(sites, solar_forecasts(sites, grid), strict=True):
        alone = solar_forecasts([site], grid)[0]
        assert together.site == site.id
        assert np.allclose(together.middle_w, alone.middle_w)
        assert np.allclose(together.low_w, alone.low_w)


def test_polar_night_is_dark_and_polar_day_has_sun_at_midnight() -> None:
    site = SolarSite("n", Place(78.2, 15.6), (PvSystem("wall", 5000, 90, 0),))
    winter = solar_forecasts([site], Grid.at(datetime(2026, 12, 20, tzinfo=UTC)))[0]
    assert winter.middle_w.max() == 0
    summer = solar_forecasts([site], Grid.at(SUMMER, 96))[0]
    assert summer.middle_w.min() > 0


def test_the_poles_and_the_date_line_are_places() -> None:
    for place in (Place(90, 0), Place(-90, 180), Place(0, 180), Place(0, -180)):
        forecast = solar_forecasts([SolarSite("s", place, (SOUTH,))], Grid.at(SUMMER, 96))[0]
        assert np.isfinite(forecast.middle_w).all()
    assert Place(0, 180).cell == Place(0, -180).cell


def test_a_roof_of_no_peak_and_a_site_without_roofs_give_nothing() -> None:
    nothing = SolarSite("a", MUNICH, (PvSystem("r", 0, 30, 180),))
    none = SolarSite("b", MUNICH, ())
    for forecast in solar_forecasts([nothing, none], Grid.at(SUMMER, 96)):
        assert forecast.middle_w.max() == 0
        assert forecast.up.max() > 0.8


def test_a_day_in_june_looks_like_one() -> None:
    forecast = solar_forecasts([SolarSite("s", MUNICH, (SOUTH,))], Grid.at(SUMMER, 96))[0]
    assert 20_000 < forecast.middle_w.sum() / 4 < 38_000
    noon = forecast.middle_w.argmax() / 4
    assert 10.5 < noon < 12.0, "UTC; the sun is highest at 11:15"
    east = solar_forecasts([SolarSite("s", MUNICH, (PvSystem("e", 6000, 30, 90),))],
                           Grid.at(SUMMER, 96))[0]  # fmt: skip
    assert east.middle_w.argmax() < forecast.middle_w.argmax()


@pytest.mark.parametrize(
    ("latitude", "longitude", "altitude"),
    [(95, 0, 0), (-90.1, 0, 0), (0, 181, 0), (float("nan"), 0, 0), (0, float("inf"), 0),
     (0, 0, 20_000)],
)  # fmt: skip
def test_a_place_that_is_none_is_refused(
    latitude: float, longitude: float, altitude: float
) -> None:
    with pytest.raises(SetUpError, match="expected"):
        Place(latitude, longitude, altitude)


@pytest.mark.parametrize(
    "wrong",
    [{"peak_w": -1}, {"peak_w": float("nan")}, {"tilt_deg": 91}, {"azimuth_deg": 400},
     {"losses": 1.0}, {"inverter_w": -5}, {"inverter_w": float("inf")}],
)  # fmt: skip
def test_a_roof_that_is_none_is_refused(wrong: dict[str, float]) -> None:
    good = {"peak_w": 5000.0, "tilt_deg": 30.0, "azimuth_deg": 180.0}
    with pytest.raises(SetUpError, match="expected"):
        PvSystem("r", **(good | wrong))


# --- surplus -------------------------------------------------------------------------------------


def test_the_surplus_takes_off_the_threshold_or_the_load_and_never_both() -> None:
    sun_w, load_w = np.array([0.0, 1000.0, 5000.0]), np.array([400.0, 400.0, 6000.0])
    assert surplus_w(sun_w, load_w, None).tolist() == [0, 600, 0]
    assert surplus_w(sun_w, load_w, 500.0).tolist() == [0, 500, 4500]
    assert surplus_w(sun_w, load_w, 0.0).tolist() == [0, 1000, 5000]


def test_a_surplus_of_no_number_is_none() -> None:
    sun_w = np.array([np.nan, np.inf, 100.0])
    assert surplus_w(sun_w, np.array([0.0, 0.0, np.nan]), None).tolist() == [0, 0, 0]
