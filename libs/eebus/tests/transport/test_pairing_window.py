"""The pairing window over TLS on loopback: off, one device, bounded in time."""

import pytest

from eebus.events import ConnectionState, PairingWindowChanged
from eebus.transport.window import MAX_WINDOW_S

CONNECTED = ConnectionState.CONNECTED
ASKED = ConnectionState.REQUEST_RECEIVED


def _windows(recorder) -> list[PairingWindowChanged]:
    return [each for each in recorder.events if isinstance(each, PairingWindowChanged)]


async def test_without_a_window_a_device_that_asks_waits_for_the_user(start):
    async with start("CEM") as cem, start("EVSE") as evse:
        evse.knows(cem)
        await cem.until_state(evse, ASKED)
        assert _windows(cem) == []


async def test_an_open_window_lets_the_first_device_in_and_no_other(start):
    async with start("CEM") as cem, start("EVSE") as evse, start("SECOND") as second:
        cem.node.open_pairing(60)
        evse.knows(cem)
        await cem.until_state(evse, CONNECTED)
        await evse.until_state(cem, CONNECTED)
        opened, closed = _windows(cem)
        assert (opened.is_open, opened.ski, opened.remaining_s) == (True, "", 60)
        assert closed == PairingWindowChanged(evse.ski, is_open=False)
        second.knows(cem)
        await cem.until_state(second, ASKED)


async def test_a_request_that_waits_already_is_let_in(start):
    async with start("CEM") as cem, start("EVSE") as evse:
        evse.knows(cem)
        await cem.until_state(evse, ASKED)
        cem.node.open_pairing(60)
        await cem.until_state(evse, CONNECTED)


async def test_of_several_that_wait_none_is_let_in_but_a_new_one_is(start):
    async with start("CEM") as cem, start("ONE") as one, start("TWO") as two:
        for each in (one, two):
            each.knows(cem)
            await cem.until_state(each, ASKED)
        cem.node.open_pairing(60)
        assert not cem.node._window.lets_in(one.ski)  # nor when it asks once more
        assert cem.state(one) is cem.state(two) is ASKED
        async with start("THREE") as three:
            three.knows(cem)
            await cem.until_state(three, CONNECTED)
        assert CONNECTED not in cem.states(one) + cem.states(two)


async def test_a_denied_device_is_not_let_in(start):
    async with start("CEM") as cem, start("EVSE") as evse:
        evse.knows(cem)
        await cem.until_state(evse, ASKED)
        cem.node.deny(evse.ski)
        cem.node.open_pairing(60)
        await evse.until_state(cem, ConnectionState.DENIED)
        evse.knows(cem)  # its user tries again at once
        await evse.until(lambda: evse.states(cem).count(ConnectionState.DENIED) == 2)
        assert cem.state(evse) is not CONNECTED
        assert len(_windows(cem)) == 1


async def test_a_window_closes_by_itself_by_command_and_at_the_end(start):
    async with start("CEM") as cem, start("EVSE") as evse:
        cem.node.open_pairing(0.05)
        await cem.until(lambda: len(_windows(cem)) == 2)
        evse.knows(cem)
        await cem.until_state(evse, ASKED)
        cem.node.deny(evse.ski)
        cem.node.open_pairing(60)
        cem.node.close_pairing()
        cem.node.close_pairing()
        assert [each.is_open for each in _windows(cem)] == [True, False, True, False]
        cem.node.open_pairing(60)
    assert not _windows(cem)[-1].is_open


@pytest.mark.parametrize("seconds", [0, -1, MAX_WINDOW_S + 1, float("nan")])
async def test_a_window_is_bounded(start, seconds):
    async with start("CEM") as cem:
        with pytest.raises(ValueError, match="300 s"):
            cem.node.open_pairing(seconds)
