"""The skill on real measurements: better than what needs no model, as planner.md section 6 asks."""

import pytest
from forecast_skill import PV_FILE, pv, solar_skill


@pytest.mark.skipif(
    not PV_FILE.exists(), reason=f"NO SHARED DATA at {PV_FILE}: the skill of the sun is not proven"
)
def test_the_forecast_beats_persistence_and_the_clear_sky() -> None:
    skill = solar_skill(pv())
    ours = skill.hourly["ours"]
    assert ours.all_rmse < 8.0, "% of the peak; the aim is 10, the dream 8"
    assert ours.day_mae < 6.5
    for name, least in (
        ("persistence", 0.35), ("clear sky", 0.25), ("smart persistence", 0.35),
        ("14-day mean", 0.25),
    ):  # fmt: skip
        assert 1 - ours.all_rmse / skill.hourly[name].all_rmse > least, name
    assert skill.quarters["ours"].day_rmse < 12.9, "the measured chain with a fixed scale"
    usual = skill.hourly["ours, climatology"]
    assert usual.day_mae < skill.hourly["smart persistence"].day_mae
    assert 0.74 < skill.above_low < 0.86, "P20"
    assert 0.44 < skill.above_middle < 0.56, "P50"
