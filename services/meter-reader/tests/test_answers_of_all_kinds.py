"""Whatever a device sends, a question ends in time with registers or with a reason; no crash."""

import asyncio
import contextlib
import struct
from random import Random

import pytest

from meter_reader.core.configuration import Line, TransportKind
from meter_reader.errors import ReadError
from meter_reader.modbus import Connection
from virtual_site.core.modbus_frames import Framing, answer, crc, taken

WORDS = [2301, 0, 17, 0xFFFF]
FRAMINGS = {TransportKind.TCP: Framing.TCP, TransportKind.RTU_OVER_TCP: Framing.RTU}


def spoiled(frame: bytes, framing: Framing, chance: Random) -> bytes:
    """Return an answer as it should never come."""
    place = chance.randrange(len(frame))
    noise = chance.randbytes(chance.randrange(1, 300))
    # Another function, or an exception without its number, in a frame that is right.
    body = bytes((1, chance.randrange(256))) + chance.randbytes(chance.randrange(5))
    header = struct.pack(">HHH", 1, 0, len(body))
    return chance.choice(
        [
            frame[:place],
            frame + noise,
            noise[:20] + frame,
            frame[:place] + noise[:1] + frame[place + 1 :],
            noise,
            frame * chance.randrange(2, 9),
            header + body if framing is Framing.TCP else body + crc(body),
        ]
    )


@contextlib.asynccontextmanager
async def serving(framing: Framing, answers: list[bytes | None]):
    """Answer each question with the next of these; None is the right answer."""
    gone: list[asyncio.Event] = []

    async def serve(reader, writer):
        done = asyncio.Event()
        gone.append(done)
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(260):
                request, _ = taken(framing, data)
                chosen = answers[0]
                right = answer(framing, request, WORDS) if request else b""
                writer.write(right if chosen is None else chosen)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        done.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        for done in gone:
            await asyncio.wait_for(done.wait(), 5)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", FRAMINGS)
async def test_no_answer_breaks_the_reader(kind, seed):
    chance = Random(seed)  # noqa: S311 - a repeatable world
    framing, faults = FRAMINGS[kind], []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    answers: list[bytes | None] = [None]
    async with serving(framing, answers) as port:
        line = Line(kind, host="127.0.0.1", port=port)
        for _ in range(30):
            connection = Connection(line, 0.05)
            await connection.open()
            try:
                request, _ = taken(framing, b"\0\x01\0\0\0\x06\x01\x04\0\0\0\x04")
                frame = answer(framing, request, WORDS) if request else rtu_answer()
                answers[0] = spoiled(frame, framing, chance)
                async with asyncio.timeout(2):
                    with contextlib.suppress(ReadError):
                        assert len(await connection.read(1, 4, 0, 4)) == 2 * len(WORDS)
            finally:
                connection.close()
        answers[0] = None
        connection = Connection(line, 1.0)
        await connection.open()
        assert await connection.read(1, 4, 0, 4) == struct.pack(">4H", *WORDS)
        connection.close()
    assert faults == []


def rtu_answer() -> bytes:
    body = struct.pack(">BBB4H", 1, 4, 8, *WORDS)
    return body + crc(body)
