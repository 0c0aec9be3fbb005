"""One connection: carries the effects of a SHIP session out on its WebSocket, and feeds it."""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

from eebus.errors import RemoteProtocolError
from eebus.ship import keepalive, session
from eebus.ship.keepalive import Ping, PongReceived
from eebus.ship.messages import encode, encode_data
from eebus.ship.pace import Pace
from eebus.ship.session import Received, Session, SessionEvent
from eebus.ship.status import Ending, ending_of_socket, failed_by
from eebus.ship.steps import (
    Close,
    Completed,
    Deliver,
    Effect,
    Effects,
    End,
    Identified,
    Send,
    StartTimer,
    State,
    StopTimer,
    Timer,
    TimerExpired,
)
from eebus.transcript import FrameHook
from eebus.transport.owners import contained
from eebus.transport.websocket import MAX_MESSAGE_BYTES, Binary, WebSocket

WRITE_WITHIN_S = 10.0
CLOSING_WITHIN_S = 1.0  # the peer's answer to our close frame
MAX_PAUSE_S = 5.0  # a peer that would have to be paused for longer is dropped


class Owner(Protocol):
    """Who a connection reports to."""

    def changed(self, connection: "Connection") -> None:
        """Note that the session went on to another state."""

    def identified(self, connection: "Connection", ship_id: str) -> None:
        """Note the SHIP ID the peer told."""

    def received(self, connection: "Connection", payload: object) -> None:
        """Take a SPINE payload that came in."""


