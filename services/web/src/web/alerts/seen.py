"""From what a site says to conditions and marks: the only place of alerts that knows messages."""

import math
from collections.abc import Mapping
from types import MappingProxyType

from volthus_wire.convert import from_timestamp
from volthus_wire.v1.eebus_pb2 import EebusPicture
from volthus_wire.v1.site_pb2 import ChargerState, Notice, SiteState
from web.core.alerting.machine import Condition, Key
from web.core.alerting.news import Marks
from web.core.alerting.rules import Rule

# The site's own notices, by the rule they feed, and the parameter that names what it is about.
NOTICES: Mapping[str, tuple[Rule, str]] = MappingProxyType(
    {
        "charger-disobeys": (Rule.CHARGER_DISOBEYS, "ski"),
        "meter-silent": (Rule.METER_LOST, "meter"),
        "goal-will-be-missed": (Rule.GOAL_MISSED, "ski"),
        "prices-stale": (Rule.PRICES_STALE, ""),
        "store-failing": (Rule.STORE_FAILING, ""),
        "records-lost": (Rule.RECORDS_LOST, ""),
        "records-not-delivered": (Rule.RECORDS_UNDELIVERED, ""),
        "site-file-refused": (Rule.SITE_FILE_REFUSED, ""),
    }
)
# What a person reads; a parameter that changes each second would be a write each second.
TOLD = frozenset({"code", "missing_kwh", "at", "known_until", "reason", "pointer", "count"})
# What a site may make us keep: a text of its own is cut, and so is a list of what is wrong.
MOST_TEXT = 200
MOST_CONDITIONS = 200
LIMITED = frozenset({"limited", "failsafe"})
LOST_BOX = frozenset({"failsafe", "unlimited_autonomous"})


def conditions(state: SiteState) -> dict[Key, Condition]:
    """Return what is wrong at a site by its live picture."""
    found: dict[Key, Condition] = {}
    for notice in state.notices:
        if notice.code in NOTICES and len(found) < MOST_CONDITIONS:
            rule, names = NOTICES[notice.code]
            element = _text(notice.params.get(names, "")) if names else ""
            found[Key(rule, element)] = _of_notice(notice, state, element)
    for charger in state.chargers:
        if charger.state == "offline":
            found[Key(Rule.CHARGER_OFFLINE, _text(charger.ski))] = Condition(
                _named(charger), has_car=bool(charger.session)
            )
        elif charger.state == "fault":
            code = {"code": _text(charger.error_code)} if charger.error_code else {}
            found[Key(Rule.CHARGER_FAULT, _text(charger.ski))] = Condition(_named(charger) | code)
        if len(found) >= MOST_CONDITIONS:
            break
    if state.ladder == "failsafe":
        found[Key(Rule.FAILSAFE_ACTIVE)] = Condition()
    for limit in state.operator_limits:
        if limit.state in LOST_BOX and not limit.connected and limit.source == "eebus":
            box = Key(Rule.CONTROL_BOX_LOST, _text(limit.ski))
            found[box] = Condition({"name": _text(limit.name)} if limit.name else {})
    return found


def certificate(picture: EebusPicture, now_s: float) -> Condition | None:
    """Return how long the gateway's certificate lasts, None where it is not told."""
    if not picture.identity.HasField("certificate_ends"):
        return None
    ends = from_timestamp(picture.identity.certificate_ends)
    return Condition({"at": ends.isoformat()}, amount_s=ends.timestamp() - now_s)


def marks(state: SiteState) -> Marks:
    """Return what of a site is compared with the next look."""
    return Marks(
        sessions={one.ski: one.session for one in state.chargers if one.session},
        limits={
            f"{one.kind}-{one.source}": _finite(one.limit_w) if one.HasField("limit_w") else None
            for one in state.operator_limits
            if one.state in LIMITED
        },
        plan=state.plan.plan,
    )


def energies_wh(state: SiteState) -> dict[str, float]:
    """Return session -> energy so far, for chargers that know it."""
    return {
        one.session: one.session_energy_wh
        for one in state.chargers
        if one.session
        and one.HasField("session_energy_wh")
        and math.isfinite(one.session_energy_wh)
    }


def _of_notice(notice: Notice, state: SiteState, element: str) -> Condition:
    params = {name: _text(value) for name, value in notice.params.items() if name in TOLD}
    charger = next((one for one in state.chargers if element and one.ski == element), None)
    since_s = from_timestamp(notice.since).timestamp() if notice.HasField("since") else None
    if charger is not None:
        return Condition(params | _named(charger), since_s=since_s)
    meter = next((one for one in state.meters if element and one.settings.meter == element), None)
    name = {"name": _text(meter.settings.name)} if meter is not None and meter.settings.name else {}
    return Condition(params | name, since_s=since_s)


def _named(charger: ChargerState) -> dict[str, str]:
    name = charger.name or f"{charger.brand} {charger.model}".strip()
    return {"name": _text(name)} if name else {}


def _text(value: str) -> str:
    """Return a site's text as every database keeps it: no control characters, not too long."""
    return "".join(filter(str.isprintable, value[:MOST_TEXT]))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
