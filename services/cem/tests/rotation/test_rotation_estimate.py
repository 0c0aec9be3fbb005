"""What edges tell of the phases a charger sits on, with the household stepping in between."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cem.rotation.core.course import Trouble, trouble_with
from cem.rotation.core.estimate import Edge, estimate, ways
from cem.rotation.core.proposal import by_conductor, rotation_for, wiring_for
from electrical.phases import ALL_PHASES, ZERO, Phase, PhaseCurrents, Phases, on_phases
from electrical.rotation import Rotation, house_phase, to_house

A, B, C = ALL_PHASES
SWING_A = 8.0


def seen(
    wiring: Rotation,
    conductors: tuple[Phase, ...],
    *,
    count: int = 6,
    signs: tuple[int, int, int] = (1, 1, 1),
    noise: list[PhaseCurrents] | None = None,
) -> list[Edge]:
    """Return edges as a right meter with these clamps sees them."""
    found = []
    for number in range(count):
        swing_a = SWING_A if number % 2 else -SWING_A
        charger_a = on_phases(conductors, swing_a, 0.0)
        house_a = to_house(wiring, charger_a)
        meter_a = Phases(*(s * a for s, a in zip(signs, house_a.values(), strict=True)))
        found.append(Edge(charger_a, meter_a + (noise[number] if noise else ZERO)))
    return found


@pytest.mark.parametrize("wiring", Rotation)
@pytest.mark.parametrize("conductor", ALL_PHASES)
def test_a_car_on_one_phase_tells_where_its_conductor_sits(
    wiring: Rotation, conductor: Phase
) -> None:
    found = estimate(seen(wiring, (conductor,)))
    assert found.shown.phases == (house_phase(wiring, conductor),)
    assert found.shown.reversed == ()
    assert found.confidence > 0.95
    assert trouble_with(found) is None


@pytest.mark.parametrize("wiring", Rotation)
def test_a_car_on_two_phases_tells_both_and_so_the_third(wiring: Rotation) -> None:
    found = estimate(seen(wiring, (A, B)))
    assert set(found.shown.phases) == {house_phase(wiring, A), house_phase(wiring, B)}
    proposed = wiring_for(found.moving, found.shown.phases, Rotation.RST)
    assert house_phase(proposed, C) is house_phase(wiring, C)


@pytest.mark.parametrize("wiring", Rotation)
def test_a_car_alike_on_three_phases_tells_no_order_and_says_so(wiring: Rotation) -> None:
    found = estimate(seen(wiring, ALL_PHASES))
    assert found.shown.phases == ALL_PHASES
    assert trouble_with(found) is Trouble.NEEDS_ONE_PHASE_CAR


@pytest.mark.parametrize("phase", [0, 1, 2])
@pytest.mark.parametrize("conductors", [(A,), (A, B), ALL_PHASES])
def test_a_reversed_clamp_is_found_where_the_car_shows_on_it(
    conductors: tuple[Phase, ...], phase: int
) -> None:
    signs = (-1 if phase == 0 else 1, -1 if phase == 1 else 1, -1 if phase == 2 else 1)
    found = estimate(seen(Rotation.RST, conductors, signs=signs))
    touched = [p for p in (ALL_PHASES[phase],) if p in found.shown.phases]
    assert list(found.shown.reversed) == touched


def test_a_missing_clamp_and_a_charger_behind_no_meter_are_told_apart() -> None:
    no_third = estimate(seen(Rotation.RST, ALL_PHASES, signs=(1, 1, 0)))
    assert trouble_with(no_third) is Trouble.PHASE_NOT_SEEN
    assert no_third.shown.phases == (A, B)
    nothing = estimate(seen(Rotation.RST, (A,), signs=(0, 0, 0)))
    assert trouble_with(nothing) is Trouble.CHARGER_NOT_SEEN


def test_a_car_that_does_not_follow_tells_nothing() -> None:
    still = [Edge(Phases(0.3, 0.0, 0.0), Phases(5.0, 0.0, 0.0))] * 6
    assert trouble_with(estimate(still)) is Trouble.TOO_LITTLE_CHANGE
    assert estimate([]).confidence == 0.0


def test_a_house_that_steps_on_all_phases_at_every_edge_gives_no_answer() -> None:
    chance = Random(4)  # noqa: S311 - a repeatable world
    noise = [Phases(*(chance.uniform(-15, 15) for _ in ALL_PHASES)) for _ in range(6)]
    assert trouble_with(estimate(seen(Rotation.STR, (A,), noise=noise))) in {
        Trouble.LOAD_TOO_NOISY,
        Trouble.CHARGER_NOT_SEEN,
    }


steps = st.one_of(st.just(0.0), st.floats(-0.5, 0.5), st.floats(-20, 20))


@given(
    st.sampled_from(Rotation),
    st.sampled_from(ALL_PHASES),
    st.lists(st.tuples(steps, steps, steps), min_size=2, max_size=2),
    st.lists(st.tuples(*[st.floats(-0.6, 0.6)] * 3), min_size=4, max_size=4),
)
def test_kettles_at_two_edges_of_six_never_mislead(
    wiring: Rotation,
    conductor: Phase,
    kettles: list[tuple[float, float, float]],
    quiet: list[tuple[float, float, float]],
) -> None:
    noise = [Phases(*values) for values in [*kettles, *quiet]]
    found = estimate(seen(wiring, (conductor,), noise=noise))
    assert found.shown.signs == ((house_phase(wiring, conductor), 1),)


@pytest.mark.parametrize("wiring", Rotation)
def test_the_setting_is_kept_where_it_fits_and_else_a_right_hand_one_proposed(
    wiring: Rotation,
) -> None:
    phase = house_phase(wiring, A)
    assert wiring_for((A,), (phase,), wiring) is wiring
    proposed = wiring_for((A,), (phase,), _other(wiring))
    assert house_phase(proposed, A) is phase
    assert proposed.field == "right"
    assert by_conductor(proposed, (A,)) == (phase,)


def _other(wiring: Rotation) -> Rotation:
    return next(r for r in Rotation if house_phase(r, A) is not house_phase(wiring, A))


@pytest.mark.parametrize("true", Rotation)
@pytest.mark.parametrize("as_set", Rotation)
def test_the_meters_rotation_follows_from_what_was_seen_through_the_present_one(
    true: Rotation, as_set: Rotation
) -> None:
    """The charger is wired RST; meter inputs sit on the phases that `true` names."""
    inputs = Phases(*(1.0 if house_phase(true, i) is A else 0.0 for i in ALL_PHASES))
    told = to_house(as_set, inputs)
    shown = [phase for phase in ALL_PHASES if told[phase]]
    proposed = rotation_for((A,), shown, as_set)
    assert to_house(proposed, inputs) == Phases(1.0, 0.0, 0.0)


def test_every_way_to_show_is_looked_at_once() -> None:
    assert [len(set(ways(count))) for count in (1, 2, 3)] == [7, 19, 27]
