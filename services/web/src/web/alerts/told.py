"""What is told to the outside: one event with all that webhooks and phones need of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from web.core.alerting.machine import Key
from web.core.alerting.news import Fact, Kind
from web.core.alerting.rules import Severity


@dataclass(frozen=True, slots=True)
class AlertTold:
    """An alert as it is told."""

    id: str
    key: Key
    severity: Severity
    params: Mapping[str, str]
    started_s: float
    fired_s: float | None


@dataclass(frozen=True, slots=True)
class Told:
    """One event. at_s: Unix seconds; site is empty for the front door itself."""

    kind: Kind
    at_s: float
    tenant: str
    site: str
    site_name: str
    facts: Mapping[str, Fact]
    alert: AlertTold | None = None


# Takes events over within the transaction that makes them true; blocking.
Teller = Callable[[Session, Sequence[Told]], None]
