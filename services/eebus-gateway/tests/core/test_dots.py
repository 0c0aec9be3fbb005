"""Seven states, three colours."""

import pytest

from eebus.events import ConnectionChanged, ConnectionState
from eebus_gateway.core.dots import Dot, dot, sentence


@pytest.mark.parametrize("state", ConnectionState)
def test_every_state_has_a_colour_and_a_sentence(state: ConnectionState) -> None:
    assert dot(state) in Dot
    text = sentence(ConnectionChanged("1" * 40, state))
    assert bool(text) is (state is not ConnectionState.CONNECTED)


def test_only_a_completed_connection_is_green() -> None:
    green = [state for state in ConnectionState if dot(state) is Dot.CONNECTED]
    assert green == [ConnectionState.CONNECTED]


def test_waiting_for_the_other_user_is_orange() -> None:
    assert dot(ConnectionState.WAITING_FOR_PEER) is Dot.CONNECTING


def test_what_the_stack_says_is_shown_as_it_is() -> None:
    changed = ConnectionChanged("1" * 40, ConnectionState.ERROR, "TLS failed.")
    assert sentence(changed) == "TLS failed."
