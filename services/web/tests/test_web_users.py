"""Users, their passwords and their log-ins, through the API."""

import json

import pytest
from sqlmodel import Session, select

from web.store import AuditRow, open_store

BO = {"username": "bo", "role": "standard"}
GOOD = "three green cars"


@pytest.fixture
async def operator(door):
    async with door.logged_in("operator") as client:
        yield client


async def entered(client, username: str, password: str) -> int:
    form = {"username": username, "password": password}
    answer = await client.post("/auth/token", data=form)
    if answer.is_success:
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return answer.status_code


def records(door) -> list[AuditRow]:
    engine = open_store(door.folder)
    with Session(engine) as session:
        rows = list(session.exec(select(AuditRow).where(AuditRow.action.startswith("users."))))
    engine.dispose()
    return rows


async def test_a_user_who_was_made_changes_the_password_before_all_else(service, anybody, site):
    made = await service.post("/users", json=BO | {"sites": ["demo"]})
    assert (made.status_code, made.headers["location"]) == (201, "/api/v1/users/bo")
    user = made.json()
    assert user["must_change_password"]
    assert (user["role"], user["sites"], user["log_in"]) == ("standard", ["demo"], "password")
    assert await entered(anybody, "bo", user["password"]) == 200
    assert (await anybody.get("/auth/me")).json()["must_change_password"]
    for path in ("/sites", "/sites/demo", "/me/log-ins", "/tokens", "/version"):
        refused = await anybody.get(path)
        assert (refused.status_code, refused.json()["code"]) == (403, "password-change-needed")
    change = {"old_password": user["password"], "new_password": GOOD}
    assert (await anybody.put("/me/password", json=change)).status_code == 204
    assert (await anybody.get("/sites/demo")).status_code == 200
    assert (await anybody.get("/grid-connection")).status_code == 404
    assert (await anybody.get("/sites/demo/grid-connection")).json()["code"] == "role-not-allowed"
    assert (await anybody.get("/users")).status_code == 403


@pytest.mark.parametrize(
    ("new", "code", "field"),
    [
        ("short", "password-too-weak", "/new_password"),
        ("my-standard-is-high", "password-too-weak", "/new_password"),
        ("standard-password", "password-too-weak", "/new_password"),
    ],
)
async def test_a_weak_password_is_refused(standard, new, code, field):
    change = {"old_password": "standard-password", "new_password": new}
    refused = await standard.put("/me/password", json=change)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert refused.json()["field"] == field


async def test_the_old_password_is_needed_and_cannot_be_guessed(standard):
    change = {"old_password": "wrong", "new_password": GOOD}
    codes = [(await standard.put("/me/password", json=change)).json()["code"] for _ in range(6)]
    assert codes == ["password-wrong"] * 5 + ["too-many-attempts"]


async def test_a_changed_password_ends_the_other_log_ins(door, standard, anybody):
    async with door.logged_in("standard") as elsewhere:
        change = {"old_password": "standard-password", "new_password": GOOD}
        assert (await standard.put("/me/password", json=change)).status_code == 204
        assert (await elsewhere.get("/auth/me")).status_code == 401
    assert (await standard.get("/auth/me")).status_code == 200
    assert await entered(anybody, "standard", "standard-password") == 401
    assert await entered(anybody, "standard", GOOD) == 200


async def test_log_ins_are_listed_and_ended(door, standard):
    async with door.logged_in("standard") as other, door.logged_in("service") as stranger:
        listed = (await standard.get("/me/log-ins")).json()["items"]
        assert [one["current"] for one in listed] == [False, True]
        assert listed[0]["kind"] == "bearer"
        assert listed[0]["address"] == "127.0.0.1"
        assert listed[0]["agent"].startswith("python-httpx")
        first = f"/me/log-ins/{listed[0]['id']}"
        assert (await stranger.delete(first)).json()["code"] == "unknown-log-in"
        assert (await standard.delete(first)).status_code == 204
        assert (await other.get("/auth/me")).status_code == 401
        assert (await standard.delete(first)).status_code == 404
    async with door.logged_in("standard") as other:
        assert (await standard.delete("/me/log-ins")).status_code == 204
        assert (await other.get("/auth/me")).status_code == 401
        assert (await standard.get("/auth/me")).status_code == 200


async def test_a_service_user_manages_standard_users_of_their_sites_only(door, operator, site):
    await operator.post("/users", json=BO | {"sites": ["demo"]})
    async with door.logged_in("elsewhere") as client:
        listed = (await client.get("/users")).json()["items"]
        assert [one["username"] for one in listed] == ["elsewhere"]
        for method, path in (("GET", "bo"), ("DELETE", "bo"), ("GET", "service"), ("GET", "no")):
            answer = await client.request(method, f"/users/{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown-user")
        refused = await client.post("/users", json={"username": "x", "role": "service"})
        assert refused.json()["code"] == "role-not-grantable"
        refused = await client.post("/users", json={**BO, "username": "x", "sites": ["demo"]})
        assert refused.json()["code"] == "unknown-site"
        made = await client.post("/users", json={"username": "x", "role": "standard"})
        assert made.json()["sites"] == ["other"]


