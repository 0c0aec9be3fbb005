"""Dials one trusted peer, again and again at the documented pace, while nothing is connected."""

import asyncio
import logging
import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from eebus.errors import RemoteProtocolError
from eebus.ship.redial import delay_s
from eebus.ship.status import Ending, failed_by
from eebus.ship.steps import End
from eebus.transport.tls import TlsFactory
from eebus.transport.websocket import WebSocket, WebSocketRefusedError, connect

logger = logging.getLogger(__name__)

CONNECT_WITHIN_S = 5.0
OPEN_WITHIN_S = 10.0  # TLS and WebSocket together


@dataclass(frozen=True, slots=True)
class Address:
    """Where a peer may be reached."""

    host: str
    port: int
    path: str = "/ship/"


@dataclass(frozen=True, slots=True)
class Dialled:
    """A dial that led to an open WebSocket."""

    socket: WebSocket
    address: Address


Outcome = Dialled | Ending


class Dialler:
    """Keeps one peer dialled.

    where: the addresses to try, none while a connection is up or the peer is not to be seen.
    started: told when a dial begins; done: told its outcome.
    """

    def __init__(
        self,
        ski: str,
        tls: TlsFactory,
        where: Callable[[], tuple[Address, ...]],
        started: Callable[[], None],
        done: Callable[[Outcome], None],
    ) -> None:
        self._ski = ski
        self._tls = tls
        self._where = where
        self._started = started
        self._done = done
        self._attempt = 0
        self._is_urgent = False
        self._changed = asyncio.Event()
        self._woken = asyncio.Event()

    def hurry(self) -> None:
        """Dial at once: the user just said so."""
        self._attempt = 0
        self._is_urgent = True
        self._woken.set()
        self._changed.set()

    def calm(self) -> None:
        """Begin the pace anew: a handshake was completed, or the peer has come back."""
        self._attempt = 0
        self._woken.set()
        self._changed.set()

    def look(self) -> None:
        """Look again whether there is something to dial."""
        self._changed.set()

    async def run(self) -> None:
        """Dial whenever there is somewhere to dial, until cancelled."""
        while True:
            self._changed.clear()
            if not self._where():
                await self._changed.wait()
                continue
            await self._wait_turn()
            if addresses := self._where():
                self._started()
                self._done(await self._dial(addresses))

    async def _wait_turn(self) -> None:
        """Wait the random time before the next attempt, unless the user is waiting."""
        due = math.inf
        while not self._is_urgent:
            self._attempt += 1
            self._woken.clear()
            chance = random.random()  # noqa: S311 - it spreads dials, it protects nothing
            now = asyncio.get_running_loop().time()
            # Who begins the pace anew again and again must not keep us from ever dialling.
            due = min(due, now + delay_s(self._attempt, chance))
            try:
                async with asyncio.timeout_at(due):
                    await self._woken.wait()
            except TimeoutError:
                return
            # Woken: somebody has begun the pace anew.
        self._attempt += 1
        self._is_urgent = False

    async def _dial(self, addresses: tuple[Address, ...]) -> Outcome:
        """Try all addresses. Where none leads anywhere, the most telling reason counts."""
        endings: list[Ending] = []
        for address in addresses:
            outcome = await self._try(address)
            if isinstance(outcome, Dialled):
                return outcome
            endings.append(outcome)
        return next((e for e in endings if e.end is End.FAILED), endings[0])

    async def _try(self, address: Address) -> Outcome:
        place = f"{address.host}:{address.port}"
        try:
            try:
                return Dialled(await self._open(address), address)
            except WebSocketRefusedError:
                # As the reference does: once more without the path.
                bare = Address(address.host, address.port, "/")
                return Dialled(await self._open(bare), bare)
        except RemoteProtocolError as error:
            return failed_by(error, f"At {place}: ")
        except (OSError, TimeoutError, ValueError, OverflowError) as error:
            # The last two: a host name or port that cannot be one, from mDNS or a user.
            return Ending(End.LOST, f"Nothing answers at {place} ({type(error).__name__}).")
        except Exception:
            # A defect of ours: say so, and go on dialling, or this peer would be lost for good.
            logger.exception("a dial failed")
            return Ending(End.FAILED, f"At {place}: this device failed to connect.")

    async def _open(self, address: Address) -> WebSocket:
        async with asyncio.timeout(CONNECT_WITHIN_S):
            reader, writer = await asyncio.open_connection(address.host, address.port)
        try:
            async with asyncio.timeout(OPEN_WITHIN_S):
                stream = await self._tls.connect(reader, writer, self._ski)
                return await connect(stream, address.host, address.port, address.path)
        except BaseException:
            writer.transport.abort()  # whatever ended it, also a cancel: leave no socket behind
            raise
