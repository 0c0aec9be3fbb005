"""The operator's limit divided among chargers and appliances: by value, and its law."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cem.core import guarantee
from cem.core.appliances import Answer, Appliance, ApplianceState, Division
from cem.core.dividing import divide, division
from cem.core.events import AppliancesHeard, OperatorLimitsHeard, PowerLimitSet
from cem.core.folding import apply, is_urgent
from cem.core.operating import ApplianceChoice, LimitState, OperatorLimit, OperatorSettings
from cem.core.parameters import DEFAULTS
from cem.core.state import State

PUMP, STORE = "a" * 40, "b" * 40
ALONE = OperatorSettings()
LIMITED = OperatorLimit(state=LimitState.LIMITED, limit_w=7560.0, failsafe_w=4200.0)


def appliance(ski: str = PUMP, **known) -> Appliance:
    return Appliance(ski, "Heat pump", is_in_contact=True, nominal_w=9000.0, **known)


def holding(limit_w: float, ski: str = PUMP, **known) -> Appliance:
    """Return an appliance that accepted a limit long ago."""
    held = {"asked_w": limit_w, "held_w": limit_w, "answer": Answer.ACCEPTED, "answer_age_s": 90.0}
    return appliance(ski, **(held | known))


def only(found: Division):
    (share,) = found.shares.values()
    return share


# --- the formula ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chargers", "expected_w"),
    [(1, 4200), (2, 4200 * 1.8), (3, 4200 * 2.5), (9, 4200 * (1 + 8 * 0.45)), (12, 4200 * 5.95)],
)
def test_the_formula_of_section_14a(chargers: int, expected_w: float) -> None:
    factor = guarantee.simultaneity(chargers)
    assert guarantee.of_chargers_w(chargers, factor) == pytest.approx(expected_w)
    assert factor >= 0.45
    assert guarantee.of_device_w(20_000.0, 0.8) == 8000.0


def test_other_steerable_devices_keep_their_part_of_a_limit() -> None:
    with_pump = OperatorSettings(other_devices_w=(3000.0,))
    assert divide(4200 * 1.8, 1, (), with_pump).chargers_w == pytest.approx(4200.0)
    assert divide(4200.0, 1, (), with_pump).chargers_w == pytest.approx(4200 / 1.8)
    assert divide(20_000.0, 1, (), with_pump).chargers_w == pytest.approx(20_000 - 4200 * 0.8)
    assert divide(4200.0, 2, (), ALONE).chargers_w == 4200.0


# --- who is told what ----------------------------------------------------------------------------


def test_without_a_limit_an_appliance_may_draw_what_it_likes() -> None:
    share = only(divide(None, 1, (appliance(),), ALONE))
    assert (share.limit_w, share.reserved_w, share.state) == (None, 0.0, ApplianceState.UNLIMITED)
    assert share.fallback_w == 3360.0  # what the law guarantees it beside one charger


def test_a_limit_leaves_each_its_guarantee_and_what_is_more_to_the_chargers() -> None:
    found = divide(10_000.0, 1, (appliance(),), ALONE)
    assert only(found).limit_w == 3360.0
    assert only(found).state is ApplianceState.PENDING
    assert found.chargers_w == pytest.approx(10_000 - 3360)


def test_a_limit_below_the_guarantee_is_shared_in_its_proportion() -> None:
    found = divide(3780.0, 1, (appliance(),), ALONE)
    assert only(found).limit_w == 1680.0
    assert found.chargers_w == pytest.approx(2100.0)


def test_one_that_draws_less_than_its_guarantee_at_most_keeps_only_that() -> None:
    small = replace(appliance(), nominal_w=2000.0)
    found = divide(7560.0, 1, (small,), ALONE)
    assert only(found).limit_w == 2000.0
    assert found.chargers_w == pytest.approx(5560.0)


def test_without_chargers_the_appliances_may_draw_all_of_it() -> None:
    found = divide(9000.0, 0, (appliance(), replace(appliance(STORE), nominal_w=4000.0)), ALONE)
    assert {ski: share.limit_w for ski, share in found.shares.items()} == {
        PUMP: 5000.0,
        STORE: 4000.0,
    }
    assert found.chargers_w == 0.0


def test_one_that_nobody_let_us_limit_is_let_go_and_counts_for_nothing() -> None:
    spared = OperatorSettings(appliances=(ApplianceChoice(PUMP, is_limited=False),))
    found = divide(4200.0, 1, (appliance(),), spared)
    assert only(found).is_release
    assert only(found).state is ApplianceState.NOT_OURS
    assert found.chargers_w == 4200.0
    a_meter_too = replace(appliance(), is_only_this=False)
    assert only(divide(4200.0, 1, (a_meter_too,), ALONE)).is_release
    chosen = OperatorSettings(appliances=(ApplianceChoice(PUMP, is_limited=True),))
    assert only(divide(7560.0, 1, (a_meter_too,), chosen)).limit_w == 3360.0


# --- who does not follow -------------------------------------------------------------------------


def test_one_that_holds_its_limit_is_reserved_with_it() -> None:
    share = only(divide(7560.0, 1, (holding(3360.0, power_w=3400.0),), ALONE))
    assert (share.state, share.reserved_w) == (ApplianceState.ACCEPTED, 3360.0)


def test_one_that_draws_more_than_it_accepted_is_taken_off_the_chargers_after_a_while() -> None:
    at_first = holding(3360.0, power_w=6000.0, answer_age_s=5.0)
    assert divide(7560.0, 1, (at_first,), ALONE).chargers_w == pytest.approx(4200.0)
    found = divide(7560.0, 1, (holding(3360.0, power_w=6000.0),), ALONE)
    assert (only(found).state, only(found).limit_w) == (ApplianceState.EXCEEDED, 3360.0)
    assert found.chargers_w == pytest.approx(1560.0)


def test_one_that_refuses_is_reserved_with_all_it_can_draw() -> None:
    refused = holding(3360.0, held_w=None, answer=Answer.REFUSED)
    found = divide(12_000.0, 1, (refused,), ALONE)
    assert (only(found).state, only(found).reserved_w) == (ApplianceState.REFUSED, 9000.0)
    assert found.chargers_w == pytest.approx(3000.0)
    kept = divide(12_000.0, 1, (replace(refused, held_w=5000.0),), ALONE)
    assert kept.chargers_w == pytest.approx(7000.0)  # a limit it holds by its own word


@pytest.mark.parametrize(
    ("silent_s", "failsafe_w", "state", "reserved_w"),
    [
        (30.0, 4200.0, ApplianceState.UNREACHABLE, 4200.0),  # its limit, then its failsafe
        (30.0, None, ApplianceState.UNREACHABLE, 9000.0),
        (300.0, 4200.0, ApplianceState.FAILSAFE, 4200.0),
        (300.0, None, ApplianceState.FAILSAFE, 9000.0),
        (7300.0, 4200.0, ApplianceState.UNREACHABLE, 9000.0),  # now it may do as it likes
        (None, None, ApplianceState.UNREACHABLE, 9000.0),
    ],
)
def test_one_out_of_reach_is_reserved_with_what_it_may_draw(
    silent_s: float | None, failsafe_w: float | None, state: ApplianceState, reserved_w: float
) -> None:
    away = replace(holding(3360.0), is_in_contact=False, silent_s=silent_s, failsafe_w=failsafe_w)
    found = divide(10_000.0, 1, (away,), ALONE)
    assert (only(found).state, only(found).reserved_w) == (state, reserved_w)
    assert only(found).limit_w == 3360.0  # told when it is back
    assert found.chargers_w == pytest.approx(10_000 - reserved_w)


def test_one_of_which_nothing_is_known_is_reserved_with_what_the_law_gives_one_device() -> None:
    unknown = Appliance(PUMP)
    assert only(divide(10_000.0, 1, (unknown,), ALONE)).reserved_w == 4200.0


def test_those_that_follow_give_way_to_one_that_does_not() -> None:
    refused = holding(3150.0, STORE, held_w=None, answer=Answer.REFUSED)
    found = divide(10_500.0, 1, (appliance(), refused), ALONE)
    assert found.shares[STORE].reserved_w == 9000.0
    assert (found.shares[PUMP].limit_w or 0.0) + (found.chargers_w or 0.0) <= 1500.0


# --- in the state --------------------------------------------------------------------------------


def heard(*appliances: Appliance, at_s: float = 100.0) -> State:
    return apply(State(), AppliancesHeard(appliances), at_s)


def test_the_gateway_s_silence_is_that_of_its_appliances() -> None:
    state = apply(heard(holding(3360.0)), OperatorLimitsHeard((LIMITED,)), 100.0)
    assert only(division(state, 105.0, DEFAULTS)).state is ApplianceState.PENDING  # no charger
    away = only(division(state, 111.0, DEFAULTS))
    assert away.state is ApplianceState.UNREACHABLE
    assert only(division(state, 230.0, DEFAULTS)).state is ApplianceState.FAILSAFE


def test_a_power_set_for_the_chargers_alone_limits_no_appliance() -> None:
    state = apply(heard(appliance()), PowerLimitSet(4200.0), 100.0)
    found = division(state, 101.0, DEFAULTS)
    assert found.chargers_w == 4200.0
    assert only(found).limit_w is None


def test_an_answer_is_urgent_and_a_measurement_is_not() -> None:
    before = heard(appliance())
    for changed, expected in (
        (appliance(power_w=100.0), False),
        (appliance(answer=Answer.ACCEPTED, asked_w=3360.0), True),
        (replace(appliance(), is_in_contact=False), True),
    ):
        event = AppliancesHeard((changed,))
        assert is_urgent(before, apply(before, event, 101.0), event, 101.0) is expected


def test_odd_numbers_are_unknown_ones() -> None:
    (known,) = heard(replace(appliance(), nominal_w=float("nan"), failsafe_w=-1.0)).appliances
    assert (known.nominal_w, known.failsafe_w) == (None, None)


# --- the law -------------------------------------------------------------------------------------

watts = st.one_of(st.none(), st.floats(0, 30_000))
appliances = st.lists(
    st.builds(
        Appliance,
        st.integers(0, 8).map(lambda number: f"{number:040x}"),
        is_only_this=st.booleans(),
        is_in_contact=st.booleans(),
        silent_s=st.one_of(st.none(), st.floats(0, 10_000)),
        power_w=watts,
        nominal_w=watts,
        failsafe_w=watts,
        held_w=watts,
        asked_w=watts,
        answer=st.sampled_from(Answer),
        answer_age_s=st.one_of(st.none(), st.floats(0, 200)),
    ),
    max_size=6,
    unique_by=lambda each: each.ski,
)
FOLLOWING = {ApplianceState.PENDING, ApplianceState.ACCEPTED}


@given(
    st.floats(0, 100_000),
    st.integers(0, 12),
    appliances,
    st.lists(st.floats(0, 30_000), max_size=3).map(tuple),
)
def test_all_together_never_get_more_than_the_limit(limit_w, chargers, found, others_w) -> None:
    settings = OperatorSettings(other_devices_w=others_w)
    divided = divide(limit_w, chargers, found, settings)
    shares = [share for share in divided.shares.values() if not share.is_release]
    told_w = sum(s.limit_w or 0.0 for s in shares if s.state in FOLLOWING)
    astray_w = sum(s.reserved_w for s in shares if s.state not in FOLLOWING)
    assert divided.chargers_w is not None
    assert divided.chargers_w >= 0.0
    if divided.chargers_w > 0.0:
        assert told_w + astray_w + divided.chargers_w <= limit_w + 1e-6
    assert told_w <= limit_w + 1e-6
    for share in shares:
        assert share.limit_w is not None
        assert share.reserved_w >= share.limit_w
    again = divide(limit_w, chargers, tuple(reversed(found)), settings)
    assert again.chargers_w == pytest.approx(divided.chargers_w, abs=1e-3)
