"""Bad days of a node over TLS on loopback; what is wrong with one peer leaves the others alone."""

import asyncio
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from eebus.events import ConnectionState, TrustedPeer
from eebus.identity import Identity
from eebus.ship import cmi
from eebus.transport import dialler
from eebus.transport.tls import TlsFactory

CONNECTED = ConnectionState.CONNECTED
US, ODD = Identity.create("us"), Identity.create("odd")


@pytest.fixture
def _soon(monkeypatch):
    """Redial after a blink instead of seconds; the windows have tests of their own."""
    monkeypatch.setattr(dialler, "delay_s", lambda attempt, chance: 0.02 + 0.05 * chance)


def _context(folder, purpose: int, identity: Identity, certificate: bytes) -> ssl.SSLContext:
    (folder / "odd.pem").write_bytes(certificate)
    (folder / "odd.key").write_bytes(identity.key_pem)
    context = ssl.SSLContext(purpose)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(folder / "odd.pem", folder / "odd.key")
    return context


def _with_an_odd_boolean(identity: Identity) -> bytes:
    """Return its certificate with a BOOLEAN of 01, as Elli Connect chargers have it."""
    der = x509.load_pem_x509_certificate(identity.certificate_pem).public_bytes(
        serialization.Encoding.DER
    )
    odd = der.replace(bytes.fromhex("0101ff"), bytes.fromhex("010101"))
    assert odd != der
    with pytest.raises(ValueError, match=r"(?i)parsing|invalid"):
        x509.load_der_x509_certificate(odd).extensions  # noqa: B018
    return ssl.DER_cert_to_PEM_cert(odd).encode()


async def test_a_charger_with_a_badly_encoded_certificate_may_call(tmp_path):
    skis = []

    async def serve(reader, writer):
        stream = await TlsFactory(US).accept(reader, writer)
        skis.append(stream.peer_ski)
        await stream.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        context = _context(tmp_path, ssl.PROTOCOL_TLS_CLIENT, ODD, _with_an_odd_boolean(ODD))
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        assert await reader.read() == b""
        writer.close()
    assert skis == [ODD.ski]


async def test_a_charger_with_a_badly_encoded_certificate_may_be_called(tmp_path):
    async def serve(reader, writer):
        writer.close()

    context = _context(tmp_path, ssl.PROTOCOL_TLS_SERVER, ODD, _with_an_odd_boolean(ODD))
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        stream = await TlsFactory(US).connect(reader, writer, ODD.ski)
        assert stream.peer_ski == ODD.ski
        await stream.close()


@pytest.mark.usefixtures("_soon")
async def test_a_charger_that_reboots_again_and_again_is_connected_each_time(start):
    identity = Identity.create("EVSE")
    async with start("CEM") as cem, start("OTHER") as other:
        for side, peer in ((cem, other), (other, cem)):
            side.knows(peer)
        await cem.until_state(other, CONNECTED)
        port, known, lines = 0, TrustedPeer(cem.ski), 0
        for _ in range(6):
            async with start("EVSE", known, identity=identity, port=port) as evse:
                port = evse.node.port
                if not lines:
                    cem.knows(evse)
                await cem.until_state(evse, CONNECTED)
            await cem.until(lambda evse=evse: cem.state(evse) is not CONNECTED)
            lines = len(cem.node._lines)
        assert lines == 2
        assert len(cem.node._diallers) == 2
        assert cem.states(other).count(CONNECTED) == 1
        await cem.until(lambda: len(cem.connections) == 1)


@pytest.mark.usefixtures("_soon")
async def test_two_devices_with_one_ski_and_different_ids_do_not_share_a_trust(start):
    identity = Identity.create("EVSE")
    async with start("CEM") as cem, start("ONE", identity=identity) as one:
        one.node.trust(cem.ski)
        cem.knows(one)
        await cem.until_state(one, CONNECTED)
        link = cem.links[0]
        async with start("TWO", TrustedPeer(cem.ski), identity=identity) as two:
            two.node.trust(cem.ski, host="127.0.0.1", port=cem.node.port)
            await two.until(lambda: two.state(cem) is ConnectionState.ERROR)
            assert "SHIP ID" in two.node.connection(cem.ski).detail
            assert not two.links
        # whoever of the two was there first may have lost its connection to the second: it is back
        await cem.until_state(one, CONNECTED)
        assert cem.links[0].ski == link.ski


