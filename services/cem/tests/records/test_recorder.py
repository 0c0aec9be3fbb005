"""The recorder beside the control loop: it never waits, and what it cannot keep is counted."""

import asyncio
import json
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from record_sites import broken_laws

from cem.core.decide import decide
from cem.core.driving import WallClock
from cem.core.events import (
    ApiLimitSet,
    Car,
    ChargerHeard,
    ChargersPaired,
    EnergyManagementSet,
    Event,
    GridConnectionSet,
    OperatorLimitsHeard,
    Report,
)
from cem.core.folding import apply
from cem.core.obeying import limit_w
from cem.core.operating import LimitState, OperatorLimit
from cem.core.parameters import DEFAULTS
from cem.core.site import EnergyManagement, GridConnection
from cem.core.state import Remembered, State, restored
from cem.records import recorder as module
from cem.records.answers import RecordAnswers
from cem.records.core.counting import Measured
from cem.records.core.ledger import GridMeasured
from cem.records.journal import Journal, Kept
from cem.records.recorder import Recorder
from cem.store import Store
from electrical.phases import on_every_phase
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import FakeClock
from volthus_wire.v1 import operator_pb2
from volthus_wire.v1.rpc_pb2 import Caller

SKI = "a" * 40


class Site:
    """A core with a recorder beside it; a fake clock drives both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        store = Store(folder)
        store.load(self.clock.now())
        store.close()
        self.journal = Journal(folder)
        self.recorder = Recorder(self.journal, self.clock, Kept())
        self.failures: list[bool] = []
        self.lost: list[int] = []
        self.recorder.failed = self.failures.append
        self.recorder.lost = self.lost.append
        self.state: State = restored(Remembered(), self.clock.monotonic())
        self.happen(GridConnectionSet(GridConnection(on_every_phase(25.0), revision=1)))
        self.happen(EnergyManagementSet(EnergyManagement(True, True, 1)))
        self.happen(ChargersPaired((SKI,)))
        self.energy_wh = 0.0

    def happen(self, event: Event) -> None:
        now = self.clock.monotonic()
        self.state = apply(self.state, event, now)
        self.recorder.happened(event, self.state, now)

    def decide(self) -> None:
        now = self.clock.monotonic()
        decision = decide(self.state, now)
        self.state = decision.state
        self.recorder.decided(decision, now)

    def second(self, power_w: float | None = 7200.0, *, decides: bool = True) -> None:
        """Let a second pass: a charger's report, a reading, a decision. None: no car."""
        self.clock.go_on(1.0)
        car = None if power_w is None else Car(phases=3, plug=1)
        self.energy_wh += (power_w or 0.0) / 3600
        report = Report(
            SKI, "garage", car=car, measured_age_s=0.0,
            power_w=on_every_phase((power_w or 0.0) / 3), energy_wh=float(int(self.energy_wh)),
        )  # fmt: skip
        self.happen(ChargerHeard(report))
        s = self.clock.monotonic()
        reading = GridMeasured("grid-1", power_w, Measured(s, power_w), Measured(s, 0.0))
        self.recorder.metered(reading)
        if decides:
            self.decide()

    def log(self) -> list[str]:
        """Return the events of the evidence log, oldest first."""
        rows = self.ask("SELECT fields FROM cem_evidence ORDER BY number")
        return [json.loads(fields)["event"] for (fields,) in rows]

    def ask(self, question: str) -> list[tuple]:
        with closing(sqlite3.connect(self.folder / "cem.sqlite")) as db:
            return db.execute(question).fetchall()


async def test_what_happens_is_in_the_database_at_once_or_with_the_minute(tmp_path: Path):
    site = Site(tmp_path)
    site.second(None)
    await site.recorder.work()
    for _ in range(30):
        site.second()
    await site.recorder.work()
    assert site.ask("SELECT standing FROM cem_session") == [("open",)]
    assert site.recorder.open_sessions == {SKI: "20261122T080002Z-aaaaaaaa"}
    for _ in range(60):
        site.second()
        await site.recorder.work()
    site.second(None)
    await site.recorder.work()
    ((energy_wh, ended, revision),) = site.ask(
        "SELECT energy_wh, ended_ms, revision FROM cem_session"
    )
    assert energy_wh == pytest.approx(180.0, abs=1.0)
    assert ended is not None
    assert revision == 2
    assert site.failures == [False] * len(site.failures)
    assert len(site.failures) < 8, "a minute's records are one write"
    assert broken_laws(tmp_path / "cem.sqlite") == []
    site.journal.close()


