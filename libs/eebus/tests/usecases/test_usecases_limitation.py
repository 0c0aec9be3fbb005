"""LPC and LPP: our guard against our controllable system, in memory and on a fake clock."""

from datetime import UTC, datetime, timedelta

import pytest

from eebus.controlbox import ControlBoxSide
from eebus.events import (
    FailsafeChanged,
    HeartbeatChanged,
    PowerControlChanged,
    PowerLimitChanged,
    WriteResult,
)
from eebus.spine.datagram import PARTIAL, cmd
from eebus.spine.local import Announcement
from eebus.spine.tree import Operations
from eebus.usecases import names
from eebus.usecases.cem.hub import CemHub
from eebus.usecases.evse.profile import EvProfile
from eebus.usecases.evse.station import Station
from eebus.usecases.limitation.guard import Order
from eebus.usecases.limitation.machine import Failsafe
from eebus.usecases.limitation.system import SystemProfile
from eebus.usecases.writing import Target, write_to

PROFILE = SystemProfile({"lpc": 32000.0, "lpp": 10000.0})
BOX, HEMS = "aa" * 20, "bb" * 20


class Grid:
    """A control box, left, and an energy manager it limits, right."""

    def __init__(self, wire, profile: SystemProfile = PROFILE) -> None:
        self.wire = wire
        self.box = ControlBoxSide("d:_n:Test_Box-1", {}, wire.owner("left"))
        self.guard = self.box.guard
        self.hems = CemHub("d:_n:Test_HEMS-2", {}, wire.owner("right"), profile)

    def connect(self) -> None:
        self.wire.connect(self.box, self.hems)

    def write(self, power_w: float | None, duration_s: float | None = None, kind: str = "lpc"):
        done: list[WriteResult] = []
        until = None if duration_s is None else self.wire.now + duration_s
        order = Order(power_w, until)
        self.guard.write_limit(HEMS, kind, order, self.wire.now, done.append)
        self.wire.settle()
        assert len(done) == 1
        return done[0]

    def write_failsafe(self, power_w: float | None, duration_s: float | None, kind: str = "lpc"):
        done: list[WriteResult] = []
        self.guard.write_failsafe(HEMS, kind, power_w, duration_s, self.wire.now)(done.append)
        self.wire.settle()
        assert len(done) == 1
        return done[0]

    def state(self, kind: str = "lpc") -> tuple[str, float | None]:
        control = self.hems.system.control(kind, self.wire.now)
        return control.state, control.limit_w


@pytest.fixture
def grid(wire) -> Grid:
    grid = Grid(wire)
    grid.connect()
    return grid


def test_a_system_that_appears_is_told_within_seconds_that_it_has_no_limit(grid):
    assert grid.state() == ("init", 4200.0)
    grid.wire.wait(5)
    assert grid.state() == ("unlimited_controlled", None)
    assert grid.state("lpp") == ("unlimited_controlled", None)
    assert HeartbeatChanged(BOX, ok=True) in grid.wire.events["right"]
    assert HeartbeatChanged(HEMS, ok=True) in grid.wire.events["left"]


def test_a_limit_is_obeyed_until_it_expires_and_the_box_is_told(grid):
    grid.wire.wait(5)
    assert grid.write(4200.0, 60).ok
    assert grid.state() == ("limited", 4200.0)
    assert grid.wire.told("left", PowerLimitChanged)[-1] == PowerLimitChanged(
        HEMS, "lpc", True, 4200.0, 60.0
    )
    grid.wire.wait(30)
    assert grid.hems.system.control("lpc", grid.wire.now).remaining_s == 30.0
    grid.wire.wait(30)
    assert grid.state() == ("unlimited_controlled", None)
    told = grid.wire.told("left", PowerLimitChanged)[-1]
    assert (told.active, told.duration_s) == (False, None)


def test_a_limit_for_good_replaces_one_that_would_expire(grid):
    grid.wire.wait(5)
    assert grid.write(4200.0, 60).ok
    assert grid.write(3000.0).ok
    grid.wire.wait(120)
    assert grid.state() == ("limited", 3000.0)
    assert "loadControlLimitDataElements" in "".join(str(raw) for _, raw in grid.wire.sent)


