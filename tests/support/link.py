"""A TCP link between two servers that a test cuts and heals, as a road works' digger does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

CHUNK = 65_536


class Link:
    """Carries bytes from a port of its own to another; `cut` breaks all that is under way."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self._target = target
        self._is_whole = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._open: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """Break the link: what is under way is lost, and nobody gets through."""
        self._is_whole = False
        for writer in tuple(self._writers):
            writer.transport.abort()

    def heal(self) -> None:
        """Let connections through again."""
        self._is_whole = True

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        self._writers.add(writer)
        try:
            if not self._is_whole:
                return
            there = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers.add(there[1])
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._copy(reader, there[1]))
                tasks.create_task(self._copy(there[0], writer))
            self._writers.discard(there[1])
        except OSError:
            pass  # nobody there
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def end(self) -> None:
        """Cut, and wait until nobody is left."""
        self.cut()
        if self._open:
            await asyncio.wait(self._open)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK):
                writer.write(chunk)
                await writer.drain()
        writer.transport.abort()


@asynccontextmanager
async def linked(target: int) -> AsyncIterator[Link]:
    """Yield a link to a port on loopback."""
    link = Link(target)
    server = await asyncio.start_server(link.carry, "127.0.0.1", 0)
    link.port = server.sockets[0].getsockname()[1]
    try:
        yield link
    finally:
        server.close()
        await link.end()
