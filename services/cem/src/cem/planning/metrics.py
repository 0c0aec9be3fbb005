"""What planning measures of itself."""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from prometheus_client import Counter, Gauge

from cem.records.metrics import expect_money

PLANS = Counter("volthus_plans_taken_total", "Plans that came from afar and are followed")
REFUSED = Counter("volthus_plans_refused_total", "Plans and prices that were refused", ["code"])
PROFILES = Counter("volthus_profiles_published_total", "Profiles told to the planner")
PRICE = Gauge("volthus_price_per_kwh", "What a kWh costs or brings now", ["component", "currency"])

for _code in ("older-profile", "other-session", "over", "unreadable", "prices-unreadable"):
    REFUSED.labels(_code)  # a counter at 0 says more than none


def plan_taken() -> None:
    """Count a plan that is followed."""
    PLANS.inc()


def refused(code: str) -> None:
    """Count a plan or prices that were refused."""
    REFUSED.labels(code).inc()


def published() -> None:
    """Count a profile that went out."""
    PROFILES.inc()


def show_prices(
    currency: str,
    edges_s: Sequence[float],
    values: Mapping[str, Sequence[float | None]],
    now_s: Callable[[], float],
) -> None:
    """Publish the prices of this moment, looked up whenever somebody asks; NaN = not known.

    edges_s: of the slots, Unix time. values: by component, one for each slot.
    """
    expect_money(currency)
    PRICE.clear()
    for component, by_slot in values.items():
        if any(value is not None for value in by_slot):
            price = partial(_price_now, tuple(edges_s), tuple(by_slot), now_s)
            PRICE.labels(component, currency).set_function(price)


def _price_now(
    edges_s: Sequence[float], values: Sequence[float | None], now_s: Callable[[], float]
) -> float:
    slot = bisect_right(edges_s, now_s()) - 1
    value = values[slot] if 0 <= slot < len(values) else None
    return math.nan if value is None else value