def test_production_is_limited_apart_from_consumption(grid):
    grid.wire.wait(5)
    assert grid.write(2500.0, kind="lpp").ok
    assert grid.state("lpp") == ("limited", 2500.0)
    assert grid.state("lpc") == ("unlimited_controlled", None)
    limits = grid.box.talks[HEMS].session.remote.entities[(2,)].features[3].content(names.LIMITS)
    assert limits["loadControlLimitData"][1]["value"] == {"number": -2500, "scale": 0}
    assert grid.write(0.0, kind="lpp").ok
    assert grid.state("lpp") == ("limited", 0.0)


def test_silence_of_the_box_leads_to_failsafe_and_its_return_with_a_limit_out_of_it(grid):
    grid.wire.wait(5)
    grid.write(9000.0)
    grid.wire.silent.add("left")
    grid.wire.wait(121)
    assert grid.state() == ("failsafe", 4200.0)
    assert grid.wire.told("right", HeartbeatChanged)[-1] == HeartbeatChanged(BOX, ok=False)
    grid.wire.silent.clear()
    grid.wire.wait(10)
    assert grid.state() == ("failsafe", 4200.0)
    grid.write(8000.0)
    assert grid.state() == ("limited", 8000.0)


def test_after_a_lost_connection_the_box_tells_the_limit_again(grid):
    grid.wire.wait(5)
    grid.write(3000.0)
    grid.wire.cut()
    for _ in range(3):
        grid.wire.now += 60
        grid.hems.watch(grid.wire.now)
    assert grid.state() == ("failsafe", 4200.0)
    grid.connect()
    grid.wire.wait(5)
    assert grid.state() == ("limited", 3000.0)


def test_a_box_that_comes_to_a_system_on_its_own_finds_it_careful_until_it_has_spoken(wire):
    grid = Grid(wire)
    for _ in range(5):
        wire.now += 60
        grid.hems.watch(wire.now)
    assert grid.state() == ("unlimited_autonomous", None)
    grid.connect()
    wire.wait(0.5)
    assert grid.state() == ("init", 4200.0)
    wire.wait(5)
    assert grid.state() == ("unlimited_controlled", None)


def test_a_reconnect_keeps_what_the_box_said_last(grid):
    grid.wire.wait(5)
    grid.write(900.0)
    for _ in range(3):
        grid.wire.cut()
        grid.wire.wait(1)
        grid.connect()
        assert grid.state() == ("limited", 900.0)
        grid.wire.wait(1)
        assert grid.state() == ("limited", 900.0)


def test_the_heart_of_a_peer_that_turns_out_to_be_no_guard_counts_no_longer(grid):
    grid.wire.wait(5)
    grid.write(3000.0)
    box = grid.hems.talks[BOX].session.remote.entities[(1,)]
    box.type = "EVSE"
    grid.box.local.announce([Announcement((1,), names.EVSE, names.EVSECC, (1, 2))])
    grid.wire.settle()
    grid.wire.wait(121)
    assert grid.state() == ("failsafe", 4200.0)


def test_without_any_box_the_system_is_on_its_own_after_two_minutes(wire):
    grid = Grid(wire)
    for now in range(0, 130, 1):
        grid.hems.watch(float(now))
    told = [each.state for each in wire.told("right", PowerControlChanged) if each.kind == "lpc"]
    assert told == ["init", "unlimited_autonomous"]


def test_failsafe_values_are_kept_and_bounded(grid):
    grid.wire.wait(5)
    assert grid.write_failsafe(6000.0, 3 * 3600.0).ok
    assert grid.hems.system.failsafe("lpc").power_w == 6000.0
    assert grid.hems.system.failsafe("lpp").duration_s == 3 * 3600.0
    expected = FailsafeChanged(HEMS, 6000.0, 4200.0, 3 * 3600.0)
    assert grid.wire.told("left", FailsafeChanged)[-1] == expected
    assert grid.wire.told("right", FailsafeChanged)[-1].consumption_w == 6000.0
    for duration_s in (7199.0, 86401.0):
        refused = grid.write_failsafe(None, duration_s)
        assert (refused.ok, refused.error_number) == (False, 7)
    assert grid.write_failsafe(None, 86400.0).ok
    assert grid.hems.system.failsafe("lpc").power_w == 6000.0


def _raw_write(grid, **limit) -> WriteResult:
    """Write a limit that our guard would not write."""
    follower = grid.guard.followers[HEMS]
    done: list[WriteResult] = []
    system = follower._system()
    command = cmd(names.LIMITS, {"loadControlLimitData": [limit]}, PARTIAL)
    target = Target(follower._own, system, names.LOAD_CONTROL)
    write_to(follower._session, target, command, grid.wire.now, done.append)
    grid.wire.settle()
    return done[0]


