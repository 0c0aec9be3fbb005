"""Answers questions about plans: the plan, the timeline, savings, and what cars hold."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from cem.commands.desk import refuse
from cem.core import soc
from cem.core.driving import Car
from cem.core.events import CarSocTold
from cem.core.validation import is_within, out_of_range
from cem.loop import Controller
from cem.messages.soc import soc_message
from cem.planning import soc_audit
from cem.planning.drawing import Material, drawn
from cem.planning.keeper import Keeper
from cem.planning.shelf import Shelf
from cem.planning.tables import PlannedRow, PlanSlotRow, PriceRow, RoomRow
from cem.planning.timeline import Axis, Measured
from cem.records.answers import RecordAnswers
from cem.store import Store
from cem.zone import zone_name
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
from volthus_wire.v1 import planning_pb2, records_pb2
from volthus_wire.v1.rpc_pb2 import Caller

STEPS_S = (300, 900, 3600)
USUAL_STEP_S = 900
BEFORE_S, SPAN_S, MOST_SPAN_S = 12 * 3600, 48 * 3600, 72 * 3600
LAST_S = 2**33  # of a calendar that messages can tell
SOURCES = ("push", "connector", "user")
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """What answers are drawn from."""

    shelf: Shelf
    records: RecordAnswers
    store: Store


class PlanningAnswers:
    """What planning answers."""

    def __init__(self, controller: Controller, keeper: Keeper, kept: Kept, clock: Clock) -> None:
        self._controller = controller
        self._keeper = keeper
        self._kept = kept
        self._clock = clock

    async def get_plan(
        self, question: planning_pb2.GetPlanRequest, caller: Caller
    ) -> planning_pb2.PlanReply:
        """Return the plan that was taken last, and how it stands."""
        del question, caller
        return planning_pb2.PlanReply(plan=self._keeper.plan, in_force=self._keeper.in_force())

    # --- what cars hold --------------------------------------------------------------------------

    async def put_car_soc(
        self, question: planning_pb2.PutCarSocRequest, caller: Caller
    ) -> planning_pb2.CarSoc:
        """Take what somebody says a car's battery holds; who said it stands in the audit."""
        car = self._car(question.car)
        if not is_within(question.soc_percent, 0.0, 100.0):
            refuse(out_of_range("soc", "/soc_percent", question.soc_percent, 0.0, 100.0))
        if question.source not in SOURCES:
            raise RefusedError(
                "soc-source-unknown",
                f"{question.source!r} is no source; expected {', '.join(SOURCES)}.",
                field="/source",
                source=question.source[:80],
            )
        now_s = self._clock.now().timestamp()
        told_s = question.at.seconds if question.HasField("at") else now_s
        age_s = max(0.0, now_s - told_s)  # a clock that is ahead says it now
        before = self._controller.state.socs.get(car.id)
        if soc_audit.is_other(before, question.soc_percent, question.source):
            row = soc_audit.entry(car.id, before, question.soc_percent, question.source, caller)
            await asyncio.to_thread(soc_audit.keep, self._kept.store, row)
        self._controller.happened(CarSocTold(car.id, question.soc_percent, age_s, question.source))
        return self.car_soc(car)

    async def get_car_soc(
        self, question: planning_pb2.GetCarSocRequest, caller: Caller
    ) -> planning_pb2.CarSoc:
        """Return what a car holds as of now."""
        del caller
        return self.car_soc(self._car(question.car))

    def car_soc(self, car: Car) -> planning_pb2.CarSoc:
        """Return the message of what a car holds."""
        state = self._controller.state
        known, clock = soc.car_soc(car, state, self._clock.monotonic()), state.wall
        told = None if known is None or clock is None else clock.at(known.told_s)
        return soc_message(car.id, known, told)

    def _car(self, id_: str) -> Car:
        for car in self._controller.state.cars:
            if car.id == id_:
                return car
        raise RefusedError("unknown-car", f"No car {id_!r} is known here.", field="/car", car=id_)

    # --- the timeline ----------------------------------------------------------------------------

    async def get_timeline(
        self, question: planning_pb2.GetTimelineRequest, caller: Caller
    ) -> planning_pb2.Timeline:
        """Return planned and real on one axis."""
        axis = _axis(question, self._clock.now())
        energy = records_pb2.GetEnergyRequest(step_s=min(axis.step_s, 900))
        if axis.step_s == 300:
            energy.step_s = 60
        getattr(energy, "from").FromSeconds(axis.start_s)
        energy.to.FromSeconds(axis.end_s)
        spans = tuple((await self._kept.records.get_energy(energy, caller)).spans)
        slots, planned, prices, rooms, measured = await asyncio.to_thread(self._read, axis)
        left_w = self._controller.decision.operator_w
        plan = self._keeper.plan
        material = Material(axis, spans, slots, planned, prices, plan, measured, rooms, left_w)
        told = drawn(material, self._controller.state, self._clock.monotonic())
        self._add_held(told)
        return told

    def _read(
        self, axis: Axis
    ) -> tuple[list[PlanSlotRow], list[PlannedRow], list[PriceRow], list[RoomRow], Measured]:
        shelf, span = self._kept.shelf, (axis.start_s, axis.end_s)
        return *shelf.slots(*span), shelf.prices(*span), shelf.rooms(*span), shelf.measured(axis)

    def _add_held(self, told: planning_pb2.Timeline) -> None:
        keeper, held = self._keeper, self._keeper.held()
        told.plan.CopyFrom(keeper.in_force())
        told.currency = self._controller.state.tariff.currency
        told.time_zone = zone_name(self._controller.zone)
        if keeper.prices is not None:
            told.currency = keeper.prices.currency
        if held.HasField("known_until"):
            told.prices_known_until.CopyFrom(held.known_until)
        for lane in told.lanes:
            planned = keeper.session_plans.get(lane.session)
            if planned is not None:
                lane.plan.CopyFrom(planned)

    # --- savings ---------------------------------------------------------------------------------

    async def get_savings(
        self, question: planning_pb2.GetSavingsRequest, caller: Caller
    ) -> planning_pb2.SavingsReply:
        """Return by month what sessions cost, and would have cost charged at once."""
        months: dict[tuple[str, str], planning_pb2.Saving] = {}
        asked = records_pb2.ListSessionsRequest(most=PAGE)
        if question.HasField("from"):
            getattr(asked, "from").CopyFrom(getattr(question, "from"))
        if question.HasField("to"):
            asked.to.CopyFrom(question.to)
        while True:
            page = await self._kept.records.list_sessions(asked, caller)
            for session in page.sessions:
                self._add_saving(months, session)
            if not page.next:
                break
            asked.cursor = page.next
        found = [months[key] for key in sorted(months)]
        return planning_pb2.SavingsReply(months=found)

    def _add_saving(
        self,
        months: dict[tuple[str, str], planning_pb2.Saving],
        session: records_pb2.ChargingSession,
    ) -> None:
        if not session.HasField("ended"):
            return
        at = datetime.fromtimestamp(session.started.seconds, UTC).astimezone(self._controller.zone)
        key = (f"{at:%Y-%m}", session.currency)
        is_known = session.HasField("cost") and session.HasField("at_once_cost")
        if not is_known:
            key = (key[0], self._currency(months, key[0]))
        month = months.setdefault(key, planning_pb2.Saving(month=key[0], currency=key[1]))
        if not is_known:
            month.unknown += 1
            return
        month.sessions += 1
        month.energy_wh += session.energy_wh
        month.cost += session.cost
        month.at_once_cost += session.at_once_cost
        if session.HasField("co2_g") and session.HasField("at_once_co2_g"):
            month.co2_g += session.co2_g
            month.at_once_co2_g += session.at_once_co2_g

    def _currency(self, months: dict[tuple[str, str], planning_pb2.Saving], month: str) -> str:
        """Return the currency under which a session without a cost is counted."""
        held = self._controller.state.tariff.currency
        return next((currency for name, currency in months if name == month), held)


def _axis(question: planning_pb2.GetTimelineRequest, wall: datetime) -> Axis:
    step_s = question.step_s or USUAL_STEP_S
    if step_s not in STEPS_S:
        detail = f"{step_s} s is no step; expected one of {', '.join(map(str, STEPS_S))}."
        raise RefusedError("unknown-step", detail, field="/step_s", step_s=step_s)
    asked: Timestamp = getattr(question, "from")
    from_s = asked.seconds if question.HasField("from") else int(wall.timestamp()) - BEFORE_S
    start_s = min(max(from_s, 0), LAST_S) // step_s * step_s
    to_s = min(question.to.seconds, LAST_S) if question.HasField("to") else start_s + SPAN_S
    count = -(-(to_s - start_s) // step_s)
    if not 0 < count * step_s <= MOST_SPAN_S + step_s:
        detail = "A timeline has more than nothing and at most 72 hours."
        raise RefusedError("too-many-spans", detail, field="/from", most=MOST_SPAN_S // step_s)
    return Axis(start_s, step_s, count)
