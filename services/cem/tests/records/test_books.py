"""Sessions and energy as pure books: what is told once, what a gap brings, what never happens."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cem.records.core.counting import Measured, Track, counted
from cem.records.core.ledger import (
    GridMeasured,
    Ledger,
    Now,
    charger_seen,
    grid_read,
    looked_around,
    reopened,
    sun_read,
    taken,
)  # fmt: skip
from cem.records.core.minutes import Minute, spread, sun_part
from cem.records.core.sessions import Seen, Session, Standing

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
SKI = "a" * 40


def at(seconds: float) -> Now:
    return Now(1000.0 + seconds, START + timedelta(seconds=seconds))


def restarted(ledger: Ledger) -> Ledger:
    """What a restart leaves, with what was not yet written kept for the sums of the test."""
    again = reopened(ledger.tracks, ledger.counted_at, ledger.sessions, ledger.last_ids)
    return replace(again, minutes=ledger.minutes, ended=ledger.ended)


class Plug:
    """A charger with a session counter, driven second by second."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.seconds = 0.0
        self.counter_wh = 0.0
        self.plug = 0
        self.has_car: bool | None = False
        self.unseen_wh = 0.0  # of cars that came and went while nobody looked

    def wait(self, seconds: float, power_w: float = 0.0) -> "Plug":
        """Let time pass unseen."""
        self.seconds += seconds
        self.counter_wh += power_w * seconds / 3600
        return self

    def report(self, power_w: float = 0.0, *, counter: bool = True) -> "Plug":
        seen_wh = float(int(self.counter_wh)) if counter else None
        seen = Seen(SKI, self.has_car, self.plug, seen_wh)
        measured = None
        if self.has_car is not None:
            measured = Measured(1000.0 + self.seconds, power_w, seen_wh, is_session=True)
        before_wh, ended = charged_wh(self.ledger), len(self.ledger.ended)
        is_idle = SKI not in self.ledger.sessions
        self.ledger = charger_seen(self.ledger, seen, measured, at(self.seconds))
        if is_idle and SKI not in self.ledger.sessions and ended == len(self.ledger.ended):
            self.unseen_wh += charged_wh(self.ledger) - before_wh
        return self

    def charge(self, seconds: int, power_w: float) -> "Plug":
        for _ in range(seconds):
            self.wait(1, power_w).report(power_w)
        return self

    def plug_in(self) -> "Plug":
        self.has_car, self.plug, self.counter_wh = True, self.plug + 1, 0.0
        return self.wait(1).report()

    def unplug(self) -> "Plug":
        self.has_car = False
        return self.wait(1).report()

    @property
    def open(self) -> Session:
        return self.ledger.sessions[SKI]


def charged_wh(ledger: Ledger) -> float:
    return sum(sum(m.charger_wh.values()) for m in ledger.minutes.values())


def test_a_session_lasts_from_plug_in_to_the_seen_unplug():
    plug = Plug().report().plug_in().charge(60, 7200).unplug()
    (session,) = plug.ledger.ended
    assert session.standing is Standing.ENDED
    assert isclose(session.energy_wh, 120.0, abs_tol=1.0)
    assert session.charging_s == 60.0, "from power on to power off"
    assert session.highest_w == 7200
    assert session.ended is not None
    assert (session.ended - session.started).total_seconds() == 61
    assert session.id == "20261122T080001Z-aaaaaaaa"


def test_a_lost_link_leaves_it_unknown_and_the_gap_comes_once_from_the_counter():
    plug = Plug().report().plug_in().charge(60, 7200)
    plug.has_car = None
    plug.wait(1).report()
    assert plug.open.standing is Standing.UNKNOWN
    plug.wait(3600, 7200)
    plug.has_car = True
    plug.report(7200).charge(10, 7200)
    assert plug.open.standing is Standing.OPEN
    assert isclose(plug.open.energy_wh, plug.counter_wh, abs_tol=2.1)
    assert plug.ledger.ended == ()
    assert isclose(charged_wh(plug.ledger), plug.open.energy_wh)
    per_minute = [sum(m.charger_wh.values()) for m in plug.ledger.minutes.values()]
    assert max(per_minute) < 125, "the gap is spread over its minutes"


