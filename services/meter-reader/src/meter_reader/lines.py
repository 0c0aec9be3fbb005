"""Who may talk on a line: exactly one owner per host:port or serial port, for all who need it."""

import asyncio
import struct
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

from meter_reader.core.configuration import Line, TransportKind
from meter_reader.errors import (
    GATEWAY_FAILED,
    GarbledError,
    LineError,
    ModbusExceptionError,
    ReadError,
    SilentError,
)
from meter_reader.modbus import Connection
from volthus_kit.backoff import backoff
from volthus_kit.clock import Clock

MOST_SILENCES = 3  # in a row; then the connection is given up and made anew
FIRST_WAIT_S = 0.1
MOST_WAIT_S = 5.0


class LineOwner:
    """The one user of a line: one long-lived connection, one request at a time.

    A connection is made when somebody asks; after a failure not before a growing wait.
    """

    def __init__(self, line: Line, clock: Clock, timeout_s: float) -> None:
        self.line = line
        self.connects = 0  # grows with each new connection: what was learned may be outdated
        self._clock = clock
        self._timeout_s = timeout_s
        self._turn = asyncio.Lock()
        self._connection: Connection | None = None
        self._silences = 0
        self._was_released = False
        self._is_troubled = False  # since the last good answer: the next one resets the waits
        self._retry_at_s = 0.0
        self._waits: Iterator[float] = backoff(FIRST_WAIT_S, MOST_WAIT_S)
        self._why: LineError | None = None

    @property
    def retry_at_s(self) -> float | None:
        """Return when the next connection may be tried, None while there is one."""
        return None if self.is_connected or self._was_released else self._retry_at_s

    @property
    def is_connected(self) -> bool:
        """Return whether a connection stands, as far as this side knows."""
        return self._connection is not None and self._connection.is_open

    def try_now(self) -> None:
        """Let the next request connect at once: a person is waiting for the answer."""
        self._retry_at_s = 0.0

    async def connect(self) -> None:
        """Make sure there is a connection. Raises LineError."""
        if self._standing() is not None:
            return
        async with self._turn:
            await self._connected()

    async def read(self, unit_id: int, function: int, address: int, count: int) -> list[int]:
        """Return registers of one device on the line as numbers; see `ask`."""
        return words(await self.ask(unit_id, function, address, count))

    async def ask(self, unit_id: int, function: int, address: int, count: int) -> bytes:
        """Return registers of one device on the line, two bytes each. Raises a ReadError."""
        turn = self._turn
        await turn.acquire()  # `async with` takes three steps for this one
        try:
            connection = self._standing() or await self._connected()
            try:
                registers = await connection.read(unit_id, function, address, count)
            except SilentError as error:
                self._count_silence(error)
                raise
            except GarbledError as error:
                self._distrust(error)
                self._give_up(error)  # where the next frame begins, nobody knows any more
                raise
            except LineError as error:
                self._give_up(error)
                raise
            except ReadError:  # an exception answer is a sign of life
                self._silences = 0
                raise
            except asyncio.CancelledError:
                self._distrust(self._cut_short())
                raise
            if self._is_troubled:
                self._silences, self._is_troubled = 0, False
                self._waits = backoff(FIRST_WAIT_S, MOST_WAIT_S)
            return registers
        finally:
            turn.release()

    async def release(self) -> None:
        """Let the device have its socket back until the next poll; nothing learned is forgotten."""
        async with self._turn:
            if self._drop():
                self._was_released = True
                self._retry_at_s = 0.0

    async def answers_as(self, kind: TransportKind, unit_id: int) -> bool:
        """Return whether the device answers in another framing; gives up the connection."""
        async with self._turn:
            self._drop()
            other = Connection(replace(self.line, kind=kind), self._timeout_s)
            try:
                await other.open()
                await other.read(unit_id, 3, 0, 2)
            except ModbusExceptionError:
                return True  # an exception in this framing is a sign of life
            except ReadError:
                return False
            finally:
                other.close()
            return True

    async def unit_that_answers(self, unit_ids: Iterable[int], timeout_s: float) -> int | None:
        """Return the first of these units that shows a sign of life; gives up the connection.

        Only where answers are numbered: waiting `timeout_s` for each does no harm there.
        """
        async with self._turn:
            self._drop()
            quick = Connection(self.line, timeout_s)
            try:
                await quick.open()
                for unit_id in unit_ids:
                    if await _is_alive(quick, unit_id):
                        return unit_id
            except ReadError:
                return None
            finally:
                quick.close()
            return None

    async def close(self) -> None:
        """Close the connection when the request under way is done."""
        async with self._turn:
            self._drop()

    def _drop(self) -> bool:
        """Close the connection; return whether there was one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        return connection is not None

    def _standing(self) -> Connection | None:
        connection = self._connection
        return connection if connection is not None and connection.is_open else None

    async def _connected(self) -> Connection:
        standing = self._standing()
        if standing is not None:
            return standing
        if self._why is not None and self._clock.monotonic() < self._retry_at_s:
            # A new error each time: one that is raised again grows its traceback.
            raise LineError.after(self._why)
        connection = Connection(self.line, self._timeout_s)
        try:
            await connection.open()
        except LineError as error:
            connection.close()
            self._was_released, self._is_troubled = False, True
            self._why = error
            self._retry_at_s = self._clock.monotonic() + next(self._waits)
            raise
        self._connection = connection
        self._silences = 0
        self.connects += not self._was_released
        self._was_released = False
        return connection

    def _count_silence(self, error: ReadError) -> None:
        self._silences += 1
        self._is_troubled = True
        self._distrust(error)
        if self._silences >= MOST_SILENCES:
            self._give_up(error)

    def _distrust(self, error: ReadError) -> None:
        """Drop a line on which a late answer would pass for the answer to the next question.

        Serial frames carry no number. A new connection after a quiet time-out hears none of it.
        """
        if not self.line.numbers_answers:
            self._give_up(error, quiet_s=self._timeout_s)

    def _give_up(self, error: ReadError, quiet_s: float = 0.0) -> None:
        """Close; until the next attempt the reason stays the one that people were told."""
        self._is_troubled = True
        if not self._drop():
            return
        self._why = LineError.after(error)
        self._retry_at_s = self._clock.monotonic() + max(quiet_s, next(self._waits))

    def _cut_short(self) -> LineError:
        return LineError("connection-lost", f"A request on {self.line.place} was cut short.")


async def _is_alive(connection: Connection, unit_id: int) -> bool:
    """Return whether a unit answers anything but that its gateway cannot reach it."""
    try:
        await connection.read(unit_id, 3, 0, 2)
    except SilentError:
        return False
    except ModbusExceptionError as error:
        return error.number not in GATEWAY_FAILED
    return True


def words(data: bytes) -> list[int]:
    """Return registers as numbers."""
    return list(struct.unpack(f">{len(data) // 2}H", data))


class Lines:
    """Hands out the owner of a line, the same to everybody who needs the same place."""

    def __init__(self, clock: Clock, tcp_timeout_s: float, rtu_timeout_s: float) -> None:
        self._clock = clock
        self._tcp_timeout_s = tcp_timeout_s
        self._rtu_timeout_s = rtu_timeout_s
        self._owners: dict[str, LineOwner] = {}
        self._users: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._owners)

    def take(self, line: Line) -> LineOwner:
        """Return the owner of a line, to be given back with `leave`.

        Raises LineError when the place is in use with other transmission parameters.
        """
        owner = self._owners.get(line.place)
        if owner is None:
            timeout_s = self._tcp_timeout_s if line.numbers_answers else self._rtu_timeout_s
            owner = self._owners[line.place] = LineOwner(line, self._clock, timeout_s)
        elif owner.line != line:
            detail = f"{line.place} is in use with other transmission parameters."
            raise LineError("line-in-use", detail, "/transport")
        self._users[line.place] = self._users.get(line.place, 0) + 1
        return owner

    async def leave(self, owner: LineOwner) -> None:
        """Give an owner back; the connection is closed when its last user has left."""
        place = owner.line.place
        self._users[place] -= 1
        if self._users[place] == 0:
            del self._users[place]
            del self._owners[place]
            await owner.close()

    @asynccontextmanager
    async def lease(self, line: Line) -> AsyncIterator[LineOwner]:
        """Yield the owner of a line for a while; see `take`."""
        owner = self.take(line)
        try:
            yield owner
        finally:
            await self.leave(owner)

    async def close(self) -> None:
        """Close every connection, whoever uses it: the program ends."""
        for owner in list(self._owners.values()):
            await owner.close()
