"""Two real nodes over TLS on loopback: pairing in every order, and its end."""

import asyncio
import socket

import pytest

from eebus.events import ConnectionState, ShipIdLearned, TrustedPeer
from eebus.identity import Identity

CONNECTED = ConnectionState.CONNECTED


async def test_the_dialled_side_confirms_second(start):
    async with start("CEM") as cem, start("EVSE") as evse:
        cem.knows(evse)
        await evse.until_state(cem, ConnectionState.REQUEST_RECEIVED)
        await cem.until_state(evse, ConnectionState.WAITING_FOR_PEER)
        assert evse.node.phase(cem.ski) == "SME_HELLO_STATE_PENDING_LISTEN"
        evse.node.trust(cem.ski)
        await cem.until_state(evse, CONNECTED)
        await evse.until_state(cem, CONNECTED)
        assert cem.node.phase(evse.ski) == "SME_STATE_COMPLETE"
        assert cem.node.phase("0" * 40) == ""
        assert ShipIdLearned(evse.ski, "EVSE") in cem.events
        assert ShipIdLearned(cem.ski, "CEM") in evse.events


async def test_both_sides_confirm_before_anybody_dialled(start):
    async with start("CEM") as cem, start("EVSE") as evse:
        cem.knows(evse)
        evse.knows(cem)  # both dial at once: a double connection
        await cem.until_state(evse, CONNECTED)
        await evse.until_state(cem, CONNECTED)
        await cem.until(lambda: len(cem.links) == 1)
        await evse.until(lambda: len(evse.links) == 1)


@pytest.mark.parametrize("_", range(5))
async def test_crossing_dials_settle_on_one_working_connection(start, _):
    async with start("CEM") as cem, start("EVSE") as evse:
        cem.knows(evse)
        evse.knows(cem)
        for side, other in ((cem, evse), (evse, cem)):
            await side.until_state(other, CONNECTED)
        async with asyncio.timeout(5):
            while any(len(side.connections) > 1 for side in (cem, evse)):
                await asyncio.sleep(0.01)  # the bigger SKI closes the older connection
        for side, other in ((cem, evse), (evse, cem)):
            await side.until_state(other, CONNECTED)
            side.links[0].send('{"datagram":[]}')
            await other.until(lambda other=other: bool(other.received))


async def test_a_stored_trust_connects_without_a_word(start):
    one, two = Identity.create("CEM"), Identity.create("EVSE")
    async with (
        start("EVSE", TrustedPeer(one.ski), identity=two) as evse,
        start(
            "CEM", TrustedPeer(two.ski, "EVSE", "127.0.0.1", evse.node.port), identity=one
        ) as cem,
    ):
        await cem.until_state(evse, CONNECTED)


async def test_trust_of_a_connected_peer_does_not_dial_again(pair):
    cem, evse = pair
    cem.knows(evse)
    evse.node.trust(cem.ski)
    cem.links[0].send('{"datagram":[{"header":[]}]}')
    await evse.until(lambda: bool(evse.received))
    assert (cem.opened, evse.opened) == (1, 1)


async def test_a_denied_request_is_told_and_can_be_paired_later(start):
    async with start("CEM") as cem, start("EVSE") as evse:
        cem.knows(evse)
        await evse.until_state(cem, ConnectionState.REQUEST_RECEIVED)
        evse.node.deny(cem.ski)
        await cem.until_state(evse, ConnectionState.DENIED)
        assert "Confirm this device there" in cem.node.connection(evse.ski).detail
        assert evse.state(cem) is ConnectionState.NOT_CONNECTED
        evse.knows(cem)
        await cem.until_state(evse, CONNECTED)
        await evse.until_state(cem, CONNECTED)


async def test_an_unpaired_peer_asks_again_and_one_confirmation_pairs_it(pair):
    cem, evse = pair
    cem.node.untrust(evse.ski)
    await cem.until_state(evse, ConnectionState.NOT_CONNECTED)
    await evse.until(lambda: ConnectionState.DENIED in evse.states(cem))
    evse.knows(cem)  # as if mDNS had shown it all the time
    await cem.until_state(evse, ConnectionState.REQUEST_RECEIVED)
    await evse.until_state(cem, ConnectionState.WAITING_FOR_PEER)
    cem.node.trust(evse.ski)
    await cem.until_state(evse, CONNECTED)
    await evse.until_state(cem, CONNECTED)


async def test_another_device_at_the_address_is_refused_in_tls(start):
    async with start("CEM") as cem, start("EVSE") as evse, start("OTHER") as other:
        cem.node.trust(evse.ski, host="127.0.0.1", port=other.node.port)
        await cem.until_state(evse, ConnectionState.ERROR)
        assert other.ski in cem.node.connection(evse.ski).detail
        assert cem.ski not in {getattr(event, "ski", "") for event in other.events}


async def test_a_wrong_ship_id_is_refused(start):
    async with start("CEM") as cem, start("EVSE") as evse:
        evse.node.trust(cem.ski)
        cem.node.trust(evse.ski, ship_id="EVSE-2", host="127.0.0.1", port=evse.node.port)
        await cem.until_state(evse, ConnectionState.ERROR)
        assert "'EVSE-2' was expected" in cem.node.connection(evse.ski).detail


async def test_nobody_pairs_with_itself(start):
    async with start("CEM") as cem:
        with pytest.raises(ValueError, match="own SKI"):
            cem.node.trust(cem.ski)


@pytest.mark.parametrize(("host", "port"), [("a" * 300, 1), ("127.0.0.1", 99999), ("no such", 1)])
async def test_an_address_that_cannot_be_one_stops_nothing(start, host, port):
    async with start("CEM") as cem, start("EVSE") as evse:
        cem.node.trust("ab" * 20, host=host, port=port)
        evse.node.trust(cem.ski)
        cem.knows(evse)
        await cem.until_state(evse, CONNECTED)
        await cem.until(
            lambda: "Nothing answers" in cem.node.connection("ab" * 20).detail, within_s=20
        )


async def test_a_peer_forgotten_while_it_is_dialled_is_dialled_no_more(start):
    async with start("CEM") as cem, start("EVSE") as evse:
        cem.knows(evse)
        cem.node.untrust(evse.ski)
        assert cem.state(evse) is ConnectionState.NOT_CONNECTED
        assert not cem.node._diallers
        assert not cem.node._lines


async def test_a_peer_with_ipv6_only_is_dialled(start):
    if not socket.has_dualstack_ipv6():
        pytest.skip("NOT TESTED: this machine has no IPv6")
    async with start("CEM") as cem, start("EVSE", listen_host="::1") as evse:
        evse.node.trust(cem.ski)
        cem.node.trust(evse.ski, host="::1", port=evse.node.port)
        await cem.until_state(evse, CONNECTED)
