"""Who sends headers without an end is cut off, whichever library reads them."""

import asyncio
import contextlib
import sys

import pytest

from volthus_kit.http import serve_app
from volthus_kit.ports import free_port

HEAD = b"POST / HTTP/1.1\r\nHost: here\r\n"
PIECE = b"a" * 60_000


async def app(scope, receive, send):
    """Answer with the size of the body."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


@pytest.fixture(params=["httptools", "h11"])
async def port(request, monkeypatch):
    if request.param == "httptools":
        pytest.importorskip("httptools")
    else:
        monkeypatch.setitem(sys.modules, "volthus_kit.http_heads", None)
    port = free_port()
    serving = asyncio.create_task(serve_app(app, "127.0.0.1", port))
    yield port
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


@contextlib.asynccontextmanager
async def connected(port):
    async with asyncio.timeout(20):
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                break
            except OSError:
                await asyncio.sleep(0.05)
        yield reader, writer
    writer.close()


async def sent(port, begin, piece, count):
    """Send a beginning and then pieces; returns what is answered until the connection ends."""
    async with connected(port) as (reader, writer):
        with contextlib.suppress(ConnectionError):
            writer.write(begin)
            for _ in range(count):
                writer.write(piece)
                await writer.drain()
            return await reader.read()
    return b""


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (HEAD, b"X-More: " + PIECE + b"\r\n"),
        (HEAD + b"X-Long: ", PIECE),
        (b"POST /", PIECE),
    ],
    ids=["many headers", "one without an end", "an address without an end"],
)
async def test_headers_without_an_end_are_cut_off(port, begin, piece):
    answer = await sent(port, begin, piece, 300)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))


async def test_trailers_without_an_end_are_cut_off(port):
    begin = HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
    answer = await sent(port, begin, b"X-More: " + PIECE + b"\r\n", 300)
    assert b"200 OK" not in answer


async def test_a_long_body_and_long_headers_that_end_are_read(port):
    cookie = b"Cookie: " + b"c" * 12_000 + b"\r\n"
    async with connected(port) as (reader, writer):
        for _ in range(3):  # on one connection
            writer.write(HEAD + cookie + b"Content-Length: 600000\r\n\r\n")
            for _ in range(10):
                writer.write(PIECE)
                await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            rest = await reader.readuntil(b"600000")
            if b"chunked" in head.lower():
                rest += await reader.readuntil(b"0\r\n\r\n")
            assert b"600000" in rest
