"""Who reaches what: every route of the OpenAPI document, with every kind of caller."""

from pathlib import Path

import httpx

from web.app import create_app

SKI = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"
IN_PATH = {
    "site": "demo",
    "meter_id": "grid-1",
    "ski": SKI,
    "circuit_id": "garage",
    "car_id": "car-1",
    "system_id": "pv-1",
    "token_id": "0" * 16,
    "zone": "mine",
}
FOR_ANYBODY = {"create_token", "create_session"}
FOR_STANDARD = {
    "delete_session",
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
}
DOCUMENT = create_app(None, Path("nowhere"), {}).openapi()
OPERATIONS = [
    (operation["operationId"], method.upper(), path)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
]
GUARDED = [one for one in OPERATIONS if one[0] not in FOR_ANYBODY]
FOR_SERVICE = [one for one in GUARDED if one[0] not in FOR_STANDARD]


async def call(client: httpx.AsyncClient, method: str, path: str, **options) -> httpx.Response:
    url = "http://door" + path.format(**IN_PATH)
    body = {"json": {}} if method in {"POST", "PUT", "PATCH"} else {}
    return await client.request(method, url, **body, **options)


def test_the_document_names_the_role_of_every_guarded_route():
    for path, operations in DOCUMENT["paths"].items():
        for operation in operations.values():
            name = operation["operationId"]
            expected = None if name in FOR_ANYBODY else "service"
            if name in FOR_STANDARD:
                expected = "standard"
            assert operation.get("x-required-role") == expected, path


def test_every_operation_documents_its_problems():
    for operations in DOCUMENT["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"]
                    schema = answer["content"]["application/problem+json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Problem"}


def test_operation_ids_are_unique_and_stable():
    ids = [one[0] for one in OPERATIONS]
    assert len(ids) == len(set(ids))
    assert all(one.islower() and one.isidentifier() for one in ids)


async def test_nobody_gets_in_without_a_log_in(door, site):
    for number, (name, method, path) in enumerate(GUARDED):
        for headers in (
            {},
            {"Authorization": "Bearer vt_made-up"},
            {"Authorization": "Bearer vp_made-up"},
            {"Cookie": "volthus_session=x"},
        ):
            # From an address of its own: one that tries many has to wait.
            async with door.client(client=(f"10.0.0.{number}", 1)) as stranger:
                answer = await call(stranger, method, path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "not-logged-in"), name
            assert answer.headers["content-type"] == "application/problem+json"
    assert site.callers == []


async def test_a_standard_user_reaches_no_service_function(standard, site):
    for name, method, path in FOR_SERVICE:
        answer = await call(standard, method, path)
        assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed"), name
    assert site.callers == []


async def test_a_page_session_of_a_standard_user_reaches_none_either(anybody, site):
    credentials = {"username": "standard", "password": "standard-password"}
    me = (await anybody.post("/auth/session", json=credentials)).json()
    for name, method, path in FOR_SERVICE:
        answer = await call(anybody, method, path, headers={"X-CSRF-Token": me["csrf_token"]})
        assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed"), name
    assert site.callers == []


async def test_an_operator_may_do_what_a_service_user_may(door, site):
    async with door.logged_in("operator") as operator:
        assert (await operator.get("/sites/demo/meters")).status_code == 200
        answer = await operator.put("/sites/demo/energy-management", json={"on": False})
        assert answer.status_code == 200


async def test_a_user_of_another_site_reaches_nothing_of_this_one(door, site):
    async with door.logged_in("elsewhere") as client:
        for name, method, path in GUARDED:
            if "{site}" in path:
                answer = await call(client, method, path)
                assert (answer.status_code, answer.json()["code"]) == (404, "unknown-site"), name
    assert site.callers == []