async def test_a_service_user_cannot_raise_a_role_their_own_included(service):
    assert (await service.post("/users", json=BO)).status_code == 201
    for name in ("bo", "service"):
        answer = await service.put(f"/users/{name}", json={"role": "operator"})
        assert (answer.status_code, answer.json()["code"]) == (403, "role-not-grantable")
    assert (await service.get("/users/operator")).status_code == 404
    assert (await service.post("/users/operator/password")).status_code == 404


async def test_a_user_changes_by_revision_and_is_recorded_with_before_and_after(door, operator):
    made = await operator.post("/users", json=BO)
    assert made.headers["etag"] == '"1"'
    path, wanted = "/users/bo", {"role": "service"}
    changed = await operator.put(path, json=wanted, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    late = await operator.put(path, json=wanted, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "revision-conflict")
    late = await operator.delete(path, headers={"If-Match": '"1"'})
    assert late.status_code == 412
    assert (await operator.delete(path, headers={"If-Match": '"2"'})).status_code == 204
    rows = records(door)
    assert [(row.action, row.outcome) for row in rows] == [
        ("users.create", "done"),
        ("users.change", "done"),
        ("users.change", "revision-conflict"),
        ("users.remove", "revision-conflict"),
        ("users.remove", "done"),
    ]
    assert json.loads(rows[1].before)["role"] == "standard"
    assert json.loads(rows[1].after)["role"] == "service"
    told = " ".join(row.before + row.after + row.details for row in rows)
    assert made.json()["password"] not in told
    assert "argon2" not in told


async def test_a_disabled_user_is_out_at_once_with_every_token(door, operator, standard):
    wanted = {"name": "Car", "scopes": ["read"]}
    token = (await standard.post("/tokens", json=wanted)).json()["token"]
    off = {"role": "standard", "disabled": True}
    assert (await operator.put("/users/standard", json=off)).json()["disabled"]
    assert (await standard.get("/auth/me")).status_code == 401
    async with door.client() as program:
        program.headers["Authorization"] = f"Bearer {token}"
        assert (await program.get("/sites")).status_code == 401
        del program.headers["Authorization"]
        assert await entered(program, "standard", "standard-password") == 401
        on = await operator.put("/users/standard", json={"role": "standard"})
        assert not on.json()["disabled"]
        assert await entered(program, "standard", "standard-password") == 200


async def test_a_reset_password_is_told_once_and_ends_log_ins(operator, standard, anybody):
    told = (await operator.post("/users/standard/password")).json()["password"]
    assert (await standard.get("/auth/me")).status_code == 401
    assert await entered(anybody, "standard", told) == 200
    assert (await anybody.get("/sites")).json()["code"] == "password-change-needed"
    own = await operator.post("/users/operator/password")
    assert (own.status_code, own.json()["code"]) == (409, "password-your-own")


async def test_the_last_operator_cannot_lock_himself_out(operator):
    for body in ({"role": "operator", "disabled": True}, {"role": "service"}):
        refused = await operator.put("/users/operator", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "last-of-role")
    assert (await operator.delete("/users/operator")).json()["code"] == "last-of-role"
    made = await operator.post("/users", json={"username": "eva", "role": "operator"})
    assert made.status_code == 201
    assert (await operator.delete("/users/operator")).status_code == 204
    assert (await operator.get("/auth/me")).status_code == 401


async def test_names_are_taken_once_and_pages_follow(operator):
    assert (await operator.post("/users", json=BO)).status_code == 201
    again = await operator.post("/users", json=BO)
    assert (again.status_code, again.json()["code"]) == (409, "user-exists")
    names, cursor = [], ""
    while True:
        page = (await operator.get("/users", params={"limit": 2, "cursor": cursor})).json()
        names += [one["username"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert names == ["bo", "elsewhere", "operator", "service", "standard"]
    found = (await operator.get("/users", params={"search": "SERV"})).json()["items"]
    assert [one["username"] for one in found] == ["service"]


async def test_a_programs_token_manages_nobody(service, door):
    wanted = {"name": "x", "scopes": ["read", "control", "settings"]}
    token = (await service.post("/tokens", json=wanted)).json()["token"]
    async with door.client() as program:
        program.headers["Authorization"] = f"Bearer {token}"
        assert (await program.get("/users")).json()["code"] == "log-in-needed"
        change = {"old_password": "service-password", "new_password": GOOD}
        refused = await program.put("/me/password", json=change)
        assert refused.json()["code"] == "log-in-needed"
