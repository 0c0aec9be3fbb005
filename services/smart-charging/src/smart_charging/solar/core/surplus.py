"""What the sun leaves for cars. Pure."""

import numpy as np

from smart_charging.core.grid import Floats


def surplus_w(sun_w: Floats, load_w: Floats, threshold_w: float | None) -> Floats:
    """Return the sun less the user's threshold, or less the forecast load where none is set.

    Never both: the threshold is the user's word for the load. All in W; never negative; a value
    that is no number counts as no sun.
    """
    base = load_w if threshold_w is None else max(threshold_w, 0.0)
    return np.maximum(np.nan_to_num(sun_w - base, nan=0.0, posinf=0.0, neginf=0.0), 0.0)
