import pytest

from meter_profiles.blocks import plan, split
from meter_profiles.catalogue import profile
from meter_profiles.profile import Datatype, Point
from meter_profiles.quantity import CURRENTS, VOLTAGES, Quantity


def at(*addresses, **more):
    quantities = [*VOLTAGES, *CURRENTS]
    return [
        Point(q, a, Datatype.INT32, **more) for q, a in zip(quantities, addresses, strict=False)
    ]


def shape(blocks):
    return [(block.address, block.count) for block in blocks]


def test_neighbours_share_a_request_across_a_gap_of_eight():
    assert shape(plan(at(0, 2, 12))) == [(0, 14)]
    assert shape(plan(at(0, 2, 13))) == [(0, 4), (13, 2)]


def test_a_request_ends_where_the_meter_gives_up():
    assert shape(plan(at(0, 2, 4, 6), max_read=6)) == [(0, 6), (6, 2)]


def test_a_value_and_its_scale_factor_are_never_separated():
    far = Point(Quantity.FREQUENCY, 0, Datatype.INT16, scale_address=30)
    assert shape(plan([far])) == [(0, 31)]
    with pytest.raises(ValueError, match="frequency needs 31 registers at once"):
        plan([far], max_read=20)


def test_a_sunspec_meter_is_read_in_one_request():
    meter = profile("fronius_smart_meter")
    assert len(plan(meter.points_at(), meter.max_read, meter.max_gap)) == 1


def test_a_refused_request_is_divided_until_one_value_is_left():
    (block,) = plan(at(0, 2, 4))
    halves = split(block)
    assert shape(halves) == [(0, 2), (2, 4)]
    assert split(halves[0]) == ()
