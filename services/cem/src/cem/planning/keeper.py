"""Hears plans and prices, checks and keeps them, and lets the control law have them."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from cem.core.driving import departure_of
from cem.core.events import PlanHeard, PricesHeard
from cem.core.plan import Course
from cem.core.state import State
from cem.loop import Controller
from cem.planning import metrics
from cem.planning.reading import UnreadableError, known, plan_of, prices_of
from cem.planning.revisions import Standing
from cem.planning.shelf import Shelf
from cem.planning.tables import PlanSlotRow
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
from volthus_wire.v1 import planning_pb2

T = TypeVar("T")

logger = logging.getLogger(__name__)

TRY_AGAIN_AFTER_S = 5.0
MOST_UNSAVED = 100
OUTDATED_S = 60.0  # a plan for what was wanted before is followed that long, until the next comes
OLDER, OTHER, OVER, UNREADABLE = "older-profile", "other-session", "over", "unreadable"
FOLLOWING, IS_OVER, NONE = "following", "over", "none"


@dataclass(frozen=True, slots=True)
class Refused:
    """A plan that was not taken, and why."""

    plan: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Unsaved:
    """Something that waits for the database."""

    write: Callable[[], None]
    is_prices: bool


class Keeper:
    """Holds the plan in force and the last prices, as they came and as the core has them."""

    def __init__(self, controller: Controller, shelf: Shelf, clock: Clock) -> None:
        self._controller = controller
        self._shelf = shelf
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._unsaved: deque[_Unsaved] = deque()
        self._is_unsaved = asyncio.Event()
        self._slot: tuple[str, int] | None = None
        self._outdated: dict[str, float] = {}  # sessions that want something else, since when
        self.plan: planning_pb2.Plan | None = None
        self.prices: planning_pb2.PriceSeries | None = None
        self.refused = Refused()
        self.session_plans: dict[str, planning_pb2.SessionPlan] = {}  # without powers
        self.standing: Callable[[], Standing] = Standing
        self.priced: Callable[[], None] = _nothing  # told when prices were written

    def begin(
        self, plan: planning_pb2.Plan | None, prices: planning_pb2.PriceSeries | None
    ) -> None:
        """Go on with what was kept, where it still can be used."""
        if plan is not None:
            self._take_plan(plan, is_kept=True)
        if prices is not None:
            self._take_prices(prices, is_kept=True)

    def heard_plan(self, message: planning_pb2.Plan) -> None:
        """Take a plan, or refuse it; the live picture names it either way."""
        if self.plan is not None and message.plan == self.plan.plan:
            return  # sent until it is acknowledged
        self._take_plan(message)

    def heard_prices(self, message: planning_pb2.PriceSeries) -> None:
        """Take a series of prices; what cannot be read changes nothing."""
        held = self.prices
        if held is not None and (held.series, held.revision) == (message.series, message.revision):
            return
        self._take_prices(message)

    def in_force(self) -> planning_pb2.PlanInForce:
        """Return what the site holds of plans."""
        found = planning_pb2.PlanInForce(
            state=NONE, refused=self.refused.plan, refused_code=self.refused.code
        )
        if self.plan is None:
            return found
        is_over = self._now_s() >= self.plan.valid_until.seconds
        found.plan, found.profile_revision = self.plan.plan, self.plan.profile_revision
        found.made_at.CopyFrom(self.plan.made_at)
        found.valid_until.CopyFrom(self.plan.valid_until)
        found.state = IS_OVER if is_over else FOLLOWING
        return found

    def held(self) -> planning_pb2.PricesHeld:
        """Return what the site holds of prices."""
        prices, told = self._controller.state.prices, planning_pb2.PricesHeld()
        if self.prices is None or prices is None:
            return told
        told.series, told.revision = self.prices.series, self.prices.revision
        told.freshness = self.prices.price.freshness
        if prices.known_until_s is not None:
            told.known_until.FromSeconds(int(prices.known_until_s))
        return told

    async def run(self) -> None:
        """Write what is to be kept until cancelled; a failing database costs no advice."""
        try:
            while True:
                await self._is_unsaved.wait()
                while self._unsaved:
                    await self._write(self._unsaved[0])
                self._is_unsaved.clear()
        finally:
            await asyncio.shield(asyncio.to_thread(self._write_rest))

    async def _write(self, one: _Unsaved) -> None:
        """Write one, or wait where the database takes nothing; a fault of ours gives it up.

        What is being written when we are to end is not cut off: a thread cannot be, and beside
        it the rest would write the same rows.
        """
        writing = asyncio.ensure_future(asyncio.to_thread(_written, one.write))
        try:
            is_written = await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            if writing.exception() or writing.result():
                self._let_go(one)
            raise
        except Exception:
            self._let_go(one)
            raise
        if is_written:
            self._let_go(one)
        else:
            await asyncio.sleep(TRY_AGAIN_AFTER_S)

    def _let_go(self, one: _Unsaved) -> None:
        with contextlib.suppress(ValueError):  # it may have been given up meanwhile
            self._unsaved.remove(one)

    def _write_rest(self) -> None:
        """Write what waits, once: we are about to end."""
        while self._unsaved:
            _written(self._unsaved.popleft().write)

    async def keep_slots(self) -> None:
        """Write each slot of the plan in force as it begins, until cancelled."""
        while True:
            self.look_at_slot()
            self.drop_outdated()
            await asyncio.sleep(1.0)

    def drop_outdated(self) -> None:
        """Leave sessions to local rules that want something else than they were planned for."""
        plan, marks = self._controller.state.plan, self.standing().sessions
        if plan is None:
            return
        now = self._clock.monotonic()
        outdated = {
            course.session
            for course in plan.courses
            if (mark := marks.get(course.session)) and mark.revision > plan.profile_revision
        }
        self._outdated = {name: self._outdated.get(name, now) for name in outdated}
        over = {name for name, since_s in self._outdated.items() if now - since_s > OUTDATED_S}
        if over:
            kept = tuple(course for course in plan.courses if course.session not in over)
            self._controller.happened(PlanHeard(replace(plan, courses=kept)))

    def look_at_slot(self) -> None:
        """Have the slot written that has begun since the last look."""
        plan, message = self._controller.state.plan, self.plan
        if plan is None or message is None or plan.id != message.plan:
            return
        now_s = self._now_s()
        slot = plan.slot(now_s)
        if slot is None or self._slot == (plan.id, slot):
            return
        self._slot = (plan.id, slot)
        row = PlanSlotRow(
            start_s=int(plan.edges_s[slot]),
            end_s=int(plan.edges_s[slot + 1]),
            plan=plan.id,
            sun_w=_at(message.sun_w, slot),
            surplus_w=_at(message.surplus_w, slot),
            load_w=_at(message.load_w, slot),
        )
        planned = {c.ski: (c.session, c.power_w[slot]) for c in plan.courses}
        self.later(lambda _: self._shelf.keep_slot(row, planned, now_s), None)

    def later(self, write: Callable[[T], None], what: T, *, is_prices: bool = False) -> None:
        """Have something written as soon as may be, in the order it came.

        is_prices: it outlasts minutes and plans where a database fails for long: nobody sends
        prices that we hold again, and sessions could never be billed.
        """
        if len(self._unsaved) >= MOST_UNSAVED:
            self._let_go(next((o for o in self._unsaved if not o.is_prices), self._unsaved[0]))
        self._unsaved.append(_Unsaved(partial(write, what), is_prices))
        self._is_unsaved.set()

    # --- inside ----------------------------------------------------------------------------------

    def _take_plan(self, message: planning_pb2.Plan, *, is_kept: bool = False) -> None:
        try:
            plan = plan_of(message)
        except UnreadableError as error:
            self._refuse(message.plan[:200], UNREADABLE, str(error))
            return
        now_s = self._now_s()
        if now_s >= plan.valid_until_s and not is_kept:
            self._refuse(plan.id, OVER, "")
            return
        standing = self.standing()
        if plan.profile_revision > standing.revision and not is_kept:
            detail = f"made for profile {plan.profile_revision}, the last is {standing.revision}"
            self._refuse(plan.id, UNREADABLE, detail)
            return
        if self._is_older(message):
            self._refuse(plan.id, OLDER, "")
            return
        state, marks = self._controller.state, standing.sessions
        courses, code = [], ""
        for course in plan.courses:
            mark = marks.get(course.session)
            if mark is None or not _is_of(course, state, is_kept=is_kept):
                code = OTHER
            elif plan.profile_revision < mark.revision:
                code = OLDER
            else:
                courses.append(_with_due(course, state, self._clock.monotonic()))
        if code and not courses:
            self._refuse(plan.id, code, "")
            return
        self.plan, self.refused = message, Refused()
        self.session_plans = {one.session: _without_powers(one) for one in message.sessions}
        self._slot = None
        metrics.plan_taken()
        self._controller.happened(PlanHeard(replace(plan, courses=tuple(courses))))
        if not is_kept:
            self.later(self._shelf.keep_plan, message)

    def _is_older(self, message: planning_pb2.Plan) -> bool:
        """Return whether a plan was made before the one in force, or for older needs."""
        if self.plan is None or self._now_s() >= self.plan.valid_until.seconds:
            return False
        return _age(message) < _age(self.plan)

    def _take_prices(self, message: planning_pb2.PriceSeries, *, is_kept: bool = False) -> None:
        try:
            prices = prices_of(message)
        except UnreadableError as error:
            metrics.refused("prices-unreadable")
            logger.warning("prices refused", extra={"reason": str(error)})
            return
        self.prices = message
        by_component = {
            "import": prices.import_price,
            "export": tuple(known(value) for value in message.export_price),
        }
        metrics.show_prices(message.currency, prices.edges_s, by_component, self._now_s)
        self._controller.happened(PricesHeard(prices))
        if not is_kept:
            self.later(self._keep_prices, message, is_prices=True)

    def _refuse(self, plan: str, code: str, detail: str) -> None:
        if self.refused != Refused(plan, code):
            logger.info("plan refused", extra={"plan": plan, "code": code, "detail": detail})
            metrics.refused(code)
        self.refused = Refused(plan, code)

    def _keep_prices(self, message: planning_pb2.PriceSeries) -> None:
        self._shelf.keep_prices(message, self._now_s())
        self._loop.call_soon_threadsafe(self.priced)

    def _now_s(self) -> float:
        return self._clock.now().timestamp()


def _written(write: Callable[[], None]) -> bool:
    """Return whether a write was taken. Blocking."""
    try:
        write()
    except RefusedError as error:
        logger.warning("plan or prices not kept", extra={"error": str(error)})
        return False
    return True


def _age(plan: planning_pb2.Plan) -> tuple[int, int]:
    return plan.profile_revision, plan.made_at.ToNanoseconds()


def _without_powers(plan: planning_pb2.SessionPlan) -> planning_pb2.SessionPlan:
    told = planning_pb2.SessionPlan()
    told.CopyFrom(plan)
    del told.power_w[:]
    return told


def _is_of(course: Course, state: State, *, is_kept: bool) -> bool:
    if is_kept:  # after our own restart nobody has named a session yet; following asks again
        return True
    charger = state.chargers.get(course.ski)
    return charger is not None and charger.session == course.session


def _with_due(course: Course, state: State, now: float) -> Course:
    goal, clock = state.goals.get(course.ski), state.wall
    if goal is None or clock is None:
        return course
    departure = departure_of(goal, clock.at(now))
    return course if departure is None else replace(course, due_s=departure.timestamp())


def _at(values: Sequence[float], slot: int) -> float | None:
    return known(values[slot]) if slot < len(values) else None


def _nothing() -> None:
    return None
