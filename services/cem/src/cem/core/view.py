"""What one decision looks at: the state, the site's fuse, the rung of the ladder, and the time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cem.core.charger import Charger, Standing
from cem.core.ladder import Rung
from cem.core.parameters import Parameters
from cem.core.site import GridConnection
from cem.core.state import State
from electrical.phases import Phase


@dataclass(frozen=True, slots=True)
class View:
    """The fixed surroundings of one decision; `now` in monotonic seconds, `p` its numbers.

    standings, used: of every charger, found once, since every part of a decision asks for them.
    young: the chargers whose car was plugged so lately that its first limit may be on the way.
    """

    state: State
    grid: GridConnection
    step: Rung
    now: float
    p: Parameters
    standings: Mapping[str, Standing] = field(init=False)
    used: Mapping[str, tuple[Phase, ...]] = field(init=False)
    young: Mapping[str, Charger] = field(init=False)

    def __post_init__(self) -> None:
        """Find what follows from the rest."""
        chargers = self.state.chargers
        standings = {ski: c.standing(self.now, self.p) for ski, c in chargers.items()}
        used = {ski: c.phases(self.grid.phases, self.p) for ski, c in chargers.items()}
        young = {
            ski: charger
            for ski, charger in chargers.items()
            if standings[ski] is Standing.FRESH and self._is_recent(charger)
        }
        object.__setattr__(self, "standings", standings)
        object.__setattr__(self, "used", used)
        object.__setattr__(self, "young", young)

    def _is_recent(self, charger: Charger) -> bool:
        since_s = charger.fresh_since_s
        return since_s is None or self.now - since_s <= self.p.start_grace_s
