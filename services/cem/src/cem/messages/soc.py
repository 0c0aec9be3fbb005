"""What a car's battery holds, as a message."""

from datetime import datetime

from cem.core.soc import Soc
from volthus_wire.convert import to_timestamp
from volthus_wire.v1 import planning_pb2


def soc_message(car: str, known: Soc | None, told: datetime | None) -> planning_pb2.CarSoc:
    """Return the message of what a car holds; without a value where nobody told. told: aware."""
    if known is None:
        return planning_pb2.CarSoc(car=car)
    return planning_pb2.CarSoc(
        car=car,
        soc_percent=round(known.percent, 2),
        uncertainty_percent=round(known.uncertainty_percent, 2),
        told_at=None if told is None else to_timestamp(told),
        source=known.source,
    )
