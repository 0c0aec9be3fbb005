"""Roll-outs that want somebody: stopped by themselves, or waiting. What alerts tell. Blocking."""

from collections.abc import Mapping

from sqlmodel import Session, col, select

from web.core.alerting.machine import Condition, Key
from web.core.alerting.rules import Rule
from web.core.rollouts.machine import State
from web.rollouts.tables import RolloutRow

ASKED = "asked"  # the reason where somebody stopped it: nobody needs to be told
MOST_REASON = 60


def troubles(session: Session) -> Mapping[str, Mapping[Key, Condition]]:
    """Return what is so about open roll-outs, by tenant; `element` is the roll-out's number.

    Waiting: no site of the open ring may be asked or is at work, or sites that are away shall go
    back; a ring in its time of watching does not wait.
    """
    found: dict[str, dict[Key, Condition]] = {}
    for row in session.exec(select(RolloutRow).where(col(RolloutRow.open_key).is_not(None))):
        rule = _rule_of(row)
        if rule is None:
            continue
        reason = {"reason": row.reason[:MOST_REASON]} if row.reason else {}
        so = Condition({"name": row.version} | reason, since_s=row.changed_s)
        found.setdefault(row.tenant, {})[Key(rule, str(row.id))] = so
    return found


def _rule_of(row: RolloutRow) -> Rule | None:
    if row.state == State.STOPPED:
        return None if row.reason == ASKED else Rule.ROLLOUT_STOPPED
    is_waiting = row.complete_s is None and row.state in (State.RUNNING, State.ROLLING_BACK)
    return Rule.ROLLOUT_WAITING if is_waiting else None