@pytest.mark.usefixtures("_soon")
async def test_a_copy_of_a_device_costs_the_other_chargers_nothing(start):
    identity = Identity.create("EVSE")
    async with start("CEM") as cem, start("OTHER") as other:
        for side, peer in ((cem, other), (other, cem)):
            side.knows(peer)
        await cem.until_state(other, CONNECTED)
        known = TrustedPeer(cem.ski, None, "127.0.0.1", cem.node.port)
        cem.node.trust(identity.ski)
        async with (
            start("EVSE", known, identity=identity) as one,
            start("EVSE", known, identity=identity) as two,
        ):
            await cem.until_state(one, CONNECTED)
            await two.until(lambda: two.opened > 0)
            assert sum(link.ski == identity.ski for link in cem.links) <= 1
            assert len(cem.connections) <= 5
            other.links[0].send('{"datagram":[]}')
            await cem.until(lambda: bool(cem.received))
        assert cem.states(other).count(CONNECTED) == 1


@pytest.mark.usefixtures("_soon")
async def test_a_peer_that_answers_nothing_after_tls_is_given_up_and_dialled_again(
    start, tmp_path, monkeypatch
):
    monkeypatch.setattr(dialler, "OPEN_WITHIN_S", 0.2)
    calls = 0

    async def silent(reader, writer):
        nonlocal calls
        calls += 1
        await reader.read()
        await reader.read()
        writer.close()

    context = _context(tmp_path, ssl.PROTOCOL_TLS_SERVER, ODD, ODD.certificate_pem)
    server = await asyncio.start_server(silent, "127.0.0.1", 0, ssl=context)
    async with server, start("CEM") as cem, start("EVSE") as evse:
        cem.node.trust(ODD.ski, host="127.0.0.1", port=server.sockets[0].getsockname()[1])
        evse.node.trust(cem.ski)
        cem.knows(evse)
        await cem.until_state(evse, CONNECTED)
        await cem.until(lambda: "Nothing answers" in cem.node.connection(ODD.ski).detail)
        await cem.until(lambda: calls > 2)
        assert cem.state(evse) is CONNECTED


@pytest.mark.usefixtures("_soon")
async def test_a_peer_that_opens_a_websocket_and_says_nothing_is_an_error(start, monkeypatch):
    monkeypatch.setattr(cmi, "HANDSHAKE_STEP_S", 0.2)
    async with start("CEM") as cem, start("EVSE") as evse:

        async def mute(socket, address):
            await cem.until_state(evse, ConnectionState.ERROR)
            await socket.close()

        evse.node._listener._adopt = mute
        cem.knows(evse)
        await cem.until_state(evse, ConnectionState.ERROR)
        assert "did not open the SHIP protocol" in cem.node.connection(evse.ski).detail


async def test_where_mdns_hears_nobody_a_peer_entered_by_hand_is_connected(start):
    async with start("CEM", mdns=True) as cem, start("EVSE") as evse:  # the EVSE does not announce
        evse.node.trust(cem.ski)
        cem.node.trust(evse.ski)
        assert cem.state(evse) is ConnectionState.NOT_CONNECTED
        assert "announce" in cem.node.connection(evse.ski).detail
        cem.knows(evse)
        await cem.until_state(evse, CONNECTED)


async def test_trust_is_loaded_before_anybody_can_call(start):
    identity = Identity.create("EVSE")
    async with start("CEM", TrustedPeer(identity.ski)) as cem:
        known = TrustedPeer(cem.ski, None, "127.0.0.1", cem.node.port)
        async with start("EVSE", known, identity=identity) as evse:
            await cem.until_state(evse, CONNECTED)
            assert ConnectionState.REQUEST_RECEIVED not in cem.states(evse)