async def test_while_the_database_is_locked_all_waits_in_memory_and_comes_after(tmp_path: Path):
    site = Site(tmp_path)
    await site.recorder.work()
    limit = OperatorLimit("lpc", "api", "", LimitState.LIMITED, 4200.0)
    with closing(sqlite3.connect(tmp_path / "cem.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        site.second(None)
        for _ in range(90):
            site.second()
        site.happen(ApiLimitSet(limit))
        site.decide()
        started = time.monotonic()
        work = asyncio.create_task(site.recorder.work())
        ticks = 0
        while not work.done():
            await asyncio.sleep(0.01)
            ticks += 1
        assert ticks > 30, "the loop turned while the database made its writer wait"
        assert time.monotonic() - started < 10
        assert site.failures[-1] is True
        other.execute("ROLLBACK")
    for _ in range(6):
        site.second()
    await site.recorder.work()
    assert site.failures[-1] is False
    assert site.lost == []
    assert site.ask("SELECT count(*) FROM cem_session") == [(1,)]
    assert site.ask("SELECT count(*) FROM cem_evidence")[0][0] >= 1
    assert site.ask("SELECT sum(energy_wh) FROM cem_charger_minute")[0][0] == pytest.approx(
        site.energy_wh, abs=1.0
    )
    assert broken_laws(tmp_path / "cem.sqlite") == []
    site.journal.close()


async def test_with_a_full_disk_the_oldest_is_lost_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "MOST_MINUTES", 3)
    site = Site(tmp_path)
    await site.recorder.work()
    with site.journal._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=1")
    for _ in range(10):
        site.clock.go_on(54)
        for _ in range(6):
            site.second()
        await site.recorder.work()
    assert site.failures[1:] == [True] * 10
    assert site.lost[-1] > 3
    with site.journal._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=0")
    site.clock.go_on(60)
    await site.recorder.work()
    assert site.failures[-1] is False
    assert site.ask("SELECT count(*) FROM cem_minute")[0][0] in (3, 4)
    assert broken_laws(tmp_path / "cem.sqlite") == []
    site.journal.close()


async def test_a_queue_that_nobody_empties_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "MOST_QUEUED", 50)
    site = Site(tmp_path)
    for _ in range(40):
        site.second(decides=False)
    await site.recorder.work()
    assert site.lost == [30]
    site.journal.close()


