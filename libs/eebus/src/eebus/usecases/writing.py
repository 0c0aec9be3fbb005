"""Writes to a peer's server feature: bound first, and bound anew where the peer forgot it."""

from collections.abc import Callable

from eebus.spine.datagram import Cmd
from eebus.spine.errors import ErrorNumber
from eebus.spine.session import Answer, Session
from eebus.spine.tree import Feature

Told = Callable[[Answer], None]


def write_bound(
    session: Session, ends: tuple[Feature, Feature], command: Cmd, now: float, done: Told
) -> None:
    """Write a function; `done` is called exactly once, with the last answer.

    ends: our client feature and the server feature of the peer.
    A peer may say yes to a binding and drop it: the reference of 2026 takes a binding of the
    lost connection for ours when we are back fast, and clears it a moment later.
    """
    client, server = ends
    if not session.is_bound(client, server):
        session.bind(client, server, again=True)

    def answered(answer: Answer) -> None:
        if answer.error_number == ErrorNumber.BINDING_REQUIRED:
            session.bind(client, server, again=True)
            session.write(client, server, command, now + answer.seconds, done)
        else:
            done(answer)

    session.write(client, server, command, now, answered)
