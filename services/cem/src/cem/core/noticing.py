"""What the people of a site should know besides the reasons: notices, with since when."""

from dataclasses import replace

from cem.core.failsafe import excess
from cem.core.ladder import Rung, Stage
from cem.core.outlook_notices import planned_notices
from cem.core.reasons import Notice
from cem.core.state import State

SHOWN_AFTER_S = 10.0  # a write that is under way is no refusal yet


def notices(state: State, step: Rung, now: float) -> tuple[Notice, ...]:
    """Return all notices that hold now; one that held before keeps its start."""
    before = {notice.key: notice.since_s for notice in state.notices}
    found = [*_of_site(state), *_of_meter(state, step), *_of_chargers(state, now)]
    found += planned_notices(state, now)
    return tuple(replace(n, since_s=before.get(n.key, now)) for n in found)


def _of_site(state: State) -> list[Notice]:
    found = []
    if state.is_store_failing:
        found.append(Notice("store-failing", "alarm"))
    if state.grid is None:
        found.append(Notice("no-fuse-set", "warning"))
        return found
    settings = (charger.settings for charger in state.chargers.values())
    too_much = excess(state.grid, settings, state.circuits)
    if too_much is not None:
        params = {
            "circuit": too_much.circuit,
            "phase": too_much.phase.value,
            "sum_a": f"{too_much.failsafe_sum_a:g}",
            "base_load_a": f"{too_much.base_load_a:g}",
            "fuse_a": f"{too_much.fuse_a:g}",
        }
        found.append(Notice("failsafe-sum", "warning", tuple(params.items())))
    return found


def _of_meter(state: State, step: Rung) -> list[Notice]:
    if step.stage in (Stage.NO_METER, Stage.FRESH):
        return []
    if step.stage is Stage.HOLD and step.age_s is None:
        return []  # just started: the first reading is on its way
    params = (("meter", state.meter.id or ""), ("stage", step.stage.value))
    return [Notice("meter-silent", "warning" if step.stage is Stage.HOLD else "alarm", params)]


def _of_chargers(state: State, now: float) -> list[Notice]:
    found = []
    for charger in state.chargers.values():
        named = (("ski", charger.ski), ("name", charger.report.name if charger.report else ""))
        if _lasts(charger.foreign_since_s, now):
            found.append(Notice("foreign-limits", "warning", named))
        if _lasts(charger.refused_since_s, now):
            found.append(Notice("charger-refuses", "warning", named))
        if charger.disobeys:
            found.append(Notice("charger-disobeys", "warning", named))
    return found


def _lasts(since_s: float | None, now: float) -> bool:
    return since_s is not None and now - since_s > SHOWN_AFTER_S
