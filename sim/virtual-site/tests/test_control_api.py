"""The control API and the chargers' pages, over HTTP against a real site off the network."""

import httpx
import pytest

from eebus.transport.node import Network
from meter_profiles.catalogue import profile
from virtual_site.api.app import build
from virtual_site.core import world as worlds
from virtual_site.modbus_meter import ModbusMeter
from virtual_site.scenario_file import load
from virtual_site.site import VirtualSite
from virtual_site.store import ChargerStore, MeterStore
from virtual_site.wallbox import Wallbox

SKI = "0123456789abcdef0123456789abcdef01234567"


def make_site(folder, scenario="villa"):
    meter = ModbusMeter(profile("cg_em24_e1"), "127.0.0.1", 0)
    store = MeterStore(folder)
    site = VirtualSite(worlds.begin(load(scenario), store.load()), meter, store)
    site.connect(
        [
            Wallbox(ChargerStore(folder / f"charger-{n}"), Network(), site.changer(n - 1))
            for n in range(1, len(site.world.chargers) + 1)
        ]
    )
    return site


@pytest.fixture
def site(tmp_path):
    return make_site(tmp_path)


@pytest.fixture
async def http(site):
    transport = httpx.ASGITransport(build(site, "http://site"))
    async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
        yield client


async def post(http, path, body, status=200):
    answer = await http.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_the_state_shows_the_true_amperes_and_where_they_come_from(http, site):
    site.play(30, 30)
    state = (await http.get("/api/state")).json()
    for phase in ("l1", "l2", "l3"):
        cars = sum(charger["current_a"][phase] for charger in state["chargers"])
        assert state["current_a"][phase] == pytest.approx(state["net_a"][phase] + cars, abs=0.01)
    assert state["charging_a"]["l1"] > 15
    assert state["scenario"]["t_s"] == 30
    assert state["fuse_a"] == {"l1": 25, "l2": 25, "l3": 25}


async def test_the_household_is_overridden_per_phase_until_cleared(http, site):
    before = (await http.get("/api/state")).json()
    state = await post(http, "/api/household", {"l1_w": 2300})
    assert state["household_w"]["l1"] == 2300
    assert state["household_w"]["l2"] == before["household_w"]["l2"]
    assert site.world.meter.shown_a.l1 > before["current_a"]["l1"] + 5
    state = await post(http, "/api/household", {"l2_w": 4600})
    assert (state["household_w"]["l1"], state["household_w"]["l2"]) == (2300, 4600)
    state = await post(http, "/api/household", {})
    assert state["household_w"] == before["household_w"]


async def test_sun_and_appliances_follow_the_hand(http):
    assert (await post(http, "/api/sun", {"w": 6900}))["net_a"]["l1"] < -5
    assert (await http.delete("/api/sun")).json()["sun_set_w"] is None
    before = (await http.get("/api/state")).json()["current_a"]["l2"]
    state = await post(http, "/api/appliances/oven", {"on": True})
    assert state["appliances"]["oven"]
    assert state["current_a"]["l2"] == pytest.approx(before + 10)
    await post(http, "/api/appliances/jacuzzi", {"on": True}, 404)


async def test_faults_begin_at_the_meter_and_at_chargers_and_can_be_ended(http, site):
    await post(http, "/api/fault", {"kind": "meter_dropout", "seconds": 5})
    assert site.meter.is_silent
    state = await post(http, "/api/fault", {"kind": "ev_ignores_limit", "target": 2, "seconds": 9})
    assert [(f["kind"], f["target"]) for f in state["faults"]] == [
        ("meter_dropout", "meter"),
        ("ev_ignores_limit", 2),
    ]
    site.play(6, 6)
    assert not site.meter.is_silent
    assert (await http.delete("/api/fault")).json()["faults"] == []


@pytest.mark.parametrize("target", [1, "1", "cp1"])
async def test_a_charger_is_named_by_number_or_id(http, target):
    body = {"kind": "charger_failure", "target": target, "seconds": 1}
    assert (await post(http, "/api/fault", body))["faults"][0]["target"] == 1