@pytest.mark.parametrize(
    ("limit", "is_accepted"),
    [
        ({"limitId": 0, "isLimitActive": True, "value": {"number": -1}}, False),
        ({"limitId": 0, "isLimitActive": False, "value": {"number": -1}}, False),
        ({"limitId": 0, "isLimitActive": False}, True),
        ({"limitId": 1, "isLimitActive": True, "value": {"number": 10000}}, True),
        ({"limitId": 1, "isLimitActive": True, "value": {"number": -10000}}, True),
        ({"limitId": 2, "isLimitActive": True, "value": {"number": 1}}, False),
        ({"limitId": 0, "isLimitChangeable": False}, False),
        (
            {
                "limitId": 0,
                "isLimitActive": True,
                "value": {"number": 1},
                "timePeriod": {"endTime": "soon"},
            },
            False,
        ),
    ],
)
def test_limits_that_cannot_be_are_refused_with_error_7(grid, limit, is_accepted):
    grid.wire.wait(5)
    result = _raw_write(grid, **limit)
    assert result.ok is is_accepted
    assert result.error_number == (0 if is_accepted else 7)


def test_a_box_that_writes_no_parts_may_name_its_limit_alone(grid):
    grid.wire.wait(5)
    assert grid.write(2500.0, kind="lpp").ok
    follower = grid.guard.followers[HEMS]
    done: list[WriteResult] = []
    limit = {"limitId": 0, "isLimitActive": True, "value": {"number": 4200}}
    write_to(
        follower._session,
        Target(follower._own, follower._system(), names.LOAD_CONTROL),
        cmd(names.LIMITS, {"loadControlLimitData": [limit]}),  # no filter: the whole list, it says
        grid.wire.now,
        done.append,
    )
    grid.wire.settle()
    assert done[0].ok
    assert grid.state() == ("limited", 4200.0)
    assert grid.state("lpp") == ("limited", 2500.0)
    held = grid.hems.local.entities[(2,)].server(names.LOAD_CONTROL).content(names.LIMITS)
    assert [each["isLimitChangeable"] for each in held["loadControlLimitData"]] == [True, True]


def test_a_limit_may_end_at_a_date(grid):
    grid.wire.wait(5)
    far = datetime.now(UTC).replace(year=datetime.now(UTC).year + 1)
    ends = far.strftime("%Y-%m-%dT%H:%M:%SZ")
    limit = {"limitId": 0, "isLimitActive": True, "value": {"number": 5}}
    assert _raw_write(grid, **limit, timePeriod={"endTime": ends}).ok
    assert grid.hems.system.control("lpc", grid.wire.now).remaining_s > 300 * 86400


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(days=400)])
def test_a_jump_of_the_clock_moves_no_limit(grid, jump):
    grid.wire.wait(5)
    system, wall = grid.hems.system, [grid.wire.at]
    system._wall = lambda: wall[0]
    end = (wall[0] + timedelta(seconds=60)).isoformat()
    limit = {"limitId": 0, "isLimitActive": True, "value": {"number": 900}}
    assert _raw_write(grid, **limit, timePeriod={"endTime": end}).ok
    wall[0] += jump
    grid.wire.wait(30)
    assert grid.state() == ("limited", 900.0)
    grid.wire.wait(31)
    assert grid.state() == ("unlimited_controlled", None)


def test_a_server_without_partial_writes_gets_the_whole_list(grid):
    grid.wire.wait(5)
    remote = grid.box.talks[HEMS].session.remote.entities[(2,)].server(names.LOAD_CONTROL)
    remote.functions[names.LIMITS] = Operations(write=True)
    assert grid.write(2000.0).ok
    assert grid.state() == ("limited", 2000.0)
    assert grid.state("lpp") == ("unlimited_controlled", None)


def test_guards_and_systems_announce_the_heartbeat_scenario(grid):
    hub = CemHub("d:_n:Test_CEM-3", {}, grid.wire.owner("left"), guards=True)
    for side in (grid.box, grid.hems, hub):
        told = [
            support["scenarioSupport"]
            for entry in side.local.use_case_data()["useCaseInformation"]
            for support in entry["useCaseSupport"]
            if support["useCaseName"] in {names.LPC, names.LPP}
        ]
        assert told == [[1, 2, 3, 4]] * 2


