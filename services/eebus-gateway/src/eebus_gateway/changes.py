"""What changed and is to be told at once; whoever publishes waits for it."""

import asyncio
from dataclasses import dataclass
from typing import Final

READINGS_APART_S: Final = 0.2  # the CEM decides on each: a meter that babbles must not drive it


@dataclass(frozen=True, slots=True)
class Changes:
    """Chargers and grid meters, by SKI; what people see of EEBUS; limits; appliances."""

    skis: frozenset[str]
    meters: frozenset[str]
    is_picture: bool
    is_operator: bool
    is_appliances: bool = False


class ChangeLog:
    """Collects changes until somebody takes them all."""

    def __init__(self) -> None:
        self._skis: set[str] = set()
        self._meters: set[str] = set()
        self._is_picture = False
        self._is_operator = False
        self._is_appliances = False
        self._change = asyncio.Event()
        self._wakes: dict[str, asyncio.TimerHandle] = {}
        self._told_at: dict[str, float] = {}

    def note(self, *skis: str, is_picture: bool = True, is_operator: bool = False) -> None:
        """Note that devices changed, or at least what people see of EEBUS."""
        self._skis.update(skis)
        self._is_picture |= is_picture
        self._is_operator |= is_operator
        self._change.set()

    def note_appliances(self) -> None:
        """Note that an appliance, or what it answered, changed."""
        self._is_appliances = True
        self._change.set()

    def note_meter(self, ski: str) -> None:
        """Note that a grid meter spoke: told soon, and however much it says, five times a second.

        What comes in one go, in several messages, is one reading.
        """
        if ski in self._wakes:
            return
        loop = asyncio.get_running_loop()
        at = max(loop.time(), self._told_at.get(ski, 0.0) + READINGS_APART_S)
        self._wakes[ski] = loop.call_at(at, self._tell_meter, ski)

    def _tell_meter(self, ski: str) -> None:
        del self._wakes[ski]
        self._told_at[ski] = asyncio.get_running_loop().time()
        self._meters.add(ski)
        self._change.set()

    async def until_changed(self) -> Changes:
        """Wait for the next change and return all there were since the last call."""
        await self._change.wait()
        self._change.clear()
        changes = Changes(
            frozenset(self._skis),
            frozenset(self._meters),
            self._is_picture,
            self._is_operator,
            self._is_appliances,
        )
        self._skis.clear()
        self._meters.clear()
        self._is_picture = self._is_operator = self._is_appliances = False
        return changes
