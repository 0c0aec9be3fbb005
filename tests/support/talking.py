"""A small HTTP/1.1 client for load: kept-alive connections, answers counted and not understood.

A library's client takes more of a core than the server it asks.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

KEPT_S = 3.0  # the server closes what is idle for 5 s
Line = tuple[float, asyncio.StreamReader, asyncio.StreamWriter]
ENDS = (ConnectionError, asyncio.IncompleteReadError, TimeoutError, OSError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; headers with lower-case names."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        """Return the body as JSON says it."""
        return json.loads(self.body)


@dataclass(slots=True)
class Talker:
    """Asks one server over connections that stay open."""

    port: int
    headers: dict[str, str] = field(default_factory=dict)
    _idle: list[Line] = field(default_factory=list)

    async def ask(
        self, method: str, path: str, *, body: bytes = b"", kind: str = "application/json",
        headers: Mapping[str, str] | None = None, timeout_s: float = 30.0,
    ) -> Answer:  # fmt: skip
        """Ask and wait. Raises what ENDS names when the server goes away."""
        async with asyncio.timeout(timeout_s):
            reader, writer = self._kept() or await self._connected()
            try:
                writer.write(self._request(method, path, body, kind, headers or {}))
                answer = await _answer(reader)
            except BaseException:
                writer.close()
                raise
        self._idle.append((time.monotonic(), reader, writer))
        return answer

    async def log_in(self, username: str, password: str) -> None:
        """Log in; every later request carries the token."""
        form = f"username={username}&password={password}".encode()
        kind = "application/x-www-form-urlencoded"
        answer = await self.ask("POST", "/api/v1/auth/token", body=form, kind=kind)
        if answer.status != 200:
            raise RuntimeError(f"log-in refused: {answer.status} {answer.body!r}")
        self.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    @asynccontextmanager
    async def events(self, path: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Yield the pieces of an event stream as they arrive."""
        reader, writer = await self._connected()
        try:
            writer.write(self._request("GET", path, b"", "", {"Accept": "text/event-stream"}))
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head.split(b"\r\n")[0]:
                raise ConnectionError(head.decode(errors="replace"))
            yield _pieces(reader)
        finally:
            writer.close()

    def close(self) -> None:
        """Let go of every connection."""
        for _, _, writer in self._idle:
            writer.close()
        self._idle.clear()

    def _kept(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """Return a connection that the server did not close, nor is about to."""
        while self._idle:
            since, reader, writer = self._idle.pop()
            if time.monotonic() - since < KEPT_S and not reader.at_eof():
                return reader, writer
            writer.close()
        return None

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, limit=4_000_000)

    def _request(
        self, method: str, path: str, body: bytes, kind: str, more: Mapping[str, str]
    ) -> bytes:
        headers = {"Host": f"127.0.0.1:{self.port}", **self.headers, **more}
        if body:
            headers |= {"Content-Length": str(len(body)), "Content-Type": kind}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


async def _answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.rstrip().split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    if headers.get("transfer-encoding") == "chunked":
        body = b"".join([piece async for piece in _pieces(reader)])
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Answer(int(first.split()[1]), headers, body)


async def _pieces(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while True:
        size = int(await reader.readuntil(b"\r\n"), 16)
        piece = await reader.readexactly(size)
        await reader.readexactly(2)
        if not size:
            return
        yield piece


def quiet() -> contextlib.AbstractContextManager[None]:
    """Let pass that a server went away."""
    return contextlib.suppress(*ENDS)
