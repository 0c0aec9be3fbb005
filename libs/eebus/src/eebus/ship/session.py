"""One SHIP connection from its first byte to its end: the phases in their order.

Pure: takes events with the time, returns the next session and the effects to carry out.
"""

from dataclasses import dataclass, replace

from eebus.errors import RemoteProtocolError
from eebus.ship import access, closing, cmi, hello, pin, protocol
from eebus.ship.access import Access
from eebus.ship.closing import DataPhase
from eebus.ship.cmi import Cmi
from eebus.ship.hello import HelloPhaseState, Trust
from eebus.ship.messages import Data, HelloPhase, decode
from eebus.ship.pin import Pin
from eebus.ship.protocol import Protocol
from eebus.ship.steps import (
    CODE_NODE_REJECTED,
    CODE_NORMAL,
    Approved,
    Close,
    CloseWanted,
    Completed,
    Deliver,
    Denied,
    Effect,
    Effects,
    End,
    PhaseEvent,
    Role,
    State,
    TimerExpired,
    failed,
)

MAX_EARLY_BYTES = 256 * 1024  # SPINE payloads that come before the handshake is done
MAX_EARLY_MESSAGES = 64


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing happens any more, whatever comes."""

    state: State = State.ENDED


Phase = Cmi | HelloPhaseState | Protocol | Pin | Access | DataPhase | Ended


@dataclass(frozen=True, slots=True)
class Received:
    """A binary WebSocket message came in."""

    frame: bytes


SessionEvent = Received | TimerExpired | Approved | Denied | CloseWanted


@dataclass(frozen=True, slots=True)
class Session:
    """A connection. known_id: the SHIP ID stored with the peer's trust, None if not known."""

    role: Role
    our_id: str
    trust: Trust
    known_id: str | None
    phase: Phase
    early: tuple[Data, ...] = ()

    @property
    def state(self) -> State:
        """Where the connection stands."""
        return self.phase.state

    @property
    def is_past_cmi(self) -> bool:
        """Whether the peer has sent its first 00 00."""
        return not isinstance(self.phase, Cmi)

    @property
    def is_complete(self) -> bool:
        """Whether SPINE may speak."""
        return self.state is State.DATA

    @property
    def is_trusted_by_both(self) -> bool:
        """Whether the hello is over, with a yes from both sides."""
        return isinstance(self.phase, Protocol | Pin | Access | DataPhase)

    @property
    def is_peer_pending(self) -> bool:
        """Whether the peer's user still has to confirm."""
        return (
            self.state is State.HELLO_READY_LISTEN
            and isinstance(self.phase, HelloPhaseState)
            and self.phase.peer_phase is HelloPhase.PENDING
        )

    @property
    def is_asking(self) -> bool:
        """Whether the peer trusts us and waits for our user."""
        return (
            self.state is State.HELLO_PENDING_LISTEN
            and isinstance(self.phase, HelloPhaseState)
            and self.phase.peer_phase is HelloPhase.READY
        )


Step = tuple[Session, Effects]


def begin(role: Role, our_id: str, trust: Trust, known_id: str | None = None) -> Step:
    """Start a connection whose WebSocket just opened.

    our_id: our SHIP ID. trust: what our user says of the peer's SKI; a client always trusts.
    """
    phase, effects = cmi.begin(role)
    return Session(role, our_id, trust, known_id, phase), effects


def step(session: Session, event: SessionEvent, now_s: float) -> Step:
    """Take one event; never raises. now_s: any steady clock, the same for all steps.

    After a Close effect the session is ENDED and every event passes without effect.
    """
    if session.state is State.ENDED:
        return session, ()
    session = _note_decision(session, event)
    match event:
        case Received(frame):
            try:
                return _on_message(session, decode(frame), now_s)
            except RemoteProtocolError as error:
                return _end(session, failed(f"{error}."))
        case CloseWanted() if not isinstance(session.phase, DataPhase):
            return _end(
                session,
                Close(CODE_NORMAL, "close", End.CLOSED, "This device closed the connection."),
            )
        case Denied() if isinstance(session.phase, Protocol | Pin | Access):
            # The hello is over and would not hear it; whom we refuse never gets to SPINE.
            return _end(
                session,
                Close(
                    CODE_NODE_REJECTED,
                    "Node rejected by application",
                    End.DENIED_BY_US,
                    "The user of this device refused the other one.",
                ),
            )
        case _:
            return _advance(session, event, now_s)


def ended(session: Session) -> Session:
    """Return the session as over, for an end that did not come from its own rules."""
    return replace(session, phase=Ended(), early=())


def _note_decision(session: Session, event: SessionEvent) -> Session:
    """Remember a decision: it counts for the hello even if it comes before it."""
    if isinstance(event, Approved):
        return replace(session, trust=Trust.TRUSTED, known_id=event.known_id or session.known_id)
    if isinstance(event, Denied):
        return replace(session, trust=Trust.REFUSED)
    return session


def _on_message(session: Session, message: PhaseEvent, now_s: float) -> Step:
    if isinstance(message, Data) and isinstance(session.phase, Protocol | Pin | Access):
        return _keep_early(session, message)
    return _advance(session, message, now_s)


def _keep_early(session: Session, message: Data) -> Step:
    """Keep data that overtook the handshake; some peers send it before access methods ended."""
    early = (*session.early, message)
    if len(early) > MAX_EARLY_MESSAGES or sum(m.size for m in early) > MAX_EARLY_BYTES:
        return _end(session, failed("The other device sent too much data before it was due."))
    return replace(session, early=early), ()


def _advance(session: Session, event: PhaseEvent | CloseWanted, now_s: float) -> Step:
    phase, effects = _on_event(session.phase, event, now_s)
    session = replace(session, phase=phase)
    collected = list(effects)
    while following := _next_phase(session, now_s):
        phase, effects = following
        session = replace(session, phase=phase)
        collected += effects
        if session.state is State.DATA:
            collected += [Completed(), *(Deliver(message.payload) for message in session.early)]
            session = replace(session, early=())
    return session, tuple(collected)


def _on_event(  # noqa: PLR0911 - one return per phase
    phase: Phase, event: PhaseEvent | CloseWanted, now_s: float
) -> tuple[Phase, Effects]:
    if isinstance(phase, DataPhase):
        return closing.on_event(phase, event)
    if isinstance(event, CloseWanted):
        return phase, ()  # step() has ended the session before it comes here
    match phase:
        case Cmi():
            return cmi.on_event(phase, event)
        case HelloPhaseState():
            return hello.on_event(phase, event, now_s)
        case Protocol():
            return protocol.on_event(phase, event)
        case Pin():
            return pin.on_event(phase, event)
        case Access():
            return access.on_event(phase, event)
        case Ended():
            return phase, ()


def _next_phase(session: Session, now_s: float) -> tuple[Phase, Effects] | None:
    """Return the start of the phase that follows a finished one, None while one runs."""
    match session.state:
        case State.CMI_OK:
            return hello.begin(session.trust, now_s)
        case State.HELLO_OK:
            return protocol.begin(session.role)
        case State.PROTOCOL_OK:
            return pin.begin()
        case State.PIN_OK:
            return access.begin(session.our_id, session.known_id)
        case State.ACCESS_OK:
            return closing.begin(session.our_id)
        case _:
            return None


def _end(session: Session, close: Effect) -> Step:
    return ended(session), (close,)
