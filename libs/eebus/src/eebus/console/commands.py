"""One JSON command per line: how it is read, and what it means for every participant."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from eebus.console.trust import TrustBook
from eebus.console.words import Json, Line
from eebus.events import PerPhase, TrustedPeer, WriteResult
from eebus.participant import Core, Participant
from eebus.ship.qr import ski_of

DONE: Final = WriteResult(ok=True, error_number=None, text="", ms=0.0)
PHASES: Final = 3
MAX_PORT: Final = 65535
SLOT_PARTS: Final = 3  # start, end, value
MAX_NUMBER: Final = 1e9  # not infinite, not NaN, nothing a car could mean


class CommandError(ValueError):
    """The command cannot be understood; its text says why."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command as read: its name, its id to be repeated, the whole object."""

    name: str | None
    id: Json
    body: Line = field(default_factory=dict)

    @classmethod
    def read(cls, line: str) -> "Command":
        """Read a line. Raises CommandError for what is no JSON object with a `cmd`."""
        try:
            body = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise CommandError(f"not JSON: {error}") from error
        if not isinstance(body, dict):
            raise CommandError("a command is a JSON object")
        name = body.get("cmd")
        return cls(name if isinstance(name, str) else None, body.get("id"), body)

    def text(self, name: str) -> str:
        """Return a text that must be there."""
        value = self.body.get(name)
        if not isinstance(value, str):
            raise CommandError(f"{name!r} must be a text")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a text, or None when it is left out or null."""
        return None if self.body.get(name) is None else self.text(name)

    def number(self, name: str, default: float | None = None) -> float:
        """Return a number, or `default` when it is left out."""
        value = self.body.get(name, default)
        if value is None or not _is_number_or_null(value):
            raise CommandError(f"{name!r} must be a number")
        return float(value)  # type: ignore[arg-type] # just checked

    def optional_number(self, name: str) -> float | None:
        """Return a number, or None when it is left out or null."""
        return None if self.body.get(name) is None else self.number(name)

    def must_say(self, name: str, null_means: str) -> None:
        """Raise unless a value is there: one forgotten must not mean what null means."""
        if name not in self.body:
            raise CommandError(f"{name!r} must be there; null means {null_means}")

    def flag(self, name: str) -> bool:
        """Return a boolean that must be there."""
        value = self.body.get(name)
        if not isinstance(value, bool):
            raise CommandError(f"{name!r} must be true or false")
        return value

    def whole(self, name: str, default: int) -> int:
        """Return a whole number, or `default` when it is left out."""
        value = self.number(name, default)
        if not value.is_integer():
            raise CommandError(f"{name!r} must be a whole number")
        return int(value)

    def ski(self) -> str:
        """Return whom it is about: a SKI as people write it, or the text of a QR code."""
        try:
            return ski_of(self.text("ski"))
        except CommandError:
            raise
        except ValueError as error:
            raise CommandError(str(error)) from error

    def duration_s(self) -> float | None:
        """Return how long something holds, None = left out: for good."""
        seconds = self.optional_number("duration_s")
        if seconds is not None and seconds <= 0:
            raise CommandError("'duration_s' must be more than 0 s")
        return seconds

    def per_phase(self, name: str) -> PerPhase:
        """Return three numbers or nulls; a single one stands for all, those left out are null."""
        value = self.body.get(name)
        values = value if isinstance(value, list) else [value] * PHASES
        if not 1 <= len(values) <= PHASES or not all(_is_number_or_null(each) for each in values):
            raise CommandError(f"{name!r} must be a number or up to three of them, or nulls")
        known = [float(each) if isinstance(each, int | float) else None for each in values]
        a, b, c = known + [None] * (PHASES - len(known))
        return a, b, c

    def slots(self, name: str = "slots") -> list[tuple[float, float, float]]:
        """Return stretches of time with a value each: start and end in seconds from now."""
        written = self.body.get(name)
        found = [_slot(each) for each in written] if isinstance(written, list) else []
        slots = [each for each in found if each is not None]
        if not slots or len(slots) != len(found):
            raise CommandError(f"{name!r} must be a list of [start_s, end_s, value]")
        return slots


Action = Callable[[Command], Awaitable[WriteResult]]


class Desk:
    """Obeys the commands every participant knows."""

    def __init__(self, participant: Participant[Core], book: TrustBook | None = None) -> None:
        """Prepare to obey. book: where trust is kept, None = nowhere."""
        self._participant = participant
        self._book = book
        self.quit = asyncio.Event()
        self.actions: dict[str, Action] = {
            "trust": self._trust,
            "untrust": self._untrust,
            "deny": self._of_peer(participant.deny),
            "disconnect": self._of_peer(participant.disconnect),
            "accept": self._accept,
            "heartbeat": self._heartbeat,
            "quit": self._quit,
        }

    async def obey(self, command: Command) -> WriteResult:
        """Carry a command out. What cannot be done is said in the result, never raised."""
        action = self.actions.get(command.name or "")
        try:
            if action is None:
                raise CommandError(f"unknown command, known are: {', '.join(sorted(self.actions))}")
            return await action(command)
        except (ValueError, OSError) as error:  # also: the trust could not be kept
            return refused(str(error))

    async def _trust(self, command: Command) -> WriteResult:
        port = command.whole("port", 0) if command.body.get("port") is not None else None
        if port is not None and not 0 < port <= MAX_PORT:
            raise CommandError(f"'port' must be from 1 to {MAX_PORT}")
        peer = TrustedPeer(command.ski(), host=command.optional_text("host"), port=port)
        self._participant.trust(peer.ski, host=peer.host, port=peer.port)
        if self._book is not None:
            self._book.add(peer)
        return DONE

    async def _untrust(self, command: Command) -> WriteResult:
        ski = command.ski()
        self._participant.untrust(ski)
        if self._book is not None:
            self._book.remove(ski)
        return DONE

    def _of_peer(self, act: Callable[[str], None]) -> Action:
        async def action(command: Command) -> WriteResult:
            act(command.ski())
            return DONE

        return action

    async def _accept(self, command: Command) -> WriteResult:
        """Trust the next device that asks. `seconds`: for how long, 0 = no longer."""
        seconds = command.number("seconds")
        if seconds == 0:
            self._participant.close_pairing()
        else:
            self._participant.open_pairing(seconds)
        return DONE

    async def _heartbeat(self, command: Command) -> WriteResult:
        self._participant.stop_heartbeats(not command.flag("on"))
        return DONE

    async def _quit(self, command: Command) -> WriteResult:  # noqa: ARG002
        self.quit.set()
        return DONE


def refused(reason: str) -> WriteResult:
    """Return the result of a command that could not be carried out."""
    return WriteResult(ok=False, error_number=None, text=reason, ms=0.0)


def _is_number_or_null(value: Json) -> bool:
    if isinstance(value, bool):
        return False
    return value is None or (isinstance(value, int | float) and abs(value) < MAX_NUMBER)


def _slot(value: Json) -> tuple[float, float, float] | None:
    parts = value if isinstance(value, list) else []
    numbers = [float(each) for each in parts if isinstance(each, int | float)]
    if len(numbers) != len(parts) or not all(_is_number_or_null(each) for each in parts):
        return None
    return (numbers[0], numbers[1], numbers[2]) if len(numbers) == SLOT_PARTS else None
