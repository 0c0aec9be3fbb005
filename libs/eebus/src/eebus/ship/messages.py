"""The SHIP messages as values, and their frames: one type byte and a content (ship.md 5 to 8)."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from eebus.errors import RemoteProtocolError
from eebus.ship.eebus_json import Json, encode_root, from_eebus, parse

FORMAT_UTF8 = "JSON-UTF8"
_DATA_HEAD = b'\x02{"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":'
_DATA_TAIL = b"}]}"


class FrameType(IntEnum):
    """The first byte of each message."""

    INIT = 0
    CONTROL = 1
    DATA = 2
    END = 3


class HelloPhase(StrEnum):
    """What a side says about its trust."""

    READY = "ready"
    PENDING = "pending"
    ABORTED = "aborted"


class HandshakeType(StrEnum):
    """The two kinds of messageProtocolHandshake."""

    ANNOUNCE_MAX = "announceMax"
    SELECT = "select"


@dataclass(frozen=True, slots=True)
class Init:
    """Connection mode initialisation: the byte pair that opens each connection."""


@dataclass(frozen=True, slots=True)
class Hello:
    """connectionHello. waiting_ms: what is left of the sender's Wait-For-Ready timer."""

    phase: HelloPhase
    waiting_ms: int | None = None
    prolongation_request: bool = False


@dataclass(frozen=True, slots=True)
class ProtocolHandshake:
    """messageProtocolHandshake: version and formats, announced or selected."""

    kind: HandshakeType
    major: int = 1
    minor: int = 0
    formats: tuple[str, ...] = (FORMAT_UTF8,)


@dataclass(frozen=True, slots=True)
class ProtocolHandshakeError:
    """messageProtocolHandshakeError: 1 timeout, 2 unexpected message, 3 selection mismatch."""

    error: int


@dataclass(frozen=True, slots=True)
class PinState:
    """connectionPinState: none, required, optional, pinOk."""

    pin_state: str = "none"


@dataclass(frozen=True, slots=True)
class AccessMethodsRequest:
    """Asks for the peer's SHIP ID."""


@dataclass(frozen=True, slots=True)
class AccessMethods:
    """Tells a SHIP ID; ways to reach the device that may stand beside it are not used."""

    id: str


@dataclass(frozen=True, slots=True)
class CloseAnnounce:
    """connectionClose, announced. max_time_ms: how long the sender waits for the confirm."""

    max_time_ms: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CloseConfirm:
    """connectionClose, confirmed."""


@dataclass(frozen=True, slots=True)
class Data:
    """A SPINE payload, decoded as JSON and still in EEBUS shape. size: bytes of its frame."""

    payload: object
    size: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """A well-formed control or end message we know nothing of."""

    name: str


Message = (
    Init
    | Hello
    | ProtocolHandshake
    | ProtocolHandshakeError
    | PinState
    | AccessMethodsRequest
    | AccessMethods
    | CloseAnnounce
    | CloseConfirm
    | Data
    | Unknown
)
Outgoing = (
    Init
    | Hello
    | ProtocolHandshake
    | ProtocolHandshakeError
    | PinState
    | AccessMethodsRequest
    | AccessMethods
    | CloseAnnounce
    | CloseConfirm
)


def encode(message: Outgoing) -> bytes:
    """Return the frame of a message, byte for byte as the reference sends it."""
    match message:
        case Init():
            return b"\x00\x00"
        case CloseAnnounce() | CloseConfirm():
            return bytes([FrameType.END]) + encode_root("connectionClose", _close(message))
        case _:
            name, content = _control(message)
            return bytes([FrameType.CONTROL]) + encode_root(name, content)


def encode_data(payload: str) -> bytes:
    """Return the frame around a SPINE payload, given as compact EEBUS-JSON text."""
    return _DATA_HEAD + payload.encode(errors="replace") + _DATA_TAIL


def decode(frame: bytes) -> Message:
    """Return the message of a frame. Raises RemoteProtocolError for anything malformed."""
    if len(frame) < 2:
        raise RemoteProtocolError(f"A frame of {len(frame)} bytes; at least 2 expected")
    kind, content = frame[0], frame[1:]
    if kind == FrameType.INIT:
        if content != b"\x00":
            raise RemoteProtocolError(f"An init frame with the value {content[:8].hex()}, not 00")
        return Init()
    if kind == FrameType.DATA:
        return _data(parse(content), len(frame))
    if kind not in (FrameType.CONTROL, FrameType.END):
        raise RemoteProtocolError(f"A frame of the unknown type {kind}")
    return _named(parse(content))


