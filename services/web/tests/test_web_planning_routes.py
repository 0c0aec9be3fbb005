"""Tariff, roofs, plan, timeline, savings and states of charge, as the API tells them."""

SKI = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"
SITE = "/sites/demo"
TARIFF = {
    "source": "energy-charts",
    "zone": "DE-LU",
    "currency": "EUR",
    "bought": {
        "markup_per_kwh": 0.018,
        "tax_percent": 19,
        "grid_fee": {
            "otherwise": 0.085,
            "windows": [
                {"per_kwh": 0.03, "start": "23:00", "end": "05:00", "months": [1, 12]},
                {"per_kwh": 0.15, "start": "17:00", "end": "20:00", "weekdays": [1, 2, 3, 4, 5]},
            ],
        },
    },
    "fed_in": {"fixed_per_kwh": 0.08},
}
ROOF = {"name": "South roof", "peak_w": 9800, "tilt_deg": 35, "azimuth_deg": 180}


async def test_a_tariff_is_set_and_shown_as_it_was_set(service, site):
    assert (await service.get(f"{SITE}/tariff")).json()["revision"] == 0
    put = await service.put(f"{SITE}/tariff", json=TARIFF)
    assert put.status_code == 200, put.text
    shown = put.json()
    assert put.headers["etag"] == '"1"'
    assert shown["bought"]["grid_fee"]["windows"][0] == {
        "per_kwh": 0.03,
        "start": "23:00",
        "end": "05:00",
        "months": [1, 12],
        "weekdays": [],
    }
    assert shown["bought"]["energy"] is None
    assert shown["fed_in"]["fixed_per_kwh"] == 0.08
    assert (await service.get(f"{SITE}/tariff")).json() == shown


async def test_a_token_is_taken_kept_and_forgotten_and_never_told(service, site):
    with_token = TARIFF | {"source": "entsoe", "token": "very-secret"}
    refused = await service.put(f"{SITE}/tariff", json=TARIFF | {"source": "entsoe"})
    assert (refused.status_code, refused.json()["field"]) == (422, "/token")
    put = await service.put(f"{SITE}/tariff", json=with_token)
    assert put.json()["has_token"] is True
    assert "very-secret" not in put.text
    kept = await service.put(f"{SITE}/tariff", json=TARIFF | {"source": "entsoe"})
    assert (kept.status_code, site.planning.token) == (200, "very-secret")
    gone = await service.put(f"{SITE}/tariff", json=TARIFF | {"token": ""})
    assert (gone.json()["has_token"], site.planning.token) == (False, "")


async def test_a_tariff_changed_meanwhile_is_a_conflict(service, site):
    await service.put(f"{SITE}/tariff", json=TARIFF)
    late = await service.put(f"{SITE}/tariff", json=TARIFF, headers={"If-Match": '"9"'})
    assert (late.status_code, late.json()["code"]) == (412, "revision-conflict")


