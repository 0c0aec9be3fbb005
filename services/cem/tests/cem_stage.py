"""A CEM on a real bus with a real database, and somebody who asks it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from google.protobuf.message import Message

from cem.service import serve
from cem.settings import Settings
from volthus_kit.bus import Bus
from volthus_kit.refusal import NotAnsweredError, RefusedError
from volthus_kit.testing import nats_server
from volthus_wire import subjects
from volthus_wire.subjects import Request
from volthus_wire.v1 import evse_pb2, metering_pb2, site_pb2
from volthus_wire.v1.rpc_pb2 import Caller

SITE = "demo"
SERVICE = Caller(actor="sven", role="service", origin="site")
FAR = Caller(actor="fleet", role="operator", origin="cloud")
A, B = "a" * 40, "b" * 40


class Stage:
    """Asks the CEM, and speaks for chargers and meters when told to."""

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self.bus = bus
        self.settings = settings

    async def ask(
        self, request: Request, question: Message, caller: Caller = SERVICE, key: str = ""
    ):
        """Ask until somebody serves the request; whoever does may take his time, and once."""
        async with asyncio.timeout(40):
            while True:
                try:
                    return await self.bus.ask(
                        request, question, caller=caller, timeout_s=20.0, site=SITE,
                        idempotency_key=key,
                    )  # fmt: skip
                except NotAnsweredError as error:
                    if not error.nobody:
                        raise
                    await asyncio.sleep(0.05)

    async def refused(self, request: Request, question: Message, caller: Caller = SERVICE):
        """Return (code, field) of the refusal."""
        try:
            answer = await self.ask(request, question, caller)
        except RefusedError as no:
            return no.code, no.field
        return "accepted", answer

    async def state(self) -> site_pb2.SiteState:
        return await self.ask(subjects.SITE_STATE_GET, site_pb2.GetSiteStateRequest())

    async def until(self, holds: Callable[[site_pb2.SiteState], bool], timeout_s: float = 15):
        async with asyncio.timeout(timeout_s):
            while not holds(state := await self.state()):
                await asyncio.sleep(0.1)
            return state

    async def pair(self, *skis: str) -> None:
        await self.ask(subjects.SITE_STATE_GET, site_pb2.GetSiteStateRequest())
        roster = evse_pb2.EvseRoster(skis=skis)
        await self.bus.publish(subjects.EVSE_ROSTER, roster, site=SITE)
        await self.until(lambda state: len(state.chargers) == len(skis))

    async def put_grid(self, fuse_a: float = 35.0, **more: object) -> site_pb2.GridConnection:
        fuse = {"l1": fuse_a, "l2": fuse_a, "l3": fuse_a}
        wanted = site_pb2.GridConnection(**{"fuse_a": fuse, "phases": 3} | more)
        question = site_pb2.PutGridConnectionRequest(settings=wanted)
        return (await self.ask(subjects.GRID_CONNECTION_PUT, question)).settings

    async def meters(self, *ids_and_roles: tuple[str, int], by_eebus: bool = False) -> None:
        meters = [
            metering_pb2.MeterHealth(settings=metering_pb2.MeterSettings(meter=id_, role=role))
            for id_, role in ids_and_roles
        ]
        subject = subjects.EEBUS_METERS if by_eebus else subjects.METER_ROSTER
        await self.bus.publish(subject, metering_pb2.MeterRoster(meters=meters), site=SITE)


@asynccontextmanager
async def running(work: object) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)  # type: ignore[call-overload]
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def bus(folder: Path, **settings: object) -> AsyncIterator[Stage]:
    """Yield a stage whose CEM is not started yet."""
    async with nats_server() as server, Bus.connect(server.url, "stage") as connection:
        await connection.until_connected()
        told = Settings(nats_url=server.url, site=SITE, state_dir=folder)
        yield Stage(connection, told.model_copy(update=settings))


@asynccontextmanager
async def cem(folder: Path, **settings: object) -> AsyncIterator[Stage]:
    """Yield a stage with its CEM running."""
    async with bus(folder, **settings) as stage, running(serve(stage.settings)):
        yield stage
