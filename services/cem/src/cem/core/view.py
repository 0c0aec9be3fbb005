"""What one decision looks at: the state, the site's fuse, the rung of the ladder, and the time."""

from dataclasses import dataclass

from cem.core.ladder import Rung
from cem.core.parameters import Parameters
from cem.core.site import GridConnection
from cem.core.state import State


@dataclass(frozen=True, slots=True)
class View:
    """The fixed surroundings of one decision; `now` in monotonic seconds, `p` its numbers."""

    state: State
    grid: GridConnection
    step: Rung
    now: float
    p: Parameters
