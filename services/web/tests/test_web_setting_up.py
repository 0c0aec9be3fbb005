"""The failsafe test and the acceptance protocol over the API."""

import pytest

from volthus_wire.v1 import setup_pb2, site_pb2

SKI = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"
TEST = f"/sites/demo/chargers/{SKI}/failsafe-test"
ACCEPTANCE = "/sites/demo/acceptance"


async def test_a_failsafe_test_is_started_followed_and_ended(service, site):
    assert (await service.get(TEST)).json()["state"] == "none"
    started = await service.post(TEST)
    assert (started.status_code, started.headers["location"]) == (202, f"/api/v1{TEST}")
    assert started.json()["step"] == "making-room"
    assert started.json()["failsafe_a"] == 6
    ended = await service.delete(TEST)
    assert (ended.json()["state"], ended.json()["step"]) == ("cancelled", None)
    again = await service.delete(TEST)
    assert (again.status_code, again.json()["code"]) == (404, "no-failsafe-test")
    assert site.callers[-1].role == "service"


async def test_one_that_cannot_be_says_why(service, site):
    refused = await service.post(TEST.replace(SKI, "0" * 40))
    assert (refused.status_code, refused.json()["code"]) == (409, "charges-too-little")


@pytest.mark.parametrize("path", [TEST, ACCEPTANCE, f"{ACCEPTANCE}/1"])
async def test_standard_users_reach_none_of_it(standard, path):
    assert (await standard.get(path)).status_code == 403
    assert (await standard.post(path)).status_code in (403, 405)


async def test_the_protocol_holds_every_value_and_what_is_open(service, site):
    site.grid = site_pb2.GridConnection(phases=3, revision=1)
    site.grid.fuse_a.l1 = site.grid.fuse_a.l2 = site.grid.fuse_a.l3 = 25
    site.eebus.paired[0].serial = "W11-000815"
    told = (await service.get(ACCEPTANCE)).json()
    values = told["values"]
    assert values["grid_connection"]["fuse_a"] == {"l1": 25, "l2": 25, "l3": 25}
    charger = values["chargers"][0]
    assert (charger["ski"], charger["serial"]) == (SKI, "W11-000815")
    assert charger["settings"]["failsafe_a"] == 6
    assert values["failsafe_sums"][0] == {
        "circuit": None,
        "phase": "L1",
        "base_load_a": 0,
        "chargers": [{"ski": SKI, "current_a": 6}],
        "sum_a": 6,
        "fuse_a": 25,
        "fits": True,
    }
    codes = [point["code"] for point in values["open_points"]]
    assert "phases-not-tested" in codes
    assert "failsafe-not-proven" in codes
    assert values["eebus"]["qr_text"]
    assert told["signed"] == []
    site.daily.proof = setup_pb2.FailsafeTest(ski=SKI, state="done", failsafe_a=6, measured_a=5.9)
    again = (await service.get(ACCEPTANCE)).json()
    assert again["seen"] != told["seen"]
    assert "failsafe-not-proven" not in [one["code"] for one in again["values"]["open_points"]]


async def test_what_is_signed_is_what_was_seen_and_stays_as_it_was(service, site):
    seen = (await service.get(ACCEPTANCE)).json()["seen"]
    assert (await service.get(ACCEPTANCE)).json()["seen"] == seen  # what moves does not count
    body = {"electrician": "Eva Berg", "remarks": "Clamp turned.", "seen": seen}
    signed = await service.post(ACCEPTANCE, json=body)
    assert signed.status_code == 201, signed.text
    assert signed.headers["location"] == f"/api/v1{ACCEPTANCE}/1"
    assert (signed.json()["electrician"], signed.json()["intact"]) == ("Eva Berg", True)
    site.charger.failsafe_a = 8
    changed = await service.post(ACCEPTANCE, json=body)
    assert (changed.status_code, changed.json()["code"]) == (409, "values-changed")
    kept = (await service.get(f"{ACCEPTANCE}/1")).json()
    assert kept["values"]["chargers"][0]["settings"]["failsafe_a"] == 6
    listed = (await service.get(ACCEPTANCE)).json()["signed"]
    assert [(one["id"], one["actor"]) for one in listed] == [("1", "service")]
    unknown = await service.get(f"{ACCEPTANCE}/7")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-acceptance")


async def test_a_signature_without_a_name_is_refused_at_the_field(service, site):
    body = {"electrician": "", "seen": "0" * 64}
    refused = await service.post(ACCEPTANCE, json=body)
    assert (refused.status_code, refused.json()["field"]) == (422, "/electrician")
