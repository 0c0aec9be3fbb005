"""Circuits, operator limits, site file, rotation test, diagnostics: for the service user."""

SKI = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"
CIRCUITS = "/sites/demo/circuits"
GARAGE = {"name": "Garage", "fuse_a": {"l1": 20, "l2": 20, "l3": 20}}
GRID = {"fuse_a": {"l1": 25, "l2": 25, "l3": 25}, "unbalance_a": 20}
TEST = f"/sites/demo/chargers/{SKI}/rotation-test"


async def test_a_circuit_is_added_changed_and_removed(service, site):
    added = await service.put(f"{CIRCUITS}/garage", json=GARAGE)
    assert added.status_code == 200, added.text
    assert added.json() == GARAGE | {
        "id": "garage", "parent": None, "margin_a": None, "meter": None, "revision": 1
    }  # fmt: skip
    row = GARAGE | {"name": "Row", "parent": "garage", "meter": "sub-1"}
    assert (await service.put(f"{CIRCUITS}/row-2", json=row)).json()["parent"] == "garage"
    in_use = await service.delete(f"{CIRCUITS}/garage")
    assert (in_use.status_code, in_use.json()["code"]) == (409, "circuit-in-use")
    loop = await service.put(f"{CIRCUITS}/row-2", json=row | {"parent": "row-2"})
    assert (loop.status_code, loop.json()["code"]) == (422, "circuit-loop")
    old = await service.put(f"{CIRCUITS}/row-2", json=row, headers={"If-Match": '"7"'})
    assert old.status_code == 412
    assert (await service.delete(f"{CIRCUITS}/row-2")).status_code == 204
    assert (await service.get(f"{CIRCUITS}/row-2")).json()["code"] == "unknown-circuit"
    assert (await service.get(f"{CIRCUITS}/garage")).headers["etag"] == '"1"'
    assert len((await service.get(CIRCUITS)).json()["items"]) == 1


async def test_an_id_that_is_no_plain_name_is_refused(service, site):
    for name in ("Garage", "a_b", "-a", "a--b", "x" * 65):
        answer = await service.put(f"{CIRCUITS}/{name}", json=GARAGE)
        assert answer.status_code == 422, name
    assert site.daily.circuits == {}


async def test_the_dashboard_draws_each_circuit_with_the_chargers_below_it(service, standard, site):
    await service.put("/sites/demo/grid-connection", json=GRID)
    await service.put(f"{CIRCUITS}/garage", json=GARAGE)
    await service.put(f"{CIRCUITS}/row", json=GARAGE | {"parent": "garage", "meter": "sub-1"})
    site.charger.circuit = "row"
    await standard.get(f"/sites/demo/chargers/{SKI}/mode")
    shown = (await standard.get("/sites/demo/dashboard")).json()
    garage, row = shown["circuits"]
    assert (garage["name"], garage["parent"], row["parent"]) == ("Garage", None, "garage")
    assert garage["fuse"][0]["charging_a"] == 16.0
    assert garage["fuse"][0]["grid_current_a"] is None  # no meter: nothing is measured there
    assert row["fuse"][0]["grid_current_a"] == 17.0
    assert row["fuse"][0]["headroom_a"] == 2.3
    assert row["fuse"][0]["margin_a"] == 0.539
    assert shown["chargers"][0]["circuit"] == "row"


async def test_the_unbalance_that_is_allowed_is_a_setting(service, site):
    put = await service.put("/sites/demo/grid-connection", json=GRID)
    assert put.json()["unbalance_a"] == 20


async def test_all_settings_of_a_charger_come_back(service, site):
    wanted = {
        "min_a": 6, "max_a": 16, "phases": 3, "wiring": "RST", "failsafe_a": 6, "priority": 2,
        "circuit": "garage", "start_a": 10, "weight": 2.5, "guaranteed_a": 6,
        "phase_switching": "local-api", "phase_switching_url": "http://10.0.0.7/",
        "phase_switching_confirmed": True,
    }  # fmt: skip
    put = await service.put(f"/sites/demo/chargers/{SKI}", json=wanted)
    assert put.json() == wanted | {"revision": 2}


