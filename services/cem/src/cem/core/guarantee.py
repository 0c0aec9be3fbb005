"""What the grid operator must leave steerable devices: the formula of section 14a EnWG. Pure.

BNetzA BK6-22-300: behind one energy manager the first device keeps 4.2 kW, each further one
4.2 kW times a factor of simultaneity; heat pumps and cooling above 11 kW keep 40 % of their power.
"""

from cem.core.operating import GUARANTEED_W

SIMULTANEITY = (0.80, 0.75, 0.70, 0.65, 0.60, 0.55, 0.50, 0.45)  # of 2 .. 8 devices; from 9 on
LARGE_W = 11_000.0
OF_LARGE = 0.4


def simultaneity(devices: int) -> float:
    """Return the factor for so many steerable devices behind one energy manager."""
    if devices < 2:
        return 1.0
    return SIMULTANEITY[min(devices - 2, len(SIMULTANEITY) - 1)]


def of_chargers_w(chargers: int, factor: float) -> float:
    """Return what all chargers together are guaranteed (W): the first one full."""
    return GUARANTEED_W * (1.0 + (chargers - 1) * factor) if chargers else 0.0


def of_device_w(rated_w: float | None, factor: float) -> float:
    """Return what one other device is guaranteed (W); rated_w: its power, None = unknown."""
    large_w = OF_LARGE * rated_w if rated_w is not None and rated_w > LARGE_W else 0.0
    return max(GUARANTEED_W * factor, large_w)
