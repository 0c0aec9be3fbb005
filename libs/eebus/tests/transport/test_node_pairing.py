"""Two real nodes over TLS on loopback: pairing in every order, and its end."""

from eebus.events import ConnectionState, ShipIdLearned


async def test_the_dialled_side_confirms_second(start):
    async with start("CEM") as cem, start("EVSE") as evse:
        cem.knows(evse)
        await evse.until_state(cem, ConnectionState.REQUEST_RECEIVED)
        await cem.until_state(evse, ConnectionState.WAITING_FOR_PEER)
        evse.node.trust(cem.ski)
        await cem.until_state(evse, ConnectionState.CONNECTED)
        await evse.until_state(cem, ConnectionState.CONNECTED)
        assert ShipIdLearned(evse.ski, "EVSE") in cem.events
        assert ShipIdLearned(cem.ski, "CEM") in evse.events
