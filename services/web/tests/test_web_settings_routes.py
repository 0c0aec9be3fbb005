"""Grid connection, energy management, meters and chargers: read, set, guarded by revisions."""

import pytest

GRID = {
    "fuse_a": {"l1": 25, "l2": 25, "l3": 25},
    "phases": 3,
    "margin_a": 1.0,
    "base_load_a": 2,
    "static_share_a": 10,
    "unbalance_a": 20,
}
METER = {
    "model": "umg-96",
    "role": "grid",
    "transport": {"kind": "tcp", "host": "127.0.0.1", "port": 1502, "unit_id": 1},
    "rotation": "RST",
    "invert": False,
}
SKI = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"


async def test_a_grid_connection_never_set_is_null_and_has_revision_0(service, site):
    answer = await service.get("/sites/demo/grid-connection")
    assert answer.status_code == 200
    assert answer.json()["fuse_a"] is None
    assert answer.headers["etag"] == '"0"'


async def test_the_grid_connection_is_set_and_read_back_with_its_etag(service, site):
    put = await service.put("/sites/demo/grid-connection", json=GRID)
    assert put.status_code == 200, put.text
    got = await service.get("/sites/demo/grid-connection")
    assert got.json() == GRID | {"revision": 1}
    assert got.headers["etag"] == put.headers["etag"] == '"1"'


async def test_a_number_is_meant_for_every_phase_and_phases_may_differ(service, site):
    await service.put("/sites/demo/grid-connection", json=GRID)
    assert (site.grid.base_load_a.l1, site.grid.base_load_a.l3) == (2, 2)
    by_phase = {"l1": 2, "l2": 3, "l3": 2}
    alike = {"l1": 9, "l2": 9, "l3": 9}
    wanted = GRID | {"base_load_a": by_phase, "static_share_a": alike}
    put = await service.put("/sites/demo/grid-connection", json=wanted)
    assert put.json()["base_load_a"] == by_phase
    assert put.json()["static_share_a"] == 9


async def test_a_number_on_a_one_phase_site_is_meant_for_l1(service, site):
    one = {"fuse_a": {"l1": 25}, "phases": 1, "base_load_a": 2, "static_share_a": 6}
    put = await service.put("/sites/demo/grid-connection", json=one)
    assert put.status_code == 200, put.text
    assert site.grid.base_load_a.l1 == 2
    assert put.json()["base_load_a"] == 2


@pytest.mark.parametrize("wrong", [-1, 20_000, "nine", {"l2": 1}, {"l1": -1}, [1, 1, 1]])
async def test_an_impossible_base_load_is_refused_at_its_field(service, site, wrong):
    answer = await service.put("/sites/demo/grid-connection", json=GRID | {"base_load_a": wrong})
    assert answer.status_code == 422
    assert answer.json()["field"].startswith("/base_load_a")
    assert "AmperesByPhase" not in answer.text
    assert site.grid.revision == 0


async def test_a_margin_left_out_stays_null(service, site):
    minimal = {"fuse_a": {"l1": 16, "l2": 16, "l3": 16}}
    put = await service.put("/sites/demo/grid-connection", json=minimal)
    assert put.json()["margin_a"] is None
    assert put.json()["base_load_a"] is None


async def test_the_right_if_match_changes_and_an_old_one_does_not(service, site):
    await service.put("/sites/demo/grid-connection", json=GRID)
    right = await service.put("/sites/demo/grid-connection", json=GRID, headers={"If-Match": '"1"'})
    assert right.status_code == 200
    old = await service.put("/sites/demo/grid-connection", json=GRID, headers={"If-Match": '"1"'})
    assert old.status_code == 412
    assert old.json()["code"] == "revision-conflict"
    assert site.grid.revision == 2


async def test_an_etag_that_was_never_ours_changes_nothing(service, site):
    answer = await service.put(
        "/sites/demo/grid-connection", json=GRID, headers={"If-Match": 'W/"abc"'}
    )
    assert answer.status_code == 412
    assert site.grid.revision == 0


async def test_a_fuse_of_0_a_is_refused_with_the_owners_reason(service, site):
    wanted = GRID | {"fuse_a": {"l1": 0, "l2": 0, "l3": 0}}
    answer = await service.put("/sites/demo/grid-connection", json=wanted)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "fuse-out-of-range"
    assert problem["field"] == "/fuse_a/l1"
    assert problem["params"] == {"value": "0.0"}


async def test_energy_management_needs_the_confirmation(service, site):
    answer = await service.put("/sites/demo/energy-management", json={"on": True})
    assert answer.status_code == 409
    assert answer.json()["code"] == "confirmation-needed"
    wanted = {"on": True, "confirmed_no_other": True}
    answer = await service.put("/sites/demo/energy-management", json=wanted)
    assert answer.json() == wanted | {"revision": 1}
    assert (await service.get("/sites/demo/energy-management")).json()["on"] is True


