"""What the timeline draws as limits: fuse, contract and grid operator, measured and ahead."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from smart_house import EVENING, SmartHouse

from cem.core.decision import Decision
from cem.core.operating import LimitState, OperatorLimit
from cem.planning.limits import operator_pieces, room_pieces
from cem.planning.rooms import RoomWatch
from cem.planning.shelf import Shelf
from cem.planning.tables import RoomRow
from cem.planning.timeline import Axis, means
from cem.records.tables import MinuteRow
from volthus_kit.testing import FakeClock

START = int(EVENING.timestamp())
AXIS = Axis(START - 3600, 900, 12)  # an hour back, two ahead


def test_ahead_the_fuse_leaves_what_the_forecast_load_does_not_take() -> None:
    house = SmartHouse(fuse_a=25.0)
    loads = [(START - 900.0, START + 900.0, 1000.0), (START + 900.0, START + 1800.0, None)]
    pieces = room_pieces([], loads, house.state, AXIS, house.now_s)
    found = means(AXIS, pieces)
    whole_w = 3 * 24.5 * 230
    assert all(w != w for w in found[:4])  # noqa: PLR0124 - NaN: nobody was there
    assert found[4] == pytest.approx(whole_w - 1000)
    assert found[6] == pytest.approx(whole_w)  # no forecast, no design base load


def test_behind_it_is_what_was_measured_while_a_car_was_there() -> None:
    house = SmartHouse()
    rows = [RoomRow(start_s=START - 900 + 60 * n, l1_a=10.0, l2_a=8.0) for n in range(15)]
    found = means(AXIS, room_pieces(rows, [], house.state, AXIS, house.now_s))
    assert found[3] == pytest.approx(18 * 230)


def test_without_a_meter_the_static_share_is_the_room() -> None:
    house = SmartHouse(has_meter=False, fuse_a=25.0)
    found = means(AXIS, room_pieces([], [(START, START + 900, 9e9)], house.state, AXIS, START))
    assert found[4] == pytest.approx(3 * 24.5 * 230)


def test_an_operators_limit_is_drawn_as_long_as_it_is_known_to_hold() -> None:
    house = SmartHouse()
    rows = [RoomRow(start_s=START - 60, operator_w=4200.0), RoomRow(start_s=START - 900)]
    limit = OperatorLimit(state=LimitState.LIMITED, limit_w=4200.0)
    for until, expected in ((EVENING + timedelta(minutes=30), 2), (None, 8)):
        state = replace(house.state, operator_limits=(replace(limit, until=until),))
        pieces = operator_pieces(rows, 4200.0, state, 0.0, AXIS)
        found = [w for w in means(AXIS, pieces) if w == w]  # noqa: PLR0124 - not NaN
        assert found == [4200.0] * (expected + 1)
    assert operator_pieces([], None, house.state, 0.0, AXIS) == []


def test_the_watch_keeps_what_the_operator_leaves_also_without_a_car() -> None:
    clock, kept = FakeClock(), list[RoomRow]()
    watch = RoomWatch(clock, kept.append)
    house = SmartHouse()
    house.step()
    idle = house.decision
    nobody = replace(idle.state, chargers={})
    for left_w in (None, 4200.0, None):
        decision: Decision = replace(idle, state=nobody, operator_w=left_w)
        watch.decided(decision, 0.0)
        clock.go_on(60)
    watch.decided(replace(idle, state=nobody), 0.0)
    assert [row.operator_w for row in kept] == [4200.0]


def test_how_much_of_a_step_was_measured_is_read_from_the_minutes(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.load()
    first = START // 900 * 900

    def write(db) -> None:  # type: ignore[no-untyped-def]
        MinuteRow.metadata.create_all(db.connection(), [MinuteRow.__table__])  # type: ignore[attr-defined]
        db.add_all(
            MinuteRow(start_s=first + 60 * n, import_wh=1.0 if n else None, sun_wh=None)
            for n in range(5)
        )

    shelf._write(write)
    found = shelf.measured(Axis(first, 900, 2))
    assert (found.all_s, found.grid_s, found.sun_s) == (
        {first: 300.0},
        {first: 240.0},
        {first: 0.0},
    )
    shelf.close()
