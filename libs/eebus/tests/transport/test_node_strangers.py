"""Strangers and hostile peers: bounded, and without effect on a good connection."""

import asyncio
import ssl
from contextlib import suppress

import pytest
from websockets.client import ClientProtocol
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from eebus.errors import RemoteProtocolError
from eebus.events import ConnectionState
from eebus.identity import Identity
from eebus.ship import hello
from eebus.ship.admission import MAX_REQUESTS, MAX_UNIDENTIFIED
from eebus.ship.messages import Hello, HelloPhase, encode
from eebus.ship.pace import PacePerAddress
from eebus.transport import listener
from eebus.transport.tls import TlsFactory
from eebus.transport.websocket import Binary, WebSocket, connect


async def _socket(node, identity=None):
    """Open a WebSocket to a node as somebody it does not know."""
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
    stream = await TlsFactory(identity or Identity.create("X")).connect(reader, writer, node.ski)
    return await connect(stream, "127.0.0.1", node.port, "/ship/")


async def _heard(socket):
    """Return all messages until the node closes, and its close code."""
    frames = []
    while heard := await socket.receive():
        frames += [message.frame for message in heard.messages if isinstance(message, Binary)]
    await socket.close()
    return frames, socket.close_code


async def _still_works(pair):
    cem, evse = pair
    before = len(evse.received)
    cem.links[0].send('{"datagram":["still here"]}')
    await evse.until(lambda: len(evse.received) > before, within_s=2)
    assert (cem.opened, evse.opened) == (1, 1)


