"""The grid meter on the network: answers Modbus TCP as the chosen model does."""

import asyncio
import logging
from typing import cast

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ModbusPDU
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from meter_profiles.encode import encode
from meter_profiles.errors import EncodeError
from meter_profiles.profile import Profile
from virtual_site.core.meter import Meter, quantities

logger = logging.getLogger(__name__)
JOINED_GAP = 200  # registers between values that the meter answers with 0


class MeterError(Exception):
    """The meter cannot be served; the text says what to change."""


class ModbusMeter:
    """A meter of one model that always answers with what was last shown.

    Like most TCP meters it is silent when asked with another unit id, and refuses what the model
    refuses: the wrong function code, requests that are too wide, and writing.
    """

    def __init__(self, profile: Profile, host: str, port: int) -> None:
        self.profile = profile
        self.unit_id = profile.tcp.unit_id if profile.tcp else 1
        self.host = host
        self.port = port
        self.is_silent = False
        self._registers: dict[int, int] | None = None
        self._meter: Meter | None = None
        self._voltage_v = 0.0
        self._server: ModbusTcpServer | None = None

    def show(self, meter: Meter, voltage_v: float) -> None:
        """Show these values from now on."""
        if meter is not self._meter:
            self._meter, self._voltage_v, self._registers = meter, voltage_v, None

    async def start(self) -> None:
        """Listen. Raises MeterError when the port is taken."""
        device = SimDevice(self.unit_id, self._layout(), action=self._answer)
        server = ModbusTcpServer(device, address=(self.host, self.port), trace_pdu=self._heard)
        if not await server.listen():
            raise MeterError(f"the meter's port {self.port} on {self.host} is taken")
        # pymodbus calls the listener a transport
        self.port = cast(asyncio.Server, server.transport).sockets[0].getsockname()[1]
        self._server = server

    async def stop(self) -> None:
        """Close every connection."""
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus

    def _layout(self) -> list[SimData]:
        """Return the ranges of registers that exist; what is between values reads 0."""
        addresses = sorted(encode(self.profile, {}))
        ranges: list[tuple[int, int]] = []
        for address in addresses:
            if ranges and address - ranges[-1][1] <= JOINED_GAP:
                ranges[-1] = (ranges[-1][0], address)
            else:
                ranges.append((address, address))
        return [
            SimData(first, values=[0] * (last - first + 1), datatype=DataType.REGISTERS)
            for first, last in ranges
        ]

    def _heard(self, sending: bool, pdu: ModbusPDU) -> ModbusPDU:  # noqa: FBT001 - pymodbus calls it
        """Swallow requests for somebody else, and all of them while the meter is silent."""
        if not sending and (self.is_silent or pdu.dev_id != self.unit_id):
            return cast(ModbusPDU, None)  # pymodbus' own way to say: no request
        return pdu

    async def _answer(  # noqa: PLR0913, PLR0917 - pymodbus calls it
        self,
        function: int,
        start: int,
        address: int,
        count: int,
        registers: list[int],
        written: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """Put the present values into the registers asked for, or refuse."""
        if written is not None or function not in {
            self.profile.function,
            self.profile.other_function,
        }:
            return ExcCodes.ILLEGAL_FUNCTION
        if count > self.profile.max_read:
            return ExcCodes.ILLEGAL_VALUE
        try:
            words = self._words()
        except EncodeError as error:
            logger.warning("value does not fit the meter model", extra={"reason": str(error)})
            return ExcCodes.DEVICE_FAILURE
        for asked in range(address, address + count):
            registers[asked - start] = words.get(asked, 0)
        return None

    def _words(self) -> dict[int, int]:
        if self._registers is None:
            if self._meter is None:
                return {}
            self._registers = encode(self.profile, quantities(self._meter, self._voltage_v))
        return self._registers
