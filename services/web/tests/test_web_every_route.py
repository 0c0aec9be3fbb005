"""Who reaches what: every operation of the OpenAPI document with every kind of caller.

Generated: whoever adds a route has it tested here, and meets a failing test until it is said who
may ask it, by a gate or a door in its signature, and below where that is no service user.
"""

from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from web_routes import DOCUMENT, GUARDED, OPERATIONS, Operation

from web.core.roles import Role
from web.core.scopes import Scope

# Without a log-in. Nothing of a site, of a user or of a setting is told by these.
FOR_ANYBODY = {
    "create_token",
    "create_session",
    "list_log_in_methods",
    "start_oidc",
    "finish_oidc",
}
FOR_STANDARD = {
    "delete_session",
    "log_out",
    "get_me",
    "list_sites",
    "get_site",
    "get_dashboard",
    "stream_events",
    "get_version",
    "rename_device",
    "get_mode",
    "put_mode",
    "get_goal",
    "put_goal",
    "remove_goal",
    "list_cars",
    "add_car",
    "get_car",
    "put_car",
    "remove_car",
    "list_sessions",
    "summarize_sessions",
    "get_managed_fields",
    "export_sessions",
    "get_energy",
    "list_decisions",
    "get_plan",
    "get_timeline",
    "get_savings",
    "get_car_soc",
    "put_car_soc",
    "list_program_tokens",
    "create_program_token",
    "get_program_token",
    "revoke_program_token",
    "change_password",
    "list_log_ins",
    "end_other_log_ins",
    "end_log_in",
    "list_releases",
    "get_site_software",
    "list_alerts",
    "count_alerts",
    "get_alert",
    "get_push_key",
    "list_push_subscriptions",
    "put_push_subscription",
    "delete_push_subscription",
    "check_push_subscription",
}
# With a password that is still to be changed.
FOR_NEWCOMERS = {"delete_session", "log_out", "get_me", "change_password"}
# What may show that a site, a user or anything else of another tenant is there.
TRACES = ("demo", "Green Street", "standard", "elsewhere", "Garage")
FOR_OPERATORS = {one.name for one in GUARDED if one.role == "operator"}
UNTOUCHED = {"end_log_in", "end_other_log_ins", "delete_session", "log_out"}
# They never end, so what they tell is tested where they are.
STREAMS = {
    one.name
    for one in OPERATIONS
    if "text/event-stream"
    in DOCUMENT["paths"][one.path][one.method.lower()]["responses"]
    .get("200", {})
    .get("content", {})
}


async def call(client: httpx.AsyncClient, one: Operation, **options) -> httpx.Response:
    return await client.request(one.method, one.url(), **one.options(), **options)


def told(answer: httpx.Response) -> tuple[int, str | None]:
    """Return status and code; of an event stream, which never ends, only that it began."""
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return answer.status_code, answer.json()["code"] if is_problem else None


def test_every_operation_says_who_may_ask_it():
    """A route without a gate, or for more people than one thought, is found here."""
    for one in OPERATIONS:
        if one.name in FOR_ANYBODY:
            assert one.role is None, one.name
        elif one.name in FOR_STANDARD:
            assert one.role == "standard", one.name
        else:
            assert one.role in {"service", "operator"}, one.name


def test_every_name_above_is_of_an_operation():
    names = {one.name for one in OPERATIONS}
    assert names >= FOR_ANYBODY | FOR_STANDARD | FOR_NEWCOMERS


def test_every_operation_documents_its_problems():
    for operations in DOCUMENT["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"]
                    schema = answer["content"]["application/problem+json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Problem"}


def test_every_guarded_operation_documents_what_its_gate_answers():
    for one in GUARDED:
        responses = DOCUMENT["paths"][one.path][one.method.lower()]["responses"]
        assert {"401", "403", "429"} <= set(responses), one.name
        assert not one.is_of_a_site or "404" in responses, one.name


def test_operation_ids_are_unique_and_stable():
    ids = [one.name for one in OPERATIONS]
    assert len(ids) == len(set(ids))
    assert all(one.islower() and one.isidentifier() for one in ids)


async def test_nobody_gets_in_without_a_log_in(door, site):
    for number, one in enumerate(GUARDED):
        for headers in (
            {},
            {"Authorization": "Bearer vt_made-up"},
            {"Authorization": "Bearer vp_made-up"},
            {"Cookie": "volthus_session=x"},
        ):
            # From an address of its own: one that tries many has to wait.
            async with door.client(client=(f"10.0.{number >> 8}.{number & 255}", 1)) as stranger:
                answer = await call(stranger, one, headers=headers)
            assert told(answer) == (401, "not-logged-in"), one.name
    assert site.callers == []


async def test_no_role_reaches_what_is_for_a_higher_one(door, site):
    for role in (Role.STANDARD, Role.SERVICE):
        async with door.logged_in(role) as client:
            for one in GUARDED:
                if not role.includes(Role(one.role)):
                    assert told(await call(client, one)) == (403, "role-not-allowed"), one.name
    assert site.callers == []


async def test_a_page_session_reaches_no_more_than_its_role(anybody, site):
    credentials = {"username": "standard", "password": "standard-password"}
    me = (await anybody.post("/auth/session", json=credentials)).json()
    headers = {"X-CSRF-Token": me["csrf_token"]}
    for one in GUARDED:
        if one.role != "standard":
            answer = await call(anybody, one, headers=headers)
            assert told(answer) == (403, "role-not-allowed"), one.name
    assert site.callers == []


