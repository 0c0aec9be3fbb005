"""The life of alerts: pending, firing, resolved; no flapping, no word about a silent site."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from web.core.alerting.machine import Condition, Key, Seen, State, What, step
from web.core.alerting.rules import AS_DELIVERED, STANDARDS, Rule, RuleSettings, Severity

LOST = Key(Rule.METER_LOST, "grid-1")
FAULT = Key(Rule.CHARGER_FAULT, "a")
OFFLINE = Key(Rule.SITE_OFFLINE)
WELL = Seen({})
BAD = Seen({LOST: Condition({"name": "Grid"})})
AFTER_S = STANDARDS[Rule.METER_LOST].after_s
CLEAR_S = STANDARDS[Rule.METER_LOST].clear_s


def played(*looks, rules=AS_DELIVERED, before=None):
    """Play (time, seen) pairs. Returns what is open and all changes as (time, what, rule)."""
    open_now, told = before or {}, []
    for at_s, seen in looks:
        became = step(open_now, seen, rules, at_s)
        open_now = became.open
        told += [(at_s, one.what, one.alert.key.rule) for one in became.changes]
    return open_now, told


def test_what_is_so_for_long_enough_fires_once():
    open_now, told = played((0, BAD), (10, BAD), (AFTER_S, BAD), (AFTER_S + 50, BAD))
    assert told == [(0, What.BEGAN, LOST.rule), (AFTER_S, What.FIRED, LOST.rule)]
    assert open_now[LOST].state is State.FIRING
    assert open_now[LOST].fired_s == AFTER_S
    assert open_now[LOST].params == {"name": "Grid"}


def test_what_ends_while_it_is_pending_is_never_told():
    open_now, told = played((0, BAD), (10, WELL))
    assert [what for _, what, _ in told] == [What.BEGAN, What.DROPPED]
    assert open_now == {}


def test_it_is_resolved_only_after_all_was_well_for_a_while():
    fires = (0, BAD), (AFTER_S, BAD)
    ends = AFTER_S + 10
    open_now, told = played(*fires, (ends, WELL), (ends + 5, BAD), (ends + 20, WELL),
                            (ends + 20 + CLEAR_S - 1, WELL))  # fmt: skip
    assert [what for _, what, _ in told] == [What.BEGAN, What.FIRED]
    _, told = played((ends + 20 + CLEAR_S, WELL), before=open_now)
    assert [what for _, what, _ in told] == [What.RESOLVED]


def test_a_silent_site_tells_nothing_but_its_silence():
    open_now, _ = played((0, BAD), (AFTER_S, BAD))
    silent = Seen({OFFLINE: Condition()}, is_silent=True)
    limit_s = 1000 + STANDARDS[Rule.SITE_OFFLINE].after_s
    open_now, told = played((1000, silent), (limit_s, silent), (90_000, silent), before=open_now)
    assert told == [(1000, What.BEGAN, OFFLINE.rule), (limit_s, What.FIRED, OFFLINE.rule)]
    assert open_now[LOST].state is State.FIRING
    back_s = 90_001
    _, told = played((back_s, WELL), (back_s + CLEAR_S, WELL), before=open_now)
    assert {rule for _, what, rule in told if what is What.RESOLVED} == {LOST.rule, OFFLINE.rule}


def test_a_charger_without_a_car_is_nobodys_worry():
    key = Key(Rule.CHARGER_OFFLINE, "a")
    without = Seen({key: Condition(has_car=False)})
    assert played((0, without), (10_000, without)) == ({}, [])
    _, told = played((0, Seen({key: Condition()})), (300, Seen({key: Condition()})))
    assert [what for _, what, _ in told] == [What.BEGAN, What.FIRED]


def test_a_consequence_stays_quiet_while_its_cause_is_there():
    undelivered = Key(Rule.RECORDS_UNDELIVERED)
    both = Seen({Key(Rule.STORE_FAILING): Condition(), undelivered: Condition()})
    open_now, told = played((0, both), (4000, both))
    assert [rule for _, what, rule in told if what is What.FIRED] == [Rule.STORE_FAILING]
    alone = Seen({undelivered: Condition()})
    _, told = played((4001, alone), before=open_now)
    assert [rule for _, what, rule in told if what is What.FIRED] == [Rule.RECORDS_UNDELIVERED]


def test_a_rule_that_is_switched_off_ends_its_alerts_at_once_even_of_a_silent_site():
    open_now, _ = played((0, BAD), (AFTER_S, BAD))
    off = {**AS_DELIVERED, LOST.rule: replace(AS_DELIVERED[LOST.rule], enabled=False)}
    for seen in (BAD, Seen({}, is_silent=True)):
        left, told = played((100, seen), rules=off, before=open_now)
        assert [what for _, what, _ in told] == [What.RESOLVED]
        assert left == {}


def test_seconds_of_overload_and_seconds_left_fire_at_once_where_they_are_enough():
    spell = Key(Rule.OVERLOAD)
    ends = Key(Rule.CERTIFICATE_EXPIRING, "eebus")
    few = Seen({spell: Condition(amount_s=9), ends: Condition(amount_s=31 * 86_400)})
    enough = Seen({spell: Condition(amount_s=10), ends: Condition(amount_s=30 * 86_400)})
    assert played((0, few)) == ({}, [])
    _, told = played((0, enough))
    assert {rule for _, what, rule in told if what is What.FIRED} == {spell.rule, ends.rule}


def test_what_a_tenant_chose_holds():
    chosen = {**AS_DELIVERED, FAULT.rule: RuleSettings(True, Severity.INFO, 0.0)}
    open_now, _ = played((5, Seen({FAULT: Condition()})), rules=chosen)
    assert (open_now[FAULT].state, open_now[FAULT].severity) == (State.FIRING, Severity.INFO)


def test_since_when_it_is_so_is_the_sites_word_within_a_day():
    now_s = 1_000_000.0
    for said_s, kept_s in ((now_s - 50, now_s - 50), (now_s + 50, now_s), (0.0, now_s - 86_400)):
        seen = Seen({LOST: Condition(since_s=said_s)})
        assert step({}, seen, AS_DELIVERED, now_s).open[LOST].started_s == kept_s


conditions = st.builds(
    Condition, amount_s=st.floats(0, 1e7), has_car=st.booleans(),
    since_s=st.none() | st.floats(-1e6, 1e6),
)  # fmt: skip
keys = st.builds(Key, st.sampled_from(Rule), st.sampled_from(["", "a"]))
looks = st.lists(
    st.tuples(
        st.floats(0, 2000), st.builds(Seen, st.dictionaries(keys, conditions), st.booleans())
    ),
    max_size=30,
)


@given(looks)
def test_every_alert_that_fired_is_resolved_once_and_none_fires_twice(given_looks):
    now_s, open_now = 0.0, {}
    firing = set()
    for pause_s, seen in given_looks:
        now_s += pause_s
        became = step(open_now, seen, AS_DELIVERED, now_s)
        for change in became.changes:
            key = change.alert.key
            match change.what:
                case What.FIRED:
                    assert key not in firing
                    firing.add(key)
                case What.RESOLVED:
                    firing.remove(key)
                case What.BEGAN:
                    assert key not in open_now
                case What.DROPPED:
                    assert key not in firing
        open_now = became.open
        assert {k for k, one in open_now.items() if one.state is State.FIRING} == firing
        assert became.wake_s is None or became.wake_s > now_s


@given(looks)
def test_looking_twice_at_the_same_moment_changes_nothing(given_looks):
    now_s, open_now = 0.0, {}
    for pause_s, seen in given_looks:
        now_s += pause_s
        once = step(open_now, seen, AS_DELIVERED, now_s)
        twice = step(once.open, seen, AS_DELIVERED, now_s)
        assert (twice.changes, dict(twice.open)) == ((), dict(once.open))
        open_now = once.open
