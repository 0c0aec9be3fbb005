"""Plans, timeline, savings and states of charge to what the API gives."""

from volthus_wire.v1 import planning_pb2 as wire
from web.messages.plain import instant_in, number_in, text
from web.messages.series import finite, series, slots
from web.messages.tariff import plan_input
from web.models.plan import (
    CarSoc,
    Lane,
    Plan,
    PlanAnswer,
    PlanInForce,
    PricesHeld,
    Saving,
    SessionPlan,
    SessionPlanNow,
    Timeline,
)


def session_plan_now(message: wire.SessionPlan) -> SessionPlanNow:
    """Return what a plan means for a session."""
    return SessionPlanNow(
        session=message.session,
        ski=message.ski,
        energy_wh=message.energy_wh,
        sun_wh=message.sun_wh,
        grid_wh=message.grid_wh,
        cost=number_in(message, "cost"),
        at_once_cost=number_in(message, "at_once_cost"),
        co2_g=number_in(message, "co2_g"),
        shortfall_wh=message.shortfall_wh,
        shortfall_s=message.shortfall_s,
        shortfall_code=text(message.shortfall_code),
        reached_at=instant_in(message, "reached_at"),
        soc_at_departure_percent=number_in(message, "soc_at_departure_percent"),
    )


def plan_in_force(message: wire.PlanInForce) -> PlanInForce:
    """Return whether a plan is followed."""
    return PlanInForce(
        plan=text(message.plan),
        profile_revision=message.profile_revision,
        made_at=instant_in(message, "made_at"),
        valid_until=instant_in(message, "valid_until"),
        state=message.state or "none",
        refused=text(message.refused),
        refused_code=text(message.refused_code),
    )


def prices_held(message: wire.PricesHeld) -> PricesHeld:
    """Return which prices a site holds."""
    return PricesHeld(
        series=text(message.series),
        revision=message.revision,
        known_until=instant_in(message, "known_until"),
        freshness=text(message.freshness),
    )


def plan_answer(message: wire.PlanReply) -> PlanAnswer:
    """Return the plan a site holds. Raises NotUnderstoodError for impossible slots."""
    has_plan, has_state = message.HasField("plan"), message.HasField("in_force")
    return PlanAnswer(
        plan=_plan(message.plan) if has_plan else None,
        in_force=plan_in_force(message.in_force) if has_state else None,
    )


def _plan(message: wire.Plan) -> Plan:
    spans = slots(message.start, message.slot_s)
    count = len(spans)
    return Plan(
        id=message.plan,
        profile_revision=message.profile_revision,
        made_at=instant_in(message, "made_at"),
        valid_until=instant_in(message, "valid_until"),
        objective=message.objective or "cost",
        currency=text(message.currency),
        slots=spans,
        import_price_per_kwh=series(message.import_price, count),
        export_price_per_kwh=series(message.export_price, count),
        co2_g_per_kwh=series(message.co2_g_per_kwh, count),
        sun_w=series(message.sun_w, count),
        sun_low_w=series(message.sun_low_w, count),
        load_w=series(message.load_w, count),
        surplus_w=series(message.surplus_w, count),
        sessions=[
            SessionPlan(**dict(session_plan_now(one)), power_w=series(one.power_w, count))
            for one in message.sessions
        ],
        inputs=[plan_input(one) for one in message.inputs],
        value=finite(message.value),
        bound=finite(message.bound),
        gap=finite(message.gap),
        inputs_hash=text(message.inputs_hash),
    )


def timeline(message: wire.Timeline) -> Timeline:
    """Return planned and real on one axis. Raises NotUnderstoodError for impossible slots."""
    spans = slots(message.start, message.slot_s)
    count = len(spans)
    return Timeline(
        now=instant_in(message, "now"),
        currency=text(message.currency),
        slots=spans,
        import_price_per_kwh=series(message.import_price, count),
        export_price_per_kwh=series(message.export_price, count),
        co2_g_per_kwh=series(message.co2_g_per_kwh, count),
        sun_w=series(message.sun_w, count),
        sun_forecast_w=series(message.sun_forecast_w, count),
        surplus_forecast_w=series(message.surplus_forecast_w, count),
        load_w=series(message.load_w, count),
        load_forecast_w=series(message.load_forecast_w, count),
        grid_w=series(message.grid_w, count),
        room_w=series(message.room_w, count),
        operator_limit_w=series(message.operator_limit_w, count),
        contract_w=number_in(message, "contract_w"),
        time_zone=text(message.time_zone),
        lanes=[_lane(one, count) for one in message.lanes],
        plan=plan_in_force(message.plan) if message.HasField("plan") else None,
        inputs=[plan_input(one) for one in message.inputs],
        prices_known_until=instant_in(message, "prices_known_until"),
    )


def _lane(message: wire.TimelineLane, count: int) -> Lane:
    return Lane(
        ski=message.ski,
        name=text(message.name),
        session=text(message.session),
        car_name=text(message.car_name),
        power_w=series(message.power_w, count),
        planned_w=series(message.planned_w, count),
        departure=instant_in(message, "departure"),
        plan=session_plan_now(message.plan) if message.HasField("plan") else None,
    )


def saving(message: wire.Saving) -> Saving:
    """Return what a month's sessions cost and would have cost."""
    return Saving(
        month=message.month,
        sessions=message.sessions,
        unknown=message.unknown,
        energy_wh=message.energy_wh,
        cost=message.cost,
        at_once_cost=message.at_once_cost,
        saved=round(message.at_once_cost - message.cost, 6),
        co2_g=number_in(message, "co2_g"),
        at_once_co2_g=number_in(message, "at_once_co2_g"),
        currency=text(message.currency),
    )


def car_soc(message: wire.CarSoc) -> CarSoc:
    """Return a car's state of charge."""
    return CarSoc(
        car=message.car,
        soc_percent=number_in(message, "soc_percent"),
        uncertainty_percent=number_in(message, "uncertainty_percent"),
        told_at=instant_in(message, "told_at"),
        source=text(message.source),
    )
