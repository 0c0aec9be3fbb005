"""What a meter of a grid connection can truly read; beyond it, a value is not believed."""

from typing import Final

VOLTAGE_RANGE_V: Final = (180.0, 280.0)  # phase to neutral
FREQUENCY_RANGE_HZ: Final = (45.0, 65.0)
CURRENT_RANGE_A: Final = (-10_000.0, 10_000.0)  # beyond any connection that such a meter sits at
UNKNOWN_FUSE_A: Final = 1000.0  # only a reset or an overflow is caught while nobody said the fuse
COARSEST_STEP_WH: Final = 100.0  # resolution of the coarsest counters (int32 of a common family)
