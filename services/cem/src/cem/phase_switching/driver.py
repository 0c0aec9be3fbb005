"""Carries the wish for one phase or three to chargers with a local API, beside the control loop."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass

from cem import metrics
from cem.core.charger import Charger
from cem.core.events import Event, PhasesSwitched
from cem.noticeboard import Noticeboard
from cem.phase_switching.client import Client
from cem.phase_switching.contract import Answer, ContractError, RelayState
from volthus_kit.clock import Clock

logger = logging.getLogger(__name__)

EVERY_S = 1.0
LOOK_EVERY_S = 10.0
AGAIN_AFTER_S = 30.0  # after a refusal or no answer
ASKED_GAP_S = 170.0  # a charger that goes back by itself is not fought over
UNREACHABLE = "phase-switching-unreachable"
REFUSED = "phase-switching-refused"


@dataclass(slots=True)
class _Visited:
    """What is known of one charger's relay; times are monotonic seconds."""

    answer: Answer | None = None
    looked_s: float = float("-inf")
    ask_from_s: float = float("-inf")
    asked: int | None = None  # accepted, and not yet seen to be there


@dataclass(frozen=True, slots=True)
class Wishes:
    """Where wishes come from, and who hears how they went.

    chargers: all that are paired. wanted: how many phases one shall offer, None = as it does.
    """

    chargers: Callable[[], Mapping[str, Charger]]
    wanted: Callable[[str], int | None]
    happened: Callable[[Event], None]


class Driver:
    """Looks after every charger whose phases can be told; the loop never waits for it."""

    def __init__(self, wishes: Wishes, client: Client, clock: Clock, board: Noticeboard) -> None:
        self._wishes = wishes
        self._client = client
        self._clock = clock
        self._board = board
        self._visited: dict[str, _Visited] = {}
        self._under_way: set[str] = set()

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                for visit in self.visits():
                    tasks.create_task(visit, name="phase switching visit")
                await asyncio.sleep(EVERY_S)

    def visits(self) -> list[Coroutine[None, None, None]]:
        """Return the visits that are due now, to be made beside each other."""
        due = self._due()
        self._under_way |= {charger.ski for charger in due}
        return [self._visit(charger) for charger in due]

    def _due(self) -> list[Charger]:
        """Return the chargers to visit now; forget those that cannot be told any more."""
        chargers = self._wishes.chargers()
        able = {ski: charger for ski, charger in chargers.items() if charger.settings.can_switch}
        for ski in self._visited.keys() - able.keys() - self._under_way:
            del self._visited[ski]
            self._board.take_down(UNREACHABLE, ski)
            self._board.take_down(REFUSED, ski)
            self._wishes.happened(PhasesSwitched(ski, None))
        return [c for ski, c in able.items() if ski not in self._under_way and self._is_due(ski)]

    def _is_due(self, ski: str) -> bool:
        known, now = self._visited.setdefault(ski, _Visited()), self._clock.monotonic()
        if known.answer is None:
            return now >= known.looked_s + LOOK_EVERY_S
        is_moving = known.answer.state is RelayState.SWITCHING or known.asked is not None
        is_wanted = self._wishes.wanted(ski) not in (None, known.answer.phases)
        if is_moving or (is_wanted and now >= known.ask_from_s):
            return True
        return now >= known.looked_s + LOOK_EVERY_S

    async def _visit(self, charger: Charger) -> None:
        known = self._visited.setdefault(charger.ski, _Visited())
        url = charger.settings.phase_switching_url
        try:
            known.answer = await self._client.look(url)
            self._seen(charger, known, known.answer)
            if self._shall_ask(charger.ski, known):
                await self._ask(charger, known, url)
            self._board.take_down(UNREACHABLE, charger.ski)
        except ContractError as error:
            self._lost(charger, known, str(error))
        finally:
            known.looked_s = self._clock.monotonic()
            self._under_way.discard(charger.ski)

    def _shall_ask(self, ski: str, known: _Visited) -> bool:
        answer, wanted = known.answer, self._wishes.wanted(ski)
        is_resting = answer is not None and answer.state is RelayState.READY
        is_other = answer is not None and wanted is not None and wanted != answer.phases
        return is_resting and is_other and self._clock.monotonic() >= known.ask_from_s

    async def _ask(self, charger: Charger, known: _Visited, url: str) -> None:
        wanted = self._wishes.wanted(charger.ski)
        if wanted is None:
            return
        done = await self._client.switch(url, wanted)
        known.answer = done.answer
        if not done.is_accepted:
            self._refused(charger, known, wanted, done.answer.reason)
            return
        known.asked = wanted
        known.ask_from_s = self._clock.monotonic() + ASKED_GAP_S
        logger.info("phases asked for", extra={"charger": charger.ski, "phases": wanted})
        self._seen(charger, known, done.answer)

    def _seen(self, charger: Charger, known: _Visited, answer: Answer) -> None:
        """Tell the control law where the relay is, and count a switch that has ended."""
        self._wishes.happened(PhasesSwitched(charger.ski, answer.phases))
        if known.asked is None or answer.state is RelayState.SWITCHING:
            return
        asked, known.asked = known.asked, None
        if answer.phases == asked:
            metrics.phases_switched(asked, "done")
            self._board.take_down(REFUSED, charger.ski)
        else:
            self._refused(charger, known, asked, answer.reason)

    def _refused(self, charger: Charger, known: _Visited, asked: int, reason: str) -> None:
        metrics.phases_switched(asked, "refused")
        known.ask_from_s = self._clock.monotonic() + AGAIN_AFTER_S
        named = _named(charger)
        self._board.put(REFUSED, "warning", reason=reason or "unknown", **named)
        logger.warning("phases refused", extra={"charger": charger.ski, "reason": reason})

    def _lost(self, charger: Charger, known: _Visited, detail: str) -> None:
        if known.answer is not None or known.asked is not None:
            logger.warning("phases not told", extra={"charger": charger.ski, "error": detail})
        if known.asked is not None:
            metrics.phases_switched(known.asked, "lost")
        known.answer = known.asked = None
        self._wishes.happened(PhasesSwitched(charger.ski, None))
        self._board.put(UNREACHABLE, "warning", detail=detail, **_named(charger))


def _named(charger: Charger) -> dict[str, str]:
    return {"ski": charger.ski, "name": charger.report.name if charger.report else ""}
