"""A meter on the network: answers Modbus as the chosen model does, with what was last shown."""

import logging
from collections.abc import Sequence

from meter_profiles.encode import encode
from meter_profiles.errors import EncodeError
from meter_profiles.profile import Profile
from virtual_site.core.meter import Meter, quantities
from virtual_site.core.meter_answers import DEVICE_FAILURE, Values, answered
from virtual_site.core.meter_fault import MeterFault, MeterFaultKind
from virtual_site.core.modbus_frames import Request
from virtual_site.meter_line import MeterError, MeterLine, Transport

__all__ = ["MeterError", "ModbusMeter", "VirtualMeter"]

logger = logging.getLogger(__name__)


class VirtualMeter:
    """The registers of one meter."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.is_frozen = False
        self._values: Values = {}
        self._registers: dict[int, int] | None = {}

    def show(self, values: Values) -> None:
        """Show these values from now on; a frozen meter keeps what it has."""
        if not self.is_frozen:
            self._values, self._registers = values, None

    def answer(self, request: Request) -> Sequence[int] | int:
        """Return registers, or a Modbus exception."""
        try:
            registers = self._encoded()
        except EncodeError as error:
            logger.warning("value does not fit the meter model", extra={"reason": str(error)})
            return DEVICE_FAILURE
        return answered(self.profile, registers, request)

    def _encoded(self) -> dict[int, int]:
        if self._registers is None:
            self._registers = encode(self.profile, self._values)
        return self._registers


class ModbusMeter:
    """The site's grid meter, alone on its line."""

    def __init__(
        self,
        profile: Profile,
        host: str,
        port: int,
        transport: Transport = Transport.TCP,
        unit_id: int | None = None,
    ) -> None:
        self.profile = profile
        self.unit_id = default_unit_id(profile) if unit_id is None else unit_id
        self.line = MeterLine(transport, host, port)
        self._registers = VirtualMeter(profile)
        self._meter: Meter | None = None
        self.line.put(self.unit_id, self._registers.answer)

    @property
    def host(self) -> str:
        """Return the address it listens on."""
        return self.line.host

    @property
    def port(self) -> int:
        """Return the port it listens on; 0 on a serial line."""
        return self.line.port

    @property
    def device(self) -> str:
        """Return the serial port to read it from; empty on the network."""
        return self.line.device

    @property
    def is_silent(self) -> bool:
        """Return whether it gives no answer."""
        return self.line.is_silent

    @is_silent.setter
    def is_silent(self, is_silent: bool) -> None:
        self.line.is_silent = is_silent

    async def fail(self, fault: MeterFault | None) -> None:
        """Let it fail from now on; None ends that."""
        self._registers.is_frozen = fault is not None and fault.kind is MeterFaultKind.FROZEN
        await self.line.fail(fault)

    def show(self, meter: Meter, voltage_v: float) -> None:
        """Show these values from now on."""
        if meter is not self._meter:
            self._meter = meter
            self._registers.show(quantities(meter, voltage_v))

    async def start(self) -> None:
        """Listen. Raises MeterError when the port is taken."""
        await self.line.start()

    async def stop(self) -> None:
        """Close every connection."""
        await self.line.stop()


def default_unit_id(profile: Profile) -> int:
    """Return the unit id such a meter leaves the factory with."""
    if profile.tcp is not None:
        return profile.tcp.unit_id
    return profile.serial.unit_id if profile.serial is not None else 1
