"""What one decision looks at: the state, the site's fuse, the rung of the ladder, and the time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cem.core.charger import Charger
from cem.core.circuits import MAIN, Circuit
from cem.core.conduct import Standing
from cem.core.ladder import Rung, Stage, rung
from cem.core.parameters import Parameters
from cem.core.site import GridConnection, tree
from cem.core.state import Meter, State
from electrical.phases import Phase

UNREAD = Meter("sub-meter")  # named, and never read
NOWHERE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class View:
    """The fixed surroundings of one decision; `now` in monotonic seconds, `p` its numbers.

    standings, used, factors: of every charger, found once, since every part of a decision asks
    for them: the phases it uses, and how many amperes each carries for one ampere of its limit.
    steps: of every circuit with a meter of its own. above: of every circuit, with all above it.
    young: the chargers whose car was plugged so lately that its first limit may be on the way.
    """

    state: State
    grid: GridConnection
    step: Rung
    now: float
    p: Parameters
    standings: Mapping[str, Standing] = field(init=False)
    used: Mapping[str, tuple[Phase, ...]] = field(init=False)
    factors: Mapping[str, Mapping[Phase, float]] = field(init=False)
    root: Circuit = field(init=False)
    inside: Mapping[str, frozenset[str]] = field(init=False)
    steps: Mapping[str, Rung] = field(init=False)
    young: Mapping[str, Charger] = field(init=False)

    def __post_init__(self) -> None:
        """Find what follows from the rest."""
        chargers = self.state.chargers
        standings = {ski: c.standing(self.now, self.p) for ski, c in chargers.items()}
        factors = {ski: c.factors(self.grid.phases, self.p) for ski, c in chargers.items()}
        used = {ski: tuple(phases) for ski, phases in factors.items()}
        root = tree(self.grid, self.state.circuits, self.p)
        inside = {circuit.id: ids for circuit, ids in root.walk()}
        meters = self.state.sub_meters
        steps = {
            circuit.id: rung(meters.get(circuit.id, UNREAD), self.now, self.p)
            for circuit, _ in root.walk()
            if circuit.has_meter
        }
        young = {
            ski: charger
            for ski, charger in chargers.items()
            if standings[ski] is Standing.FRESH and self._is_recent(charger)
        }
        object.__setattr__(self, "standings", standings)
        object.__setattr__(self, "used", used)
        object.__setattr__(self, "factors", factors)
        object.__setattr__(self, "root", root)
        object.__setattr__(self, "inside", inside)
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "young", young)

    def is_on(self, charger: Charger, circuit: str) -> bool:
        """Return whether a charger hangs on or below a circuit; on an unknown one: on the main."""
        at = charger.settings.circuit
        return circuit == MAIN or at in self.inside.get(circuit, NOWHERE)

    def is_below_silence(self, charger: Charger) -> bool:
        """Return whether a sub-meter above a charger is silent for so long that nothing is known.

        What hangs there beside the chargers then may be anything that is usual.
        """
        if not self.steps:
            return False
        lost = (Stage.STATIC_SHARE, Stage.FAILSAFE)
        return any(
            step.stage in lost and self.is_on(charger, at) for at, step in self.steps.items()
        )

    def allows_increase(self, ski: str) -> bool:
        """Return whether a charger's limit may rise: not while a meter above it is silent."""
        if not self.step.allows_increase:
            return False
        silent = [at for at, step in self.steps.items() if not step.allows_increase]
        return not any(self.is_on(self.state.chargers[ski], at) for at in silent)

    def _is_recent(self, charger: Charger) -> bool:
        since_s = charger.fresh_since_s
        return since_s is None or self.now - since_s <= self.p.start_grace_s