async def test_a_page_session_changes_nothing_without_its_csrf_token(anybody, site):
    credentials = {"username": "operator", "password": "operator-password"}
    await anybody.post("/auth/session", json=credentials)
    for one in GUARDED:
        if one.method != "GET":
            answer = await call(anybody, one)
            assert told(answer) == (403, "csrf-token-missing"), one.name
    assert site.callers == []


async def test_each_role_passes_the_gates_that_are_open_to_it(door, site):
    """Whatever else is wrong with an empty request: it is not who asks."""
    shut = {"role-not-allowed", "scope-not-allowed", "not-logged-in", "unknown-site"}
    for role in Role:
        async with door.logged_in(role) as client:
            for one in GUARDED:
                if role.includes(Role(one.role)) and one.name not in STREAMS | UNTOUCHED:
                    status, code = told(await call(client, one))
                    assert status != 401, one.name
                    assert code not in shut, one.name


async def test_who_has_to_change_the_password_reaches_nothing_else(door, site):
    async with door.logged_in("newcomer") as client:
        for one in GUARDED:
            if one.name not in FOR_NEWCOMERS:
                answer = await call(client, one)
                assert told(answer) == (403, "password-change-needed"), one.name
    assert site.callers == []


async def test_a_user_of_another_site_reaches_nothing_of_this_one(door, site):
    async with door.logged_in("elsewhere") as client:
        for one in GUARDED:
            if one.is_of_a_site and one.role != "operator":
                assert told(await call(client, one)) == (404, "unknown-site"), one.name
    assert site.callers == []


async def test_another_tenant_reaches_no_site_and_sees_no_trace_of_one(door, site):
    """Its operator, who may do everything there: no 2xx on a site, no foreign name in an answer."""
    async with door.logged_in("service") as ours:
        wanted = {"name": "Garage", "scopes": ["read"], "sites": ["demo"]}
        assert (await ours.post("/tokens", json=wanted)).status_code == 201
        assert (await ours.post("/sites/demo/cars", json={"name": "Garage"})).is_success
    asked = len(site.callers)
    async with door.logged_in("foreigner") as client:
        for one in GUARDED:
            if one.name in UNTOUCHED or (one.name in STREAMS and not one.is_of_a_site):
                continue
            answer = await call(client, one)
            if one.is_of_a_site:
                assert told(answer) == (404, "unknown-site"), one.name
            elif one.name not in SAME_FOR_ALL:
                assert not any(trace in answer.text for trace in TRACES), one.name
    # Nothing was asked of the site; what is asked of smart charging is the same for everybody.
    assert {caller.actor for caller in site.callers[asked:]} <= {"foreigner"}


# Lists of the program itself, the same everywhere.
SAME_FOR_ALL = {"list_meter_models", "get_smart_charging_catalogue", "list_price_sources"}


async def test_names_of_another_tenant_are_not_found(door, site):
    async with door.logged_in("service") as ours:
        wanted = {"name": "Garage", "scopes": ["read"]}
        token = (await ours.post("/tokens", json=wanted)).json()["id"]
    async with door.logged_in("foreigner") as client:
        for one in GUARDED:
            for place, value in (("token_id", token), ("username", "standard")):
                if f"{{{place}}}" not in one.path:
                    continue
                body = {"role": "standard"} if one.name == "put_user" else {}
                answer = await client.request(one.method, one.url(**{place: value}), json=body)
                assert answer.status_code == 404, one.name
        listed = (await client.get("/users")).json()["items"]
        assert [one["username"] for one in listed] == ["foreigner"]
        assert (await client.get("/sites")).json()["items"] == []
        taken = await client.post("/users", json={"username": "standard", "role": "standard"})
        assert taken.status_code == 409
        made = {"name": "x", "scopes": ["read"], "sites": ["demo"]}
        assert told(await client.post("/tokens", json=made)) == (404, "unknown-site")
        made = {"username": "x", "role": "standard", "sites": ["demo"]}
        assert told(await client.post("/users", json=made)) == (404, "unknown-site")


@pytest.fixture
def program(door) -> Callable[..., Awaitable[httpx.AsyncClient]]:
    @asynccontextmanager
    async def opened(owner: str, scopes: list[str]):
        async with door.logged_in(owner) as client:
            made = await client.post("/tokens", json={"name": "P", "scopes": scopes})
            assert made.status_code == 201, made.text
        async with door.client() as client:
            client.headers["Authorization"] = f"Bearer {made.json()['token']}"
            yield client

    return opened


async def test_a_programs_token_reaches_nothing_without_the_scope(program, site):
    """With every scope but the one that is needed, on every operation."""
    for scope in (*Scope, None):
        others = [str(one) for one in Scope if one is not scope]
        expected = "log-in-needed" if scope is None else "scope-not-allowed"
        async with program("operator", others) as client:
            for one in GUARDED:
                if one.scope == (scope and str(scope)):
                    assert told(await call(client, one)) == (403, expected), one.name
    assert site.callers == []


async def test_an_operator_may_do_what_a_service_user_may(door, site):
    async with door.logged_in("operator") as operator:
        assert (await operator.get("/sites/demo/meters")).status_code == 200
        answer = await operator.put("/sites/demo/energy-management", json={"on": False})
        assert answer.status_code == 200
