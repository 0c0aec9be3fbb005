"""The small parts of alerts: spells of overload, moments, what happened between two looks."""

from hypothesis import given
from hypothesis import strategies as st

from web.core.alerting.news import Kind, Marks, between
from web.core.alerting.overload import SPELL_ENDS_AFTER_S, counted
from web.core.alerting.rules import Severity
from web.core.alerting.wheel import Wheel


def spell_of(*heard):
    spell = None
    for at_s, total_s in heard:
        spell = counted(spell, total_s, at_s)
    return spell


def test_what_was_counted_before_we_listened_is_not_of_this_spell():
    assert spell_of((0, 500.0)).sum_s == 0


def test_seconds_add_up_until_it_is_well_for_ten_minutes():
    spell = spell_of((0, 0.0), (10, 4.0), (100, 7.0), (200, 7.0))
    assert spell.sum_s == 7.0
    later_s = 101 + SPELL_ENDS_AFTER_S
    assert counted(spell, 7.0, later_s).sum_s == 0
    assert counted(spell, 9.0, later_s).sum_s == 2.0


def test_a_counter_that_began_anew_counts_from_nothing():
    assert spell_of((0, 100.0), (10, 3.0)).sum_s == 3.0


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 50)), max_size=40))
def test_a_spell_is_never_more_than_what_was_above_the_fuse(steps):
    at_s, total_s, spell = 0.0, 0.0, counted(None, 0.0, 0.0)
    for pause_s, grows_s in steps:
        at_s, total_s = at_s + pause_s, total_s + grows_s
        spell = counted(spell, total_s, at_s)
        assert 0 <= spell.sum_s <= total_s + 1e-6


def test_the_earliest_moment_of_a_name_counts_and_comes_once():
    wheel = Wheel()
    wheel.by("a", 10)
    wheel.by("a", 5)
    wheel.by("a", 20)
    wheel.by("b", 7)
    assert (wheel.due(4), wheel.due(7), wheel.due(100)) == ([], ["a", "b"], [])
    assert len(wheel) == 0


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.floats(0, 100)), max_size=300))
def test_every_name_is_due_at_its_earliest_moment(moments):
    wheel, earliest = Wheel(), {}
    for name, at_s in moments:
        wheel.by(name, at_s)
        earliest[name] = min(at_s, earliest.get(name, at_s))
    for name in sorted(earliest, key=lambda one: (earliest[one], one)):
        assert name in wheel.due(earliest[name]) or earliest[name] in {
            earliest[other] for other in earliest if other != name
        }
    assert wheel.due(1000) == []


def test_a_car_that_was_changed_ends_one_session_and_starts_another():
    before = Marks(sessions={"ski": "s-1"}, plan="p")
    after = Marks(sessions={"ski": "s-2"}, limits={"lpc-eebus": 4200.0}, plan="p")
    found = between(before, after, {"s-1": 7000.0})
    assert [one.kind for one in found] == [
        Kind.SESSION_ENDED, Kind.CHARGER_UNPLUGGED, Kind.CHARGER_PLUGGED, Kind.SESSION_STARTED,
        Kind.OPERATOR_LIMIT_STARTED,
    ]  # fmt: skip
    assert found[0].facts == {"charger": "ski", "session": "s-1", "energy_wh": 7000.0}
    assert found[4].facts == {"limit": "lpc-eebus", "limit_w": 4200.0}


def test_the_first_look_at_a_site_tells_nothing():
    after = Marks(sessions={"ski": "s-1"}, plan="p")
    assert between(None, after, {}) == ()
    assert [one.kind for one in between(Marks(), after, {})] == [
        Kind.CHARGER_PLUGGED, Kind.SESSION_STARTED, Kind.PLAN_CHANGED,
    ]  # fmt: skip


def test_severities_have_an_order():
    assert Severity.ALARM.is_at_least(Severity.WARNING)
    assert not Severity.INFO.is_at_least(Severity.WARNING)
