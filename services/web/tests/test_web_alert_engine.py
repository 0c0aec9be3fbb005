"""The engine of alerts on a real database: what sites say becomes rows, told once."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from sqlmodel import Session, select

from volthus_kit.refusal import RefusedError
from volthus_kit.testing import FakeClock
from volthus_wire.v1 import eebus_pb2, evse_pb2, operator_pb2, site_pb2
from web.alerts.book import AlertBook, AlertQuery
from web.alerts.engine import AlertEngine, Surroundings
from web.alerts.tables import AlertRow
from web.core.alerting.machine import Condition, Key, State
from web.core.alerting.news import Kind
from web.core.alerting.rules import Rule, RuleSettings, Severity
from web.core.roles import Sight
from web.live import Live
from web.store import open_store

SKI = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"


class Stage:
    """A Live that is spoken to, a clock that is set, and engines that come and go."""

    def __init__(self, folder):
        self.clock = FakeClock()
        self.engine = open_store(folder)
        self.live = Live(self.clock)
        self.told = []
        self.touched = None
        self.bus_is_there = True
        self.own = {}
        self.begin()

    def begin(self):
        """Start an engine anew, as after a restart or a change of the holder."""
        around = Surroundings(lambda: self.bus_is_there, lambda _session: self.own)
        self.alerts = AlertEngine(self.engine, self.clock, self.live, around, [self._take])
        self.alerts._settled_at = self.clock.monotonic() + 45
        self.touched = set()
        self.live._followers = [self.touched]

    def _take(self, _session, told):
        self.told += told

    def say(self, site="demo", **fields):
        state = site_pb2.SiteState(site=site, name=f"Name of {site}", ladder="fresh", **fields)
        self.live.heard_state(site, state.SerializeToString())

    async def after(self, seconds=0.0, *, speaking=None):
        """Let time pass in steps of 10 s, the site speaking on, and look each time."""
        while True:
            step_s = min(seconds, 10.0)
            self.clock.go_on(step_s)
            seconds -= step_s
            if speaking is not None:
                speaking()
            await self.alerts.round(self.touched)
            if seconds <= 0:
                return

    def rows(self):
        with Session(self.engine) as session:
            return session.exec(select(AlertRow).order_by(AlertRow.started_s)).all()

    def kinds(self):
        return [(one.kind, one.alert.key.rule if one.alert else None) for one in self.told]


@pytest.fixture
def stage(tmp_path):
    one = Stage(tmp_path)
    yield one
    one.engine.dispose()


def offline(*, session="s-1", **more):
    return site_pb2.ChargerState(ski=SKI, name="Garage", state="offline", session=session, **more)


async def test_a_charger_out_of_reach_with_a_car_fires_and_is_resolved(stage):
    await stage.after(0, speaking=lambda: stage.say(chargers=[offline()]))
    assert [row.state for row in stage.rows()] == ["pending"]
    await stage.after(300, speaking=lambda: stage.say(chargers=[offline()]))
    [row] = stage.rows()
    assert (row.state, row.rule, row.element) == ("firing", "charger-offline", SKI)
    assert json.loads(row.params) == {"name": "Garage"}
    assert (row.site, row.open_key) == ("demo", f"demo|charger-offline|{SKI}")
    back = site_pb2.ChargerState(ski=SKI, state="charging", session="s-1")
    await stage.after(80, speaking=lambda: stage.say(chargers=[back]))
    [row] = stage.rows()
    assert (row.state, row.open_key) == ("resolved", None)
    assert stage.kinds() == [
        (Kind.ALERT_FIRED, Rule.CHARGER_OFFLINE), (Kind.ALERT_RESOLVED, Rule.CHARGER_OFFLINE),
    ]  # fmt: skip
    assert {one.alert.id for one in stage.told} == {row.id}
    assert stage.told[0].site_name == "Name of demo"


async def test_without_a_car_nobody_is_told(stage):
    await stage.after(900, speaking=lambda: stage.say(chargers=[offline(session="")]))
    assert stage.rows() == []


async def test_a_site_that_falls_silent_is_one_alert_and_ends_when_it_speaks(stage):
    await stage.after(60, speaking=lambda: stage.say(chargers=[offline()]))
    await stage.after(400)
    assert stage.kinds() == [(Kind.ALERT_FIRED, Rule.SITE_OFFLINE)]
    assert [row.state for row in stage.rows()] == ["pending", "firing"]
    calm = site_pb2.ChargerState(ski=SKI, state="charging", session="s-1")
    await stage.after(50, speaking=lambda: stage.say(chargers=[calm]))
    assert stage.kinds()[1:] == [(Kind.ALERT_RESOLVED, Rule.SITE_OFFLINE)]


async def test_nobody_is_called_silent_while_we_ourselves_are_deaf(stage):
    stage.live.remember("old", "Old", datetime(2026, 11, 1, tzinfo=UTC))
    stage.bus_is_there = False
    await stage.after(600)
    assert stage.rows() == []
    stage.bus_is_there = True
    await stage.after(40)
    assert stage.rows() == []
    await stage.after(200)
    assert stage.kinds() == [(Kind.ALERT_FIRED, Rule.SITE_OFFLINE)]
    assert stage.told[0].alert.params == {"last_seen": "2026-11-01T00:00:00+00:00"}


async def test_a_restart_goes_on_and_tells_nothing_twice(stage):
    def speak():
        stage.say(chargers=[offline()], plan=site_pb2.SiteState().plan)

    await stage.after(310, speaking=speak)
    assert len(stage.told) == 1
    stage.begin()
    await stage.after(100, speaking=speak)
    assert len(stage.told) == 1
    assert [row.state for row in stage.rows()] == ["firing"]


async def test_what_was_pending_before_a_restart_fires_when_its_time_comes(stage):
    await stage.after(200, speaking=lambda: stage.say(chargers=[offline()]))
    stage.begin()
    await stage.after(110, speaking=lambda: stage.say(chargers=[offline()]))
    assert stage.kinds() == [(Kind.ALERT_FIRED, Rule.CHARGER_OFFLINE)]


async def test_two_who_think_they_hold_the_lease_tell_once(stage):
    await stage.after(290, speaking=lambda: stage.say(chargers=[offline()]))
    around = Surroundings(lambda: True, lambda _session: {})
    other = AlertEngine(stage.engine, stage.clock, stage.live, around, [stage._take])
    await other.round({"demo"})
    stage.clock.go_on(20)
    stage.say(chargers=[offline()])
    await stage.alerts.round({"demo"})
    await other.round({"demo"})
    assert stage.kinds() == [(Kind.ALERT_FIRED, Rule.CHARGER_OFFLINE)]


async def test_two_who_find_the_same_at_once_keep_one_row(stage):
    around = Surroundings(lambda: True, lambda _session: {})
    other = AlertEngine(stage.engine, stage.clock, stage.live, around, [stage._take])
    stage.say()
    await stage.alerts.round({"demo"})
    await other.round({"demo"})
    stage.say(chargers=[offline()])
    await stage.alerts.round({"demo"})
    with pytest.raises(RefusedError, match="store-failing"):
        await other.round({"demo"})
    assert len(stage.rows()) == 1


async def test_sessions_limits_and_plans_are_told_once_over_a_restart(stage):
    def charging(session, energy_wh=100.0):
        return site_pb2.ChargerState(
            ski=SKI, state="charging", session=session, session_energy_wh=energy_wh
        )

    limit = operator_pb2.OperatorLimit(kind="lpc", source="api", state="limited", limit_w=4200)
    await stage.after(0, speaking=lambda: stage.say(chargers=[charging("s-1")]))
    assert stage.told == []
    await stage.after(0, speaking=lambda: stage.say(
        chargers=[charging("s-1", 900.0)], operator_limits=[limit]))  # fmt: skip
    stage.begin()
    await stage.after(0, speaking=lambda: stage.say(chargers=[charging("s-1", 950.0)]))
    await stage.after(0, speaking=lambda: stage.say(chargers=[charging("s-2", 0.0)]))
    assert [one.kind for one in stage.told] == [
        Kind.OPERATOR_LIMIT_STARTED, Kind.OPERATOR_LIMIT_ENDED, Kind.SESSION_ENDED,
        Kind.CHARGER_UNPLUGGED, Kind.CHARGER_PLUGGED, Kind.SESSION_STARTED,
    ]  # fmt: skip
    assert stage.told[2].facts == {"charger": SKI, "session": "s-1", "energy_wh": 950.0}


async def test_seconds_of_overload_fire_with_their_number(stage):
    await stage.after(0, speaking=lambda: stage.say(overload_s=100.0))
    await stage.after(0, speaking=lambda: stage.say(overload_s=104.0))
    assert stage.told == []
    await stage.after(10, speaking=lambda: stage.say(overload_s=112.0))
    assert stage.kinds() == [(Kind.ALERT_FIRED, Rule.OVERLOAD)]
    assert stage.told[0].alert.params == {"seconds": "12"}


async def test_every_rule_of_a_site_is_fed_by_what_it_says(stage):
    def notice(code, /, **params):
        return site_pb2.Notice(code=code, severity="alarm", params=params)

    def speak():
        stage.say(
            chargers=[
                offline(),
                site_pb2.ChargerState(ski="f", state="fault", error_code="E7", brand="Example"),
            ],
            notices=[
                notice("charger-disobeys", ski=SKI),
                notice("meter-silent", meter="grid-1", stage="hold"),
                notice("goal-will-be-missed", ski=SKI, missing_kwh="3.1", code="departure-past"),
                notice("prices-stale", known_until="2026-11-22T00:00:00Z"),
                notice("store-failing"),
                notice("records-lost", count="3"),
                notice("site-file-refused", reason="x"),
                notice("no-fuse-set"),
            ],
            operator_limits=[
                operator_pb2.OperatorLimit(kind="lpc", source="eebus", state="failsafe", ski="b")
            ],
        )
        stage.live.heard("demo").state.ladder = "failsafe"
        picture = eebus_pb2.EebusPicture()
        picture.identity.certificate_ends.FromDatetime(datetime(2026, 12, 1, tzinfo=UTC))
        stage.live.heard_eebus("demo", picture.SerializeToString())

    await stage.after(2000, speaking=speak)
    fired = {one.alert.key.rule for one in stage.told}
    assert fired == set(Rule) - {
        Rule.SITE_OFFLINE, Rule.OVERLOAD, Rule.RECORDS_UNDELIVERED, Rule.WEBHOOK_DISABLED,
        Rule.ROLLOUT_STOPPED, Rule.ROLLOUT_WAITING,
    }  # fmt: skip
    fault = next(one.alert for one in stage.told if one.alert.key.rule is Rule.CHARGER_FAULT)
    assert fault.params == {"name": "Example", "code": "E7"}


async def test_a_site_that_talks_nonsense_keeps_no_other_from_being_watched(stage):
    def nonsense():
        odd = offline()
        odd.name, odd.ski = "\x00" + "x" * 10_000, "a\x00b"
        state = site_pb2.SiteState(site="odd", chargers=[odd], overload_s=float("nan"))
        state.operator_limits.add(kind="lpc", source="api", state="limited", limit_w=float("nan"))
        for number in range(1000):
            state.notices.add(code="meter-silent", params={"meter": f"m-{number}"})
        stage.live.heard_state("odd", state.SerializeToString())
        wrong = site_pb2.SiteState(site="wrong")
        notice = wrong.notices.add(code="store-failing")
        notice.since.seconds = 2**62
        stage.live.heard_state("wrong", wrong.SerializeToString())
        stage.say("demo", chargers=[offline()])

    await stage.after(310, speaking=nonsense)
    assert {row.site for row in stage.rows()} == {"odd", "demo"}
    odd = [row for row in stage.rows() if row.site == "odd"]
    assert 200 <= len(odd) < 210
    assert all("\x00" not in row.element and len(row.params) < 300 for row in odd)
    before = len(stage.told)
    await stage.after(30, speaking=nonsense)
    assert len(stage.told) == before


async def test_what_is_wrong_with_the_front_door_itself_belongs_to_no_site(stage):
    key = Key(Rule.WEBHOOK_DISABLED, "w-1")
    stage.own = {"": {key: Condition({"name": "On-call"})}}
    await stage.after(20)
    [row] = stage.rows()
    assert (row.site, row.state) == ("", "firing")
    stage.begin()
    stage.own = {}
    await stage.after(20)
    assert stage.rows()[0].state == "resolved"


async def test_a_rule_that_is_changed_holds_within_seconds_and_only_for_its_tenant(stage):
    book = AlertBook(stage.engine, stage.clock)
    stage.say("theirs")
    stage.live.place("theirs", "other")

    def speak():
        for site in ("demo", "theirs"):
            stage.say(site, chargers=[offline()])

    await book.put_rule("", Rule.CHARGER_OFFLINE, RuleSettings(True, Severity.ALARM, 20.0), 0)
    await stage.after(60, speaking=speak)
    assert [(one.site, one.alert.severity) for one in stage.told] == [("demo", Severity.ALARM)]
    await book.put_rule("", Rule.CHARGER_OFFLINE, RuleSettings(False, Severity.ALARM, 20.0), 1)
    await stage.after(20, speaking=speak)
    assert stage.kinds()[-1] == (Kind.ALERT_RESOLVED, Rule.CHARGER_OFFLINE)
    theirs = AlertQuery(Sight("other"), states=tuple(State))
    assert [row.site for row in await book.page(theirs, None, 10)] == ["theirs"]
    with pytest.raises(RefusedError, match="revision-conflict"):
        await book.put_rule("", Rule.CHARGER_OFFLINE, RuleSettings(True, Severity.INFO, 1.0), 1)


async def test_a_database_that_fails_loses_nothing(stage, tmp_path):
    await stage.after(290, speaking=lambda: stage.say(chargers=[offline()]))
    await asyncio.to_thread(stage.engine.dispose)
    database = tmp_path / "web.sqlite"
    with Session(stage.engine) as blocker:
        blocker.connection().exec_driver_sql("BEGIN IMMEDIATE")
        stage.clock.go_on(20)
        stage.say(chargers=[offline()])
        with pytest.raises(RefusedError, match="store-failing"):
            await stage.alerts.round(stage.touched)
        blocker.rollback()
    assert database.exists()
    stage.alerts._is_loaded = False  # as `work` does
    await stage.after(10, speaking=lambda: stage.say(chargers=[offline()]))
    assert stage.kinds() == [(Kind.ALERT_FIRED, Rule.CHARGER_OFFLINE)]


async def test_alerts_are_forgotten_after_400_days(stage):
    key = Key(Rule.WEBHOOK_DISABLED, "w-1")
    stage.own = {"": {key: Condition()}}
    await stage.after(20)
    stage.own = {}
    await stage.after(20)
    stage.clock.go_on(399 * 86_400)
    await stage.alerts.round(set())
    assert len(stage.rows()) == 1
    stage.clock.go_on(2 * 86_400)
    await stage.alerts.round(set())
    assert stage.rows() == []


async def test_ten_thousand_calm_sites_cost_little(stage):
    calm = site_pb2.ChargerState(
        ski=SKI, state="charging", session="s", connection=evse_pb2.CONNECTION_CONNECTED
    )
    for number in range(1000):
        stage.say(f"site-{number}", chargers=[calm])
    await stage.alerts.round(stage.touched)
    for number in range(1000):
        stage.say(f"site-{number}", chargers=[calm])
    loop = asyncio.get_running_loop()
    began = loop.time()
    await stage.alerts.round(stage.touched)
    # A thousand looks are one second of 10,000 sites that speak each 10 s; usually 0.02 s.
    assert loop.time() - began < 0.5
    assert stage.told == []
