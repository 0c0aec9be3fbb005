"""Money in metrics: counted once when it is known, and the price of this moment."""

import math
from dataclasses import replace
from datetime import UTC, datetime

from prometheus_client import REGISTRY

from cem.planning import metrics as planning
from cem.records import metrics
from cem.records.core.sessions import Session

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENDED = Session("s-1", "a" * 40, AT, ended=AT)


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_cost_co2_and_the_cost_at_once_count_when_they_become_known_and_never_again():
    def counted() -> tuple[float, ...]:
        return (
            value("volthus_session_cost_total", currency="CHF", direction="paid"),
            value("volthus_session_cost_total", currency="CHF", direction="earned"),
            value("volthus_session_cost_at_once_total", currency="CHF", direction="paid"),
            value("volthus_session_co2_grams_total"),
        )

    before = counted()
    known = replace(ENDED, cost="-0.5", currency="CHF", co2_g=900.0)
    compared = replace(known, at_once_cost="2.25")
    metrics.priced(ENDED, known)
    metrics.priced(known, compared)
    metrics.priced(compared, replace(compared, cost="7", at_once_cost="8", co2_g=1.0))
    gained = [now - then for now, then in zip(counted(), before, strict=True)]
    assert gained == [0.0, 0.5, 2.25, 900.0]


def test_the_price_shown_is_that_of_the_slot_we_are_in():
    now_s = 0.0
    values = {"import": (0.3, None), "export": (None, None)}
    planning.show_prices("EUR", (100.0, 200.0, 300.0), values, lambda: now_s)

    def shown(component: str) -> float | None:
        labels = {"component": component, "currency": "EUR"}
        return REGISTRY.get_sample_value("volthus_price_per_kwh", labels)

    seen = []
    for now_s in (99.0, 100.0, 199.9, 200.0, 300.0):  # noqa: B007 - read by the metric
        seen.append(shown("import"))
    assert [None if math.isnan(price) else price for price in seen] == [None, 0.3, 0.3, None, None]
    assert shown("export") is None


def test_prices_in_another_currency_leave_none_of_the_old_ones():
    planning.show_prices("EUR", (0.0, 1.0), {"import": (0.3,)}, lambda: 0.5)
    planning.show_prices("SEK", (0.0, 1.0), {"import": (3.0,)}, lambda: 0.5)
    labels = {"component": "import", "currency": "EUR"}
    assert REGISTRY.get_sample_value("volthus_price_per_kwh", labels) is None


def test_series_begin_at_0_so_that_the_first_session_is_an_increase():
    metrics.expect("f" * 40)
    planning.show_prices("DKK", (0.0, 1.0), {"import": (2.0,)}, lambda: 0.5)
    energy = REGISTRY.get_sample_value(
        "volthus_session_energy_watt_hours_total", {"charger": "f" * 40, "source": "solar"}
    )
    cost = REGISTRY.get_sample_value(
        "volthus_session_cost_total", {"currency": "DKK", "direction": "paid"}
    )
    assert (energy, cost) == (0.0, 0.0)
