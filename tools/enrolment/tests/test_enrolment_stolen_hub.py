"""A hub that fell to a thief keeps no rules; what crosses the link is then for the site to say."""

import asyncio
import contextlib
from functools import partial

import pytest
from enrolment_hub import raw_client, running_hub, running_site

from enrolment.device import Device
from volthus_kit.clock import SystemClock
from volthus_kit.testing import NatsServer
from volthus_wire.subjects import LINK_CODE
from volthus_wire.v1.enrolment_pb2 import CreateCodeRequest
from volthus_wire.v1.rpc_pb2 import Caller

OPERATOR = Caller(actor="olga", role="operator", origin="cloud")
COMMANDS = (
    "site.s001.local.evse.9f.limit",
    "site.s001.local.meter.grid-1.reading",
    "site.s001.local.rpc.cem.grid-connection-put",
    "site.s001.local.reply.x.1",
    "cloud.reply.x.1",
    "_INBOX.x.1",
    "$JS.API.STREAM.LIST",
    "$JS.s001.API.STREAM.LIST",
)
SECRETS = ("site.s001.local.evse.9f.state", "site.s001.local.reply.x.2", "cloud.x", "_INBOX.x.2")
ALLOWED_DOWN, ALLOWED_UP = "site.s001.down.watch", "site.s001.up.state"


@pytest.fixture
async def stolen(tmp_path):
    """A site that joined an honest hub, and its address taken over by one without any rules."""
    async with running_hub(tmp_path) as hub:
        async with hub.bus() as web:
            made = await web.ask(LINK_CODE, CreateCodeRequest(site="s001"), caller=OPERATOR)
        device = Device(tmp_path / "link", SystemClock())
        await device.join(hub.http, made.code)
    (tmp_path / "thief").mkdir()
    thief = NatsServer(
        tmp_path / "thief",
        f'jetstream {{ domain: "cloud", store_dir: "{tmp_path}/thief" }}\n'
        f'leafnodes {{ listen: "127.0.0.1:{hub.leaf_port}", no_advertise: true\n'
        f'  tls {{ cert_file: "{tmp_path}/hub.pem", key_file: "{tmp_path}/hub.key" }} }}\n',
    )
    await thief.start()
    try:
        async with running_site(device.folder) as site:
            yield site, thief
    finally:
        await thief.stop()


async def test_a_stolen_hub_reaches_nothing_inside_a_site_and_hears_nothing_of_it(stolen):
    site, thief = stolen
    async with contextlib.AsyncExitStack() as stack:
        inside, outside = await raw_client(site.url), await raw_client(thief.url)
        for client in (inside, outside):
            stack.push_async_callback(client.close)
        heard_inside, heard_outside = [], []
        for subject in ("site.s001.>", "cloud.>", "_INBOX.>", "$JS.>"):
            await inside.subscribe(subject, cb=partial(_note, heard_inside))
        for subject in ("site.*.up.>", "site.s001.local.>", "cloud.>", "_INBOX.>"):
            await outside.subscribe(subject, cb=partial(_note, heard_outside))
        await _until_heard(outside, ALLOWED_DOWN, heard_inside)
        await _until_heard(inside, ALLOWED_UP, heard_outside)
        heard_inside.clear()
        heard_outside.clear()
        for subject in COMMANDS:
            await outside.publish(subject, b"", reply="thief")
        await outside.publish("site.s001.down.last", b"")
        await outside.flush()
        await _until(lambda: "site.s001.down.last" in heard_inside)
        assert [s for s in heard_inside if not s.startswith("$JS.EVENT.")] == [
            "site.s001.down.last"
        ]
        heard_outside.clear()
        for subject in SECRETS:
            await inside.publish(subject, b"")
        await inside.publish("site.s001.up.last", b"")
        await inside.flush()
        await _until(lambda: "site.s001.up.last" in heard_outside)
        assert [s for s in heard_outside if not s.startswith("$")] == ["site.s001.up.last"]


async def _note(heard, msg):
    heard.append(msg.subject)


async def _until_heard(client, subject, heard):
    async with asyncio.timeout(15):
        while subject not in heard:
            await client.publish(subject, b"")
            await client.flush()
            await asyncio.sleep(0.1)


async def _until(condition):
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.05)
