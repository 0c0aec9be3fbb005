"""What a charger makes of limits, heartbeats and lost links."""

from hypothesis import given
from hypothesis import strategies as st

from virtual_site.core import control as controls
from virtual_site.core.control import NO_LIMIT, Control

TEN = (10.0, 10.0, 10.0)


def allowed(control):
    return controls.allowed_a(control, 3, 16, 6)


def limited(values=TEN):
    return controls.at(controls.write(Control(), values, 0), 0, 0)


def test_before_the_first_limit_the_failsafe_current_is_offered():
    assert allowed(Control()) == 6


def test_a_written_limit_holds_from_its_due_time_on():
    control = controls.write(Control(), TEN, due_s=5)
    assert allowed(controls.at(control, 4.9, 0)) == 6
    assert allowed(controls.at(control, 5, 0)) == 10


def test_of_two_limits_on_their_way_the_later_one_wins():
    control = controls.write(controls.write(Control(), TEN, 1), (8.0, 8.0, 8.0), 2)
    assert allowed(controls.at(control, 3, 0)) == 8


def test_an_inactive_limit_allows_the_maximum():
    assert allowed(limited(NO_LIMIT)) == 16


def test_only_conductors_in_use_count():
    control = limited((12.0, 0.0, 0.0))
    assert controls.allowed_a(control, 1, 16, 6) == 12
    assert controls.allowed_a(control, 3, 16, 6) == 0


def test_a_lost_heartbeat_means_failsafe_until_heartbeat_and_a_new_limit():
    lost = controls.hear(limited(), ok=False)
    assert allowed(lost) == 6
    back = controls.hear(lost, ok=True)
    assert allowed(back) == 6
    assert allowed(controls.at(controls.write(back, TEN, 0), 0, 0)) == 10


def test_a_limit_before_the_heartbeat_waits_for_it():
    lost = controls.hear(limited(), ok=False)
    written = controls.at(controls.write(lost, TEN, 0), 0, 0)
    assert allowed(written) == 6
    assert allowed(controls.hear(written, ok=True)) == 10


def test_a_failed_energy_manager_is_as_good_as_none():
    failed = controls.hear_failure(limited(), failed=True)
    assert allowed(failed) == 6
    well = controls.hear_failure(failed, failed=False)
    assert allowed(well) == 6
    assert allowed(controls.at(controls.write(well, TEN, 0), 0, 0)) == 10


def test_a_short_loss_of_the_link_changes_nothing_and_a_long_one_means_failsafe():
    down = controls.link(limited(), 100.0, up=False)
    assert allowed(controls.at(down, 0, 108.0)) == 10
    assert allowed(controls.at(down, 0, 108.1)) == 6
    up = controls.link(controls.at(down, 0, 104.0), 104.0, up=True)
    assert allowed(controls.at(up, 0, 200.0)) == 10


def test_a_link_that_stays_down_is_counted_from_its_first_loss():
    down = controls.link(controls.link(limited(), 100.0, up=False), 107.0, up=False)
    assert allowed(controls.at(down, 0, 108.5)) == 6


def test_a_new_car_has_no_limit_yet():
    assert allowed(controls.new_car(limited())) == 6


@given(st.lists(st.sampled_from(["write", "ok", "overdue", "down", "up", "fail", "well"])))
def test_without_a_living_energy_manager_never_more_than_failsafe(words):
    control, now_s = Control(), 0.0
    for word in words:
        now_s += 10
        match word:
            case "write":
                control = controls.write(control, TEN, 0)
            case "ok" | "overdue":
                control = controls.hear(control, ok=word == "ok")
            case "down" | "up":
                control = controls.link(control, now_s, up=word == "up")
            case _:
                control = controls.hear_failure(control, failed=word == "fail")
        control = controls.at(control, 0, now_s)
        if not control.is_alive or control.has_failed:
            assert allowed(control) == 6
