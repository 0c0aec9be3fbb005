"""A command that is sent again with its idempotency key is done once, also over a restart."""

import pytest
from web_owners import SKI

CARS = "/sites/demo/cars"
VAN = {"name": "Van", "phases": 3}
TEST = f"/sites/demo/chargers/{SKI}/rotation-test"


def key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": name}


async def test_a_repeated_command_is_done_once_and_answers_the_same(owner, service):
    async with owner() as site:
        first = await service.post(CARS, json=VAN, headers=key("k1"))
        assert first.status_code == 201, first.text
        again = await service.post(CARS, json=VAN, headers=key("k1"))
        assert (again.status_code, again.json()) == (201, first.json())
        assert again.headers["location"] == first.headers["location"]
        assert again.headers["etag"] == first.headers["etag"]
        assert len(site.daily.cars) == 1
        other = await service.post(CARS, json=VAN | {"name": "Bus"}, headers=key("k1"))
        assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")
        car = f"{CARS}/{first.json()['id']}"
        for _ in range(2):
            assert (await service.delete(car, headers=key("k2"))).status_code == 204
        assert (await service.delete(car, headers=key("k3"))).status_code == 404
    async with owner() as site:
        after_restart = await service.post(CARS, json=VAN, headers=key("k1"))
        assert (after_restart.status_code, after_restart.json()) == (201, first.json())
        assert site.daily.cars == {}, "it was not done again"


async def test_a_refused_command_may_come_again_with_its_key(owner, service):
    async with owner() as site:
        wrong = await service.delete(f"{CARS}/none", headers=key("k1"))
        assert wrong.status_code == 404
        assert (await service.post(TEST, headers=key("k2"))).status_code == 202
        for _ in range(2):
            ended = await service.delete(TEST, headers=key("k4"))
            assert (ended.status_code, ended.json()["state"]) == (200, "cancelled")
        assert site.daily.test.state == "cancelled"


@pytest.mark.parametrize("name", ["", " ", "a b", "x" * 201, "schlüssel".encode()])
async def test_a_key_that_is_none_is_refused_before_anything_is_done(site, service, name):
    answer = await service.post(CARS, json=VAN, headers={"Idempotency-Key": name})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-invalid")
    assert answer.json()["field"] == "Idempotency-Key"
    assert site.daily.cars == {}


# What the front door itself owns and does once for each key.
OWN = {
    "users",
    "tokens",
    "webhooks",
    "push",
    "alerts",
    "alert-rules",
    "enrolments",
    "rollouts",
    "rollout-rings",
}


async def test_the_document_names_the_key_at_every_command_and_at_no_question(service):
    paths = (await service.get("/openapi.json")).json()["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            named = {p["name"] for p in operation.get("parameters", []) if p["in"] == "header"}
            part = path.removeprefix("/api/v1/").partition("/")[0]
            is_command = method != "get" and ("/sites/{site}/" in path or part in OWN)
            assert ("Idempotency-Key" in named) is is_command, f"{method} {path}"