async def test_a_meter_is_added_listed_changed_and_removed(service, site):
    added = await service.post("/sites/demo/meters", json=METER)
    assert added.status_code == 201, added.text
    assert added.headers["location"] == "/api/v1/sites/demo/meters/grid-1"
    assert added.headers["etag"] == '"1"'

    listed = (await service.get("/sites/demo/meters")).json()
    assert listed["next"] is None
    assert [one["id"] for one in listed["items"]] == ["grid-1"]
    assert listed["items"][0]["last"]["current_a"] == {"l1": 1.0, "l2": 2.0, "l3": -3.0}

    turned = METER | {"rotation": "STR", "name": "Cellar"}
    put = await service.put("/sites/demo/meters/grid-1", json=turned, headers={"If-Match": '"1"'})
    assert (put.status_code, put.json()["rotation"]) == (200, "STR")
    assert (await service.get("/sites/demo/meters/grid-1")).json()["name"] == "Cellar"

    assert (await service.delete("/sites/demo/meters/grid-1")).status_code == 204
    gone = await service.get("/sites/demo/meters/grid-1")
    assert (gone.status_code, gone.json()["code"]) == (404, "unknown-meter")


async def test_a_meter_test_shows_values_and_saves_nothing(service, site):
    answer = await service.post("/sites/demo/meters/test", json=METER)
    assert answer.status_code == 200, answer.text
    assert answer.json()["warnings"] == ["reversed-clamps-suspected"]
    assert answer.json()["reading"]["quality"] == "good"
    assert answer.json()["findings"] == [
        {
            "check": "direction",
            "phase": "L2",
            "verdict": "suspect",
            "value": -900.0,
            "detail": "Look.",
        }
    ]
    assert site.meters == {}


async def test_what_answers_at_an_address_is_identified_down_to_unit_id_zero(service, site):
    place = {"transport": {"kind": "tcp", "host": "10.0.0.9"}}
    answer = await service.post("/sites/demo/meters/identify", json=place)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["candidates"][0]["model"]["id"] == "umg-96"
    assert told["candidates"][0]["reading"]["quality"] == "good"
    assert told["transport"]["unit_id"] == 0
    assert told["complete"] is True
    place["transport"]["host"] = "nowhere"
    refused = await service.post("/sites/demo/meters/identify", json=place)
    assert (refused.status_code, refused.json()["code"]) == (422, "host-unreachable")


async def test_a_meter_that_does_not_answer_is_the_settings_fault(service, site):
    wanted = METER | {"transport": {"kind": "tcp", "host": "nowhere"}}
    answer = await service.post("/sites/demo/meters/test", json=wanted)
    assert answer.status_code == 422
    assert answer.json()["code"] == "host-unreachable"
    assert answer.json()["field"] == "/transport/host"


async def test_an_unknown_meter_model_is_named(service, site):
    answer = await service.post("/sites/demo/meters", json=METER | {"model": "abacus"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "unknown-model"
    assert answer.json()["params"] == {"model": "abacus"}


async def test_meter_models_bring_their_defaults(service, site):
    answer = await service.get("/meter-models")
    assert answer.status_code == 200, answer.text
    [model] = answer.json()["items"]
    assert model["id"] == "umg-96"
    assert model["transports"] == ["tcp"]
    assert model["defaults"]["port"] == 502


async def test_a_charger_has_settings_that_can_be_changed(service, site):
    [charger] = (await service.get("/sites/demo/chargers")).json()["items"]
    assert charger["settings"]["max_a"] == 16
    wanted = {
        "min_a": 6,
        "max_a": 32,
        "phases": 3,
        "wiring": "STR",
        "failsafe_a": 8,
        "priority": 2,
    }
    put = await service.put(f"/sites/demo/chargers/{SKI}", json=wanted, headers={"If-Match": '"1"'})
    assert put.json().items() >= (wanted | {"revision": 2}).items()
    got = await service.get(f"/sites/demo/chargers/{SKI}")
    assert got.json()["settings"]["wiring"] == "STR"
    assert got.headers["etag"] == '"2"'


async def test_a_charger_that_is_not_there_is_404(service, site):
    assert (await service.get(f"/sites/demo/chargers/{'0' * 40}")).status_code == 404


async def test_each_change_carries_actor_role_and_origin_to_the_owner(service, site):
    await service.put("/sites/demo/grid-connection", json=GRID)
    caller = site.callers[-1]
    assert (caller.actor, caller.role, caller.origin) == ("service", "service", "site")
