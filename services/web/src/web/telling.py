"""Everything that tells people and programs what happened: alerts, webhooks, Web Push."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session

from volthus_kit.clock import Clock
from web.alerts.book import AlertBook
from web.alerts.certificates import ends_of
from web.alerts.engine import AlertEngine, Surroundings
from web.calling import Caller, CallRules
from web.core.alerting.machine import Condition, Key
from web.core.alerting.rules import Rule
from web.history import gaps
from web.leases import Leases
from web.live import Live
from web.push import store as push_store
from web.push.book import PushBook
from web.push.sender import PushSender
from web.rollouts.troubles import troubles
from web.settings import Settings
from web.store import SiteRow
from web.webhooks import store as webhook_store
from web.webhooks.book import WebhookBook
from web.webhooks.sender import Sender


@dataclass(frozen=True, slots=True)
class TellingSettings:
    """How it is told. certificate: the front door's own (PEM), to be watched; None: not known."""

    call_rules: CallRules = field(default_factory=CallRules)
    push_contact: str = "mailto:volthus@example.com"
    certificate: Path | None = None


def telling_settings(settings: Settings) -> TellingSettings:
    """Return what of the environment matters here."""
    hosts = (host.strip().lower() for host in settings.webhook_http_hosts.split(","))
    rules = CallRules(settings.webhook_private, frozenset(filter(None, hosts)))
    return TellingSettings(rules, settings.push_contact, settings.web_certificate)


class Telling:
    """The books that the API asks, and the work that one replica does."""

    def __init__(self, engine: Engine, clock: Clock, settings: TellingSettings) -> None:
        self.alerts = AlertBook(engine, clock)
        self.webhooks = WebhookBook(engine, clock)
        self.push = PushBook(engine, clock)
        self.call_rules = settings.call_rules
        self._engine = engine
        self._clock = clock
        self._settings = settings

    async def work(self, live: Live, leases: Leases, bus_is_there: Callable[[], bool]) -> None:
        """Watch for alerts and send what is to be told, while the leases are ours."""
        watching = AlertEngine(
            self._engine,
            self._clock,
            live,
            Surroundings(bus_is_there, self._own),
            (webhook_store.enqueue, push_store.teller(lambda user, of: user.tenant == of)),
        )
        hooks = Sender(self._engine, self._clock, Caller(self.call_rules))
        pushes = PushSender(
            self._engine, self._clock, Caller(self.call_rules), self._settings.push_contact
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(leases.while_mine("alerts", watching.work), name="alerts")
            tasks.create_task(leases.while_mine("webhooks", hooks.work), name="webhooks")
            tasks.create_task(leases.while_mine("push", pushes.work), name="push")

    def _own(self, session: Session) -> Mapping[str, Mapping[Key, Condition]]:
        """Return what is wrong with the front door itself, by tenant; blocking."""
        found = webhook_store.given_up(session)
        ends = ends_of(self._settings.certificate) if self._settings.certificate else None
        if ends is not None:
            left_s = (ends - self._clock.now()).total_seconds()
            soon = Condition({"at": ends.isoformat()}, amount_s=left_s)
            found.setdefault("", {})[Key(Rule.CERTIFICATE_EXPIRING, "front-door")] = soon
        for one in gaps.wanting(session.connection(), self._clock.now()):
            row = session.get(SiteRow, one.site)
            rule = Rule.RECORDS_LOST if one.is_lost else Rule.RECORDS_UNDELIVERED
            count = {"count": str(one.count)} if one.is_lost else {}
            missed = Condition({"name": one.site} | count, since_s=one.since_s)
            found.setdefault("" if row is None else row.tenant, {})[Key(rule, one.site)] = missed
        for tenant, conditions in troubles(session).items():
            found.setdefault(tenant, {}).update(conditions)
        return found