def test_only_one_guard_can_bind(grid):
    load = grid.hems.system._load
    assert len(list(grid.hems.local.bindings.to(load.address))) == 1


@pytest.mark.parametrize(
    "wrong", [{"nominal_w": {}}, {"nominal_w": {"lpx": 1.0}}, {"failsafe_duration_s": 60.0}]
)
def test_a_profile_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=r"nominal|duration"):
        SystemProfile(**wrong)


@pytest.mark.parametrize("power_w", [-1.0, float("nan"), 1e12])
def test_a_limit_no_guard_can_mean_is_not_sent(grid, power_w):
    assert not grid.write(power_w).ok


def test_a_wish_for_a_system_that_is_away_is_kept_for_it(wire):
    grid = Grid(wire)
    assert not grid.write(1500.0).ok
    grid.connect()
    wire.wait(5)
    assert grid.state() == ("limited", 1500.0)


def test_a_charger_can_be_limited_as_a_whole_and_its_car_apart(wire):
    box = ControlBoxSide("d:_n:Test_Box-1", {}, wire.owner("left"))
    guard = box.guard
    charger = Station("d:_n:Test_EVSE-2", {}, wire.owner("right"), controllable=PROFILE)
    wire.connect(box, charger)
    charger.plug(EvProfile())
    wire.wait(5)
    done: list[WriteResult] = []
    guard.write_limit(HEMS, "lpc", Order(4200.0), wire.now, done.append)
    wire.settle()
    assert done[0].ok
    control = charger.system.control("lpc", wire.now)
    assert (control.state, control.limit_w, control.ski) == ("limited", 4200.0, BOX)
    assert charger.held_limits() == {"opev": (None, None, None)}
    charger.unplug()
    wire.wait(5)
    assert charger.system.control("lpc", wire.now).limit_w == 4200.0


def test_a_peer_that_is_no_guard_cannot_limit_us(grid):
    grid.wire.wait(5)
    grid.box.local.entities[(1,)].type = "EVSE"
    grid.hems.talks[BOX].session.remote.entities[(1,)].type = "EVSE"
    grid.box.local.announce([Announcement((1,), "EVSE", names.EVSECC, (1, 2))])
    grid.wire.settle()
    refused = grid.write(0.0)
    assert (refused.ok, refused.error_number) == (False, 7)
    assert grid.state() == ("unlimited_controlled", None)


def test_what_our_user_offers_anew_reaches_the_guard(grid):
    grid.wire.wait(5)
    grid.hems.system.offer({"lpc": 17000.0}, {"lpc": Failsafe(3000.0, 3 * 3600.0)})
    grid.wire.settle()
    assert FailsafeChanged(HEMS, 3000.0, 4200.0, 10800.0) in grid.wire.events["left"]
    with pytest.raises(ValueError, match="2 h to 24 h"):
        grid.hems.system.offer({}, {"lpc": Failsafe(3000.0, 60.0)})


def test_the_age_of_a_heartbeat_is_known(grid):
    assert grid.hems.beat_at("cc" * 20) is None
    grid.wire.wait(5)
    heard_at = grid.hems.beat_at(BOX)
    assert heard_at is not None
    assert grid.wire.now - heard_at <= 2.5


def test_an_energy_manager_limits_no_other_energy_manager(wire):
    ours = CemHub("d:_n:Test_Ours-1", {}, wire.owner("left"), guards=True)
    theirs = CemHub("d:_n:Test_Theirs-2", {}, wire.owner("right"), PROFILE)
    wire.connect(ours, theirs)
    wire.wait(10)
    done: list[WriteResult] = []
    ours.guard.write_limit(HEMS, "lpc", Order(None), wire.now, done.append)
    wire.settle()
    assert [result.ok for result in done] == [False]
    assert theirs.system.control("lpc", wire.now).state == "init"


def test_a_wish_that_takes_the_place_of_the_greeting_is_tried_again_while_it_is_refused(wire):
    stubborn = SystemProfile({"lpc": 32000.0}, refused_below_w=1000.0)
    grid = Grid(wire, stubborn)
    grid.connect()
    assert grid.write(500.0).error_number == 7  # before the greeting was due
    wire.wait(20)
    grid.hems.system._profile = SystemProfile({"lpc": 32000.0})  # now it takes what it is told
    wire.wait(40)
    assert grid.state() == ("limited", 500.0)
