"""Which meters the site has, told by two programs: one reads Modbus, the other speaks EEBUS."""

from collections.abc import Iterable
from math import isfinite

from volthus_wire.v1 import metering_pb2

Meters = tuple[metering_pb2.MeterHealth, ...]
EEBUS_PREFIX = "hems-"  # ids of meters that come with a pairing


class Rosters:
    """What was told last by each of the two; None = nothing since our start."""

    def __init__(self) -> None:
        self.modbus: Meters | None = None
        self.eebus: Meters | None = None

    @property
    def all(self) -> Meters:
        """Return every meter that is known."""
        return (*(self.modbus or ()), *(self.eebus or ()))

    def grid_meter(self, before: str | None) -> str | None:
        """Return the id of the site's grid meter, None = it has none. before: the one until now.

        A Modbus meter wins. Where only one of the two has spoken, a meter that the other one may
        still have is kept: unknown is not none.
        """
        if self.modbus is None:
            return before
        by_modbus = _grid_ids(self.modbus)
        if by_modbus:
            return min(by_modbus)
        if self.eebus is None:
            return before if before is not None and before.startswith(EEBUS_PREFIX) else None
        by_eebus = _grid_ids(self.eebus)
        return before if before in by_eebus else min(by_eebus, default=None)

    def sun_w(self) -> float | None:
        """Return what all PV meters produce (W, positive); None when one of them does not say."""
        meters = [h.last for h in self.all if h.settings.role == metering_pb2.METER_ROLE_PV]
        usable = [last.power_total_w for last in meters if _is_usable(last)]
        if not meters or len(usable) < len(meters):
            return None
        return sum(max(0.0, -value) for value in usable)

    def battery_w(self) -> tuple[bool, float | None]:
        """Return whether there are battery meters, and what charges them all (W, - = they give).

        None when one of them does not say.
        """
        role = metering_pb2.METER_ROLE_BATTERY
        meters = [h.last for h in self.all if h.settings.role == role]
        usable = [last.power_total_w for last in meters if _is_usable(last)]
        return bool(meters), sum(usable) if meters and len(usable) == len(meters) else None


def _grid_ids(meters: Iterable[metering_pb2.MeterHealth]) -> set[str]:
    grid = metering_pb2.METER_ROLE_GRID
    return {health.settings.meter for health in meters if health.settings.role == grid}


def _is_usable(last: metering_pb2.MeterReading) -> bool:
    return (
        last.HasField("power_total_w")
        and last.quality == metering_pb2.METER_QUALITY_GOOD
        and isfinite(last.power_total_w)
    )
