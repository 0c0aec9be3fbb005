"""What is fuzzed in the EEBUS library: bytes in, nothing raised and nothing endless out.

Each target takes bytes and raises when the library breaks a promise of its documentation.
"""

import json
import os
from collections.abc import Callable
from functools import cache

from mutation import mutated
from source import Source
from wiring import CEM, EVSE, Life, cem, station

from eebus.errors import RemoteProtocolError
from eebus.ship import session as ship
from eebus.ship.eebus_json import encode_root, from_eebus, parse, to_eebus
from eebus.ship.hello import Trust
from eebus.ship.messages import Data, Unknown, decode, encode
from eebus.ship.session import Received
from eebus.ship.steps import (
    Approved,
    Close,
    CloseWanted,
    Completed,
    Deliver,
    Denied,
    Role,
    StartTimer,
    StopTimer,
    Timer,
    TimerExpired,
)
from eebus.spine.datagram import read_datagram, write_datagram
from eebus.spine.errors import DatagramError
from eebus.spine.model.functions import FUNCTIONS

MOST_ANSWERS = 400  # of one payload: a new tree of many entities asks many questions
MOST_STEPS = 48
FAULT = os.environ.get("FUZZ_FAULT", "")  # a fault on purpose: does the fuzzer find it?
PROBE = (
    '{"datagram":[{"header":[{"specificationVersion":"1.3.0"},'
    '{"addressSource":[{"device":"%s"},{"entity":[0]},{"feature":0}]},'
    '{"addressDestination":[{"entity":[0]},{"feature":0}]},'
    '{"msgCounter":99999999},{"cmdClassifier":"read"}]},'
    '{"payload":[{"cmd":[[{"nodeManagementDetailedDiscoveryData":[]}]]}]}]}'
)


# --- frames --------------------------------------------------------------------------------------


def frame(data: bytes) -> None:
    """Any bytes as a frame are a message or refused; what was understood can be said again."""
    try:
        message = decode(data)
    except RemoteProtocolError:
        return
    if not isinstance(message, Data | Unknown):
        decode(encode(message))


def eebus_json(data: bytes) -> None:
    """Any bytes are JSON of bounded depth or refused; both shapes can be written again."""
    try:
        value = parse(data)
    except RemoteProtocolError:
        return
    plain = from_eebus(value)
    to_eebus(plain)
    if isinstance(plain, dict):
        encode_root("root", plain)


# --- datagrams -----------------------------------------------------------------------------------


@cache
def said(sender: str) -> tuple[str, ...]:
    """Return the different payloads that one side says in a car's whole visit."""
    return tuple(dict.fromkeys(text for who, text in Life().lived().said if who == sender))


@cache
def names() -> tuple[str, ...]:
    """Return the names that may take another's place: functions and elements."""
    elements = {key for f in FUNCTIONS.values() for key in (f.item or f.data).fields}
    return (*FUNCTIONS, *sorted(elements), "noSuchThing", "")


def datagram(data: bytes) -> None:
    """A changed datagram is read or refused; once read, writing and reading change nothing."""
    source = Source(data)
    seeds = said("cem") + said("evse")
    raw = mutated(source.pick(seeds), names(), source)
    try:
        read = read_datagram(raw)
    except DatagramError:
        return
    if FAULT == "trusting-reader" and isinstance(raw, dict):
        _trusting(raw["datagram"])
    text = write_datagram(read)
    again = read_datagram(json.loads(text))
    if write_datagram(again) != text:
        raise AssertionError(f"written {text}, then {write_datagram(again)}")


def _trusting(raw: object) -> int:
    """Read as no reader should: as if every message were well-formed."""
    (header, *_) = raw  # type: ignore[misc]  # that it may be anything is the point
    return sum(len(each) for each in header["header"])


# --- handshake -----------------------------------------------------------------------------------

WORDS: tuple[bytes, ...] = (
    b"\x00\x00",
    b'\x01{"connectionHello":[{"phase":"ready"},{"waiting":60000}]}',
    b'\x01{"connectionHello":[{"phase":"pending"},{"waiting":60000}]}',
    b'\x01{"connectionHello":[{"phase":"pending"},{"prolongationRequest":true}]}',
    b'\x01{"connectionHello":[{"phase":"aborted"}]}',
    b'\x01{"messageProtocolHandshake":[{"handshakeType":"announceMax"},'
    b'{"version":[{"major":1},{"minor":0}]},{"formats":[{"format":["JSON-UTF8"]}]}]}',
    b'\x01{"messageProtocolHandshake":[{"handshakeType":"select"},'
    b'{"version":[{"major":1},{"minor":0}]},{"formats":[{"format":["JSON-UTF8"]}]}]}',
    b'\x01{"messageProtocolHandshakeError":[{"error":2}]}',
    b'\x01{"connectionPinState":[{"pinState":"none"}]}',
    b'\x01{"connectionPinState":[{"pinState":"required"},{"inputPermission":"ok"}]}',
    b'\x01{"accessMethodsRequest":[]}',
    b'\x01{"accessMethods":[{"id":"other"}]}',
    b'\x01{"accessMethods":[{"id":"stranger"}]}',
    b'\x03{"connectionClose":[{"phase":"announce"},{"maxTime":500}]}',
    b'\x03{"connectionClose":[{"phase":"confirm"}]}',
    b'\x02{"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":{"datagram":[]}}]}',
)