def test_a_charger_that_says_nothing_any_more_leaves_its_session_unknown():
    plug = Plug().report().plug_in().charge(5, 7200)
    assert looked_around(plug.ledger, at(plug.seconds + 9)).sessions[SKI].standing == "open"
    later = looked_around(plug.ledger, at(plug.seconds + 11))
    assert later.sessions[SKI].standing is Standing.UNKNOWN


def test_a_session_survives_our_restart_with_the_energy_of_the_gap():
    plug = Plug().report().plug_in().charge(60, 7200)
    started = plug.open.started
    plug.ledger = restarted(plug.ledger)
    assert plug.open.standing is Standing.UNKNOWN
    plug.wait(600, 7200).report(7200)
    assert plug.open.started == started
    assert isclose(plug.open.energy_wh, plug.counter_wh, abs_tol=1.1)


def test_back_without_a_car_ends_the_session_and_another_car_begins_one():
    plug = Plug().report().plug_in().charge(60, 7200)
    plug.has_car = None
    plug.wait(1).report().wait(600)
    plug.has_car = False
    plug.report()
    assert len(plug.ledger.ended) == 1
    plug.plug_in().charge(60, 3600)
    plug.has_car = None
    plug.wait(1).report()
    plug.plug += 1  # the gateway saw another one come
    plug.has_car, plug.counter_wh = True, 40.0
    plug.wait(600).report()
    assert [round(s.energy_wh) for s in plug.ledger.ended] in ([120, 60], [121, 60])
    assert plug.open.energy_wh == 40.0, "what its counter says it took in the gap"


def test_a_lower_count_after_a_gap_is_another_car_even_if_the_gateway_began_anew():
    plug = Plug().report().plug_in().charge(60, 7200)
    plug.ledger = restarted(plug.ledger)
    plug.counter_wh = 5.0
    plug.wait(600).report()
    assert len(plug.ledger.ended) == 1
    assert plug.open.energy_wh == 5.0


def test_a_restart_of_the_gateway_alone_ends_nothing():
    plug = Plug().report().plug_in().unplug().plug_in().charge(60, 7200)
    plug.has_car = None
    plug.wait(1).report()
    plug.plug, plug.has_car = 1, True
    plug.wait(5).report()
    assert len(plug.ledger.ended) == 1
    assert isclose(plug.open.energy_wh, 120.0)


def test_the_count_of_the_car_before_is_not_counted_for_the_next_one():
    plug = Plug().report().plug_in().charge(60, 7200).unplug()
    plug.has_car, plug.plug = True, 2
    plug.wait(1).report()  # the counter still stands at 120 Wh
    plug.counter_wh = 0.0
    plug.charge(30, 7200)
    assert isclose(plug.open.energy_wh, 60.0, abs_tol=1.0)


def test_without_a_counter_the_power_is_integrated_and_a_gap_stays_unknown():
    plug = Plug()
    plug.report(counter=False)
    plug.has_car, plug.plug = True, 1
    for _ in range(61):
        plug.wait(1).report(3600, counter=False)
    assert isclose(plug.open.energy_wh, 60.5)
    plug.wait(3600).report(3600, counter=False)
    assert isclose(plug.open.energy_wh, 60.5)


def test_two_sessions_within_one_second_have_two_ids():
    plug = Plug().report()
    for number in (1, 2):
        plug.has_car, plug.plug = True, number
        plug.report()
        plug.has_car = False
        plug.report()
    assert [s.id[:16] for s in plug.ledger.ended] == ["20261122T080000Z", "20261122T080001Z"]


# --- energy by source ----------------------------------------------------------------------------


def test_the_sun_gives_what_the_grid_does_not_bring():
    assert sun_part(4000, 1000, None) == 0.75
    assert sun_part(4000, 5000, None) == 0.0
    assert sun_part(4000, -500, None) == 1.0
    assert sun_part(4000, 1000, 2000) == 0.5, "never more than the sun gives"
    assert sun_part(4000, None, 9000) == 0.0, "unknown counts as grid"
    assert sun_part(0.0, -500, None) == 0.0
    assert sun_part(None, -500, None) == 0.0


