"""Puts planning together beside the controller; knows everyone here, decides nothing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cem.core.events import SessionsNamed
from cem.loop import Controller
from cem.planning import bus as wire
from cem.planning.answers import Kept, PlanningAnswers
from cem.planning.costs import Accountant, Costs
from cem.planning.keeper import Keeper
from cem.planning.publisher import Publisher
from cem.planning.rooms import RoomWatch
from cem.planning.shelf import Shelf
from cem.records.keeping import Books, Surroundings
from cem.store import Store
from volthus_kit.refusal import RefusedError

logger = logging.getLogger(__name__)

AGAIN_AFTER_S = 5.0


class TokenAtHand:
    """The tariff's token, read when the tariff changes."""

    def __init__(self, controller: Controller, store: Store) -> None:
        self._controller = controller
        self._store = store
        self._revision = -1
        self._secret = ""

    async def __call__(self) -> str:
        """Return the token, "" without one, or while the database cannot be read."""
        tariff = self._controller.state.tariff
        if tariff.revision != self._revision:
            try:
                token = await asyncio.to_thread(self._store.token)
            except RefusedError:
                return self._secret
            self._secret = "" if token is None else token.secret
            self._revision = tariff.revision
        return self._secret if tariff.has_token else ""


@dataclass(frozen=True, slots=True)
class Planning:
    """What the rest of the program needs of planning."""

    keeper: Keeper
    publisher: Publisher


async def attend(
    around: Surroundings, books: Books, store: Store, tasks: asyncio.TaskGroup
) -> Planning:
    """Tell the planner, and hear it, until the tasks are cancelled."""
    bus, controller, clock = around.bus, around.controller, around.clock
    site = around.settings.site
    shelf = Shelf(around.settings.state_dir)
    keeper = Keeper(controller, shelf, clock)
    publisher = Publisher(
        controller, shelf, lambda profile: wire.publish(bus, site, profile), clock, site
    )
    publisher.token = TokenAtHand(controller, store)
    keeper.standing = lambda: publisher.standing
    try:
        known = await asyncio.to_thread(shelf.load)
    except RefusedError as error:
        logger.warning("plan or prices not kept", extra={"error": str(error)})
    else:
        publisher.begin(known.standing)
        keeper.begin(known.plan, known.prices)
    controller.observers.append(publisher)
    controller.observers.append(RoomWatch(clock, lambda row: keeper.later(shelf.keep_room, row)))
    accountant = Accountant(shelf, books.journal)
    costs = Costs(accountant, books.recorder, clock, lambda: controller.state.tariff.currency)
    keeper.priced = lambda: costs.look_soon(is_all=True)
    costs.look_soon()  # sessions may have ended just before we did
    naming = Naming(controller, costs.look_soon)
    books.recorder.named = naming.named
    publisher.unended = lambda: naming.unended
    await wire.hear(bus, site, keeper)
    answers = PlanningAnswers(controller, keeper, Kept(shelf, books.answers, store), clock)
    await wire.answer(bus, site, answers)
    for name, run in (
        ("profile", publisher.run), ("plans kept", keeper.run), ("plan's slots", keeper.keep_slots),
        ("costs", costs.run),
    ):  # fmt: skip
        tasks.create_task(_lasting(name, run), name=name)
    return Planning(keeper, publisher)


class Naming:
    """Lets the control law know which sessions are open. ended: told when one is no more."""

    def __init__(self, controller: Controller, ended: Callable[[], None]) -> None:
        self._controller = controller
        self._ended = ended
        self.unended: frozenset[str] = frozenset()

    def named(self, sessions: dict[str, str]) -> None:
        """Take what the records say; the control law hears it where it does not know yet."""
        now_open = frozenset(sessions.values())
        if self.unended - now_open:
            self._ended()
        self.unended = now_open
        for ski, charger in self._controller.state.chargers.items():
            if charger.session != (sessions.get(ski, "") if charger.has_car else ""):
                self._controller.happened(SessionsNamed(tuple(sorted(sessions.items()))))
                return


async def _lasting(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run until cancelled; a fault in planning must not end the control of a fuse."""
    while True:
        try:
            await run()
        except Exception:
            logger.exception("planning failed", extra={"task": name})
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # it failed while it was to end
                return
            await asyncio.sleep(AGAIN_AFTER_S)
