"""Plans, the timeline and what they saved (B8, C9). Series stand on one list of slots."""

from datetime import datetime

from pydantic import Field

from web.models.common import Model
from web.models.tariff import PlanInput

Series = list[float | None]


class Slot(Model):
    """A span of time."""

    start: datetime
    end: datetime


class SessionPlanNow(Model):
    """What the plan in force means for a session."""

    session: str
    ski: str
    energy_wh: float = Field(description="Planned.")
    sun_wh: float = Field(description="Part of it, from the surplus forecast.")
    grid_wh: float = Field(description="Part of it.")
    cost: float | None = Field(description="Of energy_wh; null: prices are not known.")
    at_once_cost: float | None = Field(description="The same energy charged at once.")
    co2_g: float | None
    shortfall_wh: float = Field(description="Missing at departure.")
    shortfall_s: float = Field(description="How much longer it would take.")
    shortfall_code: str | None = Field(
        examples=["departure-too-early"],
        description="Why: departure-too-early, room-too-small, departure-past, no-departure, ...",
    )
    reached_at: datetime | None = Field(description="When the goal is met by plan.")
    soc_at_departure_percent: float | None


class SessionPlan(SessionPlanNow):
    """What a plan means for a session, slot by slot."""

    power_w: Series = Field(description="Mean of each slot; 0 = wait.")


class PlanInForce(Model):
    """Whether a plan is followed."""

    plan: str | None = Field(description="Its id; null: none.")
    profile_revision: int
    made_at: datetime | None
    valid_until: datetime | None
    state: str = Field(examples=["following"], description="following, over, none")
    refused: str | None = Field(description="Id of the last plan that was refused.")
    refused_code: str | None = Field(description="older-profile, other-session, over, unreadable")


class PricesHeld(Model):
    """The prices a site holds for the time without a connection."""

    series: str | None
    revision: int
    known_until: datetime | None
    freshness: str | None


class Plan(Model):
    """A plan with everything it was made of, and its certificate."""

    id: str
    profile_revision: int
    made_at: datetime | None
    valid_until: datetime | None
    objective: str = Field(examples=["cost"])
    currency: str | None
    slots: list[Slot]
    import_price_per_kwh: Series
    export_price_per_kwh: Series
    co2_g_per_kwh: Series
    sun_w: Series = Field(description="Forecast, as likely more as less (P50).")
    sun_low_w: Series = Field(description="Forecast, in four cases of five more (P20).")
    load_w: Series = Field(description="Forecast of what the house takes beside cars.")
    surplus_w: Series = Field(description="What the plan reckons with.")
    sessions: list[SessionPlan]
    inputs: list[PlanInput]
    value: float | None = Field(description="What was minimised: currency, or g of CO2.")
    bound: float | None = Field(description="No plan has less.")
    gap: float | None = Field(description="(value - bound) / max(|value|, 0.50).")
    inputs_hash: str | None = Field(description="The same inputs give the same plan.")


class PlanAnswer(Model):
    """The plan a site holds, and whether it follows it."""

    plan: Plan | None
    in_force: PlanInForce | None


class Lane(Model):
    """One charger on the timeline."""

    ski: str
    name: str | None
    session: str | None = Field(description="The open one.")
    car_name: str | None
    power_w: Series = Field(description="Measured.")
    planned_w: Series = Field(description="In the past: by the plan in force then.")
    departure: datetime | None
    plan: SessionPlanNow | None = Field(description="Of the open session.")


class Timeline(Model):
    """Planned and real on one axis (B8); null = not known, or still to come."""

    now: datetime | None
    currency: str | None
    slots: list[Slot]
    import_price_per_kwh: Series
    export_price_per_kwh: Series
    co2_g_per_kwh: Series
    sun_w: Series = Field(description="Measured.")
    sun_forecast_w: Series = Field(description="In the past: as forecast last before the slot.")
    surplus_forecast_w: Series
    load_w: Series = Field(description="Measured, beside cars.")
    load_forecast_w: Series
    grid_w: Series = Field(description="Measured, import positive.")
    room_w: Series = Field(
        description="What the fuse leaves all chargers together: measured, ahead by forecast."
    )
    operator_limit_w: Series = Field(
        description="What a limit of the grid operator leaves them; null without one."
    )
    contract_w: float | None = Field(description="What the whole site may draw by contract.")
    time_zone: str | None = Field(
        description="Of the site: weekly goals are meant in it.", examples=["Europe/Berlin"]
    )
    lanes: list[Lane]
    plan: PlanInForce | None
    inputs: list[PlanInput]
    prices_known_until: datetime | None


class Saving(Model):
    """What a month's sessions cost, and would have cost charged at once."""

    month: str = Field(examples=["2026-11"], description="By the local time of the site.")
    sessions: int = Field(description="With both costs known: only they are counted.")
    unknown: int = Field(description="Sessions without.")
    energy_wh: float
    cost: float
    at_once_cost: float
    saved: float = Field(description="at_once_cost - cost; below 0: it was dearer.")
    co2_g: float | None
    at_once_co2_g: float | None
    currency: str | None


class CarSoc(Model):
    """A car's state of charge as of now."""

    car: str
    soc_percent: float | None = Field(description="Told, or estimated since; null: not known.")
    uncertainty_percent: float | None = Field(description="More or less.")
    told_at: datetime | None
    source: str | None = Field(
        examples=["push"], description="car (EEBUS), push, connector, user; null: never told."
    )
