"""What happens to the whole fleet at once: a reconnect storm, new prices, the end of a month."""

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine

from fleet_sim.core.stays import DAY_S
from fleet_sim.fleet import Fleet
from fleet_sim.messages.pictures import stamp
from fleet_sim.settings import Settings
from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_kit.refusal import NotAnsweredError, RefusedError
from volthus_wire.subjects import PRICES_PUSH
from volthus_wire.v1.planning_pb2 import PushPricesRequest

logger = logging.getLogger(__name__)

MONTH_DAYS = 31
SLOT_S = 900
PLANS_WITHIN_S = 120.0


class Playing:
    """Plays what the command line asks for, each at its time."""

    def __init__(self, settings: Settings, fleet: Fleet, bus: Bus, clock: Clock) -> None:
        self._settings = settings
        self._fleet = fleet
        self._bus = bus
        self._clock = clock
        self._plays: dict[str, Callable[[], Coroutine[None, None, None]]] = {
            "storm": self.storm,
            "prices": self.prices,
            "month-end": self.month_end,
        }

    async def run(self) -> None:
        """Play everything once."""
        began_s = self._clock.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for play in self._settings.plays:
                wait_s = began_s + play.at_s - self._clock.monotonic()
                await asyncio.sleep(max(0.0, wait_s))
                logger.info("play begins", extra={"play": play.name})
                tasks.create_task(self._plays[play.name](), name=play.name)

    async def storm(self) -> None:
        """Cut every site off for a while; then all come back at once, as after a lost link.

        What they could not bring meanwhile follows: facts are never given up.
        """
        self._fleet.is_cut_off = True
        await asyncio.sleep(self._settings.cut_off_s)
        self._fleet.is_cut_off = False
        began_s = self._clock.monotonic()
        await self._fleet.say_everything(self._fleet.speaking())
        seconds = round(self._clock.monotonic() - began_s, 2)
        logger.info("storm over", extra={"sites": len(self._fleet.sites), "seconds": seconds})

    async def prices(self) -> None:
        """Give tomorrow's prices to the feed as a market does at 13:00, and count the new plans."""
        now_s = self._clock.now().timestamp()
        start_s = (now_s // DAY_S + 1) * DAY_S
        slots = int(DAY_S / SLOT_S)
        question = PushPricesRequest(
            zone=self._settings.feed or "fleet",
            currency="EUR",
            start=stamp(start_s),
            slot_s=[SLOT_S] * slots,
            per_kwh=[day_ahead(number * SLOT_S / 3600) for number in range(slots)],
        )
        before = self._fleet.told.plans
        try:
            await self._bus.ask(PRICES_PUSH, question)
        except (NotAnsweredError, RefusedError) as error:
            logger.warning("prices not taken", extra={"error": str(error)})
            return
        began_s = self._clock.monotonic()
        waiting = [
            site
            for site in self._fleet.speaking()
            if any(one.stay is not None for one in site.look(now_s).chargers)
        ]
        while self._clock.monotonic() - began_s < PLANS_WITHIN_S:
            await asyncio.sleep(1.0)
            plans = self._fleet.told.plans - before
            if plans >= len(waiting):
                break
        extra = {"plans": self._fleet.told.plans - before, "sites": len(waiting)}
        seconds = round(self._clock.monotonic() - began_s, 1)
        logger.info("plans after new prices", extra=extra | {"seconds": seconds})

    async def month_end(self) -> None:
        """Let every site tell its sessions of the month once more, now with their cost."""
        now_s = self._clock.now().timestamp()
        told = 0
        for number, site in enumerate(self._fleet.speaking()):
            told += site.outbox.month_end(now_s, MONTH_DAYS)
            if number % 100 == 0:
                await asyncio.sleep(0)
        logger.info("month told once more", extra={"sessions": told})


def day_ahead(hour: float) -> float:
    """Return a market's price of that hour, per kWh: cheap at noon, dear in the evening."""
    noon = math.exp(-(((hour - 13) / 3) ** 2))
    evening = math.exp(-(((hour - 18.5) / 1.8) ** 2))
    return round(0.09 - 0.08 * noon + 0.11 * evening, 5)
