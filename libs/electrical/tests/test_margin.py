import pytest

from electrical.margin import usual_margin_a


@pytest.mark.parametrize(
    ("fuse_a", "margin_a"), [(0, 0.5), (25, 0.559), (80, 0.943), (1000, 10.01)]
)
def test_noise_counts_below_a_small_fuse_and_the_meters_error_below_a_large_one(fuse_a, margin_a):
    assert usual_margin_a(fuse_a) == pytest.approx(margin_a, abs=5e-3)
