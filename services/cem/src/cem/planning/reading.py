"""Plans and prices as messages, checked, and as the core takes them. Pure.

What comes from afar may be anything: every length, number and time is bounded here, so that the
control law only ever sees advice it can reckon with.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import isfinite, isinf
from operator import attrgetter

from google.protobuf.timestamp_pb2 import Timestamp

from cem.core.plan import Course, Plan, Prices
from volthus_wire.v1 import planning_pb2

MOST_SLOTS = 4000
MOST_SESSIONS = 1000
MOST_SLOT_S = 86_400
MOST_SPAN_S = 40 * 86_400
MOST_POWER_W = 10_000_000.0
MOST_NAME = 200
YEAR_2000_S, YEAR_2200_S = 946_684_800.0, 7_258_118_400.0
MOSTLY = 0.5  # of a slot's power from the forecast's surplus: it waits for the sun


class UnreadableError(ValueError):
    """A message from afar says what cannot be."""


@dataclass(frozen=True, slots=True)
class Slots:
    """The slots of a message. edges_s: Unix seconds, one more than there are slots."""

    edges_s: tuple[float, ...]

    @property
    def count(self) -> int:
        """Return how many there are."""
        return max(0, len(self.edges_s) - 1)

    def spans(self) -> list[tuple[float, float]]:
        """Return start and end of each."""
        return list(pairwise(self.edges_s))


def plan_of(message: planning_pb2.Plan) -> Plan:
    """Return a plan as the core takes it. Raises UnreadableError."""
    slots = slots_of(message.start, message.slot_s)
    if not message.plan or len(message.sessions) > MOST_SESSIONS:
        raise UnreadableError("a plan has a name and at most 1000 sessions")
    _check_names((message.plan, message.currency, message.objective))
    for values in (
        message.import_price, message.export_price, message.co2_g_per_kwh,
        message.sun_w, message.sun_low_w, message.load_w, message.surplus_w,
    ):  # fmt: skip
        check_series(values, slots.count)
    made_s, valid_until_s = instant_s(message.made_at), instant_s(message.valid_until)
    if not slots.edges_s[0] < valid_until_s <= slots.edges_s[0] + MOST_SPAN_S:
        raise UnreadableError("a plan is valid for a while after its start")
    surplus_w = list(message.surplus_w)
    courses = tuple(_course_of(one, slots.count, surplus_w) for one in message.sessions)
    if len({course.ski for course in courses}) < len(courses):
        raise UnreadableError("a plan has one course for each charger")
    return Plan(
        message.plan,
        message.profile_revision,
        made_s,
        valid_until_s,
        slots.edges_s,
        tuple(sorted(courses, key=attrgetter("ski"))),
    )


def prices_of(message: planning_pb2.PriceSeries) -> Prices:
    """Return prices as the core takes them; no slot at all = no price is known (yet).

    Raises UnreadableError.
    """
    slots = slots_of(message.start, message.slot_s) if message.slot_s else Slots(())
    _check_names((message.series, message.currency, message.price.freshness))
    if not message.series or len(message.import_price) != slots.count:
        raise UnreadableError("prices have a series, and one value for each slot")
    for values in (message.import_price, message.export_price, message.co2_g_per_kwh):
        check_series(values, slots.count)
    return Prices(
        message.series,
        message.revision,
        slots.edges_s,
        tuple(known(value) for value in message.import_price),
        message.price.freshness,
    )


def slots_of(start: Timestamp, slot_s: Sequence[int]) -> Slots:
    """Return the slots of a message. Raises UnreadableError."""
    if not 0 < len(slot_s) <= MOST_SLOTS:
        raise UnreadableError(f"{len(slot_s)} slots; expected 1 to {MOST_SLOTS}")
    if not all(0 < length_s <= MOST_SLOT_S for length_s in slot_s) or sum(slot_s) > MOST_SPAN_S:
        raise UnreadableError("a slot has 1 s to a day, all together 40 days")
    start_s = instant_s(start)
    return Slots(tuple(accumulate(map(float, slot_s), initial=start_s)))


def instant_s(stamp: Timestamp) -> float:
    """Return a time in Unix seconds. Raises UnreadableError for one no calendar has."""
    at_s = stamp.seconds + stamp.nanos / 1e9
    if not YEAR_2000_S <= at_s <= YEAR_2200_S:
        raise UnreadableError(f"{stamp.seconds} s is no time of a plan")
    return at_s


def check_series(values: Sequence[float], count: int) -> None:
    """Raise UnreadableError for a series that is neither empty nor one value for each slot."""
    if len(values) not in (0, count) or any(isinf(value) for value in values):
        raise UnreadableError("a series has one value for each slot; NaN where it is not known")


def known(value: float) -> float | None:
    """Return a value, None where it is not known."""
    return value if isfinite(value) else None


def _course_of(message: planning_pb2.SessionPlan, count: int, surplus_w: list[float]) -> Course:
    _check_names((message.session, message.ski, message.shortfall_code))
    powers = tuple(message.power_w)
    if len(powers) != count or not all(0.0 <= w <= MOST_POWER_W for w in powers):  # NaN is neither
        raise UnreadableError("a course has a power from 0 W up for each slot")
    for value in (message.shortfall_wh, message.energy_wh):
        if not isfinite(value):
            raise UnreadableError("an energy is a number")
    sunny = tuple(
        power_w > 0 and slot < len(surplus_w) and surplus_w[slot] >= MOSTLY * power_w
        for slot, power_w in enumerate(powers)
    )
    return Course(
        message.session,
        message.ski,
        powers,
        sunny,
        shortfall_wh=max(0.0, message.shortfall_wh),
        shortfall_code=message.shortfall_code,
    )


def _check_names(names: Iterable[str]) -> None:
    for name in names:
        if len(name) > MOST_NAME or not name.isprintable():
            raise UnreadableError("a name has at most 200 printable characters")
