"""The coloured dot of a paired device: three colours from seven states (ship.md section 11)."""

from enum import StrEnum

from eebus.events import ConnectionChanged, ConnectionState


class Dot(StrEnum):
    """What the page shows: red, orange, green."""

    NOT_CONNECTED = "not_connected"
    CONNECTING = "connecting"
    CONNECTED = "connected"


# A paired device that asks for pairing is one whose request our trust is about to answer.
DOTS = {
    ConnectionState.NOT_CONNECTED: Dot.NOT_CONNECTED,
    ConnectionState.CONNECTING: Dot.CONNECTING,
    ConnectionState.WAITING_FOR_PEER: Dot.CONNECTING,
    ConnectionState.REQUEST_RECEIVED: Dot.CONNECTING,
    ConnectionState.CONNECTED: Dot.CONNECTED,
    ConnectionState.DENIED: Dot.NOT_CONNECTED,
    ConnectionState.ERROR: Dot.NOT_CONNECTED,
}

SENTENCES = {
    ConnectionState.NOT_CONNECTED: "Not connected.",
    ConnectionState.CONNECTING: "Connecting.",
    ConnectionState.WAITING_FOR_PEER: "Confirm the pairing on the other device.",
    ConnectionState.REQUEST_RECEIVED: "The other device asks to be paired.",
    ConnectionState.CONNECTED: "",
    ConnectionState.DENIED: "Rejected by the other device; pair there too.",
    ConnectionState.ERROR: "The connection failed.",
}


def dot(state: ConnectionState) -> Dot:
    """Return the colour for a paired device."""
    return DOTS[state]


def sentence(changed: ConnectionChanged) -> str:
    """Return what is going on, or who must act; empty when all is well."""
    return changed.detail or SENTENCES[changed.state]