def _control(
    message: Hello
    | ProtocolHandshake
    | ProtocolHandshakeError
    | PinState
    | AccessMethodsRequest
    | AccessMethods,
) -> tuple[str, dict[str, Json]]:
    match message:
        case Hello():
            return "connectionHello", _hello(message)
        case ProtocolHandshake(kind, major, minor, formats):
            version: Json = {"major": major, "minor": minor}
            offered: Json = {"format": list(formats)}
            return "messageProtocolHandshake", {
                "handshakeType": str(kind),
                "version": version,
                "formats": offered,
            }
        case ProtocolHandshakeError(error):
            return "messageProtocolHandshakeError", {"error": error}
        case PinState(pin_state):
            return "connectionPinState", {"pinState": pin_state}
        case AccessMethodsRequest():
            return "accessMethodsRequest", {}
        case AccessMethods(ship_id):
            return "accessMethods", {"id": ship_id}


def _hello(hello: Hello) -> dict[str, Json]:
    content: dict[str, Json] = {"phase": str(hello.phase)}
    if hello.waiting_ms is not None:
        content["waiting"] = hello.waiting_ms
    if hello.prolongation_request:
        content["prolongationRequest"] = True
    return content


def _close(message: CloseAnnounce | CloseConfirm) -> dict[str, Json]:
    if isinstance(message, CloseConfirm):
        return {"phase": "confirm"}
    content: dict[str, Json] = {"phase": "announce"}
    if message.max_time_ms is not None:
        content["maxTime"] = message.max_time_ms
    if message.reason is not None:
        content["reason"] = message.reason
    return content


def _data(root: Json, size: int) -> Data:
    parts = root.get("data") if isinstance(root, dict) else None
    # A list of single-key objects; one plain object is tolerated.
    for part in parts if isinstance(parts, list) else [parts]:
        if isinstance(part, dict) and "payload" in part:
            return Data(part["payload"], size)
    raise RemoteProtocolError("A data frame without a payload")


def _named(root: Json) -> Message:
    if not isinstance(root, dict) or len(root) != 1:
        raise RemoteProtocolError("A control frame whose root is no object of one key")
    ((name, content),) = root.items()
    reader = _READERS.get(name)
    if reader is None:
        return Unknown(name[:64])
    plain = from_eebus(content)
    if name == "error":
        plain = {"error": plain}  # some peers leave out messageProtocolHandshakeError around it
    if plain == []:
        plain = {}
    if not isinstance(plain, dict):
        raise RemoteProtocolError(f"{name} holds no elements")
    return reader(plain)


def _read_hello(content: dict[str, Json]) -> Hello:
    phase = _text(content, "phase")
    if phase not in tuple(HelloPhase):
        raise RemoteProtocolError(f"connectionHello with the unknown phase {phase[:32]!r}")
    return Hello(
        HelloPhase(phase),
        _count(content, "waiting"),
        content.get("prolongationRequest") is True,
    )


def _read_handshake(content: dict[str, Json]) -> ProtocolHandshake:
    kind, version, formats = (content.get(k) for k in ("handshakeType", "version", "formats"))
    if kind not in tuple(HandshakeType) or not isinstance(version, dict):
        raise RemoteProtocolError("messageProtocolHandshake without a known type and a version")
    offered = formats.get("format") if isinstance(formats, dict) else None
    names = offered if isinstance(offered, list) else [offered]
    return ProtocolHandshake(
        HandshakeType(str(kind)),
        _count(version, "major") or 0,
        _count(version, "minor") or 0,
        tuple(name for name in names if isinstance(name, str)),
    )


def _read_close(content: dict[str, Json]) -> CloseAnnounce | CloseConfirm:
    phase = _text(content, "phase")
    if phase == "confirm":
        return CloseConfirm()
    if phase != "announce":
        raise RemoteProtocolError(f"connectionClose with the unknown phase {phase[:32]!r}")
    reason = content.get("reason")
    return CloseAnnounce(
        _count(content, "maxTime"), reason[:64] if isinstance(reason, str) else None
    )


def _text(content: dict[str, Json], key: str) -> str:
    value = content.get(key)
    if not isinstance(value, str):
        raise RemoteProtocolError(f"The element {key} is missing or no text")
    return value


def _count(content: dict[str, Json], key: str) -> int | None:
    value = content.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise RemoteProtocolError(f"The element {key} is no whole number from 0")
    return value


_READERS: dict[str, Callable[[dict[str, Json]], Message]] = {
    "connectionHello": _read_hello,
    "messageProtocolHandshake": _read_handshake,
    "messageProtocolHandshakeError": lambda c: ProtocolHandshakeError(_count(c, "error") or 0),
    "error": lambda c: ProtocolHandshakeError(_count(c, "error") or 0),
    "connectionPinState": lambda c: PinState(_text(c, "pinState")),
    "accessMethodsRequest": lambda _: AccessMethodsRequest(),
    "accessMethods": lambda c: AccessMethods(_text(c, "id")),
    "connectionClose": _read_close,
}