async def test_garbage_instead_of_tls_disturbs_nobody(pair):
    for garbage in (
        b"\x00" * 3000,
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\xff\xff" + b"a" * 999,
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", pair[1].node.port)
        writer.write(garbage)
        await writer.drain()
        writer.write_eof()
        async with asyncio.timeout(5):
            with suppress(ConnectionResetError):
                await reader.read()
        writer.close()
    await _still_works(pair)


async def test_a_client_without_certificate_is_refused(pair):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    refused = False
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", pair[1].node.port, ssl=context)
        refused = await reader.read() == b""
        writer.close()
    except (ssl.SSLError, ConnectionError):
        refused = True
    assert refused
    await _still_works(pair)


async def test_garbage_after_the_opening_is_closed(pair):
    for frame in (b"\x00\x01", b"\x07\x00", b"\x01{", b"\x02{}", b"x", b"\x01" + b"[" * 5000):
        socket = await _socket(pair[1].node)
        socket.send(frame)
        async with asyncio.timeout(5):
            frames, code = await _heard(socket)
        assert code in (4001, 4452)
        assert not any(frame[0] == 2 for frame in frames)
    await _still_works(pair)


async def test_a_stranger_cannot_send_large_messages(pair):
    socket = await _socket(pair[1].node)
    socket.send(b"\x00\x00")
    socket.send(b"\x02" + b" " * 20_000)
    async with asyncio.timeout(5):
        _, code = await _heard(socket)
    assert code == 1009
    await _still_works(pair)


@pytest.mark.parametrize("offered", [None, ["chat"]])
async def test_a_websocket_without_the_subprotocol_ship_is_refused(pair, offered):
    node = pair[1].node
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
    stream = await TlsFactory(Identity.create("X")).connect(reader, writer, node.ski)
    protocol = ClientProtocol(parse_uri(f"wss://127.0.0.1:{node.port}/ship/"), subprotocols=offered)
    socket = WebSocket(stream, protocol)
    socket.ask(protocol)
    async with asyncio.timeout(5):
        with suppress(RemoteProtocolError):  # it hangs up with or without an HTTP answer
            await socket.opening()
    assert protocol.state is not State.OPEN
    await socket.close()
    await _still_works(pair)


async def test_a_server_that_does_not_speak_the_subprotocol_ship_is_left():
    peer = Identity.create("peer")

    async def serve(reader, writer):
        stream = await TlsFactory(peer).accept(reader, writer)
        protocol = ServerProtocol(subprotocols=None)
        socket = WebSocket(stream, protocol)
        socket.answer(protocol, await socket.opening())
        await socket.receive()  # until it hangs up
        await socket.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        stream = await TlsFactory(Identity.create("us")).connect(reader, writer, peer.ski)
        with pytest.raises(RemoteProtocolError, match="subprotocol ship"):
            await connect(stream, "127.0.0.1", port, "/ship/")
        await stream.close()


async def test_a_text_message_is_closed(pair):
    socket = await _socket(pair[1].node)
    socket._protocol.send_text(b"hello")
    socket._send_out()
    async with asyncio.timeout(5):
        await _heard(socket)
    await _still_works(pair)


async def test_a_flood_of_pings_is_cut_off(pair):
    socket = await _socket(pair[1].node)
    for _ in range(5000):
        socket._protocol.send_ping(b"")
    socket._stream.write(b"".join(socket._protocol.data_to_send()))
    async with asyncio.timeout(5):
        try:
            await _heard(socket)
        except OSError:
            await socket.close()
    await _still_works(pair)


async def test_data_before_trust_is_refused_and_not_delivered(pair, monkeypatch):
    monkeypatch.setattr(hello, "ABORT_LINGER_S", 0.1)
    evse = pair[1]
    socket = await _socket(evse.node)
    socket.send(b"\x00\x00")
    socket.send(encode(Hello(HelloPhase.READY, 60000)))
    socket.send(b'\x02{"data":[{"header":[]},{"payload":{"datagram":["evil"]}}]}')
    async with asyncio.timeout(5):
        frames, code = await _heard(socket)
    assert frames[-1] == encode(Hello(HelloPhase.ABORTED))
    assert code == 4452
    assert evse.received == []
    await _still_works(pair)


async def test_requests_of_strangers_are_bounded(pair):
    evse = pair[1]
    sockets = [await _socket(evse.node) for _ in range(MAX_REQUESTS + 3)]
    for socket in sockets:
        socket.send(b"\x00\x00")
    await evse.until(
        lambda: (
            sum(
                getattr(event, "state", None) is ConnectionState.REQUEST_RECEIVED
                for event in evse.events
            )
            >= MAX_REQUESTS
        )
    )
    waiting = [line for line in evse.node._lines.values() if line.requests]
    assert len(waiting) <= MAX_REQUESTS
    for socket in sockets:
        socket.abort()
    async with asyncio.timeout(10):
        while len(evse.node._lines) > 1:  # only the trusted one is remembered
            await asyncio.sleep(0.02)
        for socket in sockets:
            await socket.close()
    await _still_works(pair)


async def test_silent_callers_leave_room_for_a_real_one(pair):
    node = pair[1].node
    callers = [
        await asyncio.open_connection("127.0.0.1", node.port) for _ in range(MAX_UNIDENTIFIED + 8)
    ]
    socket = await _socket(node)  # gets in all the same
    gone = 0
    for reader, writer in callers:
        if gone < 8:
            async with asyncio.timeout(5):
                with suppress(ConnectionResetError):
                    await reader.read()
            gone += 1
        writer.close()
    socket.abort()
    await socket.close()
    await _still_works(pair)


async def test_a_caller_that_says_nothing_is_hung_up_on(pair, monkeypatch):
    monkeypatch.setattr(listener, "IDENTIFY_WITHIN_S", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", pair[1].node.port)
    async with asyncio.timeout(5):
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
    writer.close()
    await _still_works(pair)


async def test_strangers_in_a_row_are_slowed_down(pair):
    evse = pair[1]
    evse.node._strangers.burst = 2
    for _ in range(2):
        await _leave(await _socket(evse.node))
    third = await _socket(evse.node)
    third.send(b"\x00\x00")
    async with asyncio.timeout(5):
        frames, _ = await _heard(third)
    assert frames == []
    await _still_works(pair)


async def _leave(socket):
    socket.abort()
    await socket.close()


async def test_a_trusted_peer_that_calls_all_the_time_is_refused_for_a_while(pair):
    cem, evse = pair
    evse.node._callers = PacePerAddress(per_s=0.001, burst=2)
    codes = []
    for _ in range(3):
        socket = await _socket(evse.node, cem.identity)
        socket.send(b"\x00\x00")
        async with asyncio.timeout(5):
            heard = await socket.receive()
        codes.append(bool(heard and heard.messages))
        await _leave(socket)
    assert codes[-1] is False
    evse.node._callers = PacePerAddress(per_s=1, burst=20)  # a while later
    cem.node._diallers.hurry(evse.ski)
    await evse.until_state(cem, ConnectionState.CONNECTED)


async def test_a_trusted_peer_that_sends_megabytes_is_dropped_and_disturbs_nobody(start):
    async with start("EVSE") as evse, start("GOOD") as good, start("BAD") as bad:
        for peer in (good, bad):
            evse.node.trust(peer.ski)
            peer.knows(evse)
            await peer.until_state(evse, ConnectionState.CONNECTED)
        link = bad.links[0]
        big = '{"datagram":["' + "x" * 900_000 + '"]}'
        for _ in range(2):
            link.send(big)
        await evse.until(lambda: len(evse.received) == 2)
        for _ in range(2):
            link.send(big)
        good.links[0].send('{"datagram":["small"]}')
        await evse.until(lambda: {"datagram": ["small"]} in evse.received, within_s=2)
        link._socket.abort()
