"""Discovered and paired devices, SKIs as people type them."""

import pytest

SKI = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"
OTHER_SKI = "0123456789abcdef0123456789abcdef01234567"
PAIRED = "/sites/demo/eebus/paired"


async def test_found_devices_have_brand_model_type_and_ski(service, site):
    answer = await service.get("/sites/demo/eebus/discovered")
    assert answer.json() == {
        "items": [
            {
                "ski": OTHER_SKI,
                "ship_id": "w2",
                "brand": "Other",
                "model": "Box",
                "type": "ChargingStation",
                "host": None,
                "port": 4711,
                "requests_pairing": False,
            }
        ],
        "next": None,
    }


async def test_our_own_ski_is_told(service, site):
    assert (await service.get("/sites/demo/eebus/identity")).json()["ski"] == "a" * 40


async def test_a_device_is_paired_renamed_and_unpaired(service, site):
    typed = "01234567-89AB cdef 0123 4567 89ab cdef 0123 4567"
    pair = await service.post(PAIRED, json={"ski": typed})
    assert pair.status_code == 202, pair.text
    assert pair.headers["location"] == f"/api/v1{PAIRED}/{OTHER_SKI}"
    assert pair.json()["name"] is None
    assert pair.json()["connection"] == "not_connected"

    named = await service.patch(f"{PAIRED}/{OTHER_SKI.upper()}", json={"name": "Garage left"})
    assert named.json()["name"] == "Garage left"
    unnamed = await service.patch(f"{PAIRED}/{OTHER_SKI}", json={"name": None})
    assert unnamed.json()["name"] is None

    listed = (await service.get(PAIRED)).json()["items"]
    assert {one["ski"]: one["own"] for one in listed} == {SKI: True, OTHER_SKI: False}
    assert (await service.delete(f"{PAIRED}/{OTHER_SKI}")).status_code == 204
    again = await service.delete(f"{PAIRED}/{OTHER_SKI}")
    assert (again.status_code, again.json()["code"]) == (404, "not-paired")


async def test_a_ski_nobody_sees_is_404(service, site):
    answer = await service.post(PAIRED, json={"ski": "f" * 40})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-ski")


@pytest.mark.parametrize(
    ("typo", "told"),
    [(SKI[:-1], "this one has 39"), (SKI[:-1] + "g", "'g' at place 40"), ("", "has 0")],
)
async def test_a_ski_with_a_typo_says_what_is_wrong(service, site, typo, told):
    answer = await service.post(PAIRED, json={"ski": typo})
    assert answer.status_code == 422
    problem = answer.json()
    assert (problem["code"], problem["field"]) == ("invalid-ski", "/ski")
    assert told in problem["detail"]
    assert problem["params"]["problem"] in {"wrong-length", "not-hexadecimal"}
    assert site.callers == []


async def test_a_ski_with_a_typo_in_the_path_says_the_same(service, site):
    answer = await service.delete(f"{PAIRED}/{SKI}0")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-ski")
    assert "this one has 41" in answer.json()["detail"]


async def test_a_field_with_a_typo_is_not_taken_for_a_default(service, site):
    answer = await service.post(PAIRED, json={"ski": SKI, "nmae": "x"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert answer.json()["fields"][0]["field"] == "/nmae"
