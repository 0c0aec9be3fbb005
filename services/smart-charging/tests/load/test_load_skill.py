"""The skill on a real house."""

import pytest
from forecast_skill import HOUSE_FILE, house, load_skill

WEEKS = 10


@pytest.mark.skipif(
    not HOUSE_FILE.exists(),
    reason=f"NO SHARED DATA at {HOUSE_FILE}: the skill of the load is not proven",
)
def test_the_forecast_beats_yesterday_and_a_week_ago() -> None:
    starts, load = house()
    skill = load_skill(starts[: WEEKS * 168], load[: WEEKS * 168])
    yesterday, week = skill.errors["yesterday"], skill.errors["a week ago"]
    for ahead, least in ((1, 0.2), (24, 0.1), (72, 0.0)):
        rmse, mean = skill.errors[f"ours, {ahead} h ahead"]
        assert rmse < (1 - least) * yesterday[0]
        assert rmse < (1 - least) * week[0]
        assert mean < week[1]
    assert 0.74 < skill.below_p80 < 0.9, "the load falls in spring"
    assert 0.86 < skill.below_p90 < 0.97