async def test_a_fault_in_the_books_does_not_end_the_control(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    site = Site(tmp_path)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(module, "shown_of", broken)
        patched.setattr(module, "WORK_EVERY_S", 0.01)
        site.second()
        task = asyncio.create_task(site.recorder.run())
        while not site.recorder._lost:
            await asyncio.sleep(0.01)
        assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert site.ask("SELECT count(*) FROM cem_session") == [(1,)]
    site.journal.close()


async def test_records_that_the_database_will_never_take_do_not_hold_up_the_others(
    tmp_path: Path,
):
    site = Site(tmp_path)
    await site.recorder.work()
    site.second(None)
    with closing(sqlite3.connect(tmp_path / "cem.sqlite")) as db:
        db.execute("CREATE UNIQUE INDEX one ON cem_decision (ski)")
        db.execute(
            "INSERT INTO cem_decision (at_ms, ski, kind, element, phase, has_limit, mode, ladder)"
            " VALUES (0, ?, '', '', '', 0, '', '')",
            (SKI,),
        )
        db.commit()
    await site.recorder.work(is_last=True)
    assert site.failures[-1] is True
    assert site.lost == [2]
    site.clock.go_on(10)
    site.second(7200.0, decides=False)
    await site.recorder.work()
    assert site.failures[-1] is False
    assert site.ask("SELECT count(*) FROM cem_session") == [(1,)]
    site.journal.close()


async def test_a_database_that_cannot_be_read_is_a_refusal(tmp_path: Path):
    (tmp_path / "cem.sqlite").write_bytes(b"this is no database" * 100)
    journal = Journal(tmp_path)
    for ask in (journal.backlog, journal.load):
        with pytest.raises(RefusedError, match="store-failing"):
            ask()
    journal.close()


async def test_taking_in_costs_the_loop_next_to_nothing(tmp_path: Path):
    site = Site(tmp_path)
    now = site.clock.monotonic()
    decision = decide(site.state, now)
    event = ChargerHeard(Report(SKI))

    def each_s(rounds: int = 100) -> float:
        started = time.perf_counter()
        for _ in range(rounds):
            site.recorder.decided(decision, now)
            site.recorder.happened(event, site.state, now)
        return (time.perf_counter() - started) / rounds / 2

    best_s = min(each_s() for _ in range(20))  # other programs on the machine only make it slower
    assert best_s < 100e-6, f"{1e6 * best_s:.1f} µs"
    await site.recorder.work()
    site.journal.close()


async def test_a_box_that_changes_its_word_every_second_cannot_fill_the_disk(tmp_path: Path):
    site = Site(tmp_path)
    for second in range(1200):
        watts = 4200.0 + second
        site.happen(ApiLimitSet(OperatorLimit("lpc", "api", "", LimitState.LIMITED, watts)))
        site.second(None)
        if second % 100 == 0:
            await site.recorder.work()
    for _ in range(150):
        site.second(None)
    await site.recorder.work()
    rows = site.ask("SELECT fields FROM cem_evidence ORDER BY number")
    assert 500 <= len(rows) <= 500 + 1350 / 10
    assert '"limit.limit_w": "5399.000"' in rows[-1][0], "the last word stands in the log"
    assert broken_laws(tmp_path / "cem.sqlite") == []
    site.journal.close()


BOX = OperatorLimit("lpc", "eebus", "b" * 40, failsafe_w=2000.0, name="Steuerbox")


async def test_the_failsafe_of_a_silent_gateway_is_evidence_like_any_other_limit(tmp_path: Path):
    site = Site(tmp_path)

    async def seconds(count: int, power_w: float, *words: OperatorLimit) -> None:
        for _ in range(count):
            if words:
                site.happen(OperatorLimitsHeard(words))
            site.second(power_w)
        await site.recorder.work()

    await seconds(5, 7000.0, BOX)
    assert site.log() == []
    await seconds(100, 7000.0)
    assert site.log() == ["lost"], "silent, but not so long that control changes anything"
    await seconds(20, 7000.0)
    assert site.log() == ["lost", "failsafe", "started"]
    assert limit_w(site.state, site.clock.monotonic(), DEFAULTS) == 2000.0
    await seconds(5, 1900.0)
    await seconds(3, 1900.0, BOX)
    assert site.log() == ["lost", "failsafe", "started", "reached", "recovered", "ended"]
    answers = RecordAnswers(site.journal, site.recorder, site.clock, lambda: UTC)
    told = await answers.list_evidence(operator_pb2.ListEvidenceRequest(), Caller())
    assert told.intact
    started = told.entries[2]
    assert (started.event, started.limit.state, started.limit.limit_w) == (
        "started", "failsafe", 2000.0,
    )  # fmt: skip
    assert not started.limit.connected
    assert told.entries[3].reached_s == pytest.approx(1.0, abs=1.0)
    site.journal.close()


async def test_a_limit_with_a_time_ends_in_the_log_when_control_lets_it_go(tmp_path: Path):
    site = Site(tmp_path)
    until = site.clock.now() + timedelta(seconds=20)
    timed = replace(BOX, state=LimitState.LIMITED, limit_w=4200.0, until=until)
    by_api = OperatorLimit("lpc", "api", "", LimitState.LIMITED, 3000.0, until)
    site.happen(ApiLimitSet(by_api))
    for _ in range(30):
        site.happen(WallClock(site.clock.monotonic(), site.clock.now()))
        site.happen(OperatorLimitsHeard((timed,)))
        site.second(2000.0)
    await site.recorder.work()
    assert site.log() == ["started", "reached", "started", "reached", "ended"]
    ended = site.ask("SELECT fields FROM cem_evidence ORDER BY number DESC LIMIT 1")
    assert '"limit.source": "api"' in ended[0][0], "a box's limit ends when its gateway says so"
    assert limit_w(site.state, site.clock.monotonic(), DEFAULTS) == 4200.0
    site.journal.close()


async def test_a_restart_is_no_silence_of_the_gateway_unless_it_stays_away(tmp_path: Path):
    site = Site(tmp_path)
    for _ in range(5):
        site.happen(OperatorLimitsHeard((BOX,)))
        site.second(1000.0)
    limited = replace(BOX, state=LimitState.LIMITED, limit_w=4200.0)
    site.happen(OperatorLimitsHeard((limited,)))
    site.second(1000.0)
    await site.recorder.work()
    assert site.log() == ["started", "reached"]
    remembered = Remembered(
        operator_limits=(replace(limited, heard=None, is_connected=False),), paired=(SKI,)
    )
    site.recorder = Recorder(site.journal, site.clock, Kept())
    site.state = restored(remembered, site.clock.monotonic())
    for _ in range(9):
        site.second(1000.0)
    await site.recorder.work()
    assert site.log() == ["started", "reached"]
    for _ in range(5):
        site.second(1000.0)
    await site.recorder.work()
    assert site.log() == ["started", "reached", "lost"]
    site.journal.close()


async def test_a_day_of_a_flapping_site_is_bounded(tmp_path: Path):
    """Rows a day by the purse: see `core.history`; here that the recorder uses it."""
    site = Site(tmp_path)
    site.second(None)
    for minute in range(30):
        for second in range(20):
            site.second(7200.0 if (minute + second) % 2 else None)
            site.clock.go_on(2)
        await site.recorder.work()
    rows = site.ask("SELECT count(*) FROM cem_decision")[0][0]
    assert rows <= 20 + 31
    assert site.clock.now() - timedelta(minutes=30) > FakeClock().now()
    site.journal.close()


async def test_a_session_that_goes_on_is_told_again_now_and_then(tmp_path: Path):
    site = Site(tmp_path)
    site.second(None)
    await site.recorder.work()
    for number in range(2 * 900 + 30):
        site.second()
        if number % 30 == 0:
            await site.recorder.work()
    await site.recorder.work()
    told = [p.fact.session for p in site.journal.waiting(1000) if p.kind == "session"]
    assert [fact.revision for fact in told] == [1, 2, 3]
    assert 0.0 < told[1].energy_wh < told[2].energy_wh
    assert all(fact.state == "open" for fact in told)
    site.journal.close()


async def test_a_start_with_a_clock_far_ahead_costs_nothing_until_it_has_kept_pace_for_an_hour(
    tmp_path: Path,
):
    site = Site(tmp_path)
    for _ in range(180):
        site.second()
    await site.recorder.work()
    waiting = "SELECT count(*) FROM cem_outbox WHERE sent_ms IS NULL AND at_ms < 1800000000000"
    before = site.ask(waiting)[0][0]
    assert before > 0
    site.clock.jump(500 * 86_400)
    site.recorder = Recorder(site.journal, site.clock, Kept())
    site.recorder.lost = site.lost.append
    for way in (-1, 1):  # set right after half an hour, and wrong again after another
        await pass_half_an_hour(site)
        site.clock.jump(way * 500 * 86_400)
    await pass_half_an_hour(site)
    assert site.ask(waiting)[0][0] >= before
    assert site.lost == []
    await pass_half_an_hour(site)  # a machine that was off for so long tells the same
    await pass_half_an_hour(site)
    assert site.ask(waiting)[0][0] == 0
    assert site.lost[-1] >= before
    site.journal.close()


async def pass_half_an_hour(site: Site) -> None:
    await site.recorder.work()
    site.clock.go_on(1801.0)
    await site.recorder.work()
