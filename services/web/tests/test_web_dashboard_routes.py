"""Sites and the dashboard as any user sees them."""

import asyncio

from volthus_wire.subjects import SITE_STATE

GRID = {"fuse_a": {"l1": 25, "l2": 25, "l3": 25}}
SKI = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"


async def test_the_dashboard_has_the_fields_that_are_fixed(standard, site):
    answer = await standard.get("/sites/demo/dashboard")
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown["grid_import_w"] == 9500.0
    assert shown["grid_export_w"] == 0.0
    assert shown["charging_power_w"] == 7360.0
    assert shown["sun_w"] is None
    assert shown["stale"] is False
    [charger] = shown["chargers"]
    assert charger["ski"] == SKI
    assert charger["name"] is None
    assert charger["connection"] == "connected"
    assert charger["state"] == "charging"
    assert charger["current_a"] == {"l1": 16.0, "l2": None, "l3": None}
    assert charger["limit_a"] == {"l1": 16.0, "l2": 16.0, "l3": None}
    assert (
        charger["limited_by"].items()
        >= {
            "kind": "fuse",
            "element": "main",
            "phase": "L2",
            "value": 25.0,
            "until": None,
        }.items()
    )
    assert charger["limited_by"]["since"].endswith("Z")


async def test_the_fuse_picture_has_a_bar_for_each_phase(service, standard, site):
    assert (await standard.get("/sites/demo/dashboard")).json()["fuse"] is None
    await service.put("/sites/demo/grid-connection", json=GRID)
    await site.speak()
    bars = (await fresh_dashboard(standard, site))["fuse"]
    assert [bar["phase"] for bar in bars] == ["L1", "L2", "L3"]
    assert bars[0]["fuse_a"] == 25
    assert bars[0]["margin_a"] == 0.559
    assert bars[1]["other_load_a"] == 6.5
    assert bars[1]["grid_current_a"] == 22.5
    assert bars[0]["charging_a"] == 16.0
    assert bars[1]["charging_a"] is None  # one charger's current is not known there
    assert bars[2]["charging_a"] == 0.0  # no car uses it: its limit leaves it out
    assert bars[0]["chargers"] == [{"ski": SKI, "name": None, "current_a": 16.0, "limit_a": 16.0}]


async def fresh_dashboard(client, site) -> dict:
    """Return a dashboard that has the fuse, however long the bus takes."""
    for _ in range(200):
        shown = (await client.get("/sites/demo/dashboard")).json()
        if shown["fuse"] is not None:
            break
        await asyncio.sleep(0.02)  # the bus has its turn too
    return shown


async def test_a_dashboard_of_a_charger_state_without_a_word_is_no_success(standard, door, site):
    site.charger_state = "levitating"
    await site.speak()
    for _ in range(200):
        answer = await standard.get("/sites/demo/dashboard")
        if answer.status_code != 200:
            break
        await asyncio.sleep(0.02)
    assert (answer.status_code, answer.json()["code"]) == (502, "answer-not-understood")


async def test_sites_are_listed_page_by_page(standard, door, site, until):
    await site.bus.publish(SITE_STATE, site.state(), site="annex")
    await until(lambda: door.parts.live.knows("annex"))
    first = (await standard.get("/sites", params={"limit": 1})).json()
    assert [one["id"] for one in first["items"]] == ["annex"]
    rest = (await standard.get("/sites", params={"cursor": first["next"]})).json()
    assert [one["id"] for one in rest["items"]] == ["demo"]
    assert rest["next"] is None
    assert rest["items"][0]["name"] == "Green Street 4"
    assert rest["items"][0]["charging"] == 1
    assert rest["items"][0]["alarms"] == 1


async def test_one_site_is_shown_in_short(standard, site):
    shown = (await standard.get("/sites/demo")).json()
    assert shown["online"] is True
    assert shown["load_management"] == "dynamic"


async def test_a_site_that_never_was_is_404(standard, site):
    for path in ("/sites/nowhere", "/sites/nowhere/dashboard", "/sites/a.b/events"):
        answer = await standard.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-site")


async def test_a_user_of_another_site_does_not_see_this_one(door, site):
    async with door.logged_in("elsewhere") as client:
        assert (await client.get("/sites")).json()["items"] == []
        for path in ("/sites/demo", "/sites/demo/dashboard", "/sites/demo/meters"):
            assert (await client.get(path)).json()["code"] == "unknown-site"
        models = await client.get("/meter-models", params={"site": "demo"})
        assert models.status_code == 404


async def test_smart_charging_tells_what_it_can(service, site):
    answer = await service.get("/smart-charging/catalogue")
    assert answer.json()["functions"] == [{"name": "price", "row": "B4", "available": False}]


async def test_the_version_is_told(standard, door):
    assert (await standard.get("/version")).json()["api"] == "v1"
