"""The relay that connects a car to three conductors or to one: who moves it, and how. Pure.

It moves without current only: the charger offers nothing, waits until the car has let go, and
offers again `switch_s` after it was asked. A car that does not let go keeps its conductors.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from virtual_site.core.control import PerConductor

OPENS_BELOW_A = 0.5
GIVES_UP_AFTER_S = 30.0  # beyond the usual time: the car does not let go
DOWN_AFTER_S = 10.0  # an automatic charger waits: clouds pass
UP_AFTER_S = 30.0


class PhaseSwitching(StrEnum):
    """Whether a charger can change between three phases and one, and who decides about it."""

    NONE = "none"
    AUTOMATIC = "automatic"  # the charger, by the sum of the limits on its conductors
    LOCAL_API = "local-api"  # whoever leads it, by HTTP


@dataclass(frozen=True, slots=True)
class Relay:
    """A relay at one instant. conductors: connected now, or until it moves.

    target: where it is moving to, None while it rests. other_since_s: since when an automatic
    charger would rather have the other number. problem: code of why it did not move last time.
    """

    conductors: int = 3
    target: int | None = None
    asked_at_s: float = 0.0
    other_since_s: float | None = None
    problem: str = ""


def ask(relay: Relay, conductors: int, t_s: float) -> Relay:
    """Return the relay on its way to 1 or 3 conductors; asked again for the same, it goes on."""
    if conductors == relay.target:
        return relay
    if conductors == relay.conductors:
        return replace(relay, target=None, problem="")
    return replace(relay, target=conductors, asked_at_s=t_s, other_since_s=None, problem="")


def moved(relay: Relay, drawn_a: float, switch_s: float, t_s: float) -> Relay:
    """Return the relay at `t_s`, with a car that draws `drawn_a` on each conductor."""
    if relay.target is None or t_s <= relay.asked_at_s + switch_s:
        return relay
    if drawn_a < OPENS_BELOW_A:
        return replace(relay, conductors=relay.target, target=None)
    if t_s > relay.asked_at_s + switch_s + GIVES_UP_AFTER_S:
        return replace(relay, target=None, problem="current-flows")
    return relay


def decided(relay: Relay, limit_a: PerConductor, min_a: float, max_a: float, t_s: float) -> Relay:
    """Return the relay of an automatic charger: one phase where the sum of limits is for one."""
    if relay.target is not None:
        return relay
    wanted = wanted_conductors(relay, limit_a, min_a, max_a)
    if wanted == relay.conductors:
        return replace(relay, other_since_s=None)
    since_s = t_s if relay.other_since_s is None else relay.other_since_s
    patience_s = DOWN_AFTER_S if wanted == 1 else UP_AFTER_S
    if t_s - since_s >= patience_s:
        return ask(relay, wanted, t_s)
    return replace(relay, other_since_s=since_s)


def wanted_conductors(relay: Relay, limit_a: PerConductor, min_a: float, max_a: float) -> int:
    """Return how many conductors an automatic charger would use under these limits."""
    if each_a(limit_a, max_a) >= min_a - 1e-9:
        return 3
    return 1 if summed_a(limit_a, max_a) >= min_a - 1e-9 else relay.conductors


def each_a(limit_a: PerConductor, max_a: float) -> float:
    """Return what every one of three conductors may carry."""
    return min(_of_three(limit_a, max_a))


def summed_a(limit_a: PerConductor, max_a: float) -> float:
    """Return what three limits come to on one conductor: it reads them as a power."""
    return min(max_a, sum(_of_three(limit_a, max_a)))


def _of_three(limit_a: PerConductor, max_a: float) -> tuple[float, float, float]:
    """Return the limits of all three conductors.

    On one phase the car shows one conductor to be limited; its limit then stands for each.
    """
    given = [max(0.0, limit) for limit in limit_a if limit is not None]
    least_a = min([max_a, *given])
    a, b, c = (least_a if limit is None else min(max_a, max(0.0, limit)) for limit in limit_a)
    return a, b, c
