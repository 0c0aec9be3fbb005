"""What a charger makes of its energy manager's words: limits, heartbeat, failsafe. Pure.

Until the first limit and after a lost heartbeat the charger offers its failsafe current. It leaves
failsafe when the heartbeat is back and a limit was written after the loss, in any order. An energy
manager that says it has failed is as good as none.
"""

from dataclasses import dataclass, replace

PerConductor = tuple[float | None, float | None, float | None]  # A; None: no limit there
NO_LIMIT: PerConductor = (None, None, None)
PATIENCE_S = 8.0  # twice the 4 s that an energy manager announces for its heartbeat


@dataclass(frozen=True, slots=True)
class Control:
    """What the charger holds of its energy manager's last words."""

    limit_a: PerConductor = NO_LIMIT
    has_limit: bool = False  # a limit was written since the car came and since the last loss
    is_alive: bool = True
    has_failed: bool = False  # the energy manager says so of itself
    in_failsafe: bool = False
    lost_at_s: float | None = None  # when the link went down
    coming: tuple[tuple[float, PerConductor], ...] = ()  # (due at, limit): still on its way

    @property
    def obeys_limit(self) -> bool:
        """Return whether the written limit is in force, and not the failsafe current."""
        return self.has_limit and not self.in_failsafe


def write(control: Control, limit_a: PerConductor, due_s: float) -> Control:
    """Take a written limit, to be in force at `due_s`."""
    return replace(control, coming=(*control.coming, (due_s, limit_a)))


def hear(control: Control, *, ok: bool) -> Control:
    """Take the news that the heartbeat is there (again), or overdue."""
    if not ok:
        return _lost(control)
    return _recovered(replace(control, is_alive=True, lost_at_s=None))


def hear_failure(control: Control, *, failed: bool) -> Control:
    """Take the energy manager's word about itself (OPEV scenario 3)."""
    if failed:
        return replace(_stopped(control), has_failed=True)
    return _recovered(replace(control, has_failed=False))


def link(control: Control, now_s: float, *, up: bool) -> Control:
    """Take the news that the connection came up or went down."""
    if up:
        return replace(control, lost_at_s=None)
    if control.lost_at_s is not None:
        return control
    return replace(control, lost_at_s=now_s)


def new_car(control: Control) -> Control:
    """Forget the limits: they belong to a car and vanish with it."""
    return replace(control, limit_a=NO_LIMIT, has_limit=False, coming=())


def released() -> Control:
    """Return the control of a charger that was never, or is no longer, paired."""
    return Control()


def at(control: Control, t_s: float, now_s: float) -> Control:
    """Return what holds now: limits arrive, patience with a lost link ends.

    t_s: time of the scenario, which `write` was told. now_s: real time, which `link` was told (a
    heartbeat does not get faster when a scenario is played fast).
    """
    due = [limit_a for due_s, limit_a in control.coming if due_s <= t_s]
    if due:
        later = control.coming[len(due) :]
        control = _recovered(replace(control, limit_a=due[-1], has_limit=True, coming=later))
    if control.lost_at_s is not None and now_s - control.lost_at_s > PATIENCE_S:
        return _lost(control) if control.is_alive else control
    return control


def allowed_a(control: Control, conductors: int, max_a: float, failsafe_a: float) -> float:
    """Return what may be offered on each of the conductors in use, before the 6 A rule."""
    if not control.obeys_limit:
        return min(failsafe_a, max_a)
    active = [limit for limit in control.limit_a[:conductors] if limit is not None]
    return max(0.0, min([max_a, *active]))


def _lost(control: Control) -> Control:
    return replace(_stopped(control), is_alive=False)


def _stopped(control: Control) -> Control:
    return replace(control, in_failsafe=True, has_limit=False)


def _recovered(control: Control) -> Control:
    """Leave failsafe if both are there again: a living energy manager and its word."""
    has_manager = control.is_alive and not control.has_failed
    return replace(
        control, in_failsafe=control.in_failsafe and not (has_manager and control.has_limit)
    )
