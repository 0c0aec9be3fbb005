"""Messages to our values and back. The only file of smart charging that knows subjects."""

from collections.abc import Iterable

from smart_charging.core.catalogue import Function
from volthus_kit.bus import Bus
from volthus_wire.subjects import CATALOGUE_GET
from volthus_wire.v1.planning_pb2 import CatalogueReply, GetCatalogueRequest, PlannedFunction
from volthus_wire.v1.rpc_pb2 import Caller

REPLICAS = "smart-charging"  # replicas share the questions under this name


class Inbox:
    """What smart charging is asked."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def catalogue(self, version: str, functions: Iterable[Function]) -> None:
        """Answer what this version can do."""
        reply = catalogue_message(version, functions)

        async def get(_: GetCatalogueRequest, __: Caller) -> CatalogueReply:
            return reply

        await self._bus.serve(CATALOGUE_GET, get, queue=REPLICAS)


def catalogue_message(version: str, functions: Iterable[Function]) -> CatalogueReply:
    """Return the catalogue as others read it."""
    return CatalogueReply(
        version=version,
        functions=[
            PlannedFunction(name=each.name, row=each.row, available=each.is_available)
            for each in functions
        ],
    )
