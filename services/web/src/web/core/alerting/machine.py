"""The life of alerts at one site: pending, firing, resolved. Pure; times are Unix seconds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from web.core.alerting.rules import DAY_S, STANDARDS, Rule, RuleSettings, Severity, Threshold


class Key(NamedTuple):
    """What an alert is about: there is at most one open alert of each at a site.

    element: a charger's SKI, a meter's id, ...; empty: the whole site.
    """

    rule: Rule
    element: str = ""


class State(StrEnum):
    """How far an alert is."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is so now. amount_s: what AT_LEAST and AT_MOST compare.

    has_car: whether a car is plugged where it happens. since_s: since when, where the site says it.
    """

    params: Mapping[str, str] = field(default_factory=dict)
    amount_s: float = 0.0
    has_car: bool = True
    since_s: float | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What is true at a site now; a silent site says nothing, neither that it is well."""

    true: Mapping[Key, Condition]
    is_silent: bool = False


@dataclass(frozen=True, slots=True)
class Open:
    """An alert that is not resolved.

    started_s: since when it is so. well_since_s: while firing, since when it is so no longer.
    """

    key: Key
    state: State
    started_s: float
    severity: Severity
    params: Mapping[str, str]
    fired_s: float | None = None
    well_since_s: float | None = None


class What(StrEnum):
    """What happened to an alert."""

    BEGAN = "began"
    FIRED = "fired"
    RESOLVED = "resolved"
    DROPPED = "dropped"  # it was pending, and is not so any more


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened, and the alert behind it."""

    what: What
    alert: Open


@dataclass(frozen=True, slots=True)
class Step:
    """What is open afterwards, what happened, and when to look again without news (None: never)."""

    open: Mapping[Key, Open]
    changes: tuple[Change, ...] = ()
    wake_s: float | None = None


QUIET = Step({})
# A site's own word since when something is so is believed this far back.
LONGEST_BEFORE_S = DAY_S


def step(
    before: Mapping[Key, Open], seen: Seen, rules: Mapping[Rule, RuleSettings], now_s: float
) -> Step:
    """Return what becomes of a site's alerts now.

    While a site is silent nothing of it is known: only that it is silent can begin, fire or end;
    everything else stays as it is. An alert of a rule that was switched off ends at once.
    """
    true = {key: one for key, one in seen.true.items() if _counts(key, one, rules)}
    if not true and not before:
        return QUIET
    quiet = _covered(true)
    after: dict[Key, Open] = {}
    changes: list[Change] = []
    for key in {**before, **true}:
        settings, alert = rules[key.rule], before.get(key)
        if seen.is_silent and settings.enabled and key.rule is not Rule.SITE_OFFLINE:
            if alert is not None:
                after[key] = alert
            continue
        alert, happened = (
            _so(key, alert, true[key], settings, now_s, may_fire=key.rule not in quiet)
            if key in true
            else _well(alert, settings, now_s)
        )
        changes += happened
        if alert is not None:
            after[key] = alert
    return Step(after, tuple(changes), _wake_s(after, rules, seen, now_s))


def _counts(key: Key, condition: Condition, rules: Mapping[Rule, RuleSettings]) -> bool:
    """Whether a condition matters at all: switched on, with a car where one is needed, enough."""
    settings, standard = rules[key.rule], STANDARDS[key.rule]
    if not settings.enabled or (standard.needs_car and not condition.has_car):
        return False
    match standard.threshold:
        case Threshold.AT_LEAST:
            return condition.amount_s >= settings.after_s
        case Threshold.AT_MOST:
            return condition.amount_s <= settings.after_s
        case Threshold.HELD_FOR:
            return True


def _covered(true: Mapping[Key, Condition]) -> frozenset[Rule]:
    """Return the rules that stay quiet since something graver explains them."""
    return frozenset(rule for key in true for rule in STANDARDS[key.rule].covers)


def _so(  # noqa: PLR0913 - each of another kind
    key: Key,
    alert: Open | None,
    condition: Condition,
    settings: RuleSettings,
    now_s: float,
    *,
    may_fire: bool,
) -> tuple[Open, list[Change]]:
    """Return an alert whose condition is true now, and what happened to it."""
    happened = []
    if alert is None:
        since_s = now_s if condition.since_s is None else condition.since_s
        started_s = min(now_s, max(since_s, now_s - LONGEST_BEFORE_S))
        alert = Open(key, State.PENDING, started_s, settings.severity, condition.params)
        happened.append(Change(What.BEGAN, alert))
    elif alert.well_since_s is not None or alert.params != condition.params:
        alert = replace(alert, well_since_s=None, params=condition.params)
    if alert.state is State.PENDING and may_fire and _due_s(alert, settings) <= now_s:
        alert = replace(alert, state=State.FIRING, fired_s=now_s, severity=settings.severity)
        happened.append(Change(What.FIRED, alert))
    return alert, happened


def _well(
    alert: Open | None, settings: RuleSettings, now_s: float
) -> tuple[Open | None, list[Change]]:
    """Return what is left of an alert whose condition is not true now."""
    if alert is None:
        return None, []
    if alert.state is State.PENDING:
        return None, [Change(What.DROPPED, alert)]
    since_s = now_s if alert.well_since_s is None else min(alert.well_since_s, now_s)
    if not settings.enabled or since_s + STANDARDS[alert.key.rule].clear_s <= now_s:
        return None, [Change(What.RESOLVED, replace(alert, state=State.RESOLVED))]
    return replace(alert, well_since_s=since_s), []


def _due_s(alert: Open, settings: RuleSettings) -> float:
    """Return when a pending alert fires if nothing changes."""
    waits = STANDARDS[alert.key.rule].threshold is Threshold.HELD_FOR
    return alert.started_s + settings.after_s if waits else alert.started_s


def _wake_s(
    after: Mapping[Key, Open], rules: Mapping[Rule, RuleSettings], seen: Seen, now_s: float
) -> float | None:
    def moments() -> Iterator[float]:
        for key, alert in after.items():
            if seen.is_silent and key.rule is not Rule.SITE_OFFLINE:
                continue  # frozen: the site's next word is the next look
            if alert.well_since_s is not None:
                yield alert.well_since_s + STANDARDS[key.rule].clear_s
            elif alert.state is State.PENDING and _due_s(alert, rules[key.rule]) > now_s:
                yield _due_s(alert, rules[key.rule])

    return min(moments(), default=None)
