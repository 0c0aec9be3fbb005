"""Minutes to hours to days, kept right when minutes change, and let go of when they are old."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from history_facts import NOON, OTHER_SKI, SKI, make_tables, minute
from sqlalchemy import Engine, update
from sqlmodel import Session, select

from volthus_kit.database import open_database, open_sqlite
from volthus_wire.convert import to_timestamp
from volthus_wire.v1.records_pb2 import EnergySpan, GetEnergyRequest
from web.history import rolling, upserts
from web.history.core.energy import unpacked
from web.history.energy import energy
from web.history.rolling import Kept
from web.history.tables import EnergyDayRow, EnergyHourRow, EnergyMinuteRow, StaleHourRow
from web.history.writing import write

DAY = NOON.replace(hour=0)
KEPT = Kept(timedelta(days=2), timedelta(days=31))


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        made = open_sqlite(tmp_path / "web.sqlite")
    else:
        made = open_database(request.getfixturevalue("postgres_url"))
    make_tables(made)
    yield made
    made.dispose()


def rows(engine: Engine, model):
    with Session(engine) as db:
        return list(db.exec(select(model).order_by(model.start_s)))


def put(engine: Engine, *batch, now: datetime = NOON) -> None:
    write(engine, batch, int(now.timestamp() * 1000), KEPT.since(now))


def fill(engine: Engine, start: datetime, minutes: int, first: int = 1) -> None:
    """Write minutes with 10 Wh from the grid, and a charger that takes 6 Wh, 2 of them sun."""
    batch = [
        minute(first + n, start + timedelta(minutes=n), chargers={SKI: (6.0, 2.0)})
        for n in range(minutes)
    ]
    put(engine, *batch, now=start + timedelta(minutes=minutes))


def asked(engine: Engine, start: datetime, end: datetime, step_s: int) -> list[EnergySpan]:
    question = GetEnergyRequest(to=to_timestamp(end), step_s=step_s)
    getattr(question, "from").CopyFrom(to_timestamp(start))
    with engine.connect() as connection:
        return list(energy(connection, "demo", question).spans)


def test_hours_and_days_are_the_sums_of_their_minutes(engine: Engine) -> None:
    fill(engine, DAY, 150)
    assert rolling.sum_up(engine, DAY + timedelta(hours=3)) == 3
    hours = rows(engine, EnergyHourRow)
    assert [(row.import_wh, row.minutes) for row in hours] == [(600, 60), (600, 60), (300, 30)]
    assert unpacked(hours[0].chargers) == {SKI: (360.0, 120.0)}
    (day,) = rows(engine, EnergyDayRow)
    assert (day.import_wh, day.charging_wh, day.charging_sun_wh) == (1500.0, 900.0, 300.0)
    assert (day.export_wh, day.sun_wh, day.minutes) == (None, None, 150)
    assert rows(engine, StaleHourRow) == []


def test_an_hour_that_is_not_over_is_added_up_every_few_minutes(engine: Engine) -> None:
    fill(engine, DAY, 10)
    told = DAY + timedelta(minutes=10)
    assert rolling.sum_up(engine, told + timedelta(minutes=4)) == 0
    assert rolling.sum_up(engine, told + timedelta(minutes=5)) == 1


def test_a_minute_that_changes_later_changes_its_hour_and_its_day(engine: Engine) -> None:
    fill(engine, DAY, 120)
    rolling.sum_up(engine, DAY + timedelta(hours=3))
    late = minute(200, DAY + timedelta(minutes=5), revision=2, import_wh=110.0)
    put(engine, late, now=DAY + timedelta(hours=20))
    spans = asked(engine, DAY, DAY + timedelta(hours=2), 3600)
    assert [span.import_wh for span in spans] == [700.0, 600.0], "before it is added up anew"
    rolling.sum_up(engine, DAY + timedelta(hours=21))
    assert [row.import_wh for row in rows(engine, EnergyHourRow)] == [700.0, 600.0]
    assert rows(engine, EnergyDayRow)[0].import_wh == 1300.0


def test_what_changes_while_it_is_added_up_is_added_up_again(engine: Engine) -> None:
    fill(engine, DAY, 60)
    with engine.begin() as connection:  # as a writer does that comes in between
        stale = upserts.table_of(StaleHourRow)
        before = rows(engine, StaleHourRow)[0]
        rolling._sum_up(connection, [("demo", before.start_s, before.mark - 1)])
        assert connection.execute(select(stale)).one().mark == before.mark


def test_answers_do_not_wait_for_sums(engine: Engine) -> None:
    fill(engine, DAY, 90)
    tomorrow = DAY + timedelta(days=1)
    for step_s, expected in ((86_400, [900.0]), (3600, [600.0, 300.0])):
        assert [span.import_wh for span in asked(engine, DAY, tomorrow, step_s)] == expected
    quarters = asked(engine, DAY, tomorrow, 900)
    assert [span.import_wh for span in quarters] == [150.0] * 6
    assert len(asked(engine, DAY, DAY + timedelta(minutes=30), 60)) == 30


def test_old_minutes_go_and_their_hours_stay_as_they_are(engine: Engine) -> None:
    fill(engine, DAY, 180)
    later = DAY + timedelta(days=2, hours=2)
    assert rolling.forget(engine, "demo", KEPT, later) == 0, "their sums come first"
    rolling.sum_up(engine, later)
    assert rolling.forget(engine, "demo", KEPT, later) == 120
    assert [row.is_closed for row in rows(engine, EnergyHourRow)] == [True, True, False]
    spans = asked(engine, DAY, DAY + timedelta(days=1), 86_400)
    assert [span.import_wh for span in spans] == [1800.0]
    put(engine, minute(500, DAY, revision=9, import_wh=1e6), now=later)
    put(engine, minute(501, DAY + timedelta(hours=2), revision=2, import_wh=20.0), now=later)
    rolling.sum_up(engine, later)
    assert [row.import_wh for row in rows(engine, EnergyHourRow)] == [600.0, 600.0, 610.0]
    assert rows(engine, EnergyDayRow)[0].import_wh == 1810.0


def test_old_hours_go_and_days_stay_for_good(engine: Engine) -> None:
    fill(engine, DAY, 60)
    later = DAY + timedelta(days=40)
    rolling.sum_up(engine, later)
    assert rolling.forget(engine, "demo", KEPT, later) == 61
    assert rows(engine, EnergyMinuteRow) == rows(engine, EnergyHourRow) == []
    (day,) = rows(engine, EnergyDayRow)
    assert (day.import_wh, day.is_closed) == (600.0, True)
    put(engine, minute(100, DAY + timedelta(hours=5)), now=later)
    rolling.sum_up(engine, later)
    assert rows(engine, EnergyDayRow)[0].import_wh == 600.0


def test_what_nobody_measured_stays_unknown_and_chargers_are_kept_apart(engine: Engine) -> None:
    put(
        engine,
        minute(1, DAY, import_wh=None, chargers={SKI: (5.0, 5.0)}),
        minute(2, DAY + timedelta(minutes=1), import_wh=None, chargers={OTHER_SKI: (7.0, 0.0)}),
    )
    (span,) = asked(engine, DAY, DAY + timedelta(hours=1), 3600)
    assert not span.HasField("import_wh")
    assert dict(span.charger_wh) == {SKI: 5.0, OTHER_SKI: 7.0}
    assert dict(span.charger_sun_wh) == {SKI: 5.0, OTHER_SKI: 0.0}
    assert (span.charging_wh, span.charging_sun_wh) == (12.0, 5.0)


def test_only_the_site_asked_for_is_told(engine: Engine) -> None:
    put(engine, minute(1, DAY), minute(1, DAY, site="other", import_wh=77.0))
    rolling.sum_up(engine, NOON)
    assert [span.import_wh for span in asked(engine, DAY, NOON, 86_400)] == [10.0]
    assert rolling.sites(engine) == ["demo", "other"]
    with engine.begin() as connection:
        connection.execute(update(upserts.table_of(EnergyDayRow)).values(import_wh=1.0))
    assert [span.import_wh for span in asked(engine, DAY, NOON, 86_400)] == [1.0]