async def test_what_no_tariff_can_be_is_refused_at_its_field(service, site):
    window = {"per_kwh": 0.1, "start": "23:10", "end": "05:00"}
    for change, field in (
        ({"currency": "euro"}, "/currency"),
        ({"bought": {"energy": {"windows": [window]}}}, "/bought/energy/windows/0/start"),
        ({"bought": {"billed_minutes": 45}}, "/bought/billed_minutes"),
        ({"fed_in": {"fixed_per_kwh": "0.08"}}, "/fed_in/fixed_per_kwh"),
    ):
        answer = await service.put(f"{SITE}/tariff", json=TARIFF | change)
        assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_a_preview_says_what_a_kwh_would_cost_and_null_where_it_is_not_known(service, site):
    answer = await service.post(f"{SITE}/tariff/preview", json=TARIFF | {"hours": 36})
    assert answer.status_code == 200, answer.text
    first, second = answer.json()["slots"]
    assert (first["import_price_per_kwh"], second["import_price_per_kwh"]) == (0.31, None)
    assert first["export_price_per_kwh"] is None
    assert answer.json()["price"]["freshness"] == "sample"
    asked = site.planning.asked[-1]
    assert (asked.site, asked.tariff.has_token, asked.tariff.token) == ("demo", True, "")
    assert asked.to.seconds - getattr(asked, "from").seconds == 36 * 3600
    wrong = await service.post(f"{SITE}/tariff/preview", json=TARIFF | {"source": "nobody"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "unknown-source")


async def test_a_place_is_whole_and_in_a_time_zone_there_is(service, site):
    put = await service.put(
        f"{SITE}/planning",
        json={
            "latitude": 52.4,
            "longitude": -9.7,
            "time_zone": "Europe/Berlin",
            "objective": "co2",
            "car_before_battery": True,
        },
    )
    assert put.status_code == 200, put.text
    assert put.json()["solar_threshold_w"] is None
    assert put.json()["car_before_battery"] is True
    assert (await service.get(f"{SITE}/planning")).json() == put.json()
    for wrong in ({"latitude": 52.4}, {"time_zone": "Europe/Atlantis"}, {"objective": "fun"}):
        assert (await service.put(f"{SITE}/planning", json=wrong)).status_code == 422


async def test_roofs_are_added_changed_and_removed(service, site):
    added = await service.post(f"{SITE}/pv-systems", json=ROOF)
    assert added.status_code == 201, added.text
    assert added.headers["location"] == "/api/v1/sites/demo/pv-systems/pv-1"
    assert added.json()["loss_percent"] == 14
    changed = await service.put(
        f"{SITE}/pv-systems/pv-1", json=ROOF | {"inverter_w": 8000}, headers={"If-Match": '"1"'}
    )
    assert (changed.status_code, changed.json()["inverter_w"]) == (200, 8000)
    assert (await service.get(f"{SITE}/pv-systems")).json()["items"] == [changed.json()]
    assert (await service.get(f"{SITE}/pv-systems/pv-1")).headers["etag"] == '"2"'
    assert (await service.delete(f"{SITE}/pv-systems/pv-1")).status_code == 204
    gone = await service.get(f"{SITE}/pv-systems/pv-1")
    assert gone.json()["code"] == "unknown-pv-system"


async def test_a_forecast_is_tried_with_roofs_not_saved_and_with_those_that_are(service, site):
    tried = await service.post(f"{SITE}/forecast/preview", json={"systems": [ROOF, ROOF]})
    assert tried.status_code == 200, tried.text
    assert tried.json()["energy_wh"] == 1000
    assert tried.json()["slots"][1]["sun_w"] is None
    assert [one.peak_w for one in site.planning.asked[-1].systems] == [9800, 9800]
    await service.post(f"{SITE}/forecast/preview", json={})
    assert list(site.planning.asked[-1].systems) == []


async def test_everybody_at_the_site_sees_the_plan_with_its_certificate(standard, site):
    answer = (await standard.get(f"{SITE}/plan")).json()
    plan = answer["plan"]
    assert plan["import_price_per_kwh"] == [0.19, None]
    assert plan["export_price_per_kwh"] == [0.08, None]
    assert plan["slots"][1]["start"] == "2026-11-22T12:15:00Z"
    [session] = plan["sessions"]
    assert session["power_w"] == [0, 11_000]
    assert session["shortfall_code"] == "departure-too-early"
    assert plan["gap"] == 0.034
    assert answer["in_force"]["state"] == "following"


async def test_the_timeline_has_null_where_nothing_is_known_or_yet_to_come(standard, site):
    answer = await standard.get(f"{SITE}/timeline", params={"step": "five-minutes"})
    line = answer.json()
    assert line["sun_w"] == [1500, None]
    assert line["load_w"] == [None, None]
    assert line["lanes"][0]["planned_w"] == [3700, 11_000]
    assert line["lanes"][0]["plan"]["at_once_cost"] == 6.0
    assert line["now"] == "2026-11-22T12:15:00Z"
    assert site.planning.asked[-1].step_s == 300
    assert not site.planning.asked[-1].HasField("from")


async def test_a_timeline_that_would_be_too_long_is_refused_before_anybody_is_asked(standard, site):
    span = {"from": "2026-01-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"}
    answer = await standard.get(f"{SITE}/timeline", params=span)
    assert (answer.status_code, answer.json()["code"]) == (422, "span-too-long")
    assert site.callers == []


async def test_what_was_dearer_than_charging_at_once_is_told_too(standard, site):
    [month] = (await standard.get(f"{SITE}/savings")).json()["items"]
    assert (month["cost"], month["at_once_cost"], month["saved"]) == (9.5, 8.25, -1.25)
    assert month["unknown"] == 1


async def test_a_driver_tells_what_the_battery_holds(standard, site):
    unknown = (await standard.get(f"{SITE}/cars/car-1/soc")).json()
    assert (unknown["soc_percent"], unknown["source"]) == (None, None)
    put = await standard.put(
        f"{SITE}/cars/car-1/soc", json={"soc_percent": 43, "at": "2026-11-22T11:30:00+01:00"}
    )
    assert put.status_code == 200, put.text
    assert put.json()["told_at"] == "2026-11-22T10:30:00Z"
    assert put.json()["source"] == "push"
    assert (await standard.get(f"{SITE}/cars/car-1/soc")).json() == put.json()
    assert (await standard.get(f"{SITE}/cars/nobody/soc")).json()["code"] == "unknown-car"
    for wrong in (-1, 101, "43", None):
        answer = await standard.put(f"{SITE}/cars/car-1/soc", json={"soc_percent": wrong})
        assert answer.status_code == 422, wrong


async def test_the_page_tells_it_in_the_drivers_own_name(anybody, site):
    credentials = {"username": "standard", "password": "standard-password"}
    me = (await anybody.post("/auth/session", json=credentials)).json()
    headers = {"X-CSRF-Token": me["csrf_token"]}
    put = await anybody.put(f"{SITE}/cars/car-1/soc", json={"soc_percent": 43}, headers=headers)
    assert put.json()["source"] == "user"


async def test_the_dashboard_tells_what_the_plan_means_for_a_charger(standard, site):
    await standard.put(f"{SITE}/cars/car-1/soc", json={"soc_percent": 43})
    await site.speak()
    await standard.get(f"{SITE}/chargers/{SKI}/mode")
    board = (await standard.get(f"{SITE}/dashboard")).json()
    [charger] = board["chargers"]
    assert charger["plan"]["shortfall_wh"] == 1200
    assert (charger["soc"]["soc_percent"], charger["soc"]["uncertainty_percent"]) == (43, 2)
    assert (board["plan"], board["prices"]) == (None, None)


FEED = {
    "currency": "EUR",
    "all_in": True,
    "prices": [
        {"start": "2026-11-22T14:00:00Z", "end": "2026-11-22T15:00:00Z", "per_kwh": -0.05},
        {"start": "2026-11-22T12:00:00Z", "end": "2026-11-22T12:30:00Z", "per_kwh": 0.2},
    ],
}


async def test_pushed_prices_are_put_in_order_and_holes_stay_holes(door, site):
    async with door.logged_in("operator") as operator:
        answer = await operator.put("/price-feeds/my-prices", json=FEED)
        assert (answer.status_code, answer.json()["taken"]) == (200, 2), answer.text
        pushed = site.planning.asked[-1]
        assert list(pushed.slot_s) == [1800, 5400, 3600]
        assert pushed.per_kwh[1] != pushed.per_kwh[1]
        twice = FEED | {"prices": [FEED["prices"][0], FEED["prices"][0]]}
        overlap = await operator.put("/price-feeds/my-prices", json=twice)
        assert (overlap.status_code, overlap.json()["code"]) == (422, "prices-overlap")
        ever = FEED["prices"][0] | {"start": "2000-01-01T00:00:00Z", "end": "2199-12-31T00:00:00Z"}
        endless = await operator.put("/price-feeds/my-prices", json=FEED | {"prices": [ever]})
        assert (endless.status_code, endless.json()["code"]) == (422, "span-too-long")


async def test_a_service_user_pushes_no_prices_for_all(service, site):
    answer = await service.put("/price-feeds/my-prices", json=FEED)
    assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")
    assert (await service.get("/price-sources")).json() == {"price": [], "co2": [], "weather": []}
