"""Whether a charger does what it was told: outliers become something to reserve for."""

from dataclasses import replace

from cem.core.charger import IEC_LEAST_A, Charger
from cem.core.conduct import Standing
from cem.core.parameters import Parameters

FOREIGN_BY_A = 0.5


def observed(charger: Charger, site_phases: int, now: float, p: Parameters) -> Charger:
    """Return the charger with its obedience judged by its newest report.

    It misses when it draws more, or has accepted more, than it was allowed at any time within
    the last 8 s. Three missing reports in a row make it disobedient, 60 s without one obedient.
    """
    charger = _watched(charger, now, p)
    if charger.granted_a is None or charger.standing(now, p) not in (
        Standing.READY,
        Standing.DISOBEDIENT,
    ):
        return replace(charger, misses=0) if charger.misses else charger
    if not _misses(charger, site_phases, now, p):
        since_s = now if charger.obeyed_since_s is None else charger.obeyed_since_s
        disobeys = charger.disobeys and now - since_s < p.forgiven_after_s
        if (charger.misses, charger.obeyed_since_s, charger.disobeys) == (0, since_s, disobeys):
            return charger
        return replace(charger, misses=0, obeyed_since_s=since_s, disobeys=disobeys)
    if charger.judged_s == charger.heard_s:
        return charger
    misses = charger.misses + 1
    return replace(
        charger,
        misses=misses,
        judged_s=charger.heard_s,
        obeyed_since_s=None,
        disobeys=charger.disobeys or misses >= p.missed_reports,
    )


def _misses(charger: Charger, site_phases: int, now: float, p: Parameters) -> bool:
    report = charger.report
    if report is not None and report.accepted is not None and report.accepted.is_fallback:
        return False  # our lease ended on the way: it does what it was told for that case
    if _draws_too_much(charger, site_phases, now, p):
        return True
    accepted_a = charger.accepted_a
    allowed_a = _allowed_a(charger, now, p) + p.obedience_slack_a
    return accepted_a is not None and accepted_a > allowed_a


def _draws_too_much(charger: Charger, site_phases: int, now: float, p: Parameters) -> bool:
    """Return whether the newest measurement is above what was allowed when it was taken.

    One from soon after a change that has no successor says how it was then, not how it is.
    """
    measured = charger.measured_a(now, p)
    if measured is None:
        return False
    at_s = charger.samples[-1].at_s
    if now - at_s > p.reaction_s and at_s < charger.changed_s + p.obedience_s:
        return False
    drawn_a = charger.level_a(measured, site_phases)
    return drawn_a > _allowed_a(charger, at_s, p) + p.obedience_slack_a


def _allowed_a(charger: Charger, at_s: float, p: Parameters) -> float:
    """Return the highest limit we gave within the 8 s before a moment."""
    granted_a = charger.most_a if charger.granted_a is None else charger.granted_a
    if not charger.former:
        return granted_a
    former = [o.limit_a for o in charger.former if at_s - o.until_s <= p.obedience_s]
    return max([granted_a, *former])


def _watched(charger: Charger, now: float, p: Parameters) -> Charger:
    """Note since when the limit in force is not ours, or is refused (A1)."""
    report = charger.report
    is_foreign = report is not None and _is_foreign(charger, now, p)
    is_refused = report is not None and bool(report.limit_problem)
    foreign_since_s = _since(charger.foreign_since_s, now) if is_foreign else None
    refused_since_s = _since(charger.refused_since_s, now) if is_refused else None
    if (charger.foreign_since_s, charger.refused_since_s) == (foreign_since_s, refused_since_s):
        return charger
    is_low = bool(charger.granted_a) and (charger.granted_a or 0.0) < IEC_LEAST_A
    is_new = is_refused and charger.refused_since_s is None
    return replace(
        charger,
        foreign_since_s=foreign_since_s,
        refused_since_s=refused_since_s,
        low_refusals=charger.low_refusals + (is_new and is_low),
    )


def _is_foreign(charger: Charger, now: float, p: Parameters) -> bool:
    report, accepted_a = charger.report, charger.accepted_a
    if report is None or report.car is None or report.accepted is None or accepted_a is None:
        return False
    if report.accepted.is_fallback or charger.granted_a is None or report.limit_problem:
        return False
    if abs(accepted_a - charger.granted_a) <= FOREIGN_BY_A:
        return False
    given = [o.limit_a for o in charger.former if now - o.until_s <= p.obedience_s]
    return all(abs(accepted_a - limit_a) > FOREIGN_BY_A for limit_a in given)


def _since(before_s: float | None, now: float) -> float:
    return now if before_s is None else before_s
