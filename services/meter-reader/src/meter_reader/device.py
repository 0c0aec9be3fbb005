"""One meter on a line: walks to its registers, asks in blocks, decodes, learns what it refuses."""

import asyncio
import logging
from functools import lru_cache
from typing import Protocol

from meter_profiles.blocks import Block, split
from meter_profiles.compiled import Decoder, compiled
from meter_profiles.profile import Profile
from meter_profiles.quantity import Quantity
from meter_profiles.sunspec import Missing, Need, walk
from meter_reader.core.requests import Requests, requests_for
from meter_reader.errors import (
    BUSY,
    ILLEGAL_FUNCTION,
    REFUSED_REGISTERS,
    ModbusExceptionError,
    SunSpecError,
)
from meter_reader.lines import words

logger = logging.getLogger(__name__)

BUSY_RETRIES = 3
BUSY_WAIT_S = 0.2


_decoder = lru_cache(maxsize=1024)(compiled)  # meters of one model share their decoders


class Registers(Protocol):
    """A line with a device on it; see `meter_reader.lines.LineOwner`."""

    @property
    def connects(self) -> int:
        """Return a number that grows with each new connection."""

    @property
    def is_connected(self) -> bool:
        """Return whether a connection stands, as far as we know."""

    async def connect(self) -> None:
        """Make sure there is a connection. Raises LineError."""

    async def ask(self, unit_id: int, function: int, address: int, count: int) -> bytes:
        """Return registers of one device on the line, two bytes each. Raises a ReadError."""


class Device:
    """Reads the values of one meter, as the meter sees them."""

    def __init__(self, profile: Profile, owner: Registers, unit_id: int) -> None:
        self._profile = profile
        self._owner = owner
        self._unit_id = unit_id
        self._function: int = profile.function
        self._has_tried_other_function = False
        self._requests = Requests(())  # without what the device refused
        self._all_requests = Requests(())
        self._due: dict[bool, tuple[tuple[Block, Decoder], ...]] = {}
        self._told: set[Block] = set()
        self._seen_on = 0  # the connection of the last read

    async def read(self, *, everything: bool) -> dict[Quantity, float | None]:
        """Return what this poll asked for; None is unknown. Raises a ReadError.

        everything: also the values that change slowly. The first read on each new connection
        takes all, and forgets what was learned: a firmware update moves blocks.
        """
        if not self._owner.is_connected:
            await self._owner.connect()
        is_new = self._seen_on != self._owner.connects
        if is_new or not self._requests.blocks:
            start = None if self._profile.sunspec is None else await self._found()
            self._all_requests = requests_for(self._profile, start)
            self._plan(self._all_requests)
        elif everything and self._requests.lacks_essentials:
            # A device that is starting up refuses what it has: never give up the currents for good.
            self._plan(self._all_requests)
        values: dict[Quantity, float | None] = {}
        for block, decode in self._due_now(everything=everything or is_new):
            values |= await self._values(block, decode)
        self._seen_on = self._owner.connects
        if self._requests.absent:
            values |= dict.fromkeys(self._requests.absent)
        return values

    def _plan(self, requests: Requests) -> None:
        self._requests = requests
        self._due = {}

    def _due_now(self, *, everything: bool) -> tuple[tuple[Block, Decoder], ...]:
        """Return the requests of this poll, each with what decodes its answer."""
        if everything not in self._due:
            due = self._requests.due(everything=everything)
            self._due[everything] = tuple((block, _decoder(block)) for block in due)
        return self._due[everything]

    async def _found(self) -> int:
        """Walk the SunSpec chain. Raises SunSpecError when the meter's block is not there."""
        layout = self._profile.sunspec
        models = layout.models if layout is not None else ()
        registers: dict[int, int] = {}
        refused: set[int] = set()
        while True:
            step = walk(models, registers, refused)
            if isinstance(step, Missing):
                raise SunSpecError(step)
            if not isinstance(step, Need):
                return step.start
            try:
                found = words(await self._answer(step.address, step.count))
                registers |= dict(enumerate(found, start=step.address))
            except ModbusExceptionError as error:
                if error.number not in REFUSED_REGISTERS:
                    raise
                refused.add(step.address)

    async def _values(self, block: Block, decode: Decoder) -> dict[Quantity, float | None]:
        """Read one block; one that is refused is divided, and that is remembered."""
        try:
            data = await self._owner.ask(self._unit_id, self._function, block.address, block.count)
        except ModbusExceptionError as error:
            return await self._despite(error, block, decode)
        return decode(data)

    async def _despite(
        self, error: ModbusExceptionError, block: Block, decode: Decoder
    ) -> dict[Quantity, float | None]:
        """Read a block that was answered with an exception: again, or what is left of it."""
        try:
            return decode(await self._insisted(error, block.address, block.count))
        except ModbusExceptionError as refused:
            if refused.number not in REFUSED_REGISTERS:
                raise
            self._plan(self._requests.without(block))
            if not self._requests.blocks:
                raise  # it refuses everything: not this model
        self._tell_once(block)
        values: dict[Quantity, float | None] = {}
        for part in split(block):
            values |= await self._values(part, _decoder(part))
        return values

    def _tell_once(self, block: Block) -> None:
        if block not in self._told:
            self._told.add(block)
            where = f"{block.address}+{block.count}"
            logger.warning(
                "block refused", extra={"model": self._profile.model, "registers": where}
            )

    async def _answer(self, address: int, count: int) -> bytes:
        """Ask; see `_insisted`."""
        try:
            return await self._owner.ask(self._unit_id, self._function, address, count)
        except ModbusExceptionError as error:
            return await self._insisted(error, address, count)

    async def _insisted(self, error: ModbusExceptionError, address: int, count: int) -> bytes:
        """Ask again, patiently while the device is busy, once with the other function code.

        error: what the first question brought; raised, or the one after it, if that is all.
        """
        for attempt in range(BUSY_RETRIES + 1):
            if error.number == ILLEGAL_FUNCTION and not self._has_tried_other_function:
                self._has_tried_other_function = True
                self._function = 3 if self._function == 4 else 4
            elif error.number in BUSY and attempt < BUSY_RETRIES:
                await asyncio.sleep(BUSY_WAIT_S)
            else:
                break
            try:
                return await self._owner.ask(self._unit_id, self._function, address, count)
            except ModbusExceptionError as next_error:
                error = next_error
        raise error
