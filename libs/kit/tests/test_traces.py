"""Traces: nothing while off; on, one trace from the asker to the answerer, sent to a collector."""

import asyncio
import subprocess
import sys
import threading

import pytest
from otlp import collector

from volthus_kit import traces
from volthus_kit.bus import Bus
from volthus_kit.refusal import RefusedError
from volthus_kit.request_ids import Work, working_on
from volthus_kit.testing import nats_server
from volthus_wire.subjects import METER_LIST
from volthus_wire.v1.metering_pb2 import ListMetersReply, ListMetersRequest

pytest.importorskip("opentelemetry.sdk", reason="NO OPENTELEMETRY: traces are NOT tested here")

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def by_name(spans: list) -> dict:
    return {span.name: span for span in spans}


def told(span) -> dict[str, str]:
    return {one.key: one.value.string_value for one in span.attributes}


async def ask_once(*, refuses: bool = False) -> None:
    async def answer(question: ListMetersRequest, caller: object) -> ListMetersReply:
        del question, caller
        if refuses:
            raise RefusedError("address-taken", "Another meter has it: 10.0.0.7")
        return ListMetersReply()

    async with (
        nats_server() as server,
        Bus.connect(server.url, "one") as one,
        Bus.connect(server.url, "other") as other,
    ):
        await one.until_connected()
        await other.until_connected()
        await other.serve(METER_LIST, answer, site="depot-1")
        await one.ask(METER_LIST, ListMetersRequest(), site="depot-1")


def test_a_program_that_does_not_trace_never_loads_the_library() -> None:
    program = (
        "import sys; from volthus_kit import bus, service, traces\n"
        "traces.configure('x', '', 1.0)\n"
        "with traces.asking('a') as span: span.tell('b', 1)\n"
        "assert not traces.is_on() and traces.carried() == {}\n"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def test_one_trace_leads_from_the_caller_through_the_bus_to_the_owner() -> None:
    with collector() as (url, spans):
        traces.configure("web", url, 0.0, "depot-1")
        brought = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
        with working_on(Work(TRACE, "depot-1")), traces.serving("GET", brought) as span:
            span.rename("GET /api/v1/sites/{site}")
            await ask_once()
        await asyncio.to_thread(traces.stop)
    found = by_name(spans)
    door, asked, answered = (
        found[name] for name in ("GET /api/v1/sites/{site}", "ask meter.list", "answer meter.list")
    )
    assert {one.trace_id.hex() for one in (door, asked, answered)} == {TRACE}
    assert door.parent_span_id.hex() == "00f067aa0ba902b7"
    assert asked.parent_span_id == door.span_id
    assert answered.parent_span_id == asked.span_id
    assert told(answered)["volthus.site"] == "depot-1"
    assert told(answered)["volthus.request"] == TRACE


async def test_a_refusal_is_told_by_its_code_and_its_text_stays_here() -> None:
    with collector() as (url, spans):
        traces.configure("web", url, 1.0)
        with pytest.raises(RefusedError):
            await ask_once(refuses=True)
        await asyncio.to_thread(traces.stop)
    for name in ("ask meter.list", "answer meter.list"):
        assert by_name(spans)[name].status.message == "address-taken"
    assert "10.0.0.7" not in str(spans)


def test_a_caller_who_keeps_no_trace_goes_before_our_share_and_ids_are_those_of_requests() -> None:
    with collector() as (url, spans):
        traces.configure("web", url, 1.0)
        with traces.serving("dropped", {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-00"}):
            pass
        with working_on(Work("0af7651916cd43dd8448eb211c80319c")), traces.serving("kept", {}):
            pass
        with working_on(Work("not-an-id")), traces.serving("kept too", None):
            pass
        traces.configure("web", url, 0.0)
        with traces.serving("not of the share", None), traces.working("nor its child"):
            pass
        with traces.working("of our own"):
            pass
        traces.stop()
    found = by_name(spans)
    assert set(found) == {"kept", "kept too", "of our own"}
    assert found["kept"].trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"


def test_a_collector_that_is_away_costs_spans_and_no_time_at_the_end() -> None:
    traces.configure("web", "http://127.0.0.1:9", 1.0)
    with traces.working("lost"):
        pass
    stopping = threading.Thread(target=traces.stop)
    stopping.start()
    stopping.join(10)
    assert not stopping.is_alive()
    assert not traces.is_on()
