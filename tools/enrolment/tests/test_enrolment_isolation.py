"""A site can neither hear nor speak for another: on a real server, also by raw clients."""

import asyncio
from functools import partial

import httpx
import pytest
from enrolment_hub import knock, raw_client, running_site

from enrolment.device import Device, DeviceError
from volthus_kit.clock import SystemClock
from volthus_kit.refusal import RefusedError
from volthus_kit.streams import StreamPlan, WorkStream
from volthus_wire.subjects import LINK_CODE, LINK_LIST, LINK_REVOKE, SITE_STATE, WATCH
from volthus_wire.v1.enrolment_pb2 import CreateCodeRequest, ListLinksRequest, RevokeLinkRequest
from volthus_wire.v1.rpc_pb2 import Caller
from volthus_wire.v1.site_pb2 import SiteState, Watch

OPERATOR = Caller(actor="olga", role="operator", origin="cloud")
LINK_S = 10.0


async def joined(hub, bus, site):
    made = await bus.ask(LINK_CODE, CreateCodeRequest(site=site), caller=OPERATOR)
    device = Device(hub.folder / f"link-{site}", SystemClock())
    await device.join(hub.http, made.code)
    return device


async def until(condition):
    async with asyncio.timeout(LINK_S):
        while not condition():
            await asyncio.sleep(0.05)


async def spoken_until_heard(client, subject, heard):
    """Speak until somebody heard it: a link comes up when it does."""
    async with asyncio.timeout(LINK_S):
        while subject not in heard:
            await client.publish(subject, b"")
            await client.flush()
            await asyncio.sleep(0.1)


async def test_a_site_joins_with_one_code_and_hears_and_speaks_only_for_itself(hub):
    async with hub.bus() as web:
        one, two = await joined(hub, web, "s001"), await joined(hub, web, "s002")
        heard = []
        cloud = await raw_client(hub.server.url, hub.creds("web"))
        await cloud.subscribe("site.*.up.>", cb=partial(_note, heard))
        async with running_site(one.folder) as first, running_site(two.folder) as second:
            speaker, spied = await raw_client(first.url), []
            spy = await raw_client(second.url)
            for subject in ("site.>", "cloud.>", "_INBOX.>", "$SYS.>", "$JS.>"):
                await spy.subscribe(subject, cb=partial(_note, spied))
            await spy.flush()
            await spoken_until_heard(speaker, "site.s001.up.state", heard)
            await spoken_until_heard(spy, "site.s002.up.state", heard)
            heard.clear()
            spied.clear()
            for subject in (
                "site.s002.up.state",
                "site.s002.down.watch",
                "site.s001.down.watch",
                "site.s001.local.meters",
                "cloud.smart-charging.rpc.catalogue",
                "cloud.enrolment.rpc.code",
                "$JS.cloud.API.INFO",
                "$SYS.REQ.CLAIMS.UPDATE",
                "other",
            ):
                await speaker.publish(subject, b"", reply="site.s001.up.reply.x")
            await speaker.publish("site.s001.up.last", b"")
            await speaker.flush()
            await until(lambda: "site.s001.up.last" in heard)
            assert heard == ["site.s001.up.last"]
            # What the cloud says to the first site, the second one's spy does not hear.
            told = []
            await speaker.subscribe("site.s001.down.>", cb=partial(_note, told))
            await speaker.flush()
            async with asyncio.timeout(LINK_S):
                while not told:
                    await web.publish(WATCH, Watch(), site="s001")
                    await asyncio.sleep(0.1)
            # Its own server's advisories are its own; nothing of the first site's crossed.
            assert not [subject for subject in spied if "s001" in subject]
            for client in (speaker, spy):
                await client.close()
        await cloud.close()


async def test_a_sites_credentials_open_no_door_but_the_leaf_port(hub):
    async with hub.bus() as web:
        device = await joined(hub, web, "s001")
    assert await knock(hub.server.url, hub.creds("web")) == "PONG"
    assert "Authorization Violation" in await knock(hub.server.url, device.folder / "site.creds")
    assert "Authorization Violation" in await knock(hub.server.url)


async def test_a_device_that_is_locked_out_is_cut_off_at_once_and_stays_out(hub):
    async with hub.bus() as web:
        device = await joined(hub, web, "s001")
        heard = []
        await web.subscribe(SITE_STATE, lambda _, at: heard.append(at["site"]))
        async with running_site(device.folder) as server:
            speaker = await raw_client(server.url)
            body = SiteState(site="s001").SerializeToString()
            async with asyncio.timeout(LINK_S):
                while not heard:
                    await speaker.publish("site.s001.up.state", body)
                    await speaker.flush()
                    await asyncio.sleep(0.05)
            link = await web.ask(LINK_REVOKE, RevokeLinkRequest(site="s001"), caller=OPERATOR)
            assert link.HasField("revoked_at")
            began = asyncio.get_running_loop().time()
            quiet_since = began
            async with asyncio.timeout(LINK_S):
                while asyncio.get_running_loop().time() - quiet_since < 2.5:
                    heard.clear()
                    await speaker.publish("site.s001.up.state", body)
                    await speaker.flush()
                    await asyncio.sleep(0.1)
                    if heard:
                        quiet_since = asyncio.get_running_loop().time()
            assert quiet_since - began < 5.0  # the aim of the facts: 2 s
            await speaker.close()
        with pytest.raises(DeviceError, match="locked out"):
            await device.renew()
        assert (await device_link(web)).HasField("revoked_at")


