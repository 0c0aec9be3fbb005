"""Roll-outs look by look: rings in order, soak times, what stops them. By value and by property."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from web.core.rollouts.figures import FLOOR, Comparison, Figures, Measure, Worsening, worsening
from web.core.rollouts.machine import (
    AT_ONCE,
    LOST_S,
    Rollout,
    Seen,
    Stage,
    State,
    look,
    resumed,
)
from web.core.rollouts.rings import USUAL, Ring, problem, ring_of

DAY_S = 86_400
PLAN = Rollout("2.0", (3600, 0))
WAITING = Seen("a", 0, is_online=True, has_updater=True, version="1.0")
BAD = Worsening(Measure.OFFLINE, 1.0, 5.0)


def done(site, ring=0, **more):
    return Seen(site, ring, Stage.INSTALLED, is_online=True, has_updater=True, version="2.0",
                asked_s=0.0, phase="installed", of="2.0", **more)  # fmt: skip


# --- rings ---------------------------------------------------------------------------------------


def test_only_the_open_ring_is_asked():
    later = replace(WAITING, site="b", ring=1)
    assert look(PLAN, [WAITING, later], None, 0.0).ask == ("a",)


def test_the_next_ring_begins_when_the_soak_time_is_over():
    sites = [done("a"), replace(WAITING, site="b", ring=1)]
    first = look(PLAN, sites, None, 100.0)
    assert (first.rollout.ring, first.rollout.complete_s, first.ask) == (0, 100.0, ())
    second = look(first.rollout, sites, None, 100.0 + 3599)
    assert second.rollout.ring == 0
    third = look(second.rollout, sites, None, 100.0 + 3600)
    assert (third.rollout.ring, third.ask) == (1, ("b",))


def test_a_ring_where_nobody_has_it_yet_proves_nothing():
    for stage in (replace(WAITING, is_online=False), replace(WAITING, has_declined=True),
                  replace(WAITING, has_updater=False)):  # fmt: skip
        assert look(PLAN, [stage], None, 1e9).rollout.ring == 0


def test_a_ring_without_sites_is_passed_over():
    sites = [replace(WAITING, site="b", ring=1)]
    assert look(PLAN, sites, None, 5.0).rollout.ring == 1


def test_after_the_last_ring_it_is_done():
    plan = replace(PLAN, ring=1)
    assert look(plan, [done("b", 1)], None, 5.0).rollout.state is State.DONE


def test_who_declined_is_not_asked_and_holds_nobody_up():
    no = replace(WAITING, site="no", has_declined=True)
    seen = look(PLAN, [done("a"), no], None, 5.0)
    assert (seen.stages["no"][0], seen.ask) == (Stage.DECLINED, ())
    assert seen.rollout.complete_s == 5.0


def test_a_site_by_hand_counts_when_it_tells_the_version():
    hand = replace(WAITING, has_updater=False)
    assert look(PLAN, [hand], None, 5.0).stages["a"][0] is Stage.BY_HAND
    assert look(PLAN, [replace(hand, version="2.0")], None, 5.0).rollout.complete_s == 5.0


def test_a_site_whose_updater_was_not_heard_for_a_while_is_asked_when_it_is():
    # So it is after each start of a front door, until the updaters have told their first word.
    silent = replace(WAITING, has_updater=False)
    stage, note = look(PLAN, [silent], None, 5.0).stages["a"]
    assert look(PLAN, [replace(WAITING, stage=stage, note=note)], None, 9.0).ask == ("a",)
    refused = replace(WAITING, stage=Stage.BY_HAND, note="updates-from-afar-off")
    assert look(PLAN, [refused], None, 9.0).ask == ()


def test_not_all_are_asked_at_once():
    many = [replace(WAITING, site=f"s{n}") for n in range(AT_ONCE + 30)]
    first = look(PLAN, many, None, 0.0)
    assert len(first.ask) == AT_ONCE
    busy = [replace(one, stage=Stage.ASKED, asked_s=0.0) for one in many[:AT_ONCE]]
    assert look(PLAN, busy + many[AT_ONCE:], None, 1.0).ask == ()


# --- what stops it -------------------------------------------------------------------------------


def failed(site="x", reason="cem-silent"):
    return replace(WAITING, site=site, phase="rolled-back", of="2.0", reason=reason,
                   stage=Stage.ASKED, asked_s=0.0)  # fmt: skip


def test_a_site_that_went_back_by_itself_stops_it_with_the_reason():
    seen = look(PLAN, [done("a"), failed()], None, 5.0)
    assert seen.rollout.state is State.STOPPED
    assert seen.rollout.reason == "update-failed"
    assert seen.rollout.params == {"count": "1", "site": "x", "why": "cem-silent"}
    again = look(resumed(seen.rollout, 1), [done("a"), failed(), failed("y")], None, 6.0)
    assert again.rollout.state is State.STOPPED


def test_who_resumed_it_knew_of_the_failures():
    stopped = look(PLAN, [done("a"), failed()], None, 5.0).rollout
    on = look(resumed(stopped, 1), [done("a"), failed(), replace(WAITING, site="b")], None, 6.0)
    assert (on.rollout.state, on.ask) == (State.RUNNING, ("b",))


def test_figures_that_got_worse_stop_it():
    seen = look(PLAN, [done("a"), replace(WAITING, site="w")], BAD, 5.0)
    assert (seen.rollout.state, seen.rollout.reason) == (State.STOPPED, "charger-offline")
    assert (seen.ask, look(seen.rollout, [WAITING], None, 1e9).ask) == ((), ())


def test_a_site_that_vanished_while_it_updated_is_a_failure():
    gone = replace(WAITING, is_online=False, stage=Stage.ASKED, asked_s=0.0)
    assert look(PLAN, [gone], None, LOST_S - 1).stages["a"] == (Stage.ASKED, "")
    assert look(PLAN, [gone], None, LOST_S).rollout.state is State.STOPPED


def test_who_went_back_by_their_own_wish_is_left_alone():
    back = replace(failed(), reason="asked")
    seen = look(PLAN, [done("a"), back], None, 5.0)
    assert (seen.stages["x"][0], seen.ask, seen.rollout.state) == (
        Stage.WENT_BACK, (), State.RUNNING,
    )  # fmt: skip


# --- back ----------------------------------------------------------------------------------------


def test_a_roll_back_asks_those_it_brought_there_and_nobody_else():
    plan = replace(PLAN, state=State.ROLLING_BACK)
    own = replace(done("own", can_go_back=True), asked_s=None)  # had it before
    seen = look(plan, [done("a", can_go_back=True), own, replace(WAITING, site="w")], None, 5.0)
    assert (seen.back, seen.ask) == (("a",), ())
    under_way = replace(done("a"), phase="rolling-back")
    assert look(plan, [under_way], None, 6.0).rollout.state is State.ROLLING_BACK
    back = replace(done("a"), phase="rolled-back", reason="asked", version="1.0")
    assert look(plan, [back], None, 7.0).rollout.state is State.ROLLED_BACK


def test_a_roll_back_waits_for_those_that_are_not_heard_at_this_moment():
    plan = replace(PLAN, state=State.ROLLING_BACK)
    brought = done("a", can_go_back=True)
    away = replace(brought, is_online=False, has_updater=False, can_go_back=False)
    silent = replace(brought, has_updater=False, phase="", of="", can_go_back=False)
    for unheard in (away, silent):
        seen = look(plan, [unheard], None, 5.0)
        assert (seen.rollout.state, seen.back) == (State.ROLLING_BACK, ())
        assert look(plan, [unheard, replace(brought, site="b")], None, 5.0).back == ("b",)
    cannot = replace(brought, can_go_back=False)
    assert look(plan, [cannot], None, 6.0).rollout.state is State.ROLLED_BACK


# --- by property ---------------------------------------------------------------------------------

SITES = st.lists(
    st.builds(
        Seen,
        st.sampled_from([f"s{n}" for n in range(12)]),
        st.integers(0, 2),
        st.sampled_from(list(Stage)),
        st.just(""),
        st.none() | st.floats(0, 5000),
        st.booleans(),
        st.booleans(),
        st.sampled_from(["", "1.0", "2.0", "odd"]),
        st.sampled_from(["", "patching", "settling", "installed", "rolled-back", "failed"]),
        st.sampled_from(["", "2.0"]),
        st.sampled_from(["", "asked", "cem-silent"]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=12,
    unique_by=lambda one: one.site,
)
PLANS = st.builds(
    Rollout,
    st.just("2.0"),
    st.just((3600, 7200, 0)),
    st.sampled_from(list(State)),
    st.integers(0, 2),
    st.none() | st.floats(0, 5000),
)


@given(PLANS, SITES, st.none() | st.just(BAD), st.floats(5000, 20_000))
@settings(max_examples=150)
def test_whatever_is_seen_nobody_is_asked_who_must_not_be(plan, sites, worse, now_s):
    seen = look(plan, sites, worse, now_s)
    by_name = {one.site: one for one in sites}
    for site in seen.ask:
        one = by_name[site]
        assert seen.rollout.state is State.RUNNING
        assert one.ring <= seen.rollout.ring
        assert one.is_online
        assert one.has_updater
        assert not one.has_declined
    assert seen.rollout.ring - plan.ring in (0, 1)
    if seen.rollout.ring > plan.ring and any(one.ring == plan.ring for one in sites):
        soak_s = plan.soaks_s[plan.ring]
        assert plan.complete_s is not None
        assert now_s - plan.complete_s >= soak_s
    if worse is not None and plan.state is State.RUNNING:
        assert seen.rollout.state is State.STOPPED
        assert not seen.ask
    assert all(by_name[site].can_go_back for site in seen.back)
    if plan.state.is_over or plan.state is State.STOPPED:
        assert (seen.rollout, seen.ask, seen.back) == (plan, (), ())


AMOUNT = st.floats(0, 1e6)
FIGURES = st.builds(Figures, st.floats(0.001, 1000), AMOUNT, AMOUNT, AMOUNT)


@given(FIGURES, FIGURES, FIGURES)
def test_the_same_days_as_before_are_no_worsening(before, others_before, others_after):
    assert worsening(Comparison(before, before, others_before, others_after)) is None


@given(FIGURES, FIGURES, FIGURES, FIGURES, AMOUNT)
def test_what_is_worse_is_not_mended_by_more_of_it(before, after, others, later, more):
    seen = Comparison(before, after, others, later)
    if worsening(seen) is not None:
        worse = replace(seen, after=replace(after, overload_s=after.overload_s + more))
        assert worsening(worse) is not None


def test_what_got_worse_everywhere_is_not_the_releases_doing():
    calm, storm = Figures(7, 0, 0, 7), Figures(7, 0, 0, 70)
    assert worsening(Comparison(calm, storm, calm, storm)) is None
    assert worsening(Comparison(calm, storm, calm, calm)).measure is Measure.OFFLINE


def test_one_bad_moment_stops_nothing():
    once = Figures(0.01, *FLOOR.values())
    assert worsening(Comparison(Figures(7), once)) is None


# --- who is in which ring ------------------------------------------------------------------------


def test_a_site_is_in_the_first_ring_that_names_it():
    rings = (Ring("one", sites=("a",)), Ring("two", tags=("x", "y")), Ring("all"))
    assert [ring_of("a", ["x"], rings), ring_of("b", ["y"], rings), ring_of("c", [], rings)] == [
        0, 1, 2,
    ]  # fmt: skip


def test_rings_must_take_everybody_once():
    assert problem(USUAL) is None
    assert "last" in problem(())
    assert "last" in problem(USUAL[:2])
    assert "Only the last" in problem((Ring("a"), Ring("b")))
    assert "same name" in problem((Ring("all", ("t",)), Ring("all")))
