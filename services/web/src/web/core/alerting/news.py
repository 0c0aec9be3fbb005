"""What happened at a site between two looks at it: sessions, plugs, limits, plans. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """Events that programs can be told of. The names are part of the API."""

    ALERT_FIRED = "alert.fired"
    ALERT_RESOLVED = "alert.resolved"
    SESSION_STARTED = "session.started"
    SESSION_ENDED = "session.ended"
    CHARGER_PLUGGED = "charger.plugged"
    CHARGER_UNPLUGGED = "charger.unplugged"
    OPERATOR_LIMIT_STARTED = "operator-limit.started"
    OPERATOR_LIMIT_ENDED = "operator-limit.ended"
    PLAN_CHANGED = "plan.changed"
    TEST = "webhook.test"


CHOOSABLE = tuple(kind for kind in Kind if kind is not Kind.TEST)

Fact = str | float | None


@dataclass(frozen=True, slots=True)
class Marks:
    """What of a site is compared. sessions: charger -> its open session; limits: kind -> W."""

    sessions: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, float | None] = field(default_factory=dict)
    plan: str = ""


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a site."""

    kind: Kind
    facts: Mapping[str, Fact]


def between(
    before: Marks | None, after: Marks, energy_wh: Mapping[str, float]
) -> tuple[Happened, ...]:
    """Return what happened between two looks; the first look at a site tells nothing.

    energy_wh: session -> what it had charged when it was seen last.
    """
    if before is None or before == after:
        return ()
    return (
        *_sessions(before.sessions, after.sessions, energy_wh),
        *_limits(before.limits, after.limits),
        *_plan(before.plan, after.plan),
    )


def _sessions(
    before: Mapping[str, str], after: Mapping[str, str], energy_wh: Mapping[str, float]
) -> Iterator[Happened]:
    for charger in sorted({*before, *after}):
        old, new = before.get(charger, ""), after.get(charger, "")
        if old == new:
            continue
        if old:
            ended: dict[str, Fact] = {"charger": charger, "session": old}
            yield Happened(Kind.SESSION_ENDED, ended | {"energy_wh": energy_wh.get(old)})
            yield Happened(Kind.CHARGER_UNPLUGGED, ended)
        if new:
            began: dict[str, Fact] = {"charger": charger, "session": new}
            yield Happened(Kind.CHARGER_PLUGGED, began)
            yield Happened(Kind.SESSION_STARTED, began)


def _limits(
    before: Mapping[str, float | None], after: Mapping[str, float | None]
) -> Iterator[Happened]:
    for kind in sorted(before.keys() - after.keys()):
        yield Happened(Kind.OPERATOR_LIMIT_ENDED, {"limit": kind})
    for kind in sorted(after.keys() - before.keys()):
        yield Happened(Kind.OPERATOR_LIMIT_STARTED, {"limit": kind, "limit_w": after[kind]})


def _plan(before: str, after: str) -> Iterator[Happened]:
    if before != after:
        yield Happened(Kind.PLAN_CHANGED, {"plan": after or None})