def test_what_a_battery_gives_is_no_sun_and_costs_what_the_grid_does():
    assert given_by_the_sun(grid_w=0.0, battery_w=-4000.0) == 0.0
    # Somewhat less than 3 of 4 kW and 2.5 of 4 kW: all are means, and its car has just come.
    assert given_by_the_sun(grid_w=0.0, battery_w=-1000.0) == pytest.approx(0.7, abs=0.05)
    assert given_by_the_sun(grid_w=-500.0, battery_w=-2000.0) == pytest.approx(0.575, abs=0.05)
    assert given_by_the_sun(grid_w=0.0, battery_w=3000.0) == pytest.approx(1.0), "it is charged"
    assert given_by_the_sun(grid_w=-9000.0, battery_w=None) == 0.0, "unknown counts as grid"


def given_by_the_sun(grid_w: float, battery_w: float | None) -> float:
    """The sun's part of a car that charges with 4 kW for four minutes beside a battery."""
    plug = Plug().report().plug_in()
    for _ in range(240):
        plug.wait(1, 4000.0)
        s = 1000.0 + plug.seconds
        counted_w = Measured(s, max(0.0, grid_w)), Measured(s, max(0.0, -grid_w))
        reading = GridMeasured("g", grid_w, *counted_w, battery_w)
        plug.ledger = grid_read(plug.ledger, reading, at(plug.seconds))
        plug.report(4000.0)
    return plug.open.sun_wh / plug.open.energy_wh


def charged(late_s: int, export: bool) -> Session:
    """A car of 4 kW that comes and goes; it tells what it draws `late_s` after the meter."""
    plug, powers = Plug().report().plug_in(), [0.0] * late_s
    for second in range(240):
        power_w = 4000.0 if second % 120 < 60 else 0.0
        powers.append(power_w)
        plug.wait(1, powers[-1 - late_s])
        s = 1000.0 + plug.seconds
        grid_w = power_w - 9000 if export else power_w + 500
        reading = GridMeasured("g", grid_w, Measured(s, grid_w), Measured(s, 0.0))
        plug.ledger = grid_read(plug.ledger, reading, at(plug.seconds))
        plug.report(powers[-1 - late_s])
    return plug.open


def test_a_charger_that_tells_late_is_not_charged_by_the_sun():
    session = charged(late_s=3, export=False)
    assert session.energy_wh > 100
    assert session.sun_wh < 0.005 * session.energy_wh


def test_a_car_below_the_surplus_is_charged_by_the_sun_alone():
    session = charged(late_s=3, export=True)
    assert session.sun_wh == pytest.approx(session.energy_wh)


def test_grid_and_sun_are_told_by_minute_and_unknown_stays_absent():
    ledger = Ledger()
    for second in range(90):
        now = at(second)
        s = now.monotonic_s
        imported, exported = Measured(s, 600.0), Measured(s, 0.0)
        if second < 60:
            reading = GridMeasured("grid-1", 600.0, imported, exported)
            ledger = grid_read(ledger, reading, now)
        ledger = sun_read(ledger, "pv-1", Measured(s, 1200.0), now)
    _, (minute, rest), _ = taken(ledger)
    assert minute.start == int(START.timestamp())
    assert minute.import_wh is not None
    assert isclose(minute.import_wh, 59 * 600 / 3600)
    assert minute.export_wh == 0.0
    assert isclose(minute.sun_wh or 0, 60 * 1200 / 3600)
    assert rest.import_wh is None
    assert rest.sun_wh is not None


def test_a_counter_that_begins_a_new_segment_gives_no_energy():
    track, told = Track(), 0.0
    for second, (value, segment) in enumerate([(5000.0, 1), (5001.0, 1), (3.0, 2), (4.0, 2)]):
        track, now = counted(track, Measured(float(second), None, value, segment), 0.0)
        told += now.energy_wh
    assert told == 2.0


