"""What smart charging says it can do."""

from volthus_wire.v1.planning_pb2 import CatalogueReply
from web.models.service import Catalogue, PlannedFunction


def catalogue(message: CatalogueReply) -> Catalogue:
    """Return the functions of smart charging."""
    return Catalogue(
        version=message.version,
        functions=[
            PlannedFunction(name=one.name, row=one.row, available=one.available)
            for one in message.functions
        ],
    )
