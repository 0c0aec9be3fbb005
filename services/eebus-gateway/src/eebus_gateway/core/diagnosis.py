"""What is known of one paired device for whoever looks for a fault. Pure.

`at` is the wall clock: these are records, nothing is controlled by them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from eebus.events import (
    ConnectionChanged,
    ConnectionState,
    DeviceDescribed,
    EntityChanged,
    Event,
    FailsafeChanged,
    HeartbeatChanged,
    PerPhase,
    PowerControlChanged,
    PowerLimitChanged,
    UseCasesChanged,
    WriteResult,
)
from eebus_gateway.core.abilities import NOTHING_TOLD, Tree
from eebus_gateway.core.picture import PairedView

MOST_WRITES: Final = 20


@dataclass(frozen=True, slots=True)
class LimitWrite:
    """One limit that was written, by us or (lpc, lpp) by a control box to us.

    answer_ms: None = no answer came. reaction_s: None = the current was not seen to follow.
    """

    at: datetime
    kind: str
    current_a: PerPhase | None
    power_w: float | None
    ok: bool
    error_number: int | None = None
    text: str = ""
    answer_ms: float | None = None
    reaction_s: float | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One device, since our start."""

    tree: Tree = NOTHING_TOLD
    quirks: tuple[str, ...] = ()
    connections: int = 0
    connected_since: datetime | None = None
    last_error: str = ""
    last_error_at: datetime | None = None
    writes: tuple[LimitWrite, ...] = ()  # newest first
    held: Mapping[str, PowerLimitChanged] = field(default_factory=dict)  # of an appliance, by kind
    failsafe: FailsafeChanged | None = None  # of an appliance; of a control box, what it wrote


@dataclass(frozen=True, slots=True)
class Examined:
    """A diagnosis with what is true only at the moment of asking.

    phase: of the handshake, in the words of SHIP; "" = no connection. reaction_s: median.
    """

    view: PairedView
    diagnosis: Diagnosis
    phase: str
    reaction_s: float | None
    heartbeat_age_s: float | None


def fold(diagnosis: Diagnosis, event: Event, at: datetime) -> Diagnosis:
    """Return the diagnosis after one event about the device."""
    match event:
        case ConnectionChanged():
            return _connected(diagnosis, event, at)
        case EntityChanged() | UseCasesChanged():
            return replace(diagnosis, tree=diagnosis.tree.heard(event))
        case DeviceDescribed(quirks=quirks):
            return replace(diagnosis, quirks=quirks)
        case HeartbeatChanged(ok=False):
            return failed(diagnosis, "Its heartbeat is overdue.", at)
        case PowerControlChanged() | PowerLimitChanged() | FailsafeChanged():
            return _limited(diagnosis, event, at)
        case _:
            return diagnosis


def opev_write(current_a: PerPhase, result: WriteResult, at: datetime) -> LimitWrite:
    """Return the record of a limit that was written to a car."""
    has_answer = result.error_number is not None
    return LimitWrite(
        at,
        "opev",
        current_a,
        None,
        result.ok,
        result.error_number,
        result.text,
        result.ms if has_answer else None,
    )


def written(diagnosis: Diagnosis, write: LimitWrite) -> Diagnosis:
    """Note a limit that was written and answered, or not answered in time."""
    diagnosis = replace(diagnosis, writes=(write, *diagnosis.writes)[:MOST_WRITES])
    if write.ok:
        return diagnosis
    number = "" if write.error_number is None else f" (error {write.error_number})"
    text = f"A limit was not accepted{number}: {write.text or 'no answer'}."
    return failed(diagnosis, text, write.at)


def reacted(diagnosis: Diagnosis, reaction_s: float) -> Diagnosis:
    """Note how long the last accepted limit took to be followed."""
    writes = list(diagnosis.writes)
    for place, write in enumerate(writes):
        if write.ok and write.reaction_s is None:
            writes[place] = replace(write, reaction_s=reaction_s)
            return replace(diagnosis, writes=tuple(writes))
    return diagnosis


def failed(diagnosis: Diagnosis, text: str, at: datetime) -> Diagnosis:
    """Note an error, one English sentence."""
    return replace(diagnosis, last_error=text, last_error_at=at)


def _connected(diagnosis: Diagnosis, changed: ConnectionChanged, at: datetime) -> Diagnosis:
    if changed.state is ConnectionState.CONNECTED:
        if diagnosis.connected_since is not None:
            return diagnosis
        # Its tree is told from the start on each connection.
        return replace(
            diagnosis,
            tree=NOTHING_TOLD,
            connections=diagnosis.connections + 1,
            connected_since=at,
        )
    was_lost = diagnosis.connected_since is not None
    is_wrong = changed.state in {ConnectionState.ERROR, ConnectionState.DENIED}
    diagnosis = replace(diagnosis, connected_since=None)
    if (was_lost or is_wrong) and changed.detail:
        diagnosis = failed(diagnosis, changed.detail, at)
    return diagnosis


def _limited(
    diagnosis: Diagnosis,
    event: PowerControlChanged | PowerLimitChanged | FailsafeChanged,
    at: datetime,
) -> Diagnosis:
    """Note what a control box ordered, or what an appliance keeps to."""
    match event:
        case PowerControlChanged(kind=kind, limit_w=limit_w, state=state):
            order = LimitWrite(at, kind, None, limit_w, ok=True, text=f"now {state}")
            return written(diagnosis, order)
        case PowerLimitChanged(kind=kind):
            return replace(diagnosis, held={**diagnosis.held, kind: event})
        case FailsafeChanged():
            return replace(diagnosis, failsafe=event)