async def test_how_the_site_obeys_the_operator_is_set(service, site):
    fresh = await service.get("/sites/demo/operator")
    assert fresh.json()["failsafe_w"] == 4200
    assert fresh.json()["failsafe_s"] == 7200
    wanted = {"credits_sun": True, "other_devices_w": [11000.0], "contract_w": 30000.0}
    put = await service.put("/sites/demo/operator", json=wanted, headers={"If-Match": '"0"'})
    assert put.status_code == 200, put.text
    assert put.json() == wanted | {
        "failsafe_w": 4200, "failsafe_s": 7200, "revision": 1, "limits": [],
        "appliances": [], "appliance_choices": [],
    }  # fmt: skip
    spared = wanted | {"appliance_choices": [{"ski": SKI, "limited": False}]}
    put = await service.put("/sites/demo/operator", json=spared)
    assert put.json()["appliance_choices"] == spared["appliance_choices"]
    short = await service.put("/sites/demo/operator", json={"failsafe_s": 60})
    assert short.json()["field"] == "/failsafe_s"


async def test_a_limit_by_api_is_set_shown_to_all_and_lifted(service, standard, site):
    wanted = {"limit_w": 4200, "until": "2026-11-22T19:00:00Z", "reference": "order 4711"}
    put = await service.put("/sites/demo/operator/limit", json=wanted)
    assert put.status_code == 200, put.text
    assert put.json()["limits"][0]["state"] == "limited"
    (pump,) = put.json()["appliances"]
    assert (pump["name"], pump["limit_w"], pump["state"]) == ("Heat pump", 3360, "refused")
    assert (pump["problem"], pump["power_w"], pump["reserved_w"]) == ("too low", None, 9000)
    await standard.get(f"/sites/demo/chargers/{SKI}/mode")
    shown = (await standard.get("/sites/demo/dashboard")).json()
    assert shown["operator_limits"][0]["limit_w"] == 4200
    assert shown["operator_share_w"] == 4200
    assert (await service.delete("/sites/demo/operator/limit")).status_code == 204
    assert (await service.get("/sites/demo/operator")).json()["limits"] == []


async def test_numbers_are_numbers_and_truths_are_truths(service, site):
    sun, limit = "/sites/demo/operator", "/sites/demo/operator/limit"
    for path, wanted, field in (
        (limit, {"limit_w": True}, "/limit_w"),
        (limit, {"limit_w": "4200"}, "/limit_w"),
        (limit, {"limit_w": 4200, "until": 1795348800}, "/until"),
        (sun, {"credits_sun": 1}, "/credits_sun"),
        (sun, {"credits_sun": "yes"}, "/credits_sun"),
        ("/sites/demo/eebus/accept-window", {"seconds": "60"}, "/seconds"),
        ("/sites/demo/energy-management", {"on": 0, "confirmed_no_other": True}, "/on"),
    ):
        answer = await service.put(path, json=wanted)
        assert (answer.status_code, answer.json()["field"]) == (422, field), wanted
    whole = await service.put("/sites/demo/eebus/accept-window", json={"seconds": 60.0})
    assert whole.status_code == 200, whole.text  # JSON knows no difference between 60 and 60.0


async def test_the_evidence_is_paged_and_says_that_the_chain_is_whole(service, site):
    first = (await service.get("/sites/demo/operator/evidence")).json()
    assert [one["number"] for one in first["items"]] == [1, 2]
    assert first["intact"] is True
    assert first["items"][1]["before"] == first["items"][0]["hash"]
    cursor = {"cursor": first["next"]}
    second = (await service.get("/sites/demo/operator/evidence", params=cursor)).json()
    assert [one["number"] for one in second["items"]] == [3, 4]
    odd = await service.get("/sites/demo/operator/evidence", params={"cursor": "x"})
    assert (odd.status_code, odd.json()["field"]) == (422, "cursor")


