"""Connections for load: each piece of an answer gets its time the moment it comes in.

Nothing is understood but where an answer begins and ends, so that the one who asks takes little of
the machine it shares with the one who is asked.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httptools

TIMEOUT_S = 30.0
IDLE_S = 3.0  # the server closes what is idle for 5 s


@dataclass(slots=True)
class Came:
    """An answer. `_s`: as time.perf_counter tells it; begun_s 0: nothing came."""

    asked_s: float
    begun_s: float = 0.0
    ended_s: float = 0.0
    status: int = 0
    size: int = 0


class Line(asyncio.Protocol):
    """One kept-alive connection with one request on it at a time."""

    def __init__(self, on_body: Callable[[bytes], None] | None = None) -> None:
        self.idle_since_s = 0.0
        self.is_open = False
        self._on_body = on_body
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._came = Came(0.0)
        self._waiting: asyncio.Future[Came] | None = None
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def ask(self, request: bytes, asked_s: float) -> Came:
        """Return the answer. Raises ConnectionError."""
        assert self._transport is not None
        self._came = Came(asked_s)
        self._parser = httptools.HttpResponseParser(self)
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._waiting
        except BaseException:
            self.close()
            raise
        finally:
            self._waiting = None

    async def listen(self, request: bytes) -> None:
        """Let what comes go to `on_body` until the other side ends it."""
        assert self._transport is not None
        self._transport.write(request)
        await self._lost

    def close(self) -> None:
        """Let go of it."""
        self.is_open = False
        if self._transport is not None:
            self._transport.close()

    # --- what asyncio and the parser call --------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport, self.is_open = transport, True

    def data_received(self, data: bytes) -> None:
        """Take a piece; the first one of an answer is what is timed."""
        if not self._came.begun_s:
            self._came.begun_s = time.perf_counter()
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        self.is_open = False
        if not self._lost.done():
            self._lost.set_result(None)
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError(str(exc or "closed")))

    def on_body(self, body: bytes) -> None:
        """Count, and pass on."""
        self._came.size += len(body)
        if self._on_body is not None:
            self._on_body(body)

    def on_message_complete(self) -> None:
        """End an answer."""
        self._came.ended_s = time.perf_counter()
        self._came.status = self._parser.get_status_code()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(self._came)


@dataclass(slots=True)
class Lines:
    """As many connections to a server as are needed: no request waits for another's answer."""

    port: int
    headers: Mapping[str, str]
    _idle: list[Line] = field(default_factory=list)

    def request(self, method: str, path: str, body: bytes = b"", kind: str = "") -> bytes:
        """Return a request as it goes out."""
        headers = {"Host": f"127.0.0.1:{self.port}", **self.headers}
        if body:
            headers |= {"Content-Length": str(len(body)), "Content-Type": kind}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body

    async def ask(self, request: bytes) -> Came:
        """Ask on a free connection, or a new one. Raises ConnectionError, TimeoutError."""
        asked_s = time.perf_counter()  # before connecting: that is the server's to accept
        async with asyncio.timeout(TIMEOUT_S):
            line = self._kept() or await self._connected()
            came = await line.ask(request, asked_s)
        line.idle_since_s = came.ended_s
        self._idle.append(line)
        return came

    @asynccontextmanager
    async def listening(self, on_body: Callable[[bytes], None]) -> AsyncIterator[Line]:
        """Yield a connection of its own for an event stream."""
        line = await self._connected(on_body)
        try:
            yield line
        finally:
            line.close()

    def close(self) -> None:
        """Let go of every connection."""
        for line in self._idle:
            line.close()
        self._idle.clear()

    def _kept(self) -> Line | None:
        while self._idle:
            line = self._idle.pop()
            if line.is_open and time.perf_counter() - line.idle_since_s < IDLE_S:
                return line
            line.close()
        return None

    async def _connected(self, on_body: Callable[[bytes], None] | None = None) -> Line:
        loop = asyncio.get_running_loop()
        _, line = await loop.create_connection(lambda: Line(on_body), "127.0.0.1", self.port)
        return line