def handshake(data: bytes) -> None:
    """Any order of messages, timers and decisions: no payload reaches us without trust."""
    source = Source(data)
    trust = source.pick(tuple(Trust))
    known = source.pick((None, "other"))
    current, effects = ship.begin(source.pick(tuple(Role)), "us", trust, known)
    running = _timers(set(), effects)
    is_trusted = trust is Trust.TRUSTED
    is_complete = False
    for step in range(MOST_STEPS):
        if source.is_empty:
            break
        event = _event(source, running)
        is_trusted = (is_trusted or isinstance(event, Approved)) and not isinstance(event, Denied)
        current, effects = ship.step(current, event, float(step))
        if isinstance(event, TimerExpired):
            running = running - {event.timer}
        running = _timers(running, effects)
        is_complete = is_complete or any(isinstance(e, Completed) for e in effects)
        if is_complete and not is_trusted and any(isinstance(e, Completed) for e in effects):
            raise AssertionError(f"completed without trust by {event}")
        if any(isinstance(e, Deliver) for e in effects) and not is_complete:
            raise AssertionError(f"delivered before the handshake was done, by {event}")
        if any(isinstance(e, Close) for e in effects) and current.state is not ship.State.ENDED:
            raise AssertionError(f"closed by {event}, but still {current.state}")
        # In the data phase the keepalive of the transport watches over the peer.
        if current.state not in {ship.State.ENDED, ship.State.DATA} and not running:
            raise AssertionError(f"waits for ever in {current.state}")
        if len(current.early) > ship.MAX_EARLY_MESSAGES:
            raise AssertionError(f"{len(current.early)} early messages are kept")


def _event(source: Source, running: set[Timer]) -> ship.SessionEvent:  # noqa: PLR0911 - a table
    match source.byte() % 16:
        case 0 if running:
            return TimerExpired(sorted(running)[source.byte() % len(running)])
        case 1:
            return Approved(source.pick((None, "other")))
        case 2:
            return Denied()
        case 3:
            return CloseWanted()
        case 4:
            word = bytearray(source.pick(WORDS))
            word[source.number() % len(word)] = source.byte()
            return Received(bytes(word))
        case 5:
            return Received(source.some(64))
        case _:
            return Received(source.pick(WORDS))


def _timers(running: set[Timer], effects: ship.Effects) -> set[Timer]:
    for effect in effects:
        if isinstance(effect, StartTimer):
            running = running | {effect.timer}
        elif isinstance(effect, StopTimer):
            running = running - {effect.timer}
    return running


# --- conversations -------------------------------------------------------------------------------


def conversation(data: bytes) -> None:
    """A peer that says anything is borne: answers stay bounded, and an honest read is answered."""
    source = Source(data)
    is_cem = bool(source.byte() % 2)
    ours = cem([]) if is_cem else station([])
    peer, sender = (EVSE, "evse") if is_cem else (CEM, "cem")
    answers: list[str] = []
    now = 100.0
    ours.opened(peer, answers.append, now)
    seeds = said(sender)
    for seed in seeds[: source.byte() % 24]:
        ours.received(peer, json.loads(seed), now)
    while not source.is_empty:
        answers.clear()
        now += source.byte() / 16
        ours.received(peer, mutated(source.pick(seeds), names(), source), now)
        ours.tick(peer, now)
        if len(answers) > MOST_ANSWERS:
            raise AssertionError(f"{len(answers)} answers to one payload")
    answers.clear()
    ours.received(peer, json.loads(PROBE % "d:_n:Probe"), now)
    if not any('"msgCounterReference":99999999' in text for text in answers):
        raise AssertionError("an honest read is not answered any more")
    ours.closed(peer, now)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "frame": frame,
    "json": eebus_json,
    "datagram": datagram,
    "handshake": handshake,
    "conversation": conversation,
}


def seeds(target: str) -> list[bytes]:
    """Return inputs to start from."""
    if target == "frame":
        payloads = (said("cem") + said("evse"))[:24]
        wrapped = [
            b'\x02{"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":%s}]}' % text.encode()
            for text in payloads
        ]
        return [*WORDS, *wrapped]
    if target == "json":
        return [text.encode() for text in (said("cem") + said("evse"))[:24]]
    return [bytes(range(start, start + 48)) for start in range(0, 208, 16)]


__all__ = ["TARGETS", "seeds"]
