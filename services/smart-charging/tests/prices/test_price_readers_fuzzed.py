"""Whatever a provider answers, a reader returns a sound series or a price error: nothing else."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smart_charging.prices.core.series import Series
from smart_charging.prices.readers import (
    awattar,
    electricity_maps,
    elprisetjustnu,
    energy_charts,
    entsoe,
    gb_carbon,
    nord_pool,
    octopus,
    own,
    tibber,
)
from smart_charging.provider.core.errors import SourceError

START = "2026-02-03T00:00:00Z"
END = "2026-02-03T00:30:00Z"
TIMED = {"start": START, "end": END}
MAPPED = [{"carbonIntensity": 300, "datetime": START}, {"carbonIntensity": 310, "datetime": END}]
TIBBER_ROWS = [
    {"total": 0.2, "startsAt": START, "currency": "NOK"},
    {"total": 0.3, "startsAt": END, "currency": "NOK"},
]
SUBSCRIPTION = {"priceInfo": {"today": TIBBER_ROWS, "tomorrow": []}}

SMALL: dict[str, tuple[Callable[[bytes, str], Series], object]] = {
    "energy-charts": (
        energy_charts.read,
        {"unix_seconds": [1770073200, 1770074100], "price": [-500.0, 3], "unit": "EUR/MWh"},
    ),
    "awattar": (
        awattar.read,
        {"data": [{"start_timestamp": 1770073200000, "end_timestamp": 1770076800000,
                   "marketprice": 12.5, "unit": "Eur/MWh"}]},
    ),
    "nord-pool": (
        nord_pool.read,
        {"market": "DayAhead", "currency": "EUR",
         "multiAreaEntries": [{"deliveryStart": START, "deliveryEnd": END,
                               "entryPerArea": {"Z": 41.2}}]},
    ),
    "elprisetjustnu": (
        elprisetjustnu.read, [{"SEK_per_kWh": 0.4, "time_start": START, "time_end": END}]
    ),
    "tibber": (
        tibber.read, {"data": {"viewer": {"home": {"currentSubscription": SUBSCRIPTION}}}}
    ),
    "octopus": (
        octopus.read,
        {"results": [{"value_inc_vat": 20.1, "valid_from": START, "valid_to": END,
                      "payment_method": None}]},
    ),
    "electricity-maps": (electricity_maps.read, {"zone": "Z", "forecast": MAPPED}),
    "gb-carbon": (
        gb_carbon.read, {"data": [{"from": START, "to": END, "intensity": {"forecast": 200}}]}
    ),
    "own": (
        own.read,
        {"format": "price-series/1", "unit": "EUR/kWh", "intervals": [TIMED | {"value": 0.1}]},
    ),
}  # fmt: skip

XML = (
    b"<Publication_MarketDocument><TimeSeries><currency_Unit.name>EUR</currency_Unit.name>"
    b"<price_Measure_Unit.name>MWH</price_Measure_Unit.name><curveType>A03</curveType><Period>"
    b"<timeInterval><start>2026-02-02T23:00Z</start><end>2026-02-03T00:00Z</end></timeInterval>"
    b"<resolution>PT15M</resolution><Point><position>1</position><price.amount>10</price.amount>"
    b"</Point><Point><position>3</position><price.amount>-500</price.amount></Point></Period>"
    b"</TimeSeries></Publication_MarketDocument>"
)

odd = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), st.just([]),
    st.just({}), st.sampled_from([10**400, -1, 1e308, START, "2026-02-03", "EUR/MWh", "-0", "1_0"]),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)  # fmt: skip


def places(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    found = [path]
    if isinstance(value, dict):
        found += [p for key, below in value.items() for p in places(below, (*path, key))]
    if isinstance(value, list):
        found += [p for n, below in enumerate(value) for p in places(below, (*path, n))]
    return found


def changed(value: object, path: tuple[object, ...], to: object) -> object:
    if not path:
        return to
    key, *rest = path
    if isinstance(value, dict):
        return {k: changed(v, tuple(rest), to) if k == key else v for k, v in value.items()}
    assert isinstance(value, list)
    return [changed(v, tuple(rest), to) if n == key else v for n, v in enumerate(value)]


def sound(read: Callable[[bytes, str], Series], body: bytes) -> None:
    try:
        series = read(body, "Z")
    except SourceError:
        return
    for interval in series.intervals:
        assert datetime(2000, 1, 1, tzinfo=UTC) <= interval.start < interval.end
        assert interval.value.is_finite()
    assert own.read(own.written(series)).revision == series.revision


@pytest.mark.parametrize("name", SMALL)
def test_the_answer_itself_is_read(name: str) -> None:
    read, answer = SMALL[name]
    assert read(json.dumps(answer).encode(), "Z").intervals


@pytest.mark.parametrize("name", SMALL)
@settings(max_examples=60)
@given(data=st.data())
def test_any_value_in_any_place_is_read_or_refused(name: str, data: st.DataObject) -> None:
    read, answer = SMALL[name]
    for _ in range(data.draw(st.integers(1, 2))):
        answer = changed(answer, data.draw(st.sampled_from(places(answer))), data.draw(odd))
    sound(read, json.dumps(answer).encode())


def test_what_could_not_be_read_again_once_it_is_kept_is_refused() -> None:
    read, answer = SMALL["energy-charts"]
    tiny = changed(answer, ("price", 0), 1.2e-38)
    with pytest.raises(SourceError, match="too small"):
        read(json.dumps(tiny).encode(), "Z")


def test_the_price_document_itself_is_read() -> None:
    assert len(entsoe.read(XML, "Z").intervals) == 4


@given(st.integers(0, len(XML)), st.integers(0, 12), st.binary(max_size=12))
def test_a_price_document_with_any_scratch_is_read_or_refused(
    at: int, length: int, scratch: bytes
) -> None:
    sound(entsoe.read, XML[:at] + scratch + XML[at + length :])


@pytest.mark.parametrize("name", SMALL)
@settings(max_examples=30)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(name: str, body: bytes) -> None:
    sound(SMALL[name][0], body)
    sound(entsoe.read, body)
