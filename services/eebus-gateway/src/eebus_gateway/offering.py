"""Offers the control box what the CEM's user set: contract power and failsafe values."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from eebus.usecases.limitation.machine import MIN_FAILSAFE_DURATION_S, Failsafe
from eebus.usecases.limitation.system import DEFAULT_FAILSAFE_W
from eebus_gateway.hub import Hub
from eebus_gateway.keeper import Keeper
from eebus_gateway.store import OFFERED
from volthus_wire.v1.operator_pb2 import OperatorSettings

EVERY_S: Final = 15.0

logger = logging.getLogger(__name__)


class Offering:
    """Asks the CEM now and then; while it is away, all stays as it is.

    Failsafe values are offered once per change by the user: between changes the control box may
    write others, and those stay. What no box may be offered is logged and skipped.
    """

    def __init__(
        self,
        hub: Hub,
        keeper: Keeper,
        ask: Callable[[], Awaitable[OperatorSettings | None]],
        offered: str | None,
    ) -> None:
        self._hub = hub
        self._keeper = keeper
        self._ask = ask
        self._offered = int(offered or 0)
        self._skipped: int | None = None  # a revision that could not be offered

    async def run(self) -> None:
        """Ask and offer until cancelled."""
        while True:
            settings = await self._ask()
            if settings is not None:
                self._take(settings)
            await asyncio.sleep(EVERY_S)

    def _take(self, settings: OperatorSettings) -> None:
        nominal_w = settings.contract_w if settings.HasField("contract_w") else None
        revision = settings.revision
        if revision in {self._offered, self._skipped}:
            self._hub.offer(nominal_w, None)
            return
        try:
            self._hub.offer(nominal_w, _failsafe(settings))
        except ValueError as error:  # told once, not in every round
            self._skipped = revision
            extra = {"revision": revision, "error": str(error)}
            logger.warning("failsafe values not offered", extra=extra)
            self._hub.offer(nominal_w, None)
        else:
            self._offered = revision
            self._keeper.note_fact(OFFERED, str(revision))


def _failsafe(settings: OperatorSettings) -> Failsafe:
    """Return what the user set; 0 = nothing, then what the standard and the law have it be."""
    return Failsafe(
        settings.failsafe_w or DEFAULT_FAILSAFE_W, settings.failsafe_s or MIN_FAILSAFE_DURATION_S
    )
