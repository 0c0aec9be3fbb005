"""What simulated sites answer when they are asked: the common reads, modes and goals."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeVar

from google.protobuf.message import Message

from fleet_sim.core.stays import DAY_S, stays_between
from fleet_sim.messages import pictures, profiles, records
from fleet_sim.site import Site
from volthus_kit.bus import Bus
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
from volthus_wire import subjects
from volthus_wire.v1 import (
    eebus_pb2,
    metering_pb2,
    operating_pb2,
    operator_pb2,
    planning_pb2,
    records_pb2,
    site_pb2,
    tariff_pb2,
)
from volthus_wire.v1.rpc_pb2 import Caller

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)

MOST_SPANS = 1500
FIRST_DAYS = 31  # what is told when no span is asked for


class Answers:
    """Answers for every site of the fleet."""

    def __init__(self, sites: Mapping[str, Site], clock: Clock) -> None:
        self._sites = sites
        self._clock = clock
        self.asked = 0

    async def start(self, bus: Bus) -> None:
        """Serve from now on."""
        serve = partial(self._serve, bus)
        await serve(subjects.SITE_STATE_GET, self._state)
        await serve(subjects.GRID_CONNECTION_GET, self._grid)
        await serve(subjects.ENERGY_MANAGEMENT_GET, self._management)
        await serve(subjects.CIRCUIT_LIST, self._circuits)
        await serve(subjects.METER_LIST, self._meters)
        await serve(subjects.EEBUS_PICTURE_GET, self._eebus)
        await serve(subjects.CAR_LIST, self._cars)
        await serve(subjects.MODE_PUT, self._put_mode)
        await serve(subjects.GOAL_PUT, self._put_goal)
        await serve(subjects.SESSION_LIST, self._list_sessions)
        await serve(subjects.SESSION_SUMMARY, self._sum_sessions)
        await serve(subjects.ENERGY_GET, self._energy)
        await serve(subjects.DECISION_LIST, self._decisions)
        await serve(subjects.TARIFF_GET, self._tariff)
        await serve(subjects.PLANNING_GET, self._planning)
        await serve(subjects.PV_SYSTEM_LIST, self._roofs)
        await serve(subjects.PLAN_GET, self._plan)
        await serve(subjects.OPERATOR_GET, self._operator)
        await serve(subjects.EVIDENCE_LIST, self._evidence)
        await serve(subjects.SAVINGS_GET, self._savings)

    async def _serve(
        self, bus: Bus, request: subjects.Request[Q, R], answer: Callable[[Site, Q], R]
    ) -> None:
        async def answered(question: Q, _: Caller, at: dict[str, str]) -> R:
            self.asked += 1
            site = self._sites.get(at["site"])
            if site is None:
                raise RefusedError("unknown-site", f"{at['site']!r} is no site of this fleet.")
            return answer(site, question)

        served: Callable[[Q, Caller, dict[str, str]], Awaitable[R]] = answered
        await bus.serve_many(request, served)

    def _now_s(self) -> float:
        return self._clock.now().timestamp()

    def _state(self, site: Site, _: site_pb2.GetSiteStateRequest) -> site_pb2.SiteState:
        return site.state(self._now_s())

    def _grid(
        self, site: Site, _: site_pb2.GetGridConnectionRequest
    ) -> site_pb2.GridConnectionReply:
        return site_pb2.GridConnectionReply(settings=pictures.grid(site.house))

    def _management(
        self, _: Site, __: site_pb2.GetEnergyManagementRequest
    ) -> site_pb2.EnergyManagementReply:
        on = site_pb2.EnergyManagement(on=True, confirmed_no_other=True, revision=1)
        return site_pb2.EnergyManagementReply(settings=on)

    def _circuits(self, _: Site, __: site_pb2.ListCircuitsRequest) -> site_pb2.ListCircuitsReply:
        return site_pb2.ListCircuitsReply()

    def _meters(
        self, site: Site, _: metering_pb2.ListMetersRequest
    ) -> metering_pb2.ListMetersReply:
        return metering_pb2.ListMetersReply(meters=[pictures.meter(site.house)])

    def _eebus(self, site: Site, _: eebus_pb2.GetEebusPictureRequest) -> eebus_pb2.EebusPicture:
        return pictures.eebus(site.house)

    def _cars(self, site: Site, _: operating_pb2.ListCarsRequest) -> operating_pb2.ListCarsReply:
        cars = [
            operating_pb2.Car(car=box.car, name=box.car.capitalize(), battery_wh=58_000, revision=1)
            for box in site.house.wallboxes
        ]
        return operating_pb2.ListCarsReply(cars=cars, goals=site.wishes.goals.values())

    def _put_mode(
        self, site: Site, question: operating_pb2.PutModeRequest
    ) -> operating_pb2.ModeReply:
        _check_charger(site, question.ski)
        mode = site.wishes.put_mode(question.ski, question.mode)
        return operating_pb2.ModeReply(ski=question.ski, mode=mode)

    def _put_goal(
        self, site: Site, question: operating_pb2.PutGoalRequest
    ) -> operating_pb2.GoalReply:
        _check_charger(site, question.goal.ski)
        return operating_pb2.GoalReply(goal=site.wishes.put_goal(question.goal))

    def _sessions(
        self, site: Site, question: records_pb2.ListSessionsRequest
    ) -> list[records_pb2.ChargingSession]:
        now_s = self._now_s()
        from_s = _seconds(question, "from", now_s - FIRST_DAYS * DAY_S)
        to_s = min(now_s, _seconds(question, "to", now_s))
        return [
            records.session(site.house, stay, now_s)
            for stay in stays_between(site.house, from_s, to_s)
            if question.ski in {"", stay.ski}
        ]

    def _list_sessions(
        self, site: Site, question: records_pb2.ListSessionsRequest
    ) -> records_pb2.ListSessionsReply:
        newest = self._sessions(site, question)[::-1]
        behind = [one for one in newest if not question.cursor or one.session < question.cursor]
        page = behind[: question.most or 100]
        more = page[-1].session if len(page) < len(behind) else ""
        return records_pb2.ListSessionsReply(sessions=page, next=more)

    def _sum_sessions(
        self, site: Site, _: records_pb2.SummarizeSessionsRequest
    ) -> records_pb2.SummarizeSessionsReply:
        found = self._sessions(site, records_pb2.ListSessionsRequest())
        total = records_pb2.SessionTotals(
            count=len(found),
            energy_wh=sum(one.energy_wh for one in found),
            sun_wh=sum(one.sun_wh for one in found),
            grid_wh=sum(one.grid_wh for one in found),
            charging_s=sum(one.charging_s for one in found),
            cost=sum(one.cost for one in found),
            currency=site.house.currency,
            unpriced=sum(not one.HasField("cost") for one in found),
        )
        return records_pb2.SummarizeSessionsReply(time_zone=site.house.time_zone, totals=[total])

    def _energy(
        self, site: Site, question: records_pb2.GetEnergyRequest
    ) -> records_pb2.GetEnergyReply:
        now_s = self._now_s()
        step_s = question.step_s or 3600
        from_s = int(_seconds(question, "from", now_s - DAY_S)) // step_s * step_s
        to_s = int(min(now_s, _seconds(question, "to", now_s)))
        starts = range(from_s, to_s, step_s)[:MOST_SPANS]
        return records_pb2.GetEnergyReply(
            spans=[records.summed(site.house, start_s, step_s) for start_s in starts]
        )

    def _decisions(
        self, _: Site, __: records_pb2.ListDecisionsRequest
    ) -> records_pb2.ListDecisionsReply:
        return records_pb2.ListDecisionsReply()

    def _tariff(self, site: Site, _: tariff_pb2.GetTariffRequest) -> tariff_pb2.TariffReply:
        return tariff_pb2.TariffReply(tariff=site.price)

    def _planning(self, site: Site, _: tariff_pb2.GetPlanningRequest) -> tariff_pb2.PlanningReply:
        return tariff_pb2.PlanningReply(settings=profiles.planning(site.house))

    def _roofs(
        self, site: Site, _: tariff_pb2.ListPvSystemsRequest
    ) -> tariff_pb2.ListPvSystemsReply:
        return tariff_pb2.ListPvSystemsReply(systems=profiles.roofs(site.house))

    def _plan(self, site: Site, _: planning_pb2.GetPlanRequest) -> planning_pb2.PlanReply:
        return planning_pb2.PlanReply(in_force=site.plan)

    def _operator(self, _: Site, __: operator_pb2.GetOperatorRequest) -> operator_pb2.OperatorReply:
        return operator_pb2.OperatorReply()

    def _evidence(
        self, _: Site, __: operator_pb2.ListEvidenceRequest
    ) -> operator_pb2.ListEvidenceReply:
        return operator_pb2.ListEvidenceReply()

    def _savings(self, _: Site, __: planning_pb2.GetSavingsRequest) -> planning_pb2.SavingsReply:
        return planning_pb2.SavingsReply()


def _check_charger(site: Site, ski: str) -> None:
    if all(box.ski != ski for box in site.house.wallboxes):
        raise RefusedError("unknown-charger", "No such charger.", ski=ski)


def _seconds(question: Message, field: str, otherwise_s: float) -> float:
    if not question.HasField(field):
        return otherwise_s
    return float(getattr(question, field).ToMilliseconds()) / 1000
