"""What sessions cost, and would have cost at once: by formula, as prices become known."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cem.planning.at_once import Chance, at_once
from cem.planning.costs import Accountant, fill_in
from cem.planning.shelf import Shelf
from cem.planning.tables import RoomRow
from cem.records.core.minutes import Minute
from cem.records.core.pricing import Slot
from cem.records.core.sessions import Session, Standing
from cem.records.journal import Batch, Journal, session_of
from cem.records.tables import SessionRow
from cem.store import Store
from volthus_wire.convert import to_timestamp
from volthus_wire.v1 import planning_pb2

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOON_S = int(NOON.timestamp())
A, B = "a" * 40, "b" * 40


def slot(hour: int, price: float, sun: float | None = 0.08, co2: float | None = 300.0) -> Slot:
    start = NOON + timedelta(hours=hour)
    worth = None if sun is None else Decimal(str(sun))
    return Slot(start, start + timedelta(hours=1), Decimal(str(price)), worth, co2)


def minutes(count: int, **more: float) -> list[Chance]:
    return [Chance(NOON_S + 60 * number, **more) for number in range(count)]


def test_the_same_energy_at_once_costs_the_price_of_the_first_hours() -> None:
    bill = at_once(6_000, 6_000, NOON_S, minutes(180), [slot(0, 0.40), slot(1, 0.10), slot(2, 0.1)])
    assert bill is not None
    assert (bill.cost, bill.co2_g) == ("2.4000", 1800.0)


def test_the_fuse_of_each_minute_is_heeded_and_sun_counts_as_what_it_would_have_earned() -> None:
    slots = [slot(0, 0.40), slot(1, 0.10)]
    tight = at_once(6_000, 11_000, NOON_S, minutes(120, room_a=5.0), slots)  # 3 x 5 A = 3.45 kW
    assert tight is not None
    assert tight.cost == str(
        (Decimal("3.45") * Decimal("0.4") + Decimal("2.55") / 10).quantize(Decimal("0.0001"))
    )
    sunny = at_once(3_000, 6_000, NOON_S, minutes(60, sun_wh=50.0), slots)  # half of it
    assert sunny is not None
    assert sunny.cost == "0.7200"  # 1.5 kWh at 0.40, 1.5 kWh of sun at 0.08
    assert sunny.co2_g == 450.0


def test_a_car_that_was_held_low_has_all_phases_to_charge_at_once() -> None:
    room = minutes(300, room_a=8.0)
    slots = [slot(0, 0.50), slot(1, 0.30), slot(2, 0.10), slot(3, 0.10), slot(4, 0.10)]
    bill = at_once(5_520, 5_520, NOON_S, room, slots)  # three times 8 A for an hour
    assert bill is not None
    assert bill.cost == "2.7600"
    one = at_once(3_680, 3_680, NOON_S, room, slots)  # 16 A, with 8 A left: two hours
    assert one is not None
    assert one.cost == "1.4720"


def test_a_missing_price_leaves_it_unknown() -> None:
    assert at_once(6_000, 3_000, NOON_S, minutes(120), [slot(0, 0.4)]) is None
    assert at_once(600, 3_000, NOON_S, minutes(120, sun_wh=10.0), [slot(0, 0.4, sun=None)]) is None
    dark = at_once(600, 3_000, NOON_S, minutes(120), [slot(0, 0.4, sun=None, co2=None)])
    assert dark is not None
    assert (dark.cost, dark.co2_g) == ("0.2400", None)


@given(
    energy=st.floats(0, 50_000),
    power=st.floats(1_000, 22_000),
    room=st.none() | st.floats(-5, 40),
    sun=st.floats(0, 200),
)
def test_it_costs_never_more_than_the_dearest_and_never_less_than_the_cheapest_hour(
    energy: float, power: float, room: float | None, sun: float
) -> None:
    slots = [slot(0, 0.40), slot(1, 0.10)]
    bill = at_once(energy, power, NOON_S, minutes(120, room_a=room, sun_wh=sun), slots)
    assert bill is not None
    kwh = Decimal(energy) / 1000
    assert kwh * Decimal("0.08") - Decimal("0.01") <= Decimal(bill.cost) <= kwh * Decimal("0.4") + 1


@pytest.fixture
def books(tmp_path: Path):
    store = Store(tmp_path)
    store.load(NOON)
    shelf, journal = Shelf(tmp_path), Journal(tmp_path)
    journal.load()
    shelf.load()
    yield Accountant(shelf, journal)
    for one in (store, shelf, journal):
        one.close()


def charged(accountant: Accountant, late_h: int = 2, ski: str = A) -> None:
    """Keep a session that waited, then took 6 kWh within an hour."""
    began = NOON + timedelta(hours=late_h)
    start_s = int(began.timestamp())
    session = Session(
        f"{NOON:%Y%m%dT%H%M%SZ}-{ski[:8]}", ski, NOON, ended=began + timedelta(hours=1),
        standing=Standing.ENDED, energy_wh=6_000.0, highest_w=6_000.0,
    )  # fmt: skip
    taken = {
        start_s + 60 * n: Minute(start_s + 60 * n, 110.0, 0.0, charger_wh={ski: 100.0})
        for n in range(60)
    }
    batch = Batch({session.id: session}, frozenset({session.id}), taken)
    accountant.journal.write(batch, began + timedelta(hours=1))


def prices(
    revision: int, values: list[float], series: str = "tariff", currency: str = "EUR"
) -> planning_pb2.PriceSeries:
    return planning_pb2.PriceSeries(
        series=series, revision=revision, currency=currency, start=to_timestamp(NOON),
        slot_s=[3600] * len(values), import_price=values, export_price=[0.08] * len(values),
        co2_g_per_kwh=[300.0] * len(values),
    )  # fmt: skip


def sessions(accountant: Accountant) -> list[Session]:
    from sqlmodel import select  # noqa: PLC0415

    return accountant.journal.look(
        lambda db: [session_of(row) for row in db.exec(select(SessionRow))]
    )


def test_costs_come_with_the_prices_and_change_with_their_revisions_only(books: Accountant) -> None:
    charged(books)
    later = NOON + timedelta(hours=4)
    assert fill_in(books, later, "EUR") == 0
    books.shelf.keep_prices(prices(1, [0.40, 0.40, float("nan"), 0.10]), later.timestamp())
    assert fill_in(books, later, "EUR") == 0
    books.shelf.keep_prices(prices(2, [0.40, 0.40, 0.10, 0.10]), later.timestamp())
    assert fill_in(books, later, "EUR") == 1
    session = sessions(books)[0]
    assert (session.cost, session.at_once_cost, session.currency) == ("0.6000", "2.4000", "EUR")
    assert (session.co2_g, session.at_once_co2_g) == (1800.0, 1800.0)
    assert session.price_series == "tariff@2"
    books.shelf.keep_prices(prices(3, [0.40, 0.40, 0.10, 0.10]), later.timestamp())
    assert fill_in(books, later, "EUR") == 0  # the same values are no news
    books.shelf.keep_prices(prices(4, [0.40, 0.40, 0.12, 0.10]), later.timestamp())
    assert fill_in(books, later, "EUR") == 1
    assert sessions(books)[0].cost == "0.7200"


def test_negative_savings_are_told_as_they_are(books: Accountant) -> None:
    charged(books)
    later = NOON + timedelta(hours=4)
    books.shelf.keep_prices(prices(1, [0.10, 0.10, 0.40, 0.40]), later.timestamp())
    assert fill_in(books, later, "EUR") == 1
    session = sessions(books)[0]
    assert Decimal(session.cost or 0) > Decimal(session.at_once_cost or 0)


def test_another_tariff_counts_from_its_first_slot_on_and_never_backwards(
    books: Accountant,
) -> None:
    books.shelf.keep_prices(prices(1, [0.4] * 6), NOON_S)
    at = NOON_S + 2.5 * 3600
    books.shelf.keep_prices(prices(1, [0.1] * 6, series="other"), at)
    rows = books.shelf.prices(NOON_S, NOON_S + 6 * 3600)
    assert [row.series for row in rows] == ["tariff"] * 3 + ["other"] * 3
    charged(books)
    assert fill_in(books, NOON + timedelta(hours=7), "EUR") == 1
    assert sessions(books)[0].cost == "2.4000"


def test_a_session_over_two_currencies_has_no_cost_and_others_keep_theirs(
    books: Accountant,
) -> None:
    books.shelf.keep_prices(prices(1, [0.4] * 6), NOON_S)
    charged(books, late_h=0)
    charged(books, late_h=2, ski=B)
    books.shelf.keep_prices(
        prices(1, [4.0] * 6, series="other", currency="SEK"), NOON_S + 1.5 * 3600
    )
    assert fill_in(books, NOON + timedelta(hours=7), "SEK") == 1
    costs = {session.ski: (session.cost, session.currency) for session in sessions(books)}
    assert costs[A] == ("2.4000", "EUR")
    assert costs[B][0] is None


def test_what_the_fuse_left_slows_the_comparison_and_others_take_their_part(
    books: Accountant,
) -> None:
    charged(books)
    later = NOON + timedelta(hours=4)
    books.shelf.keep_prices(prices(1, [0.40, 0.20, 0.10, 0.10]), later.timestamp())
    for minute in range(60):  # in the first hour the fuse left 5 A on one phase
        row = RoomRow(start_s=NOON_S + 60 * minute, l1_a=30.0, l2_a=5.0, l3_a=30.0)
        books.shelf.keep_room(row)
    assert fill_in(books, later, "EUR") == 1
    # 6 kW are three phases: 3.45 kWh at 0.40 within 5 A, the rest at 0.20
    expected = Decimal("3.45") * Decimal("0.4") + Decimal("2.55") * Decimal("0.2")
    assert abs(Decimal(sessions(books)[0].at_once_cost or 0) - expected) < Decimal("0.001")
