"""Accepts connections and finds out who they are. Strangers cost a bounded amount."""

import asyncio
from collections.abc import Callable, Coroutine

from eebus.errors import RemoteProtocolError
from eebus.ship.admission import MAX_UNIDENTIFIED, surplus
from eebus.ship.pace import Pace
from eebus.transport.tls import TlsFactory
from eebus.transport.websocket import WebSocket, accept

IDENTIFY_WITHIN_S = 10.0  # TLS and WebSocket together

Adopt = Callable[[WebSocket, str], Coroutine[None, None, None]]


class Listener:
    """The SHIP server. adopt: serves an identified connection; gets its remote address too."""

    def __init__(self, tls: TlsFactory, adopt: Adopt) -> None:
        self._tls = tls
        self._adopt = adopt
        self._unidentified: dict[asyncio.StreamWriter, str] = {}  # oldest first
        # A TLS handshake costs about a millisecond: a flood of them must not eat the CPU.
        self._pace = Pace(per_s=20, burst=40)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one accepted TCP connection to its end; never raises for what a peer does."""
        peer = writer.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        socket = await self._identify(reader, writer, address)
        if socket is not None:
            await self._adopt(socket, address)

    async def _identify(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str
    ) -> WebSocket | None:
        self._unidentified[writer] = address
        self._drop_surplus()
        try:
            async with asyncio.timeout(IDENTIFY_WITHIN_S):
                pause_s = self._pace.spend(1, asyncio.get_running_loop().time())
                await asyncio.sleep(pause_s)
                return await accept(await self._tls.accept(reader, writer))
        except (RemoteProtocolError, OSError, TimeoutError):
            writer.transport.abort()
            return None
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        finally:
            self._unidentified.pop(writer, None)

    def _drop_surplus(self) -> None:
        writers = list(self._unidentified)
        victim = surplus(list(self._unidentified.values()), MAX_UNIDENTIFIED)
        if victim is not None:
            self._unidentified.pop(writers[victim])
            writers[victim].transport.abort()
