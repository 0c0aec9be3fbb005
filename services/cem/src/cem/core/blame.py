"""Who made a phase exceed its fuse: the figure the whole CEM is judged by (design law 1)."""

from itertools import pairwise

from cem.core.conduct import Standing
from cem.core.decision import Cause, Overload
from cem.core.estimator import rise_a
from cem.core.ladder import Stage, stale_after_s
from cem.core.view import View
from electrical.phases import Phase


def overloads(view: View) -> tuple[Overload, ...]:
    """Return the phases above their fuse on the newest reading, and the cause of each.

    Counted is what chargers add, above the noise of a reading; a house that exceeds its fuse
    without them is BASE_LOAD. `view.state.meter.estimates` must be up to date.
    """
    if not view.state.meter.estimates or view.step.stage is Stage.NO_METER:
        return ()
    newest = view.state.meter.estimates[-1]
    found = []
    for phase in view.grid.live:
        excess_a = newest.meter_a[phase] - view.grid.fuse_a[phase]
        if excess_a > view.p.margin_fixed_a:
            found.append(Overload(phase, excess_a, _cause(view, phase, excess_a)))
    return tuple(found)


def _cause(view: View, phase: Phase, excess_a: float) -> Cause:
    estimates = view.state.meter.estimates
    drawn_a = max(0.0, estimates[-1].meter_a[phase] - estimates[-1].raw_a[phase])
    if min(excess_a, drawn_a) <= rise_a(estimates, phase, view.p) + view.p.blame_slack_a:
        return Cause.BASE_LOAD
    if view.step.stage is not Stage.FRESH or _was_blind(view):
        return Cause.BLIND
    chargers = [
        charger for charger in view.state.chargers.values() if phase in view.used[charger.ski]
    ]
    standings = {view.standings[charger.ski] for charger in chargers}
    is_outlier = any(charger.misses > 0 for charger in chargers)
    if is_outlier or standings & {Standing.DISOBEDIENT, Standing.OUT_OF_REACH}:
        return Cause.DISOBEDIENT
    return Cause.PLUG_IN if Standing.FRESH in standings else Cause.OWN


def _was_blind(view: View) -> bool:
    """Return whether readings were missing within the blame window."""
    p = view.p
    times = [e.at_s for e in view.state.meter.estimates]
    recent = [at_s for at_s in times if times[-1] - at_s <= p.blame_window_s]
    gaps = [later - earlier for earlier, later in pairwise(recent)]
    return len(recent) < 3 or max(gaps) > stale_after_s(view.state.meter, p)
