"""Messages to our values and back. The only file of smart charging that knows subjects."""

from collections.abc import Iterable
from datetime import datetime

from smart_charging.core.catalogue import Function
from volthus_kit.bus import Bus, Tokens
from volthus_wire.convert import to_timestamp
from volthus_wire.subjects import CATALOGUE_GET, ENERGY_GET, PLAN, PRICES, REPLICA_BEAT
from volthus_wire.v1.planning_pb2 import (
    CatalogueReply,
    GetCatalogueRequest,
    PlannedFunction,
    ReplicaBeat,
)
from volthus_wire.v1.records_pb2 import EnergySpan, GetEnergyRequest
from volthus_wire.v1.rpc_pb2 import Caller

REPLICAS = "smart-charging"  # replicas share the questions under this name
CALLER = Caller(actor="smart-charging", role="service", origin="cloud")
STEP_S = 900
ENERGY_S = 20.0


class Inbox:
    """What smart charging is asked, whatever else runs."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def catalogue(self, reply: CatalogueReply) -> None:
        """Answer what this version can do."""

        async def get(_: GetCatalogueRequest, __: Caller) -> CatalogueReply:
            return reply

        await self._bus.serve(CATALOGUE_GET, get, queue=REPLICAS)


class Outbox:
    """How plans, prices and questions reach a site, and heartbeats the other replicas."""

    def __init__(self, bus: Bus, replica: str) -> None:
        self._bus, self._replica = bus, replica

    async def plan(self, site: str, body: bytes) -> bool:
        """Send a plan. Returns False when the bus is away."""
        return await self._bus.publish_bytes(PLAN, body, site=site)

    async def prices(self, site: str, body: bytes) -> bool:
        """Send a price series. Returns False when the bus is away."""
        return await self._bus.publish_bytes(PRICES, body, site=site)

    async def beat(self, sites: int, *, is_leaving: bool = False) -> None:
        """Say that this replica lives, or that it goes."""
        beat = ReplicaBeat(replica=self._replica, is_leaving=is_leaving, sites=sites)
        await self._bus.publish(REPLICA_BEAT, beat)

    async def energies(self, site: str, start: datetime, end: datetime) -> list[EnergySpan]:
        """Return quarter-hours of a site. Raises NotAnsweredError, RefusedError."""
        question = GetEnergyRequest(to=to_timestamp(end), step_s=STEP_S)
        getattr(question, "from").CopyFrom(to_timestamp(start))
        reply = await self._bus.ask(
            ENERGY_GET, question, caller=CALLER, timeout_s=ENERGY_S, site=site
        )
        return list(reply.spans)


def catalogue_message(version: str, functions: Iterable[Function]) -> CatalogueReply:
    """Return the catalogue as others read it."""
    return CatalogueReply(
        version=version,
        functions=[
            PlannedFunction(name=each.name, row=each.row, available=each.is_available)
            for each in functions
        ],
    )


__all__ = ["Inbox", "Outbox", "Tokens", "catalogue_message"]