async def test_a_cem_that_is_out_is_every_link_lost(http, site):
    faults = (await post(http, "/api/fault", {"kind": "cem_outage", "seconds": 1}))["faults"]
    assert {fault["kind"] for fault in faults} == {"link_loss"}
    assert [fault["target"] for fault in faults] == list(range(1, len(site.wallboxes) + 1))


async def test_a_charger_is_named_by_its_ski(http, site):
    body = {"kind": "charger_failure", "target": site.wallboxes[2].ski, "seconds": 1}
    assert (await post(http, "/api/fault", body))["faults"][0]["target"] == 3


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/api/fault", {"kind": "earthquake", "seconds": 1}, 422, "unknown-fault"),
        ("/api/fault", {"kind": "link_loss", "seconds": 1}, 422, "no-target"),
        ("/api/fault", {"kind": "link_loss", "target": "x", "seconds": 1}, 422, "unknown-target"),
        ("/api/fault", {"kind": "link_loss", "target": 1, "seconds": 0}, 422, "invalid-request"),
        ("/api/household", {"l1_w": "much"}, 422, "invalid-request"),
        ("/api/household", {"l4_w": 1}, 422, "invalid-request"),
        ("/api/household", {"l1_w": -1}, 422, "invalid-request"),
        ("/charger/1/api/pair", {"ski": "beef"}, 422, "invalid-request"),
        ("/charger/1/api/unpair", {"ski": SKI}, 404, "not-paired"),
        ("/charger/7/api/unplug", {}, 404, "unknown-charger"),
        ("/charger/1/api/plug", {"phases": 4}, 422, "invalid-request"),
        ("/charger/1/api/plug", {"standard": "chademo"}, 422, "invalid-request"),
        ("/charger/1/api/phases", {"phases": 1}, 409, "relay-refused"),
        ("/charger/1/api/fault", {"kind": "meter_freeze", "seconds": 1}, 422, "not-here"),
        ("/nowhere", {}, 404, "not-found"),
    ],
)
async def test_what_cannot_be_is_refused_in_clear_words(http, path, body, status, code):
    answer = await post(http, path, body, status)
    assert answer["error"] == code
    assert len(answer["detail"]) > 5


async def test_a_charger_shows_itself_its_car_and_its_manager(http, site):
    state = (await http.get("/charger/3/api/state")).json()
    assert state["ski"] == site.wallboxes[2].ski
    assert state["found"] == []
    assert state["peer"]["ski"] is None
    assert state["car"]["plugged"] is True
    assert state["car"]["standard"] == "iec61851"
    assert (state["car"]["phases"], state["car"]["soc_percent"]) == (1, None)
    assert state["limit_a"] == [6, 6, 6]
    assert state["failsafe"] is True


async def test_cars_are_unplugged_and_plugged_by_hand(http, site):
    state = await post(http, "/charger/1/api/unplug", {})
    assert state["car"] == {
        "plugged": False,
        "standard": None,
        "phases": None,
        "soc_percent": None,
    }
    assert state["current_a"] is None
    assert state["limit_a"] is None
    car = {"standard": "iec61851", "phases": 2, "max_a": 10, "energy_wh": 5000}
    assert (await post(http, "/charger/1/api/plug", car))["car"]["phases"] == 2
    site.play(15, 15)
    state = (await http.get("/charger/1/api/state")).json()
    assert state["current_a"] == [pytest.approx(5.8), pytest.approx(5.8), 0]


async def test_an_iso_car_needs_the_plc_switch(http, site):
    iso = {"standard": "iso15118-2ed1", "phases": 3, "max_a": 16, "energy_wh": 50000}
    await post(http, "/charger/1/api/plug", iso)
    site.play(10, 10)
    assert (await http.get("/charger/1/api/state")).json()["car"]["standard"] == "iec61851"
    await post(http, "/charger/1/api/plc", {"on": True})
    site.play(5, 15)
    state = (await http.get("/charger/1/api/state")).json()
    assert state["car"]["standard"] == "iso15118-2ed1"
    assert state["car"]["soc_percent"] >= 20


