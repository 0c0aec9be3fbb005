"""A cloud in a thief's hands asks a real CEM over a real leaf link; the fuse stays where it is."""

import asyncio
from pathlib import Path

import nats
import pytest

from cem.service import serve
from cem.settings import Settings
from volthus_kit.bus import Bus
from volthus_kit.ports import free_port
from volthus_kit.refusal import NotAnsweredError, RefusedError
from volthus_kit.testing import linked_servers
from volthus_wire import subjects
from volthus_wire.v1 import confirming_pb2, site_pb2
from volthus_wire.v1.rpc_pb2 import Caller, RpcReply, RpcRequest

SITE = "demo"
HERE = Caller(actor="sven", role="service", origin="site")
AFAR = Caller(actor="olga", role="operator", origin="cloud")
AS_IF_HERE = Caller(actor="sven", role="service", origin="site")
PATIENCE_S = 20.0


def fuse(fuse_a: float, revision: int) -> site_pb2.PutGridConnectionRequest:
    fuses = {"l1": fuse_a, "l2": fuse_a, "l3": fuse_a}
    return site_pb2.PutGridConnectionRequest(
        settings=site_pb2.GridConnection(fuse_a=fuses, phases=3, revision=revision)
    )


async def asked(bus: Bus, request, question, caller):
    """Ask; while the CEM or the link is still coming up, ask again."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await bus.ask(request, question, caller=caller, site=SITE, timeout_s=2)
            except NotAnsweredError:
                await asyncio.sleep(0.1)


async def lied(url: str, subject: str, question) -> str:
    """Send a command that says of itself that it comes from the site; returns its refusal."""
    client = await nats.connect(url)
    try:
        heard = await client.subscribe("site.demo.up.reply.thief")
        body = RpcRequest(body=question.SerializeToString(), caller=AS_IF_HERE)
        await client.publish(subject, body.SerializeToString(), reply="site.demo.up.reply.thief")
        answer = await heard.next_msg(3)
    except nats.errors.TimeoutError:
        return "nobody hears it"
    finally:
        await client.close()
    if (answer.headers or {}).get("Status") == "503":
        return "nobody hears it"
    return RpcReply.FromString(answer.data).refusal.code or "done"


@pytest.fixture
async def linked(tmp_path: Path):
    """A CEM with a fuse of 25 A at its own server; the bus of the site and that of the cloud."""
    async with linked_servers(SITE) as (edge, cloud):
        settings = Settings(
            nats_url=edge.url, site=SITE, state_dir=tmp_path, health_port=free_port()
        )
        running = asyncio.create_task(serve(settings))
        try:
            async with Bus.connect(edge.url, "web") as here, Bus.connect(cloud.url, "web") as afar:
                await asked(here, subjects.GRID_CONNECTION_PUT, fuse(25, 0), HERE)
                await asked(afar, subjects.GRID_CONNECTION_GET, ANY, AFAR)
                yield here, afar, cloud.url
        finally:
            running.cancel()
            await asyncio.wait([running])


ANY = site_pb2.GetGridConnectionRequest()
ALL = confirming_pb2.ListConfirmationsRequest()


async def fuse_a(bus: Bus) -> float:
    reply = await asked(bus, subjects.GRID_CONNECTION_GET, ANY, HERE)
    return reply.settings.fuse_a.l1


async def test_a_stolen_cloud_raises_no_fuse_whatever_it_says_of_itself(linked) -> None:
    here, afar, url = linked
    far, near = subjects.GRID_CONNECTION_PUT, subjects.GRID_CONNECTION_PUT.near
    assert await lied(url, far.at(site=SITE), fuse(250, 1)) == "confirmation-at-site-needed"
    assert await lied(url, near.at(site=SITE), fuse(250, 1)) == "nobody hears it"
    (waiting,) = (await asked(afar, subjects.CEM_WAITING, ALL, AFAR)).confirmations
    granted = confirming_pb2.DecideConfirmationRequest(id=waiting.id, granted=True)
    decide = subjects.CEM_DECIDE
    assert await lied(url, decide.at(site=SITE), granted) == "confirmation-at-site-needed"
    assert await lied(url, decide.near.at(site=SITE), granted) == "nobody hears it"
    assert await fuse_a(here) == 25


async def test_somebody_at_the_site_confirms_what_was_asked_from_afar(linked) -> None:
    here, afar, _ = linked
    with pytest.raises(RefusedError, match="confirmation-at-site-needed") as refused:
        await asked(afar, subjects.GRID_CONNECTION_PUT, fuse(35, 1), AFAR)
    (waiting,) = (await asked(here, subjects.CEM_WAITING, ALL, HERE)).confirmations
    assert (waiting.id, waiting.actor) == (refused.value.params["confirmation"], "olga")
    granted = confirming_pb2.DecideConfirmationRequest(id=waiting.id, granted=True)
    await asked(here, subjects.CEM_DECIDE, granted, HERE)
    assert await fuse_a(here) == 35
    with pytest.raises(RefusedError, match="unknown-confirmation"):
        await asked(here, subjects.CEM_DECIDE, granted, HERE)


async def test_a_lower_fuse_from_afar_needs_nobody(linked) -> None:
    here, afar, _ = linked
    await asked(afar, subjects.GRID_CONNECTION_PUT, fuse(20, 1), AFAR)
    assert await fuse_a(here) == 20