async def test_the_evidence_is_exported_as_a_whole(service, site):
    answer = await service.get("/sites/demo/operator/evidence.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = answer.text.split("\r\n")
    assert len(lines) == 1 + 5 + 1
    assert lines[0].startswith("number,at,event,grid_import_w")
    assert "limit_limit_w" in lines[0]
    assert lines[1].startswith("1,2026-11-22T12:00:00Z,started,")


async def test_the_site_file_is_read_tried_and_applied(service, site):
    got = await service.get("/sites/demo/site-file")
    assert got.headers["content-type"].startswith("application/yaml")
    assert got.text == "grid_connection:\n  phases: 3\n"
    managed = await service.get("/sites/demo/site-file/managed")
    assert managed.json() == {"pointers": ["/grid_connection/phases"]}
    headers = {"Content-Type": "application/yaml"}
    tried = await service.put(
        "/sites/demo/site-file", params={"dry_run": True}, content=got.text, headers=headers
    )
    assert tried.status_code == 200, tried.text
    assert tried.json() == {
        "changes": [{"pointer": "/grid_connection/phases", "before": 3, "after": {"a": [1]}}],
        "applied": False,
    }
    assert site.daily.applied == []
    done = await service.put("/sites/demo/site-file", content=got.text, headers=headers)
    assert done.json()["applied"] is True
    assert site.daily.applied == [got.text]
    wrong = await service.put("/sites/demo/site-file", content="phases: 2", headers=headers)
    assert (wrong.status_code, wrong.json()["field"]) == (422, "/grid_connection/phases")
    binary = await service.put("/sites/demo/site-file", content=b"\xff\xfe", headers=headers)
    assert (binary.status_code, binary.json()["code"]) == (422, "invalid-request")


async def test_a_rotation_test_is_started_watched_and_ended(service, site):
    assert (await service.get(TEST)).json()["state"] == "none"
    started = await service.post(TEST)
    assert (started.status_code, started.headers["location"]) == (202, f"/api/v1{TEST}")
    assert started.json()["state"] == "running"
    assert (await service.get(TEST)).json()["step"] == "lowering"
    other = TEST.replace(SKI, "0" * 40)
    assert (await service.get(other)).json()["state"] == "none"
    assert (await service.delete(other)).json()["code"] == "no-rotation-test"
    assert (await service.delete(TEST)).json()["state"] == "cancelled"
    refused = await service.post(other)
    assert (refused.status_code, refused.json()["code"]) == (409, "car-not-charging")


async def test_what_a_device_announces_and_took_is_told(service, site):
    told = (await service.get(f"/sites/demo/eebus/paired/{SKI}/diagnostics")).json()
    assert told["device"]["role"] == "charger"
    assert told["use_cases"][0]["used"] is True
    assert told["writes"][0]["current_a"] == {"a": 10.0, "b": None, "c": None}
    assert told["writes"][0]["error_number"] == 7
    assert told["power_limits"] == [
        {"kind": "lpc", "active": True, "power_w": 4200, "duration_s": None, "failsafe_w": 4200}
    ]
    assert told["entities"] == ["1 EVSE", "1.1 EV"]
    assert told["last_error"] is None
    gone = await service.get(f"/sites/demo/eebus/paired/{'0' * 40}/diagnostics")
    assert gone.json()["code"] == "not-paired"


async def test_the_accept_window_opens_for_minutes_and_closes(service, site):
    window = "/sites/demo/eebus/accept-window"
    assert (await service.get(window)).json() == {"until": None}
    opened = await service.put(window, json={"seconds": 120})
    assert opened.json() == {"until": "2026-11-22T12:02:00Z"}
    assert (await service.get(window)).json() == opened.json()
    assert (await service.put(window, json={"seconds": 301})).status_code == 422
    assert (await service.delete(window)).status_code == 204
    assert (await service.get(window)).json() == {"until": None}


async def test_a_condition_holds_for_the_first_setting_and_for_a_removal(service, site):
    shed = f"{CIRCUITS}/shed"
    row = {"name": "Shed", "fuse_a": {"l1": 16, "l2": 16, "l3": 16}}
    never = {"If-Match": '"0"'}
    assert (await service.put(shed, json=row, headers=never)).status_code == 200
    assert (await service.put(shed, json=row, headers=never)).status_code == 412
    old = await service.delete(shed, headers={"If-Match": '"7"'})
    assert (old.status_code, old.json()["code"]) == (412, "revision-conflict")
    assert (await service.delete(shed, headers={"If-Match": '"1"'})).status_code == 204
