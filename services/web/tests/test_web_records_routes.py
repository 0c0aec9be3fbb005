"""Sessions, energy and the why-history: what is kept, read by anybody at the site."""

import csv
import io
from datetime import UTC, datetime, timedelta

SKI = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"
DAY = {"from": "2026-11-22T00:00:00Z", "to": "2026-11-23T00:00:00+01:00"}
HISTORY = f"/sites/demo/chargers/{SKI}/history"


async def test_sessions_are_listed_page_by_page(standard, site):
    first = (await standard.get("/sites/demo/sessions", params={"limit": 2})).json()
    assert [one["started"] for one in first["items"]] == [
        "2026-11-22T17:00:00Z",
        "2026-11-22T16:00:00Z",
    ]
    assert first["items"][0]["cost"] is None
    assert first["items"][0]["sun_wh"] == 2000
    assert first["items"][0]["co2_g"] == 900
    rest = await standard.get("/sites/demo/sessions", params={"cursor": first["next"]})
    assert rest.json()["items"][0]["started"] == "2026-11-22T15:00:00Z"


async def test_the_span_and_the_charger_reach_the_owner(standard, site):
    typed = f"{SKI[:8].upper()} {SKI[8:]}"
    await standard.get("/sites/demo/sessions", params=DAY | {"ski": typed})
    asked = site.records.asked[-1]
    assert getattr(asked, "from").ToJsonString() == "2026-11-22T00:00:00Z"
    assert asked.to.ToJsonString() == "2026-11-22T23:00:00Z"
    assert (asked.ski, asked.most) == (SKI, 100)


async def test_sessions_without_a_span_leave_it_open(standard, site):
    await standard.get("/sites/demo/sessions")
    assert not site.records.asked[-1].HasField("from")
    assert not site.records.asked[-1].HasField("to")


async def test_every_session_is_in_the_table_and_no_cell_is_a_formula(standard, site):
    answer = await standard.get("/sites/demo/sessions.csv", params=DAY)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == 'attachment; filename="sessions.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 5
    assert rows[0]["charger_name"] == "'=Garage"
    assert rows[0]["energy_wh"] == "5000.5"
    assert rows[0]["cost"] == ""
    assert rows[0]["started"] == "2026-11-22T17:00:00Z"


async def test_energy_is_told_by_step_with_each_chargers_sun(standard, site):
    answer = await standard.get("/sites/demo/energy", params=DAY | {"step": "hour"})
    [span] = answer.json()["items"]
    assert span["start"] == "2026-11-22T00:00:00Z"
    assert (span["import_wh"], span["export_wh"]) == (900, None)
    assert span["chargers"] == [{"ski": SKI, "energy_wh": 700, "sun_wh": 100}]
    assert site.records.asked[-1].step_s == 3600


IMPOSSIBLE_SPANS = [
    (DAY | {"from": "2026-01-01T00:00:00Z", "step": "minute"}, "span-too-long"),
    ({"from": "2026-11-23T00:00:00Z", "to": "2026-11-22T00:00:00Z"}, "span-backwards"),
    ({"from": "2026-11-22T00:00:00", "to": "2026-11-23T00:00:00Z"}, "invalid-request"),
    (DAY | {"step": "decade"}, "invalid-request"),
]


async def test_a_span_that_cannot_be_answered_is_refused(standard, site):
    for query, code in IMPOSSIBLE_SPANS:
        answer = await standard.get("/sites/demo/energy", params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, code), query
    assert site.callers == []


async def test_a_span_of_sessions_that_ends_before_it_starts_is_refused(standard, site):
    backwards = {"from": DAY["to"], "to": DAY["from"]}
    answer = await standard.get("/sites/demo/sessions", params=backwards)
    assert (answer.status_code, answer.json()["code"]) == (422, "span-backwards")


async def test_a_ski_with_a_typo_is_refused_before_anybody_is_asked(standard, site):
    answer = await standard.get("/sites/demo/sessions", params={"ski": "xyz"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-ski")


async def test_why_a_charger_had_its_limit_is_kept(standard, site):
    answer = await standard.get(HISTORY, params=DAY | {"limit": 5, "cursor": "9"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["next"] == "7"
    [record] = answer.json()["items"]
    assert record["limited_by"]["kind"] == "operator-limit"
    assert record["limit_a"] == {"l1": 10.0, "l2": None, "l3": None}
    asked = site.records.asked[-1]
    assert (asked.ski, asked.most, asked.cursor) == (SKI, 5, "9")


async def test_sessions_are_added_up_by_their_owner(standard, site):
    answer = await standard.get(
        "/sites/demo/sessions/summary", params={"month": "2026-11", "by": ["month", "car"]}
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["time_zone"], told["start"]) == ("Europe/Berlin", None)
    (one,) = told["items"]
    assert (one["month"], one["count"], one["sun_share"]) == ("2026-11", 2, 0.25)
    assert (one["cost"], one["unpriced_count"], one["car"]) == (None, 2, None)
    asked = site.records.asked[-1]
    assert (asked.by_month, asked.by_charger, asked.by_car) == (True, False, True)
    wrong = await standard.get("/sites/demo/sessions/summary", params={"month": "2026-13"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "unknown-month")
    for query in ({"by": "colour"}, {"ski": "x"}, {"from": "2026-11-02", "to": "1"}):
        refused = await standard.get("/sites/demo/sessions/summary", params=query)
        assert refused.status_code == 422, query


async def test_energy_without_a_span_is_that_of_the_last_24_hours(standard, site):
    assert (await standard.get("/sites/demo/energy")).status_code == 200
    asked = site.records.asked[-1]
    assert asked.to.seconds - getattr(asked, "from").seconds == 24 * 3600
    assert abs(asked.to.seconds - datetime.now(UTC).timestamp()) < 60
    to = {"to": "2026-11-20T12:00:00Z", "step": "day"}
    assert (await standard.get("/sites/demo/energy", params=to)).status_code == 200
    start = getattr(site.records.asked[-1], "from").ToDatetime(UTC)
    assert start == datetime(2026, 11, 19, 12, tzinfo=UTC)
    tomorrow = {"from": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    backwards = await standard.get("/sites/demo/energy", params=tomorrow)
    assert (backwards.status_code, backwards.json()["code"]) == (422, "span-backwards")