def test_a_coarse_counter_corrects_the_power_and_never_takes_back():
    track, told, true_wh = Track(), 0.0, 0.0
    for second in range(7200):
        true_wh += 1000 / 3600
        counter = true_wh // 100 * 100
        track, now = counted(track, Measured(float(second), 1050.0, counter, 1), 0.0)
        assert now.energy_wh >= 0
        told += now.energy_wh
    assert isclose(told, true_wh, abs_tol=110)


@given(st.floats(0, 1e6), st.floats(0, 2e9), st.floats(0, 3e5))
def test_spreading_changes_no_energy(energy_wh: float, end: float, span_s: float):
    parts = spread(energy_wh, end, span_s)
    assert isclose(sum(parts.values()), energy_wh, rel_tol=1e-9, abs_tol=1e-9)
    assert all(part >= 0 and start % 60 == 0 for start, part in parts.items())
    assert len(parts) <= 1441


# --- any order -----------------------------------------------------------------------------------

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("charge"), st.integers(1, 30), st.sampled_from([0.0, 1400.0, 11000.0])),
        st.tuples(st.just("gap"), st.integers(1, 7200), st.sampled_from([0.0, 11000.0])),
        st.just(("plug_in",)),
        st.just(("unplug",)),
        st.just(("lost",)),
        st.just(("back",)),
        st.just(("restart",)),
        st.just(("gateway",)),
        st.just(("take",)),
    ),
    max_size=30,
)


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_whatever_happens_energy_is_counted_once_and_sums_agree(steps: list[tuple]):
    plug = Plug().report()
    sessions: dict[str, Session] = {}
    booked_wh = true_wh = 0.0
    is_plugged = False

    def drawn(power_w: float) -> float:
        return power_w if is_plugged else 0.0

    for name, *values in steps:
        before_wh, count_before = plug.counter_wh, charged_wh(plug.ledger)
        match name:
            case "charge":
                plug.charge(values[0], drawn(values[1]))
            case "gap":
                plug.wait(values[0], drawn(values[1]))
            case "plug_in" if not is_plugged:
                is_plugged, plug.plug, plug.counter_wh, before_wh = True, plug.plug + 1, 0.0, 0.0
                plug.has_car = None if plug.has_car is None else True
                plug.wait(1).report()
            case "unplug" if is_plugged:
                is_plugged = False
                plug.has_car = None if plug.has_car is None else False
                plug.wait(1).report()
            case "lost":
                plug.has_car = None
                plug.wait(1).report()
            case "back":
                plug.has_car = is_plugged
                plug.wait(1).report()
            case "restart":
                plug.ledger = restarted(plug.ledger)
            case "gateway":
                plug.has_car, plug.plug = None, 1 if is_plugged else 0
                plug.wait(1).report()
            case "take":
                plug.ledger, over, ended = taken(plug.ledger)
                booked_wh += sum(sum(m.charger_wh.values()) for m in over)
                sessions |= {s.id: s for s in ended}
                count_before = charged_wh(plug.ledger)
        true_wh += plug.counter_wh - before_wh
        assert charged_wh(plug.ledger) >= count_before - 1e-9, "never taken back"
    sessions |= {s.id: s for s in plug.ledger.ended}
    sessions |= {s.id: s for s in plug.ledger.sessions.values()}
    booked_wh += charged_wh(plug.ledger)
    told_wh = sum(s.energy_wh for s in sessions.values())
    assert isclose(told_wh + plug.unseen_wh, booked_wh, rel_tol=1e-9, abs_tol=1e-6)
    assert booked_wh <= true_wh + 1.0 * len(sessions) + 1.0
    assert all(s.energy_wh >= 0 and s.sun_wh <= s.energy_wh + 1e-9 for s in sessions.values())
    assert all(s.ended is None or s.ended >= s.started for s in sessions.values())


def test_two_halves_of_a_minute_make_a_whole():
    one = Minute(0, import_wh=1.0, charger_wh={"a": 1.0})
    two = Minute(0, import_wh=2.0, sun_wh=4.0, charger_wh={"a": 2.0, "b": 3.0})
    whole = one.plus(two)
    assert (whole.import_wh, whole.export_wh, whole.sun_wh) == (3.0, None, 4.0)
    assert whole.charger_wh == {"a": 3.0, "b": 3.0}
