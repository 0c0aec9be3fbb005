"""An update, step by step: what is patched when, and what takes it back."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from updater.core.job import (
    Enter,
    Job,
    Limits,
    Patch,
    Phase,
    Program,
    Reason,
    Since,
    Trust,
    View,
    step,
)
from updater.core.release import Release, misfit

OLD, NEW = "volthus@sha256:" + "0" * 64, "volthus@sha256:" + "1" * 64
BEFORE = {"web": OLD, "eebus-gateway": OLD, "cem": OLD}
TRUST = Trust("own", frozenset({"a", "b"}), frozenset({"a", "b"}))
JOB = Job(Phase.PATCHING, "2.0", NEW, BEFORE, trust=TRUST)
LIMITS = Limits()
NOW = Since(0.0, 0.0)
LATE = Since(10_000.0, 10_000.0)


def programs(*images, is_ready=True):
    return {name: Program(image, is_ready) for name, image in zip(BEFORE, images, strict=True)}


def well(**changes):
    return replace(View(programs(NEW, NEW, NEW), 1.0, "2.0", TRUST), **changes)


def test_one_program_after_the_other_gets_the_new_image():
    assert step(JOB, View(programs(OLD, OLD, OLD)), NOW, LIMITS) == Patch("web", NEW, OLD)
    assert step(JOB, View(programs(NEW, OLD, OLD)), NOW, LIMITS) == Patch("eebus-gateway", NEW, OLD)
    waiting = {"web": Program(NEW, is_ready=False), "eebus-gateway": Program(OLD, is_ready=True),
               "cem": Program(OLD, is_ready=True)}  # fmt: skip
    assert step(JOB, View(waiting), NOW, LIMITS) is None
    assert step(JOB, View(programs(NEW, NEW, NEW)), NOW, LIMITS) == Enter(Phase.SETTLING)


def test_a_program_that_never_gets_ready_stops_the_update_before_the_next_one_is_touched():
    broken = {"web": Program(NEW, is_ready=False), "eebus-gateway": Program(OLD, is_ready=True),
              "cem": Program(OLD, is_ready=True)}  # fmt: skip
    assert step(JOB, View(broken), LATE, LIMITS) == Enter(Phase.ROLLING_BACK, "not-ready", "web")


def test_what_another_changed_meanwhile_is_left_as_it_is():
    other = View(programs(NEW, "theirs", OLD))
    assert step(JOB, other, NOW, LIMITS) == Enter(
        Phase.FAILED, Reason.CHANGED_BY_ANOTHER, "eebus-gateway"
    )
    back = replace(JOB, phase=Phase.ROLLING_BACK)
    assert step(back, View(programs(OLD, "theirs", OLD)), NOW, LIMITS) == Enter(Phase.ROLLED_BACK)


def test_it_is_installed_when_all_was_well_without_a_break():
    job = replace(JOB, phase=Phase.SETTLING)
    assert step(job, well(), Since(59.0, 59.0, 59.0), LIMITS) is None
    assert step(job, well(), Since(61.0, 61.0, 61.0), LIMITS) == Enter(Phase.INSTALLED)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"cem_age_s": None}, Reason.CEM_SILENT),
        ({"cem_age_s": 26.0}, Reason.CEM_SILENT),
        ({"cem_version": "1.0"}, Reason.WRONG_VERSION),
        ({"trust": None}, Reason.TRUST_LOST),
        ({"trust": Trust("own", frozenset({"a"}), frozenset({"a"}))}, Reason.TRUST_LOST),
        ({"trust": Trust("own", frozenset({"a", "b"}))}, Reason.CHARGERS_AWAY),
        ({"programs": programs(NEW, NEW, NEW, is_ready=False)}, Reason.NOT_READY),
    ],
)
def test_what_is_not_well_in_time_is_rolled_back_with_its_reason(changes, reason):
    job, view = replace(JOB, phase=Phase.SETTLING), well(**changes)
    assert step(job, view, Since(299.0, 299.0), LIMITS) is None
    wanted = step(job, view, Since(301.0, 301.0), LIMITS)
    assert isinstance(wanted, Enter)
    assert (wanted.phase, wanted.reason) == (Phase.ROLLING_BACK, reason)


def test_another_identity_is_rolled_back_at_once():
    job = replace(JOB, phase=Phase.SETTLING)
    view = well(trust=replace(TRUST, own="stranger"))
    assert step(job, view, NOW, LIMITS) == Enter(
        Phase.ROLLING_BACK, Reason.IDENTITY_CHANGED, "stranger"
    )


def test_one_charger_switched_off_meanwhile_is_no_symptom():
    view = well(trust=replace(TRUST, connected=frozenset({"b"})))
    job = replace(JOB, phase=Phase.SETTLING)
    assert step(job, view, Since(61.0, 61.0, 61.0), LIMITS) == Enter(Phase.INSTALLED)


def test_a_release_without_a_way_back_fails_and_stays():
    job = replace(JOB, phase=Phase.SETTLING, one_way=True)
    wanted = step(job, well(cem_age_s=None), LATE, LIMITS)
    assert wanted == Enter(Phase.FAILED, Reason.CEM_SILENT, "cem")
    assert not job.can_go_back


IMAGES = st.sampled_from([OLD, NEW, "theirs"])
ANY_VIEW = st.builds(
    View,
    st.fixed_dictionaries(
        {}, optional={name: st.builds(Program, IMAGES, st.booleans()) for name in BEFORE}
    ),
    st.none() | st.floats(0, 100),
    st.sampled_from(["", "1.0", "2.0"]),
    st.none() | st.just(TRUST) | st.just(Trust("stranger")),
)
ANY_SINCE = st.builds(Since, st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0, 1e4))


@given(st.sampled_from(list(Phase)), st.booleans(), ANY_VIEW, ANY_SINCE)
def test_only_the_image_of_before_and_the_new_one_are_ever_put_anywhere(phase, way, view, since):
    job = replace(JOB, phase=phase, one_way=way)
    match step(job, view, since, LIMITS):
        case Patch(program, image, instead_of):
            assert phase.is_busy
            assert view.programs[program].image == instead_of
            assert {image, instead_of} == {OLD, NEW}
            assert (image == NEW) is (phase is Phase.PATCHING)
        case Enter(entered):
            assert phase.is_busy
            assert not (way and phase is not Phase.ROLLING_BACK and entered is Phase.ROLLING_BACK)
            if entered is Phase.INSTALLED:
                assert all(view.programs[name].is_ready for name in BEFORE)
                assert view.trust == TRUST


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_a_roll_back_ends_with_what_ran_before(readiness):
    images = dict(BEFORE) | {"web": NEW, "eebus-gateway": NEW}
    job = replace(JOB, phase=Phase.ROLLING_BACK)
    for is_ready in [*readiness, *[True] * 5]:
        view = View({name: Program(image, is_ready) for name, image in images.items()})
        wanted = step(job, view, NOW, LIMITS)
        if isinstance(wanted, Patch):
            images[wanted.program] = wanted.image
        if isinstance(wanted, Enter):
            assert wanted.phase is Phase.ROLLED_BACK
            break
    assert images == BEFORE


@pytest.mark.parametrize(
    ("release", "running", "code"),
    [
        (Release("2.0", NEW), "1.0", None),
        (Release("2.0", NEW, since="1.0"), "1.0", None),
        (Release("2.0", NEW, since="1.5"), "1.0", "release-not-for-this-version"),
        (Release("2.0", "volthus:2.0"), "1.0", "image-not-pinned"),
        (Release("1.0", NEW), "1.0", "release-not-newer"),
        (Release("0.9", NEW), "1.0", "release-not-newer"),
        (Release("2.0", NEW), "", "site-not-healthy"),
    ],
)
def test_a_release_must_fit_what_runs(release, running, code):
    no = misfit(release, running)
    assert (no and no.code) == code
