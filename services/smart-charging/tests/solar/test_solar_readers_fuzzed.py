"""Whatever a provider answers, a reader returns a sound series or a source error: nothing else."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smart_charging.provider.core.errors import SourceError
from smart_charging.solar.core.place import Cell
from smart_charging.solar.core.series import Quantity, Series
from smart_charging.solar.readers import bright_sky, forecast_solar, open_meteo, own, solcast

CELL = Cell(481, 116)
T = 1_780_300_800
Read = Callable[[bytes], Series]
SMALL: dict[str, tuple[Read, object]] = {
    "open-meteo": (
        lambda body: open_meteo.read(body, CELL),
        {"latitude": 48.1, "longitude": 11.6,
         "minutely_15": {"time": [T, T + 900], "shortwave_radiation": [1.0, None]}},
    ),
    "bright-sky": (
        lambda body: bright_sky.read(body, CELL),
        {"sources": [{"lat": 48.1, "lon": 11.6}],
         "weather": [{"timestamp": "2026-06-01T08:00:00+00:00", "solar": 0.3, "cloud_cover": 40}]},
    ),
    "forecast-solar": (
        lambda body: forecast_solar.read(body, 1000.0),
        {"result": {"watt_hours_period": {"2026-06-01T08:00:00+00:00": 0,
                                          "2026-06-01T09:00:00+00:00": 500}}},
    ),
    "solcast": (
        lambda body: solcast.read(body, 5000.0),
        {"forecasts": [{"pv_estimate": 1.5, "period_end": "2026-06-01T08:00:00Z",
                        "period": "PT30M"}]},
    ),
    "own": (
        own.read,
        {"format": "weather-series/1", "starts_s": [T], "ends_s": [T + 900],
         "values": {"ghi_w_m2": [3.0]}},
    ),
}  # fmt: skip
every_reader = pytest.mark.parametrize("name", sorted(SMALL))
leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from([T, T + 900, "2026-06-01T08:00:00Z", "PT30M", -1, 1e300, [], {}])
)  # fmt: skip
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def places(tree: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    inner = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree)
        if isinstance(tree, list)
        else ()
    )
    return [path, *(p for key, value in inner for p in places(value, (*path, key)))]


def changed(tree: object, path: tuple[object, ...], value: object) -> object:
    if not path:
        return value
    copy = dict(tree) if isinstance(tree, dict) else list(tree)  # type: ignore[call-overload]
    copy[path[0]] = changed(copy[path[0]], path[1:], value)
    return copy


@every_reader
def test_the_small_answer_itself_is_read(name: str) -> None:
    read, answer = SMALL[name]
    assert len(read(json.dumps(answer).encode()).starts_s) >= 1


@every_reader
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_changed_answer_is_read_or_refused(name: str, data: st.DataObject) -> None:
    read, answer = SMALL[name]
    path = data.draw(st.sampled_from(places(answer)))
    body = json.dumps(changed(answer, path, data.draw(trees))).encode()
    try:
        series = read(body)
    except SourceError:
        return
    assert len(series.starts_s) == len(series.ends_s) >= 1
    assert (series.ends_s > series.starts_s).all()
    assert set(series.values) <= set(Quantity)


@every_reader
@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_bytes_are_read_or_refused(name: str, body: bytes) -> None:
    with pytest.raises(SourceError):
        SMALL[name][0](body)


@given(
    st.lists(st.floats(0, 1600) | st.just(float("nan")), min_size=1, max_size=9).filter(
        lambda column: bool(np.isfinite(column).any())
    )
)
@settings(deadline=None)
def test_our_own_form_comes_back_as_it_was(column: list[float]) -> None:
    starts = T + 900 * np.arange(len(column), dtype=np.int64)
    series = Series("x", starts, starts + 900, {Quantity.GHI: np.array(column)})
    again = own.read(own.written(series))
    assert again.source == "x"
    assert (again.starts_s == starts).all()
    assert np.allclose(again.values[Quantity.GHI], column, atol=1e-4, equal_nan=True)
