"""The safety figures of a roll-out's sites, read from the alerts and the days above the fuse."""

from collections.abc import Iterable, Mapping

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from web.alerts.tables import AlertRow
from web.core.alerting.rules import Rule
from web.core.rollouts.figures import Comparison, Figures
from web.core.rollouts.machine import Stage
from web.fleet.tables import OverloadDayRow
from web.rollouts.tables import RolloutRow, RolloutSiteRow

DAY_S = 86_400
WEEK_S = 7 * DAY_S
RULES = (Rule.FAILSAFE_ACTIVE.value, Rule.CHARGER_OFFLINE.value)

Overloads = Mapping[str, tuple[float, float]]
Alerts = Mapping[str, list[AlertRow]]


def overload_of(session: Session, now_s: float) -> Overloads:
    """Return the seconds above the fuse of each site: of the last seven days, and of all."""
    since_s = now_s // DAY_S * DAY_S - 6 * DAY_S
    seconds = col(OverloadDayRow.seconds)
    wanted = select(
        OverloadDayRow.site,
        func.sum(seconds).filter(col(OverloadDayRow.day_s) >= since_s),
        func.sum(seconds),
    ).group_by(col(OverloadDayRow.site))
    return {site: (float(week or 0), float(all_s)) for site, week, all_s in session.exec(wanted)}


def comparison(
    session: Session, rollout: RolloutRow, sites: Iterable[RolloutSiteRow], now_s: float
) -> Comparison:
    """Return how the sites of a roll-out did, with the release and without it."""
    overloads, alerts = overload_of(session, now_s), _alerts(session, rollout)
    seen = Comparison()
    before, after = seen.before, seen.after
    others_before, others_after = seen.others_before, seen.others_after
    for one in sites:
        told = alerts.get(one.site, [])
        _, counted_s = overloads.get(one.site, (0.0, 0.0))
        grown_s = max(0.0, counted_s - one.overload_mark_s)
        if one.installed_s is not None and one.asked_s is not None:
            start_s = max(one.installed_s, rollout.judged_s)
            before += _of(told, one.overload_week_s, one.asked_s - WEEK_S, one.asked_s)
            after += _of(told, grown_s, start_s, now_s)
        elif one.stage != Stage.INSTALLED:
            start_s = rollout.started_s
            others_before += _of(told, one.overload_week_s, start_s - WEEK_S, start_s)
            others_after += _of(told, grown_s, start_s, now_s)
    return Comparison(before, after, others_before, others_after)


def _alerts(session: Session, rollout: RolloutRow) -> Alerts:
    wanted = select(AlertRow).where(
        col(AlertRow.tenant) == rollout.tenant,
        col(AlertRow.rule).in_(RULES),
        col(AlertRow.fired_s).is_not(None),
        or_(
            col(AlertRow.resolved_s).is_(None),
            col(AlertRow.resolved_s) >= rollout.started_s - WEEK_S,
        ),
    )
    found: dict[str, list[AlertRow]] = {}
    for row in session.exec(wanted):
        found.setdefault(row.site, []).append(row)
    return found


def _of(alerts: Iterable[AlertRow], overload_s: float, start_s: float, end_s: float) -> Figures:
    failsafe_s, offline = 0.0, 0
    for one in alerts:
        if one.rule == Rule.FAILSAFE_ACTIVE:
            until_s = end_s if one.resolved_s is None else one.resolved_s
            failsafe_s += max(0.0, min(end_s, until_s) - max(start_s, one.started_s))
        elif start_s <= one.started_s < end_s:
            offline += 1
    return Figures(max(0.0, end_s - start_s) / DAY_S, overload_s, failsafe_s, offline)
