"""What two connected nodes bear: cuts, clean ends, early data, an owner that fails."""

import asyncio
import socket
from contextlib import AsyncExitStack

import pytest

from eebus.events import ConnectionChanged, ConnectionState, Peer, TrustedPeer
from eebus.identity import Identity
from eebus.ship import keepalive
from eebus.ship.status import UNKNOWN
from eebus.transport import connection
from eebus.transport.listener import open_port
from eebus.transport.node import Announcement, Network, ShipNode
from eebus.transport.tls import TlsFactory
from eebus.transport.websocket import connect

CONNECTED = ConnectionState.CONNECTED
REQUEST_TEXT = "The other device asks to be paired: confirm or refuse on this device."


async def test_data_arrives_as_it_was_sent(pair):
    cem, evse = pair
    cem.links[0].send('{"datagram":[{"header":[{"msgCounter":1}]},{"payload":[{"cmd":[[]]}]}]}')
    await evse.until(lambda: bool(evse.received))
    assert evse.received == [
        {"datagram": [{"header": [{"msgCounter": 1}]}, {"payload": [{"cmd": [[]]}]}]}
    ]


async def test_an_unclean_cut_is_noticed_and_mended(pair):
    cem, evse = pair
    cem.links[0]._socket.abort()
    await cem.until(lambda: cem.opened == 2)
    await evse.until(lambda: evse.opened == 2)
    await cem.until_state(evse, CONNECTED)
    await evse.until_state(cem, CONNECTED)
    assert len(cem.links) == len(evse.links) == 1


async def test_a_clean_disconnect_is_dialled_again(pair):
    cem, evse = pair
    evse.node.disconnect(cem.ski)
    await cem.until(lambda: cem.opened == 2)
    await cem.until_state(evse, CONNECTED)
    assert ConnectionState.ERROR not in cem.states(evse)


async def test_a_stopping_node_says_goodbye(start):
    identity = Identity.create("EVSE")
    async with start("CEM") as cem:
        async with start("EVSE", identity=identity) as evse:
            evse.node.trust(cem.ski)
            cem.knows(evse)
            await cem.until_state(evse, CONNECTED)
        assert not evse.links
        await cem.until(lambda: not cem.links)
        await cem.until_state(evse, ConnectionState.NOT_CONNECTED)
        assert "closed the connection" in cem.node.connection(identity.ski).detail


async def test_a_sent_payload_after_the_end_is_dropped(pair):
    cem, evse = pair
    link = cem.links[0]
    cem.node.disconnect(evse.ski)
    link.send('{"datagram":["late"]}')
    await cem.until(lambda: not cem.links or cem.opened == 2)
    link.send('{"datagram":["later"]}')
    await cem.until(lambda: cem.opened == 2)
    await cem.until_state(evse, CONNECTED)
    cem.links[0].send('{"datagram":["after"]}')
    await evse.until(lambda: bool(evse.received))
    assert [each["datagram"] for each in evse.received] == [["after"]]


async def test_an_owner_that_raises_keeps_its_connection(pair, caplog):
    cem, evse = pair

    def fail(_link: object, _payload: object) -> None:
        raise RuntimeError("no such feature")

    object.__setattr__(evse.node._hooks, "on_data", fail)
    cem.links[0].send('{"datagram":[1]}')
    async with asyncio.timeout(5):
        while "no such feature" not in caplog.text:
            await asyncio.sleep(0.01)
    evse.links[0].send('{"datagram":[2]}')
    await cem.until(lambda: bool(cem.received))
    assert evse.state(cem) is CONNECTED


async def test_a_peer_that_reads_nothing_is_dropped(pair):
    cem, evse = pair
    evse.links[0]._socket._stream._writer.transport.pause_reading()
    link = cem.links[0]
    big = '{"datagram":["' + "x" * 500_000 + '"]}'
    for _ in range(40):
        link.send(big)
        if cem.links != [link]:
            break
    await cem.until(lambda: link not in cem.links)