class Connection:
    """An open SHIP connection; for SPINE it is the Link."""

    def __init__(  # noqa: PLR0913 - all of them are needed
        self,
        number: int,
        socket: WebSocket,
        start: session.Step,
        owner: Owner,
        address: str,
        *,
        record: FrameHook | None = None,
    ) -> None:
        self.number = number
        self.ski = socket.ski
        self.address = address
        self.session: Session = start[0]
        self.ending: Ending | None = None
        self.has_completed = False
        self._socket = socket
        self._first_effects: Effects = start[1]
        self._owner = owner
        self._timers: dict[Timer | str, asyncio.TimerHandle] = {}
        self._events: deque[SessionEvent] = deque()
        self._is_stepping = False
        self._pace = Pace(per_s=50, burst=100)  # of a stranger, in frames
        # Two of the largest messages at once; a charger sends about 20 kB when it begins.
        self._weight = Pace(per_s=256 * 1024, burst=2 * MAX_MESSAGE_BYTES)
        self._is_writable = True
        self._record = record

    @property
    def is_over(self) -> bool:
        """Whether the session has ended; the socket may linger a moment."""
        return self.session.state is State.ENDED

    def send(self, payload: str) -> None:
        """Send a SPINE payload, compact EEBUS-JSON text; dropped once the connection is closed."""
        if self.session.is_complete:
            self._write(encode_data(payload))

    def post(self, event: SessionEvent) -> None:
        """Let the session take an event, after those it is busy with."""
        self._events.append(event)
        if self._is_stepping:
            return
        self._is_stepping = True
        try:
            while self._events:
                before = self.session
                next_event = self._events.popleft()
                self.session, effects = session.step(before, next_event, self._now_s())
                self._enact(effects)
                if self.session.phase is not before.phase:
                    self._owner.changed(self)
        finally:
            self._is_stepping = False

    def finish(self, close: Close) -> None:
        """End the session from outside its own rules, e.g. as a double connection."""
        if self.ending is None:
            self.session = session.ended(self.session)
            self._close(close)
            self._owner.changed(self)

    async def run(self) -> None:
        """Serve the connection until it has ended; never raises for what a peer does."""
        try:
            self._keep_alive(keepalive.begin())
            self._enact(self._first_effects)
            await self._listen()
            self._note(self._ending_of_peer())
        except RemoteProtocolError as error:
            self._note(failed_by(error))
        except OSError:
            self._note(ending_of_socket(None, "", was_complete=self.session.is_complete))
        except asyncio.CancelledError:
            self._note(Ending(End.CLOSED, "This device stopped."))
            raise
        finally:
            for handle in self._timers.values():
                handle.cancel()
            self.session = session.ended(self.session)
            await self._socket.close()

    async def _listen(self) -> None:
        while heard := await self._socket.receive():
            for message in heard.messages:
                if isinstance(message, Binary):
                    self._keep(message.frame, is_ours=False)
                    self.post(Received(message.frame))
                else:
                    self._keep_alive(keepalive.on_event(PongReceived()))
            if self.session.is_trusted_by_both and self._pace.per_s < 500:
                self._pace = Pace(per_s=500, burst=2000)
                self._socket.allow_large()
            now_s = self._now_s()
            pause_s = max(
                self._pace.spend(heard.frames, now_s), self._weight.spend(heard.size, now_s)
            )
            if pause_s > MAX_PAUSE_S:
                raise RemoteProtocolError("It sends too many messages")
            if pause_s > 0:
                await asyncio.sleep(pause_s)

    def _enact(self, effects: Effects) -> None:
        for effect in effects:
            self._do(effect)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Send(message):
                self._write(encode(message))
            case StartTimer(timer, after_s):
                self._start(timer, after_s, partial(self.post, TimerExpired(timer)))
            case StopTimer(timer):
                self._stop(timer)
            case Close():
                self._close(effect)
            case Identified(ship_id):
                self._owner.identified(self, ship_id)
            case Completed():
                self.has_completed = True
                self._owner.changed(self)
            case Deliver(payload):
                self._owner.received(self, payload)

    def _keep_alive(self, effects: tuple[keepalive.KeepaliveEffect, ...]) -> None:
        for effect in effects:
            match effect:
                case Ping():
                    self._guarded(self._socket.ping)
                case StartTimer(timer, after_s):
                    self._start(timer, after_s, partial(self._on_keepalive, timer))
                case StopTimer(timer):
                    self._stop(timer)
                case Close():
                    self.finish(effect)
                    self._socket.abort()

    def _on_keepalive(self, timer: Timer) -> None:
        self._keep_alive(keepalive.on_event(TimerExpired(timer)))

    def _close(self, close: Close) -> None:
        self._note(Ending(close.end, close.detail))
        for timer in Timer:
            self._stop(timer)
        self._start("close", close.after_s, lambda: self._close_socket(close.code, close.reason))

    def _close_socket(self, code: int, reason: str) -> None:
        self._guarded(lambda: self._socket.start_closing(code, reason))
        self._start("abort", CLOSING_WITHIN_S, self._socket.abort)

    def _keep(self, frame: bytes, *, is_ours: bool) -> None:
        """Record a frame; a full disk must not stop the conversation."""
        if (record := self._record) is not None:
            contained(lambda: record(self.ski, is_ours, frame))

    def _write(self, frame: bytes) -> None:
        if self._is_writable:
            self._keep(frame, is_ours=True)
        self._guarded(lambda: self._socket.send(frame))
        if self._socket.unsent_bytes and "write" not in self._timers:
            self._watch_write()

    def _watch_write(self) -> None:
        """Drop a peer that takes nothing of what waits for it within 10 s."""
        before = self._socket.sent_bytes

        def check() -> None:
            del self._timers["write"]
            if not self._socket.unsent_bytes:
                return
            if self._socket.sent_bytes == before:
                self._note(Ending(End.LOST, "The other device does not read what we send."))
                self._socket.abort()
            else:
                self._watch_write()

        self._start("write", WRITE_WITHIN_S, check)

    def _guarded(self, write: Callable[[], None]) -> None:
        """Write; a peer that cannot be written to loses its connection, the caller goes on."""
        if not self._is_writable:
            return
        try:
            write()
        except RemoteProtocolError as error:
            self._is_writable = False
            self._note(failed_by(error))
            self._socket.abort()

    def _note(self, ending: Ending) -> None:
        """Keep the first reason; what follows is only its echo."""
        if self.ending is None:
            self.ending = ending

    def _ending_of_peer(self) -> Ending:
        code, reason = self._socket.close_code, self._socket.close_reason
        return ending_of_socket(code, reason, was_complete=self.session.is_complete)

    def _start(self, name: Timer | str, after_s: float, call: Callable[[], None]) -> None:
        self._stop(name)
        self._timers[name] = asyncio.get_running_loop().call_later(after_s, call)

    def _stop(self, name: Timer | str) -> None:
        if handle := self._timers.pop(name, None):
            handle.cancel()

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()
