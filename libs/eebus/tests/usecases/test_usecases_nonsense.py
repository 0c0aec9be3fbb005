"""Whatever a charger says of its car, a limit can be written or is refused in words."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eebus.usecases import names
from eebus.usecases.evse.profile import EvProfile

NUMBERS = st.fixed_dictionaries(
    {},
    optional={
        "number": st.sampled_from([0, 1, -1, 6, 16, 10**15, -(10**15), 2**62]),
        "scale": st.sampled_from([0, -1, 12, -12, 13, 2**40]),
    },
)
RANGES = st.fixed_dictionaries({}, optional={"min": NUMBERS, "max": NUMBERS})
SETS = st.fixed_dictionaries(
    {}, optional={"value": st.lists(NUMBERS, max_size=2), "range": st.lists(RANGES, max_size=2)}
)
WANTED = st.one_of(st.none(), st.sampled_from([0.0, 5.9, 6.0, 16.0, 1e4, 1e5, -1.0, float("nan")]))


@pytest.fixture
def plugged(pair):
    pair.connect()
    pair.evse.plug(EvProfile())
    pair.settle()
    return pair


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(SETS, min_size=3, max_size=3), st.lists(NUMBERS, min_size=3, max_size=3), WANTED)
def test_any_range_and_any_held_limit_leave_writing_possible(plugged, sets, held, wanted):
    car = plugged.evse._car
    permitted = [
        {"electricalConnectionId": 0, "parameterId": n, "permittedValueSet": [each]}
        for n, each in enumerate(sets)
    ]
    told = [{"limitId": n, "isLimitActive": True, "value": each} for n, each in enumerate(held)]
    plugged.evse.local.put(
        car.server(names.ELECTRICAL),
        names.PERMITTED,
        {"electricalConnectionPermittedValueSetData": permitted},
    )
    plugged.evse.local.put(
        car.server(names.LOAD_CONTROL), names.LIMITS, {"loadControlLimitData": told}
    )
    plugged.settle()
    result = plugged.write(wanted, wanted, wanted)
    assert result.ok or result.text
