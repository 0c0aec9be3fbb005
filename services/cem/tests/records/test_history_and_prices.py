"""The why-history is bounded and ends true; costs are filled in when prices are known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cem.records.core.history import MOST_PER_DAY, History, Shown, noted
from cem.records.core.pricing import Series, Slot, Used, priced
from cem.records.core.sessions import Session
from electrical.phases import on_every_phase

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
SKI = "a" * 40


def shown(kind: str = "fuse", limit_a: float | None = 10.0) -> Shown:
    limit = None if limit_a is None else on_every_phase(limit_a)
    return Shown(START, SKI, kind, limit_a=limit)


def kept(history: History, what: Shown, at_s: float) -> tuple[History, int]:
    history, told = noted(history, (what,), at_s)
    return history, len(told)


def test_what_does_not_change_is_told_once():
    history, rows = History(), 0
    for second in range(100):
        history, told = kept(history, shown(), second)
        rows += told
    assert rows == 1


def test_a_change_of_the_limit_is_told_at_once_where_it_is_no_small_one():
    history, _ = kept(History(), shown(), 0)
    history, told = kept(history, shown(limit_a=10.4), 1)
    assert told == 0
    history, told = kept(history, shown(limit_a=12.0), 2)
    assert told == 1
    history, told = kept(history, shown("sun-share", None), 3)
    assert told == 1


@pytest.mark.parametrize(
    "after",
    [shown("mode-off", 0.0), replace(shown(), mode="fast"), replace(shown(), ladder="hold")],
)
def test_a_pause_a_mode_and_the_ladder_are_told_at_once(after: Shown):
    history, _ = kept(History(), shown(), 0)
    assert kept(history, after, 1)[1] == 1


def test_a_reason_is_told_once_it_lasts():
    history, _ = kept(History(), shown(), 0)
    rows = []
    for second in range(1, 20):
        history, told = kept(history, shown("sun-share"), second)
        rows += [second] * told
    assert rows == [6]


@pytest.mark.parametrize("turn_s", [1, 3, 4, 12, 25])
def test_reasons_that_take_turns_are_no_line_each(turn_s: int):
    history, rows = History(), 0
    for second in range(3600):
        history, told = kept(history, shown(("fuse", "unbalance")[second // turn_s % 2]), second)
        rows += told
    assert rows <= 2
    for second in range(3600, 3640):
        history, told = kept(history, shown("operator-limit"), second)
        rows += told
    assert rows <= 3
    assert history.purses[SKI].told.kind == "operator-limit"


def test_a_flapping_limit_cannot_fill_the_disk():
    history, rows = History(), 0
    for second in range(0, 24 * 3600, 2):
        history, told = kept(history, shown("ab"[second // 2 % 2], 6.0 + second % 8), second)
        rows += told
    assert rows <= MOST_PER_DAY
    assert history.skipped > 30_000


def test_a_flapping_limit_leaves_room_for_the_reason():
    history, rows = History(), 0
    for second in range(3600):
        history, told = kept(history, shown(limit_a=6.0 + second % 20), second)
        rows += told
    assert rows <= 75
    for second in range(3600, 3620):
        history, told = kept(history, shown("operator-limit", 0.0), second)
        rows += told
        if told:
            break
    assert second == 3600


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30), st.integers(1, 100))))
def test_the_last_state_stands_in_the_history_within_minutes(steps: list[tuple[str, int, int]]):
    history, at_s, last = History(), 0.0, shown()
    told_last: Shown | None = None
    for kind, limit_a, wait_s in steps:
        at_s += wait_s
        last = shown(kind, float(limit_a))
        history, told = noted(history, (last,), at_s)
        told_last = told[-1] if told else told_last
    for second in range(0, 1360, 60):
        history, told = noted(history, (last,), at_s + second)
        told_last = told[-1] if told else told_last
    if told_last is not None:
        assert told_last.kind == last.kind
        assert abs(told_last.limit_a.l1 - last.limit_a.l1) < 1.0  # type: ignore[union-attr]


# --- prices --------------------------------------------------------------------------------------

SESSION = Session("20261122T080000Z-aaaaaaaa", SKI, START, energy_wh=2000.0, sun_wh=500.0)
USED = (Used(START, 700.0, 300.0), Used(START + timedelta(hours=1), 800.0, 200.0))


def series(revision: int = 1, hours: int = 2, price: str = "0.30") -> Series:
    slots = [
        Slot(START + timedelta(hours=h), START + timedelta(hours=h + 1), Decimal(price),
             Decimal("0.08"), 400.0)
        for h in range(hours)
    ]  # fmt: skip
    return Series("tariff-1", revision, "EUR", slots)


def test_the_cost_is_unknown_until_prices_cover_the_session():
    assert SESSION.cost is None
    assert priced(SESSION, USED, series(hours=1)) is None
    found = priced(SESSION, USED, series())
    assert found is not None
    assert (found.cost, found.currency, found.price_series) == ("0.4900", "EUR", "tariff-1@1")
    assert found.co2_g == 600.0


def test_a_later_revision_replaces_an_earlier_one_and_never_the_other_way():
    first = priced(SESSION, USED, series())
    assert first is not None
    assert priced(first, USED, series()) is None
    second = priced(first, USED, series(2, price="0.40"))
    assert second is not None
    assert (second.cost, second.price_series) == ("0.6400", "tariff-1@2")
    assert priced(second, USED, series(1)) is None


def test_energy_that_stands_in_no_minute_is_priced_at_the_mean():
    half = replace(SESSION, energy_wh=4000.0)
    found = priced(half, USED, series())
    assert found is not None
    assert found.cost == "0.9800"
    assert priced(SESSION, (), series()) is None
