"""Made-up requests to every operation, as every role: no 5xx, no answer that is not described.

The requests come from the OpenAPI document (schemathesis), right and wrong ones, over real HTTP.
VOLTHUS_ODD_REQUESTS sets how many each operation gets from each role.
"""

import asyncio
import os
from dataclasses import dataclass, field

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from volthus_kit.http import serve_app
from volthus_kit.ports import free_port

EACH = int(os.environ.get("VOLTHUS_ODD_REQUESTS", "3"))
CHECKS = (
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
# They would end the role's own log-in. Streams are left out too: they never end.
LEFT_OUT = {"delete_session", "log_out", "change_password", "end_log_in", "end_other_log_ins"}
# What has to be so for the answer, and is not so here: named in the body's `code`.
NOT_HERE = {"service-silent", "site-offline"}
ROLES = ("nobody", "standard", "service", "operator")


async def token_of(door, role):
    if role == "nobody":
        return {}
    async with door.logged_in(role) as client:
        return {"Authorization": client.headers["Authorization"]}


def _checks(answer):
    """Return what an answer is held to: a file in YAML is one text to a client, as described."""
    is_file = "yaml" in answer.headers.get("content-type", [""])[0]
    return [one for one in CHECKS if not (is_file and one is response_schema_conformance)]


@dataclass
class Asking:
    """Asks one role's requests, and keeps the first answer of each operation that was wrong."""

    headers: dict[str, str]
    found: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    def all(self, url):
        """Ask every operation; blocking."""
        schema = schemathesis.openapi.from_url(f"{url}/api/v1/openapi.json")
        for result in schema.get_all_operations():
            operation = result.ok()
            name = operation.definition.raw["operationId"]
            is_stream = "text/event-stream" in str(operation.definition.raw["responses"])
            if name not in LEFT_OUT and not is_stream:
                self._each(name, operation.as_strategy())

    def _each(self, name, cases):
        @given(case=cases)
        @settings(
            max_examples=EACH,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def ask(case):
            self._one(name, case)

        ask()

    def _one(self, name, case):
        if "site" in case.path_parameters:
            case.path_parameters["site"] = "demo"
        self.asked += 1
        answer = case.call(headers=self.headers)
        if answer.status_code == 503 and answer.json()["code"] in NOT_HERE:
            return
        try:
            case.validate_response(answer, checks=list(_checks(answer)))
        except (FailureGroup, Failure) as wrong:  # told at the end, all together
            told = [str(one) for one in getattr(wrong, "exceptions", [wrong])]
            self.found.setdefault(
                name, f"{case.as_curl_command()} -> {answer.status_code} {told}"[:2500]
            )


@pytest.mark.parametrize("role", ROLES)
async def test_no_request_however_odd_gets_an_answer_that_is_not_described(door, site, role):
    port = free_port()
    door.app.openapi()  # made once, in seconds on a loaded machine: longer than a client waits
    serving = asyncio.create_task(serve_app(door.app, "127.0.0.1", port))
    try:
        headers = await token_of(door, role)
        await asyncio.sleep(0.2)
        asking = Asking(headers)
        await asyncio.to_thread(asking.all, f"http://127.0.0.1:{port}")
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    assert asking.asked > 100
    if asking.found:
        pytest.fail("\n".join(f"{name}: {wrong}" for name, wrong in asking.found.items()))
