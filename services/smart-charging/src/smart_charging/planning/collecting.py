"""How often this process looks for cycles of objects that nobody needs any more."""

import gc

THRESHOLDS = 50_000, 20, 50  # new objects, and how many rounds of the generation before


def collect_seldom() -> None:
    """Let the collector rest longer: what is held of sites stays, and plans make no cycles.

    Left as it is by default it takes an eighth of the time in which plans are made.
    """
    gc.set_threshold(*THRESHOLDS)
