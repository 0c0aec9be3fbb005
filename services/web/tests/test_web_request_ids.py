"""One id for a request: in the answer, in the lines of the front door and of the owner."""

import asyncio
import logging
import re
from collections.abc import Iterator

import pytest

from volthus_kit import traces
from volthus_kit.request_ids import HEADER, TRACE_PARENT, Stamp

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
ON = {"on": True, "confirmed_no_other": True}
OWNER, DOOR = "request came", "request answered"


@pytest.fixture
def lines(caplog) -> Iterator[pytest.LogCaptureFixture]:
    stamp = Stamp()
    caplog.handler.addFilter(stamp)
    with caplog.at_level(logging.DEBUG):
        yield caplog
    caplog.handler.removeFilter(stamp)


def told(lines, event: str) -> list[tuple[str | None, str | None]]:
    found = [record for record in lines.records if record.message == event]
    return [(getattr(r, "request", None), getattr(r, "site", None)) for r in found]


async def test_door_and_owner_tell_of_a_change_under_the_id_the_caller_brought(
    service, site, lines
):
    lines.clear()
    headers = {TRACE_PARENT: PARENT}
    done = await service.put("/sites/demo/energy-management", json=ON, headers=headers)
    assert (done.status_code, done.headers[HEADER]) == (200, TRACE)
    assert told(lines, OWNER) == [(TRACE, "demo")]
    assert told(lines, DOOR) == [(TRACE, "demo")]
    [answered] = [record for record in lines.records if record.message == DOOR]
    assert (answered.levelno, answered.operation) == (logging.INFO, "put_energy_management")


async def test_each_request_without_one_gets_an_id_of_its_own(service, site, lines):
    lines.clear()
    answers = [await service.get("/sites/demo/grid-connection") for _ in range(2)]
    ids = [answer.headers[HEADER] for answer in answers]
    assert len(set(ids)) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)
    assert [request for request, _ in told(lines, OWNER)] == ids
    assert {r.levelno for r in lines.records if r.message == DOOR} == {logging.DEBUG}


async def test_what_is_refused_at_the_door_has_an_id_too(door, lines):
    async with door.client() as stranger:
        answer = await stranger.get(
            "/sites/demo/grid-connection", headers={HEADER: "from-a-program-7"}
        )
    assert (answer.status_code, answer.headers[HEADER]) == (401, "from-a-program-7")


async def test_a_trace_leads_from_the_door_to_the_owner_and_names_no_thing_of_people(service, site):
    otlp = pytest.importorskip("otlp", reason="NO OPENTELEMETRY: traces are NOT tested here")
    with otlp.collector() as (url, spans):
        traces.configure("web", url, 0.0)
        await service.put("/sites/demo/energy-management", json=ON, headers={TRACE_PARENT: PARENT})
        await service.get("/sites/demo/grid-connection")  # not of the share
        await asyncio.to_thread(traces.stop)
    assert {span.trace_id.hex() for span in spans} == {TRACE}
    found = {span.name: span for span in spans}
    door = found["PUT /sites/{site}/energy-management"]
    [asked] = [span for span in spans if span.name.startswith("ask cem.")]
    [answered] = [span for span in spans if span.name.startswith("answer cem.")]
    assert asked.parent_span_id == door.span_id
    assert answered.parent_span_id == asked.span_id
    told = {one.key: one.value.string_value for one in door.attributes}
    assert (told["volthus.site"], told["http.request.method"]) == ("demo", "PUT")
