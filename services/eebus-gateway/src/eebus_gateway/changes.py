"""What changed and is to be told at once; whoever publishes waits for it."""

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Changes:
    """Chargers and grid meters, by SKI; what people see of EEBUS; limits of the grid operator."""

    skis: frozenset[str]
    meters: frozenset[str]
    is_picture: bool
    is_operator: bool


class ChangeLog:
    """Collects changes until somebody takes them all."""

    def __init__(self) -> None:
        self._skis: set[str] = set()
        self._meters: set[str] = set()
        self._is_picture = False
        self._is_operator = False
        self._change = asyncio.Event()

    def note(self, *skis: str, is_picture: bool = True, is_operator: bool = False) -> None:
        """Note that devices changed, or at least what people see of EEBUS."""
        self._skis.update(skis)
        self._is_picture |= is_picture
        self._is_operator |= is_operator
        self._change.set()

    def note_meter(self, ski: str) -> None:
        """Note that a grid meter spoke."""
        self._meters.add(ski)
        self._change.set()

    async def until_changed(self) -> Changes:
        """Wait for the next change and return all there were since the last call."""
        await self._change.wait()
        self._change.clear()
        changes = Changes(
            frozenset(self._skis), frozenset(self._meters), self._is_picture, self._is_operator
        )
        self._skis.clear()
        self._meters.clear()
        self._is_picture = self._is_operator = False
        return changes
