"""Stand-ins for the owners of tariff, roofs, plans and savings, for tests of the web API."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from google.protobuf.message import Message
from web_owners import NOON, SKI, checked

from volthus_kit.refusal import RefusedError
from volthus_wire import subjects
from volthus_wire.convert import to_timestamp
from volthus_wire.v1 import planning_pb2, rpc_pb2, tariff_pb2

Answer = Callable[[Message], Message]
NAN = math.nan


def price_input() -> planning_pb2.PlanInput:
    """Return prices that are known until tomorrow."""
    return planning_pb2.PlanInput(
        input="price",
        source="sample",
        freshness="sample",
        known_until=to_timestamp(NOON + timedelta(hours=1)),
    )


def session_plan() -> planning_pb2.SessionPlan:
    """Return a plan that misses its goal by a little."""
    return planning_pb2.SessionPlan(
        session="s-1",
        ski=SKI,
        power_w=[0, 11_000],
        energy_wh=24_300,
        sun_wh=9100,
        grid_wh=15_200,
        cost=2.9,
        at_once_cost=6.0,
        shortfall_wh=1200,
        shortfall_s=400,
        shortfall_code="departure-too-early",
        reached_at=to_timestamp(NOON + timedelta(hours=2)),
    )


@dataclass
class PlanningOwner:
    """Tariff, planning, roofs, plan, timeline, savings and states of charge."""

    tariff: tariff_pb2.Tariff = field(default_factory=tariff_pb2.Tariff)
    token: str = ""
    planning: tariff_pb2.PlanningSettings = field(default_factory=tariff_pb2.PlanningSettings)
    systems: dict[str, tariff_pb2.PvSystem] = field(default_factory=dict)
    soc: planning_pb2.CarSoc | None = None
    asked: list[Message] = field(default_factory=list)

    def answers(self) -> list[tuple[subjects.Request, Answer]]:
        """Return what a site serves, with who answers it."""
        return [
            (subjects.TARIFF_GET, lambda _: tariff_pb2.TariffReply(tariff=self.tariff)),
            (subjects.TARIFF_PUT, self._put_tariff),
            (subjects.PLANNING_GET, self._planning),
            (subjects.PLANNING_PUT, self._put_planning),
            (subjects.PV_SYSTEM_LIST, self._list),
            (subjects.PV_SYSTEM_PUT, self._put_system),
            (subjects.PV_SYSTEM_REMOVE, self._remove_system),
            (subjects.PLAN_GET, self._plan),
            (subjects.TIMELINE_GET, self._timeline),
            (subjects.SAVINGS_GET, self._savings),
            (subjects.CAR_SOC_GET, self._soc),
            (subjects.CAR_SOC_PUT, self._put_soc),
        ]

    def cloud_answers(self) -> list[tuple[subjects.Request, Answer]]:
        """Return what smart charging serves, with who answers it."""
        return [
            (subjects.TARIFF_PREVIEW, self._preview_tariff),
            (subjects.FORECAST_PREVIEW, self._preview_forecast),
            (subjects.PRICES_PUSH, self._push),
        ]

    def _put_tariff(self, question):
        wanted = question.tariff
        new = checked(wanted.revision, self.tariff.revision)
        if wanted.source == "entsoe" and not (wanted.token or (wanted.has_token and self.token)):
            raise RefusedError("source-needs-token", "It wants a token.", field="/token")
        self.token = wanted.token or (self.token if wanted.has_token else "")
        self.tariff.CopyFrom(wanted)
        self.tariff.ClearField("token")
        self.tariff.has_token = bool(self.token)
        self.tariff.revision = new
        return tariff_pb2.TariffReply(tariff=self.tariff)

    def _planning(self, _):
        return tariff_pb2.PlanningReply(settings=self.planning)

    def _put_planning(self, question):
        new = checked(question.settings.revision, self.planning.revision)
        self.planning.CopyFrom(question.settings)
        self.planning.revision = new
        return self._planning(None)

    def _list(self, _):
        return tariff_pb2.ListPvSystemsReply(systems=self.systems.values())

    def _put_system(self, question):
        wanted = tariff_pb2.PvSystem()
        wanted.CopyFrom(question.system)
        if wanted.system and wanted.system not in self.systems:
            raise RefusedError("unknown-pv-system", "No such system.", system=wanted.system)
        wanted.system = wanted.system or f"pv-{len(self.systems) + 1}"
        before = self.systems.get(wanted.system)
        wanted.revision = checked(wanted.revision, before.revision if before else 0)
        self.systems[wanted.system] = wanted
        return tariff_pb2.PvSystemReply(system=wanted)

    def _remove_system(self, question):
        if self.systems.pop(question.system, None) is None:
            raise RefusedError("unknown-pv-system", "No such system.", system=question.system)
        return rpc_pb2.Nothing()

    def _plan(self, _):
        plan = planning_pb2.Plan(
            plan="p-1",
            site="demo",
            profile_revision=7,
            made_at=to_timestamp(NOON),
            valid_until=to_timestamp(NOON + timedelta(hours=24)),
            start=to_timestamp(NOON),
            slot_s=[900, 900],
            import_price=[0.19, NAN],
            export_price=[0.08],
            sun_w=[1000, 2000],
            surplus_w=[600, 1600],
            currency="EUR",
            objective="cost",
            sessions=[session_plan()],
            inputs=[price_input()],
            value=2.9,
            bound=2.8,
            gap=0.034,
            inputs_hash="abc",
        )
        force = planning_pb2.PlanInForce(plan="p-1", profile_revision=7, state="following")
        return planning_pb2.PlanReply(plan=plan, in_force=force)

    def _timeline(self, question):
        self.asked.append(question)
        lane = planning_pb2.TimelineLane(
            ski=SKI,
            name="Garage left",
            session="s-1",
            car_name="Blue one",
            power_w=[3680, NAN],
            planned_w=[3700, 11_000],
            departure=to_timestamp(NOON + timedelta(hours=19)),
            plan=session_plan(),
        )
        return planning_pb2.Timeline(
            start=to_timestamp(NOON),
            slot_s=[900, 900],
            now=to_timestamp(NOON + timedelta(minutes=15)),
            currency="EUR",
            import_price=[0.19, NAN],
            export_price=[0.08, NAN],
            sun_w=[1500, NAN],
            sun_forecast_w=[1400, 1300],
            surplus_forecast_w=[900, 800],
            grid_w=[4000, NAN],
            lanes=[lane],
            inputs=[price_input()],
            prices_known_until=to_timestamp(NOON + timedelta(minutes=15)),
        )

    def _savings(self, question):
        self.asked.append(question)
        month = planning_pb2.Saving(
            month="2026-11",
            sessions=3,
            unknown=1,
            energy_wh=60_000,
            cost=9.5,
            at_once_cost=8.25,
            currency="EUR",
        )
        return planning_pb2.SavingsReply(months=[month])

    def _soc(self, question):
        if question.car == "nobody":
            raise RefusedError("unknown-car", "No such car.", car=question.car)
        return self.soc or planning_pb2.CarSoc(car=question.car)

    def _put_soc(self, question):
        self.asked.append(question)
        self.soc = planning_pb2.CarSoc(
            car=question.car,
            soc_percent=question.soc_percent,
            uncertainty_percent=2,
            told_at=question.at if question.HasField("at") else to_timestamp(NOON),
            source=question.source,
        )
        return self.soc

    def _preview_tariff(self, question):
        self.asked.append(question)
        if question.tariff.source == "nobody":
            raise RefusedError("unknown-source", "No such source.", field="/source")
        prices = planning_pb2.PriceSeries(
            series="x",
            currency=question.tariff.currency,
            start=getattr(question, "from"),
            slot_s=[3600, 3600],
            import_price=[0.31, NAN],
            price=price_input(),
        )
        return planning_pb2.PreviewTariffReply(prices=prices)

    def _preview_forecast(self, question):
        self.asked.append(question)
        return planning_pb2.PreviewForecastReply(
            start=to_timestamp(NOON),
            slot_s=[900, 900],
            sun_w=[4000, NAN],
            sun_low_w=[3000, NAN],
            weather=planning_pb2.PlanInput(input="weather", freshness="climatology"),
        )

    def _push(self, question):
        self.asked.append(question)
        known = [value for value in question.per_kwh if not math.isnan(value)]
        return planning_pb2.PushPricesReply(taken=len(known), known_until=question.start)