async def device_link(web):
    return (await web.ask(LINK_LIST, ListLinksRequest(), caller=OPERATOR)).links[0]


async def test_only_operators_make_codes(hub):
    async with hub.bus() as web:
        driver = Caller(actor="dora", role="standard", origin="cloud")
        with pytest.raises(RefusedError, match="operator"):
            await web.ask(LINK_CODE, CreateCodeRequest(site="s001"), caller=driver)


async def test_a_device_renews_and_keeps_what_it_has_when_the_cloud_is_gone(hub):
    async with hub.bus() as web:
        device = await joined(hub, web, "s001")
    before = device.link()
    assert (await device.renew()).expires_at >= before.expires_at
    assert device.until_half_life_s() == pytest.approx(15 * 86_400, abs=60)
    creds = (device.folder / "site.creds").read_text()
    assert (device.folder / "site.creds").stat().st_mode & 0o777 == 0o600
    away = device.link().model_copy(update={"cloud": "http://127.0.0.1:9"})
    (device.folder / "link.json").write_text(away.model_dump_json())
    with pytest.raises(DeviceError, match="cannot be reached"):
        await device.renew()
    assert (device.folder / "site.creds").read_text() == creds


async def test_guessing_is_slowed_down_and_odd_requests_are_refused(hub):
    async with httpx.AsyncClient(base_url=hub.http) as client:
        odd = await client.post("/v1/join", json={"code": "x" * 5000})
        assert (odd.status_code, odd.json()["code"]) == (413, "too-large")
        assert (await client.post("/v1/join", json={"code": 1})).status_code == 422
        codes = []
        body = {"code": "0000-0000-0000-0000-0", "public_key": "U", "proof": "x"}
        for _ in range(25):
            codes.append((await client.post("/v1/join", json=body)).status_code)
        assert codes[0] == 403
        assert codes[-1] == 429


async def _note(heard, msg):
    heard.append(msg.subject)


async def test_the_planner_hears_no_code_and_rules_no_stream(hub):
    planner = await raw_client(hub.server.url, hub.creds("smart-charging"))
    heard = []
    for subject in (
        "cloud.reply.>",
        "cloud.reply.web.>",
        "_INBOX.>",
        "site.*.up.fact.>",
        "site.*.up.reply.>",
        "site.*.up.reply.web.>",
        "cloud.enrolment.>",
    ):
        await planner.subscribe(subject, cb=partial(_note, heard))
    await planner.flush()
    async with hub.bus() as web:
        await web.ask(LINK_CODE, CreateCodeRequest(site="s001"), caller=OPERATOR)
        stream = StreamPlan("facts", ("site.*.up.fact.>",), "cloud", "history", 2**20)
        work = WorkStream(web, stream)
        await work.begin()
        for ask in ("STREAM.PURGE.facts", "STREAM.DELETE.facts", "CONSUMER.CREATE.facts"):
            await planner.publish(f"$JS.API.{ask}", b"{}", reply="cloud.smart-charging.x")
        await planner.flush()
        assert (await work.backlog()).messages == 0  # it is there
        await work.leave()
    assert heard == []
    await planner.close()


async def test_the_planner_hears_answers_to_itself_only_and_answers_as_itself_only(hub):
    told, asked = [], []
    planner = await raw_client(hub.server.url, hub.creds("smart-charging"))
    for subject in ("site.*.up.reply.>", "site.*.up.reply.web.>", "site.*.up.reply.*.*.*"):
        await planner.subscribe(subject, cb=partial(_note, told))
    await planner.subscribe("site.*.up.reply.smart-charging.>", cb=partial(_note, told))
    await planner.flush()
    front = await raw_client(hub.server.url, hub.creds("web"))
    await front.subscribe("cloud.reply.web.>", cb=partial(_note, asked))
    await front.flush()
    for subject in (
        "cloud.reply.web.enrolment.x.1",  # a code to join, forged
        "cloud.reply.enrolment.smart-charging.x.1",
        "site.s001.up.reply.web.x.1",
        "cloud.reply.web.smart-charging.x.1",
    ):
        await planner.publish(subject, b"")
    await planner.flush()
    await until(lambda: asked)
    assert asked == ["cloud.reply.web.smart-charging.x.1"]
    async with hub.bus() as web:
        device = await joined(hub, web, "s001")
    async with running_site(device.folder) as site:
        # To the front door a site tells its file, say, with the token of a price provider.
        to_planner = "site.s001.up.reply.smart-charging.x.1"
        async with asyncio.timeout(LINK_S):
            speaker = await raw_client(site.url)
            while to_planner not in told:
                await speaker.publish("site.s001.up.reply.web.x.1", b"")
                await speaker.publish(to_planner, b"")
                await speaker.flush()
                await asyncio.sleep(0.1)
        assert set(told) == {to_planner}
        await speaker.close()
    for client in (planner, front):
        await client.close()
