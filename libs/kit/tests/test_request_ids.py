import asyncio
import io
import json
import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volthus_kit import logs
from volthus_kit.bus import Bus
from volthus_kit.request_ids import (
    HEADER,
    TRACE_PARENT,
    Stamp,
    Work,
    brought_along,
    current,
    taken_or_made,
    working_on,
)
from volthus_kit.testing import nats_server
from volthus_wire.subjects import EVSE_LIMIT, GRID_CONNECTION_GET
from volthus_wire.v1.evse_pb2 import EvseLimit
from volthus_wire.v1.rpc_pb2 import Caller
from volthus_wire.v1.site_pb2 import GetGridConnectionRequest, GridConnectionReply

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
OWN = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({TRACE_PARENT: PARENT}, TRACE),
        ({TRACE_PARENT: PARENT, HEADER: "from-a-program-7"}, TRACE),
        ({HEADER: "from-a-program-7"}, "from-a-program-7"),
        ({TRACE_PARENT: PARENT.replace(TRACE, "0" * 32), HEADER: "second-best"}, "second-best"),
    ],
)  # fmt: skip
def test_an_id_that_was_brought_is_kept(headers, wanted):
    assert taken_or_made(headers) == wanted


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {HEADER: "short"},
        {HEADER: "with space in it"},
        {HEADER: 'a"quote-and\nline'},
        {HEADER: "x" * 65},
        {TRACE_PARENT: f"ff-{TRACE}-00f067aa0ba902b7-01"},
        {TRACE_PARENT: f"00-{TRACE.upper()}-00f067aa0ba902b7-01"},
    ],
)
def test_without_a_well_formed_id_one_is_made(headers):
    made = taken_or_made(headers)
    assert OWN.fullmatch(made)
    assert made != taken_or_made(headers)


@given(st.text(), st.text())
def test_whatever_is_brought_what_stands_in_our_logs_is_well_formed(parent, brought):
    taken = taken_or_made({TRACE_PARENT: parent, HEADER: brought})
    assert brought_along({HEADER: taken}) == taken


def test_each_line_tells_the_request_and_its_site():
    stream = io.StringIO()
    before = logging.root.handlers[:], logging.root.level
    try:
        logs.configure("web", "INFO", "at-home")
        logging.root.handlers[0].setStream(stream)
        log = logging.getLogger("test")
        log.info("outside", extra={"color_message": "\x1b[1moutside"})  # as uvicorn logs
        with working_on(Work("request-1", "villa")):
            log.info("inside")
            log.info("about another", extra={"site": "barn"})
        log.info("after")
    finally:
        logging.root.handlers[:], logging.root.level = before
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["event"], line.get("request"), line["site"]) for line in lines] == [
        ("outside", None, "at-home"),
        ("inside", "request-1", "villa"),
        ("about another", "request-1", "barn"),
        ("after", None, "at-home"),
    ]
    assert all("color_message" not in line for line in lines)


def test_a_program_for_many_sites_tells_none_where_none_is_meant():
    record = logging.LogRecord("test", logging.INFO, __file__, 1, "text", None, None)
    assert Stamp().filter(record)
    assert not hasattr(record, "site")


async def test_the_owner_of_a_request_works_under_the_id_of_the_door():
    seen: list[Work | None] = []

    async def answer(_: GetGridConnectionRequest, __: Caller) -> GridConnectionReply:
        seen.append(current())
        return GridConnectionReply()

    async with (
        nats_server() as server,
        Bus.connect(server.url, "door") as door,
        Bus.connect(server.url, "owner") as owner,
    ):
        await owner.serve(GRID_CONNECTION_GET, answer, site="villa")
        await asyncio.gather(door.until_connected(), owner.until_connected())
        question = GetGridConnectionRequest()
        for work in (Work("request-1", "villa"), None, Work("request-2", "villa")):
            with working_on(work):
                await door.ask(GRID_CONNECTION_GET, question, site="villa")
    assert seen == [Work("request-1", "villa"), None, Work("request-2", "villa")]


async def test_what_is_heard_later_is_no_part_of_the_request_that_subscribed():
    heard: asyncio.Queue[Work | None] = asyncio.Queue()
    async with nats_server() as server, Bus.connect(server.url, "door") as door:
        await door.until_connected()
        with working_on(Work("request-1")):
            await door.subscribe(EVSE_LIMIT, lambda *_: heard.put_nowait(current()), site="s")
        await door.publish(EVSE_LIMIT, EvseLimit(), site="s", ski="a" * 40)
        assert await asyncio.wait_for(heard.get(), 10) is None