async def test_pairing_and_plc_survive_a_restart_and_a_factory_reset_ends_them(
    http, site, tmp_path
):
    await post(http, "/charger/2/api/pair", {"ski": SKI.upper()})
    await post(http, "/charger/2/api/pair", {"ski": SKI})
    await post(http, "/charger/2/api/plc", {"on": True})
    await post(http, "/charger/2/api/failsafe", {"current_a": 0})
    other = "f" * 40
    assert (await post(http, "/charger/2/api/pair", {"ski": other}, 409))["error"] == (
        "paired-already"
    )
    again = make_site(tmp_path)
    assert again.wallboxes[1].ski == site.wallboxes[1].ski
    assert again.wallboxes[1].connection().ski == SKI
    assert again.world.chargers[1].plc is True
    assert again.world.chargers[1].model.failsafe_a == 0
    state = await post(http, "/charger/2/api/factory-reset", {})
    assert (state["peer"]["ski"], state["plc"], state["failsafe_a"]) == (None, False, 6)
    assert make_site(tmp_path).wallboxes[1].connection() is None


async def test_unpairing_ends_the_trust(http):
    await post(http, "/charger/1/api/pair", {"ski": SKI})
    assert (await post(http, "/charger/1/api/unpair", {"ski": SKI}))["peer"]["ski"] is None


async def test_every_page_and_what_it_needs_is_served(http):
    for path in ("/", "/charger/1/", "/pages/charger.js", "/pages/charger.css", "/openapi.json"):
        answer = await http.get(path)
        assert answer.status_code == 200, path
    assert (await http.get("/charger/1")).headers["location"] == "/charger/1/"
    assert (await http.get("/charger/9/")).status_code == 404


async def test_the_meters_counters_survive_a_restart(site, tmp_path):
    site.play(600, 600)
    site.save()
    counters = make_site(tmp_path).world.meter.counters
    assert counters == site.world.meter.counters
    assert counters.imported_wh > 100


async def test_phase_switching_is_asked_for_and_told_over_its_own_contract(http, site):
    path = "/charger/1/phase-switching"
    assert (await http.get(path)).status_code == 404
    state = await post(http, "/charger/1/api/phase-switching", {"ability": "local-api"})
    assert state["relay"] == {"ability": "local-api", "phases": 3, "switching": False}
    ready = {"version": 1, "phases": 3, "target": 3, "state": "ready", "reason": ""}
    assert (await http.get(path)).json() == ready
    asked = await http.put(path, json={"phases": 1})
    assert (asked.status_code, asked.json()["state"], asked.json()["target"]) == (
        202,
        "switching",
        1,
    )
    site.play(20, 20)
    assert (await http.get(path)).json() == ready | {"phases": 1, "target": 1}
    assert (await http.put(path, json={"phases": 1})).status_code == 200
    assert (await http.put(path, json={"phases": 2})).status_code == 422


async def test_the_ability_and_the_relays_position_survive_a_restart(http, site, tmp_path):
    await post(http, "/charger/1/api/phase-switching", {"ability": "local-api"})
    await http.put("/charger/1/phase-switching", json={"phases": 1})
    site.play(20, 20)
    again = make_site(tmp_path).world.chargers[0]
    assert (again.model.phase_switching, again.conductors) == ("local-api", 1)
    await post(http, "/charger/1/api/factory-reset", {})
    assert make_site(tmp_path).world.chargers[0].conductors == 3


async def test_a_digital_session_refuses_the_switch_with_its_reason(http, site):
    await post(http, "/charger/1/api/phase-switching", {"ability": "local-api"})
    await post(http, "/charger/1/api/plc", {"on": True})
    iso = {"standard": "iso15118-2ed1", "phases": 3, "max_a": 16, "ev_id": "02:00:5e:10:00:07"}
    await post(http, "/charger/1/api/plug", iso)
    site.play(10, 10)
    refused = await http.put("/charger/1/phase-switching", json={"phases": 1})
    assert refused.status_code == 409
    assert refused.json()["reason"] == "iso15118-session"
    assert (await http.get("/charger/1/phase-switching")).json()["reason"] == "iso15118-session"
