"""A provider of prices on loopback: a real HTTP server that can also misbehave."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from smart_charging.prices.sources import SOURCES, Access, Feed

Send = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Provider:
    """Sends its replies in turn, the last one again and again."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    replies: list[Send] = field(default_factory=list)

    def feed(self, source: str, zone: str) -> Feed:
        return Feed(SOURCES[source], Access(self.url, "secret-token"), zone)

    def says(self, body: object, status: int = 200, **headers: str) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(raw)}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.sends("\r\n".join(lines).encode() + b"\r\n\r\n" + raw)

    def says_packed(self, body: bytes) -> None:
        self.says(gzip.compress(body), content_encoding="gzip")

    def sends(self, raw: bytes, *, then_waits: bool = False) -> None:
        async def send(writer: asyncio.StreamWriter) -> None:
            writer.write(raw)
            await writer.drain()
            if then_waits:
                await asyncio.Event().wait()

        self.replies.append(send)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            method, target, _ = head[0].split(" ")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.asked.append(Asked(method, target, headers, body))
            turn = min(len(self.asked), len(self.replies)) - 1
            await self.replies[turn](writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def running_provider() -> AsyncIterator[Provider]:
    running = Provider()
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(running.serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    running.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield running
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
