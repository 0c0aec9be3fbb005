"""Accepts connections and finds out who they are. Strangers cost a bounded amount."""

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine

from eebus.errors import RemoteProtocolError
from eebus.ship.admission import MAX_UNIDENTIFIED, surplus
from eebus.ship.pace import PacePerAddress
from eebus.transport.tls import TlsFactory
from eebus.transport.websocket import WebSocket, accept

logger = logging.getLogger(__name__)

SAY_EVERY_S = 60.0
IDENTIFY_WITHIN_S = 10.0  # TLS and WebSocket together

Adopt = Callable[[WebSocket, str], Coroutine[None, None, None]]


def open_port(host: str, port: int) -> socket.socket:
    """Return a listening socket; host "" = all addresses, IPv4 and IPv6 where there is IPv6.

    Raises OSError when the port is taken or the address is not ours.
    """
    if not host and socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def _send_at_once(writer: asyncio.StreamWriter) -> None:
    """Switch Nagle's algorithm off: two small messages in a row must not wait for an ACK.

    asyncio does it for connections it opens, but not for those of a socket we made ourselves.
    """
    connection = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Listener:
    """The SHIP server. adopt: serves an identified connection; gets its remote address too."""

    def __init__(self, tls: TlsFactory, adopt: Adopt) -> None:
        self._tls = tls
        self._adopt = adopt
        self._unidentified: dict[asyncio.StreamWriter, str] = {}  # oldest first
        self.refused = 0  # callers that never became a SHIP peer
        self._said_s = float("-inf")
        # A TLS handshake costs milliseconds: a flood of them must not eat the CPU.
        self._pace = PacePerAddress(per_s=50, burst=100)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one accepted TCP connection to its end; never raises for what a peer does."""
        _send_at_once(writer)
        peer = writer.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        opened = await self._identify(reader, writer, address)
        if opened is not None:
            await self._adopt(opened, address)

    async def _identify(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str
    ) -> WebSocket | None:
        self._unidentified[writer] = address
        self._drop_surplus()
        try:
            async with asyncio.timeout(IDENTIFY_WITHIN_S):
                await asyncio.sleep(self._pace.spend(address, asyncio.get_running_loop().time()))
                return await accept(await self._tls.accept(reader, writer))
        except (RemoteProtocolError, OSError, TimeoutError) as error:
            self._note_refusal(address, error)
            writer.transport.abort()
            return None
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        finally:
            self._unidentified.pop(writer, None)

    def _note_refusal(self, address: str, error: Exception) -> None:
        """Count every refusal, tell one in a while: anybody on the network can cause them."""
        self.refused += 1
        now_s = asyncio.get_running_loop().time()
        is_due = now_s - self._said_s >= SAY_EVERY_S
        self._said_s = now_s if is_due else self._said_s
        logger.log(
            logging.WARNING if is_due else logging.DEBUG,
            "a caller was refused",
            extra={"address": address, "reason": str(error), "refused": self.refused},
        )

    def _drop_surplus(self) -> None:
        writers = list(self._unidentified)
        victim = surplus(list(self._unidentified.values()), MAX_UNIDENTIFIED)
        if victim is not None:
            self._unidentified.pop(writers[victim])
            writers[victim].transport.abort()
