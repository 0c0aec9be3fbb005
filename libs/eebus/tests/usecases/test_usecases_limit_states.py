"""The states of a controllable system, as a table and by property, on a fake clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eebus.usecases.limitation import machine
from eebus.usecases.limitation.machine import Failsafe, System, SystemState, WrittenLimit

FAILSAFE = Failsafe(4200.0, 7200.0)
INIT, FREE = SystemState.INIT, SystemState.UNLIMITED_CONTROLLED
LIMITED, SAFE = SystemState.LIMITED, SystemState.FAILSAFE
ALONE = SystemState.UNLIMITED_AUTONOMOUS


def _play(*steps: tuple[float, str]) -> System:
    """Play steps at times, a tick before each.

    `beat`, `come` (a guard connects), `off`, `on W [for S]`, or `look`.
    """
    system = machine.started(0.0)
    for at, what in steps:
        system = machine.passed(system, at, FAILSAFE.duration_s)
        match what.split():
            case ["beat"]:
                system = machine.beat(system, at)
            case ["come"]:
                system = machine.connected(system, at)
            case ["off"]:
                system = machine.written(system, WrittenLimit(False, 9999.0), at)
            case ["on", power]:
                system = machine.written(system, WrittenLimit(True, float(power)), at)
            case ["on", power, "for", seconds]:
                limit = WrittenLimit(True, float(power), at + float(seconds))
                system = machine.written(system, limit, at)
    return system


CONTROLLED = ((1, "beat"), (2, "off"))
LOST = (*CONTROLLED, (121, "look"))
AGAIN = ((120, "look"), (500, "come"), (501, "beat"), (502, "off"))


@pytest.mark.parametrize(
    ("steps", "state", "applied_w"),
    [
        (((0, "look"),), INIT, 4200),
        (((119.9, "look"),), INIT, 4200),
        (((120, "look"),), ALONE, None),
        (((1, "beat"), (119, "beat"), (120, "look")), ALONE, None),  # heard, and nothing written
        (CONTROLLED, FREE, None),
        (((1, "beat"), (2, "on 3000")), LIMITED, 3000),
        (((1, "beat"), (2, "on 9000")), LIMITED, 9000),  # above failsafe is the guard's right
        (((1, "on 3000"),), INIT, 3000),  # nobody heard: the lower of the two
        (((1, "on 9000"),), INIT, 4200),
        (((1, "on 3000"), (2, "beat")), LIMITED, 3000),
        (((1, "off"), (2, "beat")), FREE, None),
        (((1, "on 3000"), (119, "look"), (120, "look")), ALONE, 3000),
        (((1, "on 3000"), (121, "look")), ALONE, None),  # it lapsed without a heartbeat
        ((*CONTROLLED, (3, "on 500")), LIMITED, 500),
        ((*CONTROLLED, (3, "on 500"), (4, "off")), FREE, None),
        ((*CONTROLLED, (3, "on 500 for 60"), (62.9, "look")), LIMITED, 500),
        ((*CONTROLLED, (3, "on 500 for 60"), (63, "look")), FREE, None),
        ((*CONTROLLED, (3, "on 500 for 0")), FREE, None),
        ((*CONTROLLED, (120.9, "look")), FREE, None),
        (LOST, SAFE, 4200),
        ((*CONTROLLED, (3, "on 500"), (121, "look")), SAFE, 4200),
        ((*CONTROLLED, (3, "on 9000"), (121, "look")), SAFE, 4200),
        ((*LOST, (200, "beat")), SAFE, 4200),  # the heartbeat alone is not enough
        ((*LOST, (200, "beat"), (201, "on 900")), LIMITED, 900),
        ((*LOST, (200, "beat"), (201, "off")), FREE, None),
        ((*LOST, (200, "off")), SAFE, 4200),  # nor is the write alone
        ((*LOST, (200, "on 900")), SAFE, 900),
        ((*LOST, (200, "on 900"), (210, "beat")), LIMITED, 900),
        ((*LOST, (200, "beat"), (300, "beat"), (320, "look")), ALONE, None),
        ((*LOST, (200, "beat"), (319, "beat"), (319.9, "look")), SAFE, 4200),
        ((*LOST, (200, "beat"), (320, "look")), SAFE, 4200),  # back once, and lost again
        ((*LOST, (121 + 7199, "look")), SAFE, 4200),
        ((*LOST, (121 + 7200, "look")), ALONE, None),
        ((*LOST, (121 + 7200, "look"), (8000, "beat")), ALONE, None),
        ((*LOST, (121 + 7200, "look"), (8000, "beat"), (8001, "on 700")), LIMITED, 700),
        ((*LOST, (121 + 7200, "look"), (8000, "beat"), (8001, "off")), FREE, None),
        (((120, "look"), (500, "beat"), (501, "off")), FREE, None),
        (((120, "look"), (500, "on 700")), ALONE, 700),
        # a guard that comes, or comes back
        (((120, "look"), (500, "come")), INIT, 4200),
        (((120, "look"), (500, "come"), (619, "look")), INIT, 4200),
        (((120, "look"), (500, "come"), (620, "look")), ALONE, None),
        (AGAIN, FREE, None),
        (((120, "look"), (500, "come"), (620, "look"), (700, "come")), ALONE, None),  # once only
        (((50, "come"), (119, "look")), INIT, 4200),
        (((50, "come"), (120, "look")), ALONE, None),  # it gains no time by coming again
        ((*CONTROLLED, (3, "on 900"), (50, "come")), LIMITED, 900),  # less than failsafe: stays
        ((*CONTROLLED, (50, "come")), FREE, None),
        ((*LOST, (200, "come")), SAFE, 4200),
        ((*LOST, (121 + 7200, "look"), (9000, "come")), INIT, 4200),
        (
            (*AGAIN, (622, "look"), (622 + 7200, "look"), (9000, "come")),
            INIT,
            4200,
        ),
    ],
)
def test_the_table_of_states(steps, state, applied_w):
    system = _play(*steps)
    assert (system.state, machine.applied_w(system, FAILSAFE)) == (state, applied_w)


_EVENTS = st.lists(
    st.tuples(
        st.floats(0.0, 200.0),
        st.sampled_from(
            ["beat", "beat", "come", "off", "on 3000", "on 9000", "on 500 for 90", "look"]
        ),
    ),
    max_size=60,
)


@given(_EVENTS)
def test_what_holds_is_never_above_what_the_guard_was_told(events):
    now, system = 0.0, machine.started(0.0)
    for gap, what in events:
        now += gap
        before = machine.passed(system, now, FAILSAFE.duration_s)
        system = before
        match what.split():
            case ["beat"]:
                system = machine.beat(before, now)
            case ["come"]:
                system = machine.connected(before, now)
            case ["off"]:
                system = machine.written(before, WrittenLimit(False, 1.0), now)
            case ["on", power, *end]:
                limit = WrittenLimit(True, float(power), now + 90 if end else None)
                system = machine.written(before, limit, now)
                held = machine.applied_w(system, FAILSAFE)
                assert held is not None
                assert held <= float(power)
        held = machine.applied_w(system, FAILSAFE)
        if system.state in {INIT, SAFE}:
            assert held is not None
            assert held <= FAILSAFE.power_w
        if system.state in {LIMITED, FREE}:
            assert machine.is_heard(system, now)
        assert machine.passed(system, now, FAILSAFE.duration_s) == system


@given(_EVENTS)
def test_looking_more_often_changes_only_when_a_loss_is_seen(events):
    now, rare, often = 0.0, machine.started(0.0), machine.started(0.0)
    for gap, what in events:
        for step in (gap / 2, gap):
            often = machine.passed(often, now + step)
        now += gap
        rare = machine.passed(rare, now)
        if what == "come":
            rare, often = machine.connected(rare, now), machine.connected(often, now)
        elif what == "beat":
            rare, often = machine.beat(rare, now), machine.beat(often, now)
        elif what == "off":
            limit = WrittenLimit(False, 1.0)
            rare, often = machine.written(rare, limit, now), machine.written(often, limit, now)
        assert rare.state is often.state
