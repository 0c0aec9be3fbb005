"""One JSON command per line: what each means for the CEM's and the charger's side."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from eebus.cem import Cem
from eebus.charger import Charger, EvProfile
from eebus.console.trust import TrustBook
from eebus.console.words import Json, Line
from eebus.controlbox import ControlBox
from eebus.events import PerPhase, TrustedPeer, WriteResult
from eebus.participant import Core, Participant

DONE: Final = WriteResult(ok=True, error_number=None, text="", ms=0.0)
VOLTAGE_V: Final = 230.0
PHASES: Final = 3
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

    def flag(self, name: str) -> bool:
        """Return a boolean that must be there."""
        value = self.body.get(name)
        if not isinstance(value, bool):
            raise CommandError(f"{name!r} must be true or false")
        return value

    def per_phase(self, name: str) -> PerPhase:
        """Return three numbers or nulls; a single number stands for all three."""
        value = self.body.get(name)
        values = value if isinstance(value, list) else [value] * PHASES
        if len(values) != PHASES or not all(_is_number_or_null(each) for each in values):
            raise CommandError(f"{name!r} must be a number or three of them, or nulls")
        a, b, c = (float(each) if isinstance(each, int | float) else None for each in values)
        return a, b, c


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
        port = command.optional_number("port")
        peer = TrustedPeer(
            command.text("ski"),
            host=command.optional_text("host"),
            port=None if port is None else int(port),
        )
        self._participant.trust(peer.ski, host=peer.host, port=peer.port)
        if self._book is not None:
            self._book.add(peer)
        return DONE

    async def _untrust(self, command: Command) -> WriteResult:
        ski = command.text("ski")
        self._participant.untrust(ski)
        if self._book is not None:
            self._book.remove(ski)
        return DONE

    def _of_peer(self, act: Callable[[str], None]) -> Action:
        async def action(command: Command) -> WriteResult:
            act(command.text("ski"))
            return DONE

        return action

    async def _heartbeat(self, command: Command) -> WriteResult:
        self._participant.stop_heartbeats(not command.flag("on"))
        return DONE

    async def _quit(self, command: Command) -> WriteResult:  # noqa: ARG002
        self.quit.set()
        return DONE


class CemDesk(Desk):
    """Obeys what an energy manager can be told."""

    def __init__(self, cem: Cem, book: TrustBook | None = None) -> None:
        super().__init__(cem, book)
        self._cem = cem
        self.actions |= {"limit": self._limit, "pause": self._pause}

    async def _limit(self, command: Command) -> WriteResult:
        """Write limits. `a`: A per phase, null = leave as it is, "off" = no limit."""
        ski = command.text("ski")
        kind = command.optional_text("kind") or "opev"
        if command.body.get("a") == "off":
            return await self._cem.write_limit(ski, (None, None, None), kind=kind)
        wanted = command.per_phase("a")
        held = self._cem.limits(ski, kind) or (None, None, None)
        a, b, c = (old if new is None else new for new, old in zip(wanted, held, strict=True))
        return await self._cem.write_limit(ski, (a, b, c), kind=kind)

    async def _pause(self, command: Command) -> WriteResult:
        return await self._cem.write_limit(command.text("ski"), (0.0, 0.0, 0.0))


class ControlBoxDesk(Desk):
    """Obeys what a control box can be told: limits and failsafe values of systems."""

    def __init__(self, box: ControlBox, book: TrustBook | None = None) -> None:
        super().__init__(box, book)
        self._box = box
        self.actions |= {
            "lpc": self._limit("lpc"),
            "lpp": self._limit("lpp"),
            "failsafe": self._failsafe,
        }

    def _limit(self, kind: str) -> Action:
        async def action(command: Command) -> WriteResult:
            """Write a limit. `w`: W, null = no limit. `duration_s`: left out = for good."""
            return await self._box.write_power_limit(
                command.text("ski"),
                command.optional_number("w"),
                kind=kind,
                duration_s=_duration(command),
            )

        return action

    async def _failsafe(self, command: Command) -> WriteResult:
        return await self._box.write_failsafe(
            command.text("ski"),
            command.optional_number("w"),
            kind=command.optional_text("kind") or "lpc",
            duration_s=_duration(command),
        )


class ChargerDesk(Desk):
    """Obeys what a charger can be told: the car, what it draws, its state."""

    def __init__(self, charger: Charger, book: TrustBook | None = None) -> None:
        super().__init__(charger, book)
        self._charger = charger
        self._energy_wh = 0.0
        self._power_w = 0.0
        self._since = 0.0
        self.actions |= {
            "plug": self._plug,
            "update": self._update,
            "unplug": self._unplug,
            "draw": self._draw,
            "state": self._state,
        }

    async def _plug(self, command: Command) -> WriteResult:
        self._charger.plug(_profile(command, EvProfile()))
        self._energy_wh = self._power_w = 0.0
        return DONE

    async def _update(self, command: Command) -> WriteResult:
        """Change what the plugged car says, e.g. `standard` some seconds after plugging."""
        self._charger.update_ev(_profile(command, self._charger.ev or EvProfile()))
        return DONE

    async def _unplug(self, command: Command) -> WriteResult:  # noqa: ARG002
        self._charger.unplug()
        return DONE

    async def _draw(self, command: Command) -> WriteResult:
        """Tell measurements. `a`: what the car draws, A per phase or one for all its phases."""
        ev = self._charger.ev
        if ev is None:
            raise CommandError("no car is plugged")
        drawn = command.per_phase("a")
        current = tuple(drawn[phase] if phase < ev.phases else None for phase in range(PHASES))
        power = tuple(None if each is None else each * VOLTAGE_V for each in current)
        self._count(sum(each or 0.0 for each in power))
        soc = command.optional_number("soc_percent")
        energy_wh = round(self._energy_wh, 3)
        self._charger.measure(
            (current[0], current[1], current[2]),
            (power[0], power[1], power[2]),
            energy_wh,
            soc,
        )
        return DONE

    async def _state(self, command: Command) -> WriteResult:
        self._charger.set_ev_state(command.text("value"))
        return DONE

    def _count(self, power_w: float) -> None:
        """Count the energy drawn since the last command."""
        now = asyncio.get_running_loop().time()
        self._energy_wh += self._power_w * (now - self._since) / 3600
        self._power_w, self._since = power_w, now


def refused(reason: str) -> WriteResult:
    """Return the result of a command that could not be carried out."""
    return WriteResult(ok=False, error_number=None, text=reason, ms=0.0)


def _profile(command: Command, known: EvProfile) -> EvProfile:
    """Read a car; what is left out stays as it is known. Raises ValueError for an odd one."""
    has_soc = "soc_percent" in command.body
    return EvProfile(
        standard=command.optional_text("standard") or known.standard,
        phases=int(command.number("phases", known.phases)),
        min_a=command.number("min_a", known.min_a),
        max_a=command.number("max_a", known.max_a),
        pause_a=command.number("pause_a", known.pause_a),
        soc_percent=command.optional_number("soc_percent") if has_soc else known.soc_percent,
        asymmetric=command.flag("asymmetric") if "asymmetric" in command.body else known.asymmetric,
        ev_id=command.optional_text("ev_id") or known.ev_id,
    )


def _duration(command: Command) -> float | None:
    seconds = command.optional_number("duration_s")
    if seconds is not None and seconds <= 0:
        raise CommandError("'duration_s' must be more than 0 s")
    return seconds


def _is_number_or_null(value: Json) -> bool:
    if isinstance(value, bool):
        return False
    return value is None or (isinstance(value, int | float) and abs(value) < MAX_NUMBER)
