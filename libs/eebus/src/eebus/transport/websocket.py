"""A WebSocket with the subprotocol `ship` on an encrypted stream.

Binary messages only. Sizes are bounded; pings are answered by the protocol object itself.
"""

import logging
from dataclasses import dataclass

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidState, WebSocketException
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from eebus.errors import RemoteProtocolError
from eebus.transport.tls import TlsStream

# It would tell every opening and every refusal; the node tells what matters.
_quiet = logging.getLogger(f"{__name__}.protocol")
_quiet.setLevel(logging.ERROR)

SUBPROTOCOL = Subprotocol("ship")
MAX_MESSAGE_BYTES = 1024 * 1024
MAX_STRANGER_BYTES = 8 * 1024  # handshake messages have at most a few hundred bytes


class WebSocketRefusedError(RemoteProtocolError):
    """The peer answers HTTP, but opens no WebSocket at this path."""


@dataclass(frozen=True, slots=True)
class Binary:
    """One whole binary message."""

    frame: bytes


@dataclass(frozen=True, slots=True)
class Pong:
    """The peer answered a ping."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one read brought. frames, size: how many WebSocket frames and bytes, for the pace."""

    messages: tuple[Binary | Pong, ...]
    frames: int
    size: int


class WebSocket:
    """An open WebSocket. Made by accept() and connect()."""

    def __init__(self, stream: TlsStream, protocol: ServerProtocol | ClientProtocol) -> None:
        self._stream = stream
        self._protocol = protocol
        self._partial = bytearray()
        self._waiting: list[Frame] = []  # came in one read with the opening handshake
        self._is_over = False

    @property
    def ski(self) -> str:
        """The SKI of the peer, proven by TLS."""
        return self._stream.peer_ski

    @property
    def close_code(self) -> int | None:
        """The close code the peer sent, None if it sent none."""
        return self._protocol.close_rcvd.code if self._protocol.close_rcvd else None

    @property
    def close_reason(self) -> str:
        """The text beside the close code."""
        return self._protocol.close_rcvd.reason if self._protocol.close_rcvd else ""

    @property
    def unsent_bytes(self) -> int:
        """What we wrote and the network has not taken yet."""
        return self._stream.unsent_bytes

    @property
    def sent_bytes(self) -> int:
        """What the network has taken so far."""
        return self._stream.sent_bytes

    def allow_large(self) -> None:
        """Accept messages of full size: the peer is trusted now."""
        self._protocol.max_message_size = MAX_MESSAGE_BYTES

    async def receive(self) -> Heard | None:
        """Wait for input; None when the connection has ended.

        Raises RemoteProtocolError for a text message or broken framing, OSError for a broken link.
        """
        if self._waiting:
            frames, self._waiting = self._waiting, []
            return self._heard(frames)
        if self._is_over:
            self._raise_broken()
            return None
        data = await self._stream.read()
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        self._send_out()
        # What came together with the end still counts, so the end is told by the next call.
        self._is_over = not data or self._protocol.close_rcvd is not None
        self._is_over |= self._protocol.parser_exc is not None
        events = self._protocol.events_received()
        return self._heard([event for event in events if isinstance(event, Frame)])

    def _heard(self, frames: list[Frame]) -> Heard:
        messages = [message for frame in frames if (message := self._take(frame))]
        return Heard(tuple(messages), len(frames), sum(len(frame.data) for frame in frames))

    def _raise_broken(self) -> None:
        error = self._protocol.parser_exc
        if error is not None and not isinstance(error, EOFError):
            raise RemoteProtocolError(f"Broken WebSocket framing: {error}") from error

    def send(self, frame: bytes) -> None:
        """Send one binary message; nothing happens once the connection is closing.

        Raises RemoteProtocolError when the peer does not read.
        """
        if self._protocol.state is State.OPEN:
            self._protocol.send_binary(frame)
            self._send_out()

    def ping(self) -> None:
        """Send a ping; nothing happens once the connection is closing."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_ping(b"ship")
            self._send_out()

    def start_closing(self, code: int, reason: str) -> None:
        """Send the close frame; the peer's answer ends receive()."""
        try:
            self._protocol.send_close(code, reason)
        except InvalidState:
            return  # the peer was faster
        self._send_out()

    def abort(self) -> None:
        """Cut the connection at once."""
        self._stream.abort()

    async def close(self) -> None:
        """Close the stream below, after the closing handshake or instead of it."""
        await self._stream.close()

    async def opening(self) -> Request | Response | None:
        """Wait for the peer's half of the opening handshake; None when it is no HTTP."""
        while self._protocol.handshake_exc is None:
            data = await self._stream.read()
            if not data:
                raise RemoteProtocolError("The other device hung up during the WebSocket request")
            self._protocol.receive_data(data)
            events = self._protocol.events_received()
            if events and isinstance(events[0], Request | Response):
                self._waiting = [event for event in events[1:] if isinstance(event, Frame)]
                return events[0]
        self._send_out()
        return None

    def ask(self, protocol: ClientProtocol) -> None:
        """Send the client's half of the opening handshake."""
        protocol.send_request(protocol.connect())
        self._send_out()

    def answer(self, protocol: ServerProtocol, request: Request) -> None:
        """Send the server's half of the opening handshake."""
        protocol.send_response(protocol.accept(request))
        self._send_out()

    def _take(self, frame: Frame) -> Binary | Pong | None:
        match frame.opcode:
            case Opcode.PONG:
                return Pong()
            case Opcode.TEXT:
                raise RemoteProtocolError("The other device sent a text message")
            case Opcode.BINARY | Opcode.CONT:
                self._partial += frame.data
                if frame.fin:
                    whole, self._partial = bytes(self._partial), bytearray()
                    return Binary(whole)
            case _:
                pass  # pings are answered and closes noted by the protocol object
        return None

    def _send_out(self) -> None:
        for data in self._protocol.data_to_send():
            if data:  # an empty piece asks for a half-close, which TLS does not have
                self._stream.write(data)


async def accept(stream: TlsStream) -> WebSocket:
    """Be the server of the opening handshake. Raises RemoteProtocolError, OSError.

    Any path is fine: the reference retries without one.
    """
    protocol = ServerProtocol(
        subprotocols=[SUBPROTOCOL], max_size=MAX_STRANGER_BYTES, logger=_quiet
    )
    socket = WebSocket(stream, protocol)
    request = await socket.opening()
    if isinstance(request, Request):
        socket.answer(protocol, request)
    if protocol.handshake_exc is not None or protocol.state is not State.OPEN:
        raise RemoteProtocolError(f"No SHIP WebSocket request: {protocol.handshake_exc}")
    return socket


async def connect(stream: TlsStream, host: str, port: int, path: str) -> WebSocket:
    """Be the client of the opening handshake. Raises RemoteProtocolError, OSError."""
    name = f"[{host.partition('%')[0]}]" if ":" in host else host  # its interface is our affair
    try:
        uri = parse_uri(f"wss://{name}:{port}{path}")
    except WebSocketException as error:
        raise RemoteProtocolError(f"No usable WebSocket address: {error}") from error
    protocol = ClientProtocol(
        uri, subprotocols=[SUBPROTOCOL], max_size=MAX_STRANGER_BYTES, logger=_quiet
    )
    socket = WebSocket(stream, protocol)
    socket.ask(protocol)
    await socket.opening()
    if protocol.handshake_exc is not None:
        raise WebSocketRefusedError(f"The WebSocket was refused: {protocol.handshake_exc}")
    if protocol.subprotocol != SUBPROTOCOL:
        raise RemoteProtocolError("The other device does not speak the subprotocol ship")
    return socket
