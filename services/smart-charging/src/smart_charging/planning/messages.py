"""Messages of sites to the values of the core, and plans back to messages. Absent is unknown."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
from google.protobuf.timestamp_pb2 import Timestamp

from smart_charging.core.grid import Floats
from smart_charging.planning.core.judging import Judged, Told
from smart_charging.planning.core.posing import kw_of
from smart_charging.planning.core.pricing import Table
from smart_charging.planning.core.site import PHASE_BITS, Prices, Session, Site, Trusted
from smart_charging.planning.core.slots import SLOT_S, Slots
from smart_charging.planning.encoding import KILO, field_of, float_fields, float_row, head_of
from volthus_wire.convert import to_timestamp
from volthus_wire.v1.electrical_pb2 import Phases
from volthus_wire.v1.planning_pb2 import (
    Plan,
    PlanInput,
    PriceSeries,
    ProfileSession,
    SessionPlan,
    SiteProfile,
)

PHASES = ("l1", "l2", "l3")
VALID_H = 24
INPUTS, FIRST_FORECAST, SESSIONS = (
    Plan.DESCRIPTOR.fields_by_name[name].number for name in ("inputs", "sun_w", "sessions")
)
POWERS = SessionPlan.DESCRIPTOR.fields_by_name["power_w"].number
MOST_SESSIONS = 200  # what the planner takes; further ones go by local rules


@dataclass(frozen=True, slots=True)
class Signature:
    """What a plan is called: id, the revision and hash of what it was made from, and when."""

    plan: str
    site: str
    revision: int
    made_s: float
    inputs_hash: str


def site_of(profile: SiteProfile, now_s: float) -> Site:
    """Return a profile as values."""
    count = 1 if profile.phases == 1 else 3
    fuse, margin = _amperes(profile.fuse_a), _amperes(profile.margin_a)
    base = _amperes(profile.base_load_a)
    planning = profile.planning
    has_threshold = planning.HasField("solar_threshold_w")
    return Site(
        profile.site,
        profile.revision,
        tuple(kw_of(max(0.0, fuse[n] - margin[n])) for n in range(count)),
        tuple(kw_of(base[n]) for n in range(count)),
        profile.has_meter,
        profile.contract_w / KILO if profile.HasField("contract_w") else None,
        planning.objective or "cost",
        planning.solar_threshold_w / KILO if has_threshold else None,
        {c.circuit: kw_of(min(_known(c.room_a), default=0.0)) for c in profile.circuits},
        tuple(_session(session) for session in profile.sessions[:MOST_SESSIONS]),
        _seconds(profile.at) - now_s if profile.HasField("at") else 0.0,
        {c.circuit: c.parent for c in profile.circuits if c.parent},
    )


def _session(it: ProfileSession) -> Session:
    phases = 0
    for phase in it.phases:
        phases |= PHASE_BITS.get(phase, 0)
    count = phases.bit_count()
    most_kw = kw_of(max(0.0, it.max_a), count)
    battery = it.battery_wh / KILO if it.HasField("battery_wh") and it.battery_wh > 0 else None
    return Session(
        it.session, it.ski, it.mode, phases,
        min(kw_of(max(0.0, it.min_a), count), most_kw), most_kw,
        it.smart.forecast, it.smart.surplus, it.smart.price,
        max(0.0, it.needed_wh) / KILO if it.HasField("needed_wh") else None,
        max(0.0, it.most_wh) / KILO if it.HasField("most_wh") else None,
        _seconds(it.departure) if it.HasField("departure") else None,
        it.is_charging,
        it.soc_percent if it.HasField("soc_percent") else None,
        it.target_soc_percent if it.HasField("target_soc_percent") else None,
        battery, it.circuit, it.must_charge,
    )  # fmt: skip


def _seconds(instant: Timestamp) -> float:
    """Return Unix seconds, to the millisecond. The message's own way takes ten times as long."""
    return (instant.seconds * 1000 + instant.nanos // 1_000_000) / 1000


def _amperes(phases: Phases) -> tuple[float, float, float]:
    return phases.l1, phases.l2, phases.l3


def _known(phases: Phases) -> list[float]:
    return [getattr(phases, name) for name in PHASES if phases.HasField(name)]


def shared_part(slots: Slots, prices: Prices) -> bytes:
    """Return what all plans of one tariff and one start have in common."""
    return Plan(
        start=to_timestamp(slots.start),
        slot_s=slots.lengths_s,
        import_price=float_row(prices.shown[0]),
        export_price=float_row(prices.shown[1]),
        co2_g_per_kwh=float_row(prices.shown[2]),
        currency=prices.currency,
        inputs=[input_message(each) for each in prices.inputs],
        valid_until=Timestamp(seconds=min(slots.end_s, slots.start_s + VALID_H * 3600)),
    ).SerializeToString()


def forecast_fields(outlook_kw: Floats, surplus_kw: Floats) -> list[bytes]:
    """Return the forecasts of sites, as their plans say them."""
    said = np.concatenate((outlook_kw[:, :3], surplus_kw[:, None]), axis=1)
    return float_fields(FIRST_FORECAST, said, KILO)


def power_fields(power_kw: Floats) -> list[bytes]:
    """Return the powers of cars, as their sessions in plans say them."""
    return float_fields(POWERS, power_kw[:, None], KILO)


@dataclass(frozen=True, slots=True)
class Content:
    """What a plan says. shared: from `shared_part`. inputs: beside those of the shared part.

    forecasts: one of `forecast_fields`. powers: `power_fields` of all cars that were planned along.
    """

    shared: bytes
    objective: str
    inputs: tuple[Trusted, ...]
    forecasts: bytes
    powers: list[bytes]
    found: Judged


def plan_bytes(name: Signature, it: Content) -> bytes:
    """Return a plan as it is published."""
    found = it.found
    made = Plan(
        plan=name.plan, site=name.site, profile_revision=name.revision, objective=it.objective,
        value=found.value, bound=found.bound, gap=found.gap, inputs_hash=name.inputs_hash,
    )  # fmt: skip
    made.made_at.seconds, made.made_at.nanos = _instant(name.made_s)
    parts = [it.shared, made.SerializeToString(), *map(_input, it.inputs), it.forecasts]
    for each in found.told:
        told, powers = _told(each), it.powers[each.row]
        parts += (head_of(SESSIONS, len(told) + len(powers)), told, powers)
    return b"".join(parts)


def _instant(at_s: float) -> tuple[int, int]:
    """Return whole seconds and nanoseconds of Unix seconds, to the millisecond."""
    seconds, milliseconds = divmod(int(at_s * 1000), 1000)
    return seconds, milliseconds * 1_000_000


def _told(it: Told) -> bytes:
    session = it.wish.session
    message = SessionPlan(
        session=session.id, ski=session.ski,
        energy_wh=it.energy_kwh * KILO, sun_wh=it.sun_kwh * KILO,
        grid_wh=(it.energy_kwh - it.sun_kwh) * KILO, cost=it.cost, at_once_cost=it.at_once_cost,
        co2_g=it.co2_g, shortfall_wh=it.missing_kwh * KILO, shortfall_s=it.missing_s,
        shortfall_code=it.short, soc_at_departure_percent=it.soc_percent,
    )  # fmt: skip
    if it.reached_s is not None:
        message.reached_at.seconds = int(it.reached_s)
    return message.SerializeToString()


@lru_cache(maxsize=4096)
def _input(it: Trusted) -> bytes:
    return field_of(INPUTS, input_message(it).SerializeToString())


def input_message(it: Trusted) -> PlanInput:
    """Return how far an input may be trusted."""
    message = PlanInput(
        input=it.input, source=it.source, freshness=it.freshness, problem=it.problem
    )
    if it.known_until_s is not None:
        message.known_until.FromSeconds(int(it.known_until_s))
    return message


def series_message(series: str, revision: int, table: Table, now_s: float) -> PriceSeries:
    """Return a table as it is published: up to the last value that is known."""
    known = [n for n, value in enumerate(table.bought) if value == value]  # noqa: PLR0124 - no NaN
    count = known[-1] + 1 if known else 0
    price = Trusted(
        table.price.input, table.price.source, table.price.freshness, table.known_until_s(now_s),
        table.price.problem or table.problem,
    )  # fmt: skip
    return PriceSeries(
        series=series, revision=revision, currency=table.currency,
        start=to_timestamp(datetime.fromtimestamp(table.first_s, UTC)),
        slot_s=[SLOT_S] * count,
        import_price=float_row(table.bought[:count]),
        export_price=float_row(table.sold[:count]),
        co2_g_per_kwh=float_row(table.co2[:count]),
        price=input_message(price), co2=input_message(table.carbon),
    )  # fmt: skip
