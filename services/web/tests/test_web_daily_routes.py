"""Modes, goals and cars: what standard users change every day."""

SKI = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"
MODE = f"/sites/demo/chargers/{SKI}/mode"
GOAL = f"/sites/demo/chargers/{SKI}/goal"
CARS = "/sites/demo/cars"
LATER = "2026-11-23T06:00:00Z"


async def test_a_standard_user_chooses_a_mode_and_the_switches_stay(standard, site):
    put = await standard.put(MODE, json={"mode": "smart"})
    assert put.status_code == 200, put.text
    assert put.json() == {
        "mode": "smart",
        "smart": {"forecast": False, "surplus": True, "price": False},
        "revision": 2,
    }
    assert put.headers["etag"] == '"2"'
    assert (await standard.get(MODE)).json() == put.json()
    assert site.callers[-2].role == "standard"


async def test_smart_that_would_look_at_nothing_looks_at_everything(standard, site):
    site.daily.mode.smart.surplus = False
    await site.speak()
    await standard.get(MODE)
    put = await standard.put(MODE, json={"mode": "smart"})
    assert put.json()["smart"] == {"forecast": True, "surplus": True, "price": True}


async def test_switches_are_set_one_by_one(standard, site):
    wanted = {"forecast": True, "surplus": False, "price": True}
    put = await standard.put(MODE, json={"mode": "smart", "smart": wanted})
    assert put.json()["smart"] == wanted


async def test_a_mode_changed_meanwhile_is_a_conflict(standard, site):
    first = await standard.put(MODE, json={"mode": "off"}, headers={"If-Match": '"1"'})
    assert first.status_code == 200
    late = await standard.put(MODE, json={"mode": "fast"}, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "revision-conflict")
    assert site.daily.mode.mode == "off"


async def test_a_mode_nobody_knows_and_a_charger_that_is_not_there_are_refused(standard, site):
    unknown = await standard.put(MODE, json={"mode": "turbo"})
    assert (unknown.status_code, unknown.json()["field"]) == (422, "/mode")
    elsewhere = MODE.replace(SKI, "0" * 40)
    assert (await standard.put(elsewhere, json={"mode": "off"})).status_code == 404
    assert (await standard.get(elsewhere)).json()["code"] == "unknown-charger"


async def test_a_goal_is_set_shown_and_given_up(standard, site):
    assert (await standard.get(GOAL)).json()["code"] == "no-goal"
    put = await standard.put(GOAL, json={"soc_percent": 80, "departure": LATER})
    assert put.status_code == 200, put.text
    assert put.json() == {
        "soc_percent": 80.0,
        "energy_wh": None,
        "departure": LATER,
        "weekly": [],
        "car": None,
        "revision": 1,
    }
    assert (await standard.get(GOAL)).headers["etag"] == '"1"'
    assert (await standard.delete(GOAL)).status_code == 204
    assert site.daily.goal is None


async def test_weekly_departures_are_local_times(standard, site):
    weekly = [{"weekday": 1, "time": "07:05"}, {"weekday": 7, "time": "23:59"}]
    put = await standard.put(GOAL, json={"energy_wh": 20000, "weekly": weekly})
    assert put.json()["weekly"] == weekly
    assert [one.minute for one in site.daily.goal.weekly] == [425, 1439]


IMPOSSIBLE_GOALS = [
    {"departure": LATER},
    {"soc_percent": 80, "energy_wh": 1000, "departure": LATER},
    {"soc_percent": 80},
    {"soc_percent": 101, "departure": LATER},
    {"soc_percent": 80, "departure": "2026-11-23T06:00:00"},
    {"soc_percent": 80, "weekly": [{"weekday": 8, "time": "07:00"}]},
    {"soc_percent": 80, "weekly": [{"weekday": 1, "time": "24:00"}]},
]


async def test_a_goal_that_cannot_be_is_refused_at_the_door(standard, site):
    for wrong in IMPOSSIBLE_GOALS:
        answer = await standard.put(GOAL, json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request"), wrong
    assert site.callers == []


async def test_a_departure_that_is_past_is_the_owners_no(standard, site):
    answer = await standard.put(GOAL, json={"soc_percent": 80, "departure": "2026-11-22T06:00:00Z"})
    assert (answer.status_code, answer.json()["code"]) == (422, "goal-in-the-past")
    assert answer.json()["field"] == "/departure"


async def test_a_car_is_described_changed_and_forgotten(standard, site):
    blue = {"name": "Blue one", "battery_wh": 58000, "max_a": 16, "phases": 3,
            "min_soc_percent": 20, "charger": SKI.upper()}  # fmt: skip
    added = await standard.post(CARS, json=blue)
    assert added.status_code == 201, added.text
    assert added.headers["location"] == f"/api/v1{CARS}/car-1"
    assert added.json()["charger"] == SKI
    put = await standard.put(
        f"{CARS}/car-1", json={"name": "Red one"}, headers={"If-Match": added.headers["etag"]}
    )
    assert (put.status_code, put.json()["battery_wh"]) == (200, None)
    [listed] = (await standard.get(CARS)).json()["items"]
    assert listed["name"] == "Red one"
    assert (await standard.get(f"{CARS}/car-1")).json() == listed
    assert (await standard.delete(f"{CARS}/car-1")).status_code == 204
    assert (await standard.get(f"{CARS}/car-1")).json()["code"] == "unknown-car"


async def test_the_dashboard_tells_mode_goal_and_what_is_pending(standard, site):
    await standard.put(GOAL, json={"soc_percent": 80, "departure": LATER})
    await standard.get(MODE)  # a picture of this moment
    [charger] = (await standard.get("/sites/demo/dashboard")).json()["chargers"]
    assert charger["mode"]["mode"] == "fast"
    assert charger["goal"]["soc_percent"] == 80
    assert charger["pending"][0]["kind"] == "phases-1"
    assert charger["phases_in_use"] == ["L1"]
    assert (charger["session"], charger["car"]) == ("s-1", "car-1")
    assert charger["car_range"] == {"min_a": 2.0, "max_a": None}
    assert charger["reaction_s"] == 1.5
    assert charger["circuit"] is None
