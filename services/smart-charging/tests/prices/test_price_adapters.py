"""Every adapter against answers of its provider's shape, over real HTTP."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from price_answers import (
    CET,
    HOUR,
    PRICES,
    QUARTER,
    SHAPES,
    TARIFF,
    TODAY,
    WEB_PAGE,
    Shape,
    a_nord_pool_day,
    an_energy_charts_day,
    an_entsoe_day,
    an_octopus_day,
    entsoe_document,
    entsoe_nothing,
    entsoe_period,
    entsoe_series,
    price,
    steps,
    tibber_answer,
)
from price_provider import Provider

from smart_charging.prices.core.series import Series
from smart_charging.prices.gathering import gathered
from smart_charging.prices.readers import entsoe
from smart_charging.prices.sources import SOURCES, Access, in_currency
from smart_charging.provider.core.days import day
from smart_charging.provider.core.errors import (
    AnswerError,
    NotPublishedError,
    RefusedByProviderError,
    SetUpError,
    SourceError,
)

by_name = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.source)


async def fetched(
    http: httpx.AsyncClient, provider: Provider, shape: Shape, local: date = TODAY
) -> Series:
    feed = provider.feed(shape.source, shape.zone)
    return await gathered(http, feed, day(local, shape.local), within_s=5)


# --- good days -----------------------------------------------------------------------------------


@by_name
@pytest.mark.parametrize("local", [TODAY, date(2026, 3, 29), date(2026, 10, 25)], ids=str)
async def test_a_day_arrives_whole_also_when_the_clock_changes(
    http: httpx.AsyncClient, provider: Provider, shape: Shape, local: date
) -> None:
    provider.says(shape.answer(local))
    series = await fetched(http, provider, shape, local)
    starts = steps(local, shape.step, shape.local)
    assert [i.start for i in series.intervals] == starts
    assert {i.end - i.start for i in series.intervals} == {shape.step}
    assert series.unit == shape.unit
    if shape.per_mwh:
        assert [i.value for i in series.intervals] == [price(at) / shape.per_mwh for at in starts]
        assert Decimal("-0.5") in {i.value for i in series.intervals}


@by_name
async def test_a_packed_answer_is_the_same(
    http: httpx.AsyncClient, provider: Provider, shape: Shape
) -> None:
    provider.says_packed(shape.answer(TODAY))
    assert (await fetched(http, provider, shape)).end == day(TODAY, shape.local)[1]


async def test_each_provider_is_asked_as_it_wants(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    asked = {}
    for shape in SHAPES:
        provider.says(shape.answer(TODAY))
        await fetched(http, provider, shape)
        asked[shape.source] = provider.asked[-1]
    targets = {name: httpx.URL(one.target) for name, one in asked.items()}
    assert dict(targets["entsoe"].params) == {
        "documentType": "A44",
        "in_Domain": "10Y1001A1001A82H",
        "out_Domain": "10Y1001A1001A82H",
        "periodStart": "202602022300",
        "periodEnd": "202602032300",
        "securityToken": "secret-token",
    }
    assert targets["energy-charts"].path == "/price"
    assert targets["energy-charts"].params["bzn"] == "DE-LU"
    assert targets["awattar-de"].params["start"] == "1770073200000"
    assert targets["nord-pool"].params["date"] == "2026-02-03"
    assert targets["elprisetjustnu"].path == "/api/v1/prices/2026/02-03_SE3.json"
    assert targets["octopus"].path == (
        f"/v1/products/AGILE-24-10-01/electricity-tariffs/{TARIFF}/standard-unit-rates/"
    )
    assert targets["octopus"].params["period_from"] == "2026-02-03T00:00:00Z"
    assert targets["gb-carbon"].path == "/intensity/2026-02-03T00:00Z/2026-02-04T00:00Z"
    assert asked["tibber"].method == "POST"
    assert asked["tibber"].headers["authorization"] == "Bearer secret-token"
    assert json.loads(asked["tibber"].body)["variables"] == {"home": "home-1"}
    assert asked["electricity-maps"].headers["auth-token"] == "secret-token"
    assert targets["electricity-maps"].params["zone"] == "DE"


# --- ENTSO-E's own ways --------------------------------------------------------------------------

ENTSOE = SHAPES[0]


async def test_a_repeated_point_left_out_of_curve_a03_is_carried_on(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    points = {1: Decimal(10), 3: Decimal(-500), 90: Decimal(7)}
    period = entsoe_period(TODAY, QUARTER, points)
    provider.says(entsoe_document(entsoe_series(period, curve="A03")))
    series = await fetched(http, provider, ENTSOE)
    got = [i.value * 1000 for i in series.intervals]
    assert got == [10] * 2 + [-500] * 87 + [7] * 7
    provider.says(entsoe_document(entsoe_series(period, curve="A01")))
    assert len((await fetched(http, provider, ENTSOE)).intervals) == 3, "elsewhere it is a hole"


async def test_the_second_auction_is_kept_out_whatever_its_order(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    second = entsoe_series(entsoe_period(TODAY, QUARTER, {1: Decimal(999)}), "2", "A03")
    first = entsoe_series(entsoe_period(TODAY, QUARTER), "1")
    for order in ((first, second), (second, first)):
        provider.says(entsoe_document(*order))
        series = await fetched(http, provider, ENTSOE)
        assert [i.value * 1000 for i in series.intervals] == [
            price(i.start) for i in series.intervals
        ]
    provider.says(entsoe_document(second))
    with pytest.raises(NotPublishedError):
        await fetched(http, provider, ENTSOE)


async def test_of_two_resolutions_the_finer_wins_and_both_may_follow_one_another(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    hours = entsoe_series(entsoe_period(TODAY, HOUR, {1: Decimal(50)}), "", "A03")
    quarters = entsoe_series(
        entsoe_period(TODAY, QUARTER, {n: Decimal(n) for n in range(1, 9)}), ""
    )
    provider.says(entsoe_document(quarters, hours))
    series = await fetched(http, provider, ENTSOE)
    assert [i.value * 1000 for i in series.intervals] == [1, 2, 3, 4, 5, 6, 7, 8] + [50] * 22


@pytest.mark.parametrize("status", [200, 400])
async def test_no_data_is_not_yet_and_another_reason_is_a_refusal(
    http: httpx.AsyncClient, provider: Provider, status: int
) -> None:
    provider.says(entsoe_nothing(), status)
    with pytest.raises(NotPublishedError):
        await fetched(http, provider, ENTSOE)
    provider.says(entsoe_nothing("Delivered time interval is not valid"), status)
    with pytest.raises(AnswerError, match="not valid"):
        await fetched(http, provider, ENTSOE)


GOOD_PERIOD = entsoe_period(TODAY, QUARTER)


@pytest.mark.parametrize(
    "body",
    [
        entsoe_document(entsoe_series(GOOD_PERIOD, zone="FR")),
        an_entsoe_day(TODAY).replace(b"EUR<", b"XXX<"),
        an_entsoe_day(TODAY).replace(b"MWH<", b"KWH<"),
        an_entsoe_day(TODAY).replace(b"PT15M", b"PT7M"),
        an_entsoe_day(TODAY).replace(b"<position>2<", b"<position>1<"),
        an_entsoe_day(TODAY).replace(b"<position>96<", b"<position>97<"),
        an_entsoe_day(TODAY).replace(b"<position>96<", b"<position>" + b"9" * 5000 + b"<"),
        an_entsoe_day(TODAY).replace(b"<price.amount>-500<", b"<price.amount>NaN<"),
        an_entsoe_day(TODAY).replace(b"<price.amount>-500<", b"<price.amount>1e99<"),
        an_entsoe_day(TODAY)[:-40],
        b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 99 + b'">]><a>&b;</a>',
        b"<a>" * 100_000,
        b"<Publication_MarketDocument/>"[:-2],
        b"<feed/>",
        b"{}",
        b"\xff\xfe",
    ],
)
async def test_a_wrong_price_document_is_refused(
    http: httpx.AsyncClient, provider: Provider, body: bytes
) -> None:
    provider.says(body)
    with pytest.raises(AnswerError):
        await fetched(http, provider, ENTSOE)


def test_every_area_code_has_its_right_check_character() -> None:
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"
    for zone, code in entsoe.AREAS.items():
        total = sum(alphabet.index(c) * (16 - n) for n, c in enumerate(code[:15]))
        assert alphabet[36 - (total - 1) % 37] == code[15], zone


# --- late, partial, holed ------------------------------------------------------------------------

LATE = (
    ("entsoe", entsoe_nothing()),
    ("energy-charts", b'{"unix_seconds": [], "price": [], "unit": "EUR / MWh"}'),
    ("awattar-de", b'{"object": "list", "data": []}'),
    ("nord-pool", b""),
    ("nord-pool", b'{"multiAreaEntries": [], "currency": "EUR"}'),
    ("elprisetjustnu", b"[]"),
    ("tibber", tibber_answer([], [])),
    ("tibber", tibber_answer([], None)),
    ("octopus", b'{"count": 0, "results": []}'),
    ("electricity-maps", b'{"zone": "DE", "forecast": []}'),
    ("gb-carbon", b'{"data": []}'),
)


def shape_of(source: str) -> Shape:
    return next(shape for shape in SHAPES if shape.source == source)


@pytest.mark.parametrize(("source", "body"), LATE, ids=lambda v: v if isinstance(v, str) else "")
async def test_a_late_day_is_not_published_yet(
    http: httpx.AsyncClient, provider: Provider, source: str, body: bytes
) -> None:
    provider.says(body)
    with pytest.raises(NotPublishedError):
        await fetched(http, provider, shape_of(source))


@pytest.mark.parametrize(("source", "status"), [("nord-pool", 204), ("elprisetjustnu", 404)])
async def test_tomorrow_missing_leaves_today(
    http: httpx.AsyncClient, provider: Provider, source: str, status: int
) -> None:
    shape = shape_of(source)
    provider.says(shape.answer(TODAY))
    provider.says(b"" if status == 204 else WEB_PAGE, status)
    span = day(TODAY, CET)[0], day(TODAY + timedelta(days=1), CET)[1]
    series = await gathered(http, provider.feed(source, shape.zone), span)
    assert series.end == day(TODAY, CET)[1]
    assert len(provider.asked) == 2


async def test_a_null_and_a_missing_row_stay_holes(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    answer = json.loads(an_energy_charts_day(TODAY))
    answer["price"][3] = None
    del answer["price"][10], answer["unix_seconds"][10]
    provider.says(answer)
    series = await fetched(http, provider, shape_of("energy-charts"))
    assert len(series.intervals) == 94
    starts = steps(TODAY, QUARTER)
    assert {starts[3], starts[10]} == set(starts) - {i.start for i in series.intervals}
    assert {i.end - i.start for i in series.intervals} == {QUARTER}


async def test_the_day_the_market_went_from_hours_to_quarters_has_both(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    before, after = steps(date(2025, 9, 30), HOUR), steps(date(2025, 10, 1), QUARTER)
    starts = [*before, *after]
    provider.says(
        {"unix_seconds": [int(at.timestamp()) for at in starts],
         "price": [float(price(at)) for at in starts], "unit": "EUR/MWh"}
    )  # fmt: skip
    series = await fetched(http, provider, shape_of("energy-charts"), date(2025, 10, 1))
    lengths = [i.end - i.start for i in series.intervals]
    assert lengths == [HOUR] * 24 + [QUARTER] * 96


async def test_octopus_takes_direct_debit_and_no_rate_without_end(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    answer = json.loads(an_octopus_day(TODAY))
    answer["results"][0]["valid_to"] = None
    provider.says(answer)
    assert len((await fetched(http, provider, shape_of("octopus"))).intervals) == 47


async def test_tibber_says_its_errors_with_status_200(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    provider.says({"errors": [{"message": "Context creation failed: invalid token"}]})
    with pytest.raises(RefusedByProviderError, match="invalid token"):
        await fetched(http, provider, shape_of("tibber"))
    provider.says({"data": {"viewer": {"home": None}}})
    with pytest.raises(AnswerError):
        await fetched(http, provider, shape_of("tibber"))


async def test_nord_pool_can_be_asked_in_crowns(
    http: httpx.AsyncClient, provider: Provider
) -> None:
    feed = provider.feed("nord-pool", "SE3")
    crowns = type(feed)(in_currency(feed.source, "SEK"), feed.access, feed.zone)
    provider.says(a_nord_pool_day(TODAY, "SEK"))
    assert (await gathered(http, crowns, day(TODAY, CET))).unit == "SEK/kWh"
    assert httpx.URL(provider.asked[-1].target).params["currency"] == "SEK"


# --- wrong and hostile ---------------------------------------------------------------------------


@by_name
@pytest.mark.parametrize(
    "body",
    [
        WEB_PAGE,
        b"",
        b"null",
        b"{}",
        b"[1]",
        b'{"data": 5, "results": {}, "forecast": "x", "multiAreaEntries": null}',
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"1" * 100_000,
        b'{"price": [NaN], "unix_seconds": [1], "unit": "EUR/MWh"}',
        b"\x00\xff\x00",
    ],
    ids=range(11),
)
async def test_nonsense_is_refused_by_name(
    http: httpx.AsyncClient, provider: Provider, shape: Shape, body: bytes
) -> None:
    provider.says(body)
    with pytest.raises(AnswerError if body else SourceError):
        await fetched(http, provider, shape)


@by_name
async def test_an_answer_that_is_cut_off_is_refused(
    http: httpx.AsyncClient, provider: Provider, shape: Shape
) -> None:
    whole = shape.answer(TODAY)
    for share in (0.1, 0.5, 0.99):
        provider.says(whole[: int(len(whole) * share)])
        with pytest.raises(AnswerError):
            await fetched(http, provider, shape)


@by_name
async def test_an_answer_about_another_day_is_refused(
    http: httpx.AsyncClient, provider: Provider, shape: Shape
) -> None:
    provider.says(shape.answer(TODAY - timedelta(days=30)))
    with pytest.raises(AnswerError, match="asked was"):
        await fetched(http, provider, shape)


@pytest.mark.parametrize("shape", PRICES, ids=lambda shape: shape.source)
async def test_prices_a_thousand_times_too_high_are_refused(
    http: httpx.AsyncClient, provider: Provider, shape: Shape
) -> None:
    body = shape.answer(TODAY).replace(b"-500.0", b"-5000000.0").replace(b"-500<", b"-5000000<")
    body = body.replace(b"-0.5,", b"-50000.0,").replace(b"-50.0,", b"-500000.0,")
    assert body != shape.answer(TODAY)
    provider.says(body)
    with pytest.raises(AnswerError, match="mistake of units"):
        await fetched(http, provider, shape)


@pytest.mark.parametrize(
    ("source", "old", "new"),
    [
        ("energy-charts", b"EUR / MWh", b"EUR / h"),
        ("energy-charts", b"EUR / MWh", b"XYZ / MWh"),
        ("awattar-de", b"Eur/MWh", b"Eur/KW"),
        ("nord-pool", b'"EUR"', b'"DOGE"'),
        ("nord-pool", b'"DayAhead"', b'"Intraday"'),
        ("nord-pool", b'{"SE3"', b'{"SE4"'),
        ("tibber", b'"NOK"', b'"BTC"'),
        ("elprisetjustnu", b"+01:00", b""),
        ("octopus", b'Z"', b'"'),
        ("electricity-maps", b'"zone": "DE"', b'"zone": "FR"'),
        ("awattar-de", b'"marketprice": -500.0', b'"marketprice": Infinity'),
        ("awattar-de", b'"marketprice": -500.0', b'"marketprice": 1e999999999'),
        ("awattar-de", b'"marketprice": -500.0', b'"marketprice": true'),
        ("awattar-de", b'"start_timestamp": 1770', b'"start_timestamp": 9991770'),
        ("gb-carbon", b'"forecast": 205', b'"forecast": "many"'),
        ("gb-carbon", b'"forecast": 205', b'"forecast": 205000'),
        ("gb-carbon", b"2026-02-03T05:30Z", b"0001-01-01T00:00+23:00"),
    ],
)
async def test_a_wrong_unit_currency_time_or_number_is_refused(
    http: httpx.AsyncClient, provider: Provider, source: str, old: bytes, new: bytes
) -> None:
    shape = shape_of(source)
    body = shape.answer(TODAY)
    assert old in body
    provider.says(body.replace(old, new))
    with pytest.raises(AnswerError):
        await fetched(http, provider, shape)


@pytest.mark.parametrize(
    ("source", "zone", "token"),
    [
        ("entsoe", "Mordor", "t"), ("entsoe", "DE-LU", ""), ("elprisetjustnu", "SE9", "t"),
        ("octopus", "AGILE", "t"), ("energy-charts", "../../x", "t"), ("nord-pool", "", "t"),
        ("tibber", 'x") { a } #', "t"), ("gb-carbon", "a" * 99, "t"),
    ],
)  # fmt: skip
def test_a_set_up_that_cannot_work_never_asks(source: str, zone: str, token: str) -> None:
    with pytest.raises(SetUpError):
        SOURCES[source].questions(Access("http://127.0.0.1:9", token), zone, *day(TODAY, CET))


def test_an_access_never_shows_its_token() -> None:
    assert "secret" not in repr(Access("http://127.0.0.1", "secret"))
    assert datetime.now(UTC).tzinfo is UTC
