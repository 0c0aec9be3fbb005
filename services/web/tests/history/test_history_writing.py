"""Facts into tables, on SQLite and PostgreSQL: once each, the newest counts, none blocks."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from history_facts import (
    EPOCH,
    NOON,
    OTHER_SKI,
    SKI,
    audit,
    head,
    kept,
    make_tables,
    minute,
    session,
)
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from volthus_kit.database import open_database, open_sqlite
from volthus_kit.streams import Kept
from web.history import asides
from web.history.core.energy import Since
from web.history.tables import (
    ChargingSessionRow,
    EnergyHourRow,
    EnergyMinuteRow,
    EpochRow,
    GapRow,
    SetAsideRow,
    SiteAuditRow,
    StaleHourRow,
)
from web.history.writing import Written, recover, write

NOW_MS = int(NOON.timestamp() * 1000) + 5000


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        made = open_sqlite(tmp_path / "web.sqlite")
    else:
        made = open_database(request.getfixturevalue("postgres_url"))
    make_tables(made)
    yield made
    made.dispose()


def put(engine: Engine, *batch: Kept, since: Since | None = None) -> Written:
    return write(engine, batch, NOW_MS, since or Since(0, 0))


def rows(engine: Engine, model):
    with Session(engine) as db:
        return list(db.exec(select(model)))


def test_each_kind_of_fact_lands_in_its_table(engine: Engine) -> None:
    done = put(
        engine,
        minute(1, NOON, chargers={SKI: (8.0, 3.0), OTHER_SKI: (1.0, 0.0)}),
        session(2, NOON),
        audit(3),
    )
    assert done.new == {"energy": 1, "session": 1, "audit": 1}
    (found,) = rows(engine, EnergyMinuteRow)
    assert (found.import_wh, found.charging_wh, found.charging_sun_wh) == (10.0, 9.0, 3.0)
    assert rows(engine, ChargingSessionRow)[0].charger_name == "Left"
    assert rows(engine, SiteAuditRow)[0].setting == "grid-connection"
    (epoch,) = rows(engine, EpochRow)
    assert (epoch.highest, epoch.facts, epoch.epoch) == (3, 3, EPOCH)


def test_facts_that_come_twice_count_once(engine: Engine) -> None:
    batch = [minute(n, NOON + timedelta(minutes=n)) for n in range(1, 21)]
    put(engine, *batch, *batch[:5])
    done = put(engine, *batch)
    assert (done.new.total(), done.again) == (0, 20)
    assert len(rows(engine, EnergyMinuteRow)) == 20
    assert rows(engine, EpochRow)[0].facts == 20


def test_the_highest_revision_counts_whatever_comes_last(engine: Engine) -> None:
    put(engine, session(2, NOON, revision=2, ended=NOON + timedelta(hours=1), energy_wh=9000.0))
    put(engine, session(1, NOON, revision=1, energy_wh=0.0), minute(3, NOON, revision=5))
    put(engine, minute(4, NOON, revision=4, import_wh=99.0))
    (found,) = rows(engine, ChargingSessionRow)
    assert (found.energy_wh, found.state, found.revision) == (9000.0, "ended", 2)
    assert rows(engine, EnergyMinuteRow)[0].import_wh == 10.0


def test_a_new_epoch_counts_anew_and_its_word_is_newer(engine: Engine) -> None:
    put(engine, session(1, NOON, revision=7, energy_wh=1.0), minute(2, NOON, revision=3))
    put(engine, session(1, NOON, epoch=EPOCH + 1, revision=4, energy_wh=2.0))
    assert rows(engine, ChargingSessionRow)[0].energy_wh == 2.0
    assert [(row.highest, row.facts) for row in rows(engine, EpochRow)] == [(2, 2), (1, 1)]
    assert rows(engine, GapRow) == []


def test_a_gap_is_noted_and_closes_when_its_facts_come(engine: Engine) -> None:
    put(engine, audit(1), audit(5))
    (gap,) = rows(engine, GapRow)
    assert (gap.first, gap.last, gap.since_ms, gap.is_lost) == (2, 4, NOW_MS, False)
    put(engine, audit(3))
    assert [(gap.first, gap.last) for gap in rows(engine, GapRow)] == [(2, 2), (4, 4)]
    put(engine, audit(4), audit(2))
    assert rows(engine, GapRow) == []
    assert len(rows(engine, SiteAuditRow)) == 5


def test_a_fact_that_cannot_be_read_is_set_aside_and_blocks_nobody(engine: Engine) -> None:
    broken = Kept("site.demo.up.fact.energy", b"\xff\xff\xff", f"demo-{EPOCH}-2")
    foreign = replace(audit(3), subject="site.other.up.fact.audit")
    nameless = Kept("site.demo.up.fact.energy", b"\xff", "")
    nul = audit(3, setting="a\x00b")
    wrong = head(4)
    wrong.energy.import_wh = float("nan")
    done = put(engine, audit(1), broken, foreign, nameless, nul, kept(wrong), audit(5))
    assert (done.new.total(), len(done.set_aside)) == (2, 5)
    aside = rows(engine, SetAsideRow)
    assert {(row.site, row.sequence) for row in aside} == {
        ("demo", 2), ("other", 3), ("demo", None), ("demo", 3), ("demo", 4)
    }  # fmt: skip
    assert [row.highest for row in rows(engine, EpochRow) if row.site == "demo"] == [5]
    assert [gap for gap in rows(engine, GapRow) if gap.site == "demo"] == []


def test_what_the_database_refuses_is_found_and_set_aside(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        trigger = (
            "CREATE TRIGGER no BEFORE INSERT ON site_audit WHEN NEW.setting = 'bad'"
            " BEGIN SELECT RAISE(ABORT, 'bad'); END"
        )
    else:
        trigger = "ALTER TABLE site_audit ADD CONSTRAINT no CHECK (setting <> 'bad')"
    with engine.begin() as connection:
        connection.execute(text(trigger))
    done = put(engine, audit(1), audit(2, setting="bad"), audit(3))
    assert (done.new, len(done.set_aside)) == ({"audit": 2}, 1)
    assert [row.sequence for row in rows(engine, SiteAuditRow)] == [1, 3]
    assert rows(engine, EpochRow)[0].highest == 3
    assert rows(engine, GapRow) == []


def test_minutes_mark_their_hour_and_come_too_late_for_a_closed_one(engine: Engine) -> None:
    hour_s = int(NOON.timestamp())
    put(engine, minute(1, NOON), minute(2, NOON + timedelta(minutes=1)))
    (stale,) = rows(engine, StaleHourRow)
    assert (stale.start_s, stale.mark) == (hour_s, NOW_MS)
    put(engine, minute(3, NOON + timedelta(minutes=2)))
    assert rows(engine, StaleHourRow)[0].mark == NOW_MS + 1
    with Session(engine) as db:
        db.add(EnergyHourRow(site="demo", start_s=hour_s - 3600, is_closed=True))
        db.commit()
    since = Since(hour_s, hour_s - 86_400)
    done = put(engine, minute(4, NOON - timedelta(minutes=1)), since=since)
    assert (done.late, len(rows(engine, EnergyMinuteRow))) == (1, 3)
    done = put(engine, minute(5, NOON - timedelta(hours=2)), since=since)
    assert done.late == 0, "an hour that was never added up takes what comes late"
    assert put(engine, minute(6, NOON - timedelta(days=3)), since=since).late == 1


def of_a_newer_site(sequence: int, site: str = "demo") -> Kept:
    """Return a fact of a kind that this program does not know: field 99 of `what`."""
    body = head(sequence, site).SerializeToString() + b"\x9a\x06\x02hi"
    return Kept(f"site.{site}.up.fact.other", body, f"{site}-{EPOCH}-{sequence}")


def test_a_kind_that_only_a_newer_site_knows_waits_and_holds_nothing_up(engine: Engine) -> None:
    done = put(engine, audit(1), of_a_newer_site(2), audit(3))
    assert (done.new.total(), [error.is_unknown for error in done.set_aside]) == (2, [True])
    assert rows(engine, GapRow) == []
    assert rows(engine, SetAsideRow)[0].body == of_a_newer_site(2).body, "nothing of it is lost"
    assert put(engine, of_a_newer_site(2)).set_aside == (), "and it is kept once"


def test_what_an_upgrade_can_read_is_taken_in_once(engine: Engine) -> None:
    put(engine, audit(1), of_a_newer_site(2), of_a_newer_site(3))
    _, readable = rows(engine, SetAsideRow)
    with Session(engine) as db:  # as if the program knew this kind from now on
        readable.body = audit(3).body
        db.add(readable)
        db.commit()
    assert recover(engine, NOW_MS, Since(0, 0)) == {"audit": 1}
    assert recover(engine, NOW_MS, Since(0, 0)) == {}
    assert [row.sequence for row in rows(engine, SiteAuditRow)] == [1, 3]
    assert [row.sequence for row in rows(engine, SetAsideRow)] == [2]
    assert [(row.highest, row.facts) for row in rows(engine, EpochRow)] == [(3, 3)]


def test_a_site_fills_what_is_set_aside_only_up_to_its_quota(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asides, "MOST_ROWS", 3)
    broken = [Kept("site.demo.up.fact.energy", b"\xff", f"demo-{EPOCH}-{n}") for n in (1, 2)]
    put(engine, *broken)
    done = put(
        engine, of_a_newer_site(3), of_a_newer_site(4), audit(5), of_a_newer_site(1, "other")
    )
    assert [(error.site, error.key and error.key.sequence) for error in done.refused] == [
        ("demo", 4)
    ]
    assert [row.site for row in rows(engine, SetAsideRow)] == ["demo"] * 3 + ["other"]
    assert [(gap.first, gap.last) for gap in rows(engine, GapRow)] == [(4, 4)], (
        "what found no room is asked for again"
    )
