"""What stays free below a fuse where nobody set a margin (decision 28)."""

from math import hypot

NOISE_A = 0.5  # of house and meter
METER_ERROR = 0.01  # of the fuse: a meter of class 1


def usual_margin_a(
    fuse_a: float, noise_a: float = NOISE_A, meter_error: float = METER_ERROR
) -> float:
    """Return the margin in A: two errors that are independent, added as squares."""
    return hypot(noise_a, meter_error * fuse_a)