async def test_a_peer_that_takes_nothing_of_a_little_is_dropped_in_time(pair, monkeypatch):
    monkeypatch.setattr(connection, "WRITE_WITHIN_S", 0.3)
    cem, evse = pair
    link, reader = cem.links[0], evse.links[0]._socket._stream._writer.transport
    reader.pause_reading()
    payload = '{"datagram":["' + "x" * 200_000 + '"]}'
    async with asyncio.timeout(5):
        while not link._socket.unsent_bytes:  # what the system buffers for us is taken
            link.send(payload)
            await asyncio.sleep(0)
    await cem.until(lambda: link not in cem.links, within_s=5)
    assert "does not read" in (link.ending.detail if link.ending else "")


async def test_a_peer_that_answers_no_ping_is_dropped(pair, monkeypatch):
    monkeypatch.setattr(keepalive, "PING_EVERY_S", 0.4)
    monkeypatch.setattr(keepalive, "PONG_WITHIN_S", 0.1)
    evse = pair[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", evse.node.port)
    deaf = Identity.create("deaf")
    stream = await TlsFactory(deaf).connect(reader, writer, evse.ski)
    deaf_socket = await connect(stream, "127.0.0.1", evse.node.port, "/ship/")
    deaf_socket.send(b"\x00\x00")
    requests = [
        ConnectionChanged(deaf.ski, ConnectionState.REQUEST_RECEIVED, REQUEST_TEXT),
        ConnectionChanged(deaf.ski, *UNKNOWN),
    ]
    await evse.until(lambda: [e for e in evse.events if e in requests] == requests, within_s=5)
    await deaf_socket.close()


async def test_a_new_node_is_silent_until_it_runs_and_then_tells_its_trust(start):
    trusted = TrustedPeer("AB" * 20)
    events: list[object] = []
    node = ShipNode(
        Identity.create("CEM"),
        Announcement("CEM", "Demo", "CEM", "EnergyManagementSystem"),
        Network(mdns=False),
        trusted=[trusted],
        on_event=events.append,
        on_open=events.append,
        on_data=lambda link, payload: None,
        on_close=events.append,
    )
    assert events == []
    task = asyncio.create_task(node.run())
    await node.started()
    assert [event.ski for event in events] == ["ab" * 20]
    task.cancel()
    await asyncio.wait([task])


async def test_all_interfaces_means_ipv4_and_ipv6():
    listening = open_port("", 0)
    with listening:
        port = listening.getsockname()[1]
        hosts = ["127.0.0.1", "::1"] if listening.family == socket.AF_INET6 else ["127.0.0.1"]
        for host in hosts:
            socket.create_connection((host, port), timeout=2).close()


async def test_a_taken_port_is_said_at_once(start):
    async with start("CEM") as cem:
        with pytest.raises(OSError, match="in use"):
            open_port("127.0.0.1", cem.node.port)


@pytest.mark.parametrize("is_announced_right", [True, False])
async def test_of_a_hand_entered_and_an_announced_address_one_right_one_is_enough(
    start, is_announced_right
):
    async with start("CEM") as cem, start("EVSE") as evse:
        evse.node.trust(cem.ski)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            dead = probe.getsockname()[1]
        right = evse.node.port
        announced, by_hand = (right, dead) if is_announced_right else (dead, right)
        peer = Peer(evse.ski, "EVSE", None, None, "ChargingStation", "127.0.0.1", announced)
        cem.node._discovery._entries.put("EVSE", peer, ("127.0.0.1",))
        cem.node.trust(evse.ski, host="127.0.0.1", port=by_hand)
        await cem.until_state(evse, CONNECTED)


async def test_a_node_stops_within_two_seconds_though_nobody_answers(start):
    async with AsyncExitStack() as stack:
        evses = [await stack.enter_async_context(start(f"E{n}")) for n in range(2)]
        async with start("CEM") as cem:
            for evse in evses:
                evse.node.trust(cem.ski)
                cem.knows(evse)
                await cem.until_state(evse, CONNECTED)
                evse.links[0]._socket._stream._writer.transport.pause_reading()
            cem.links[0].send('{"datagram":["' + "x" * 900_000 + '"]}')
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < 2
        for evse in evses:
            for connection in evse.connections:
                connection._socket.abort()
