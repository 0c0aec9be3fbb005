"""The diallers of all trusted peers."""

import asyncio
from collections.abc import Callable

from eebus.transport.dialler import Dialler
from eebus.transport.tasks import begin, contained_work


class Diallers:
    """One dialler per trusted peer, by its SKI. Of a SKI that has none, nothing is asked."""

    def __init__(self, make: Callable[[str], Dialler]) -> None:
        """Start empty. make: returns a dialler for a SKI."""
        self._make = make
        self._running: dict[str, tuple[Dialler, asyncio.Task[None]]] = {}

    def __len__(self) -> int:
        return len(self._running)

    def start(self, ski: str, tasks: asyncio.TaskGroup | None) -> None:
        """Begin to dial a peer, once. tasks: where it runs, None = not now."""
        if tasks is None or ski in self._running:
            return
        dialler = self._make(ski)
        if task := begin(tasks, contained_work(dialler.run)):
            self._running[ski] = (dialler, task)

    def stop(self, ski: str) -> None:
        """Dial a peer no more."""
        if running := self._running.pop(ski, None):
            running[1].cancel()

    def hurry(self, ski: str) -> None:
        """Dial at once: the user just said so."""
        if running := self._running.get(ski):
            running[0].hurry()

    def calm(self, ski: str) -> None:
        """Begin the pace anew."""
        if running := self._running.get(ski):
            running[0].calm()

    def look(self, ski: str) -> None:
        """Look again whether there is something to dial."""
        if running := self._running.get(ski):
            running[0].look()
