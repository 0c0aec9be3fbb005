"""Writes to a peer's server feature: bound first, and bound anew where the peer forgot it."""

from collections.abc import Callable
from dataclasses import dataclass

from eebus.events import WriteResult
from eebus.spine.datagram import Cmd, cmd
from eebus.spine.errors import ErrorNumber
from eebus.spine.merging import apply
from eebus.spine.session import Answer, Session
from eebus.spine.tree import Entity, Feature

Told = Callable[[Answer], None]
Done = Callable[[WriteResult], None]


@dataclass(frozen=True, slots=True)
class Target:
    """A feature by its type, between our entity that writes and the peer's that serves it."""

    own: Entity
    theirs: Entity
    type: str


def unsent(reason: str) -> WriteResult:
    """Return the result of a write that never left us."""
    return WriteResult(ok=False, error_number=None, text=reason, ms=0.0)


def result_of(answer: Answer) -> WriteResult:
    """Return what the peer's answer to a write means."""
    ms = answer.seconds * 1000
    return WriteResult(answer.error_number == 0, answer.error_number, answer.text, ms)


def fitting(feature: Feature, command: Cmd) -> Cmd:
    """Return the command, or the whole list where no partial writes are offered."""
    operations = feature.functions.get(command.name)
    if operations is not None and operations.write_partial:
        return command
    return cmd(command.name, apply(command, feature.content(command.name)))


def write_to(session: Session, target: Target, command: Cmd, now: float, done: Done) -> None:
    """Write a function of a feature of a peer; `done` is called exactly once."""
    client, server = target.own.client(target.type), target.theirs.server(target.type)
    if client is None or server is None:
        done(unsent(f"no {target.type}"))
        return
    write_bound(session, (client, server), command, now, lambda answer: done(result_of(answer)))


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
