"""Watches all sites for alerts, on the one replica that holds the lease.

Only sites that said something, or whose clock ran out, are looked at. What happened is written
and handed to the tellers in one transaction; memory follows only after the commit, so a write
that failed is simply tried again.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from sqlalchemy import Engine
from sqlmodel import Session

from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from web.alerts import seen, store
from web.alerts.told import Teller
from web.core.alerting.machine import Condition, Key, Open, Seen, Step, step
from web.core.alerting.news import Happened, Marks, between
from web.core.alerting.overload import Spell, counted
from web.core.alerting.rules import AS_DELIVERED, Rule, RuleSettings
from web.core.alerting.wheel import Wheel
from web.core.freshness import ONLINE_FOR_S
from web.live import Heard, Live
from web.metrics import ALERTS_FIRING, ALERTS_LOOKED, NOT_UNDERSTOOD

logger = logging.getLogger(__name__)

EVERY_S = 1.0
REFRESH_EVERY_S = 10.0  # rules and the front door's own conditions
FORGET_EVERY_S = 3600.0
SETTLES_S = ONLINE_FOR_S + 15.0  # after a start or a lost bus nobody is called silent
NEWS_AT_ONCE = 500
AT_ONCE = 50  # sites between two chances for everything else
LOOK_AGAIN_S = ONLINE_FOR_S + 1.0

T = TypeVar("T")
Own = Callable[[Session], Mapping[str, Mapping[Key, Condition]]]


@dataclass(slots=True)
class Watched:
    """What the engine knows of one site."""

    open: Mapping[Key, Open]
    marks: Marks | None = None
    spell: Spell | None = None
    energy_wh: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a site found, to be kept once it is written."""

    place: str
    step: Step
    spell: Spell | None
    marks: Marks | None
    energy_wh: Mapping[str, float] | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the engine asks of others. own: tenant -> the front door's conditions, blocking."""

    bus_is_there: Callable[[], bool]
    own: Own


class AlertEngine:
    """Turns what Live hears into alerts and events."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        live: Live,
        around: Surroundings,
        tellers: Sequence[Teller],
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._live = live
        self._around = around
        self._tellers = tellers
        self._watched: dict[str, Watched] = {}
        self._rules: Mapping[str, Mapping[Rule, RuleSettings]] = {}
        self._own: Mapping[str, Mapping[Key, Condition]] = {}
        self._wheel = Wheel()
        self._odd: set[str] = set()  # sites that were told of in the log
        self._is_loaded = False
        self._is_failing = False
        self._settled_at = 0.0  # monotonic: from then on silence means something
        self._refreshed_at = self._forgot_at = -FORGET_EVERY_S

    async def work(self) -> None:
        """Watch until cancelled; begins with what the database knows."""
        self._is_loaded = False
        self._settled_at = self._clock.monotonic() + SETTLES_S
        with self._live.changes() as touched:
            while True:
                try:
                    await self.round(touched)
                    self._is_failing = False
                except RefusedError as error:
                    self._lost(error)
                await asyncio.sleep(EVERY_S)

    def _lost(self, error: RefusedError) -> None:
        """Begin anew from the database: what it did not take is found again."""
        self._is_loaded = False
        if not self._is_failing:  # once a spell
            self._is_failing = True
            logger.warning("alerts not stored", extra={"error": error.detail})

    async def round(self, touched: set[str]) -> None:
        """Look once at all that is new or due. Raises RefusedError `store-failing`."""
        if not self._is_loaded:
            await self._load()
        await self._refresh()
        if not self._around.bus_is_there():
            self._settled_at = self._clock.monotonic() + SETTLES_S
        now_s = self._clock.now().timestamp()
        places = {*touched, *self._wheel.due(now_s)}
        touched.clear()
        news: list[store.SiteNews] = []
        looks: list[Look] = []
        for count, place in enumerate(places):
            if count % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
            self._look(place, now_s, news, looks)
        for at in range(0, len(news), NEWS_AT_ONCE):
            part = news[at : at + NEWS_AT_ONCE]  # a short transaction: others write too
            await self._in_session(
                partial(store.write, news=part, tellers=self._tellers, now_s=now_s)
            )
        for look in looks:
            self._keep(look)
        self._count()

    async def _load(self) -> None:
        opened, marks = await self._in_session(
            lambda session: (store.open_alerts(session), store.known_marks(session))
        )
        self._watched = {place: Watched(alerts) for place, alerts in opened.items()}
        for site, one in marks.items():
            self._watched.setdefault(site, Watched({})).marks = one
        self._wheel = Wheel()
        now_s = self._clock.now().timestamp()
        for place in (*(site for site, _ in self._live.everything()), *self._watched):
            self._wheel.by(place, now_s)
        self._refreshed_at = -REFRESH_EVERY_S
        self._is_loaded = True

    async def _refresh(self) -> None:
        """Read again what people may change on any replica."""
        now = self._clock.monotonic()
        if now - self._refreshed_at < REFRESH_EVERY_S:
            return
        rules, own = await self._in_session(
            lambda session: (store.rules_in_force(session), self._around.own(session))
        )
        if rules != self._rules:
            for place, watched in self._watched.items():
                if watched.open:
                    self._wheel.by(place, 0.0)
        self._rules, self._refreshed_at = rules, now
        for tenant in {*self._own, *own}:
            self._wheel.by(store.OWN + tenant, 0.0)
        self._own = own
        if now - self._forgot_at >= FORGET_EVERY_S:
            self._forgot_at = now
            now_s = self._clock.now().timestamp()
            await self._in_session(lambda session: store.forget_old(session, now_s))

    def _look(
        self, place: str, now_s: float, news: list[store.SiteNews], looks: list[Look]
    ) -> None:
        ALERTS_LOOKED.inc()
        if place.startswith(store.OWN):
            self._look_at_ourselves(place, now_s, news, looks)
        elif self._live.knows(place):
            try:
                self._look_at_site(place, now_s, news, looks)
            except (ValueError, OverflowError) as error:
                self._skip(place, now_s, error)

    def _skip(self, site: str, now_s: float, error: Exception) -> None:
        """Leave out a site whose word makes no sense: nobody else's alerts wait for it."""
        NOT_UNDERSTOOD.inc()
        self._wheel.by(site, now_s + LOOK_AGAIN_S)
        if site not in self._odd:
            self._odd.add(site)
            logger.warning("site not watched", extra={"site": site, "error": str(error)})

    def _look_at_ourselves(
        self, place: str, now_s: float, news: list[store.SiteNews], looks: list[Look]
    ) -> None:
        tenant = place.removeprefix(store.OWN)
        watched = self._watched.setdefault(place, Watched({}))
        became = step(watched.open, Seen(self._own.get(tenant, {})), self._rules_of(tenant), now_s)
        if became.changes:
            news.append(store.SiteNews(place, tenant, "", became.changes))
        looks.append(Look(place, became, None, None, None))

    def _look_at_site(
        self, site: str, now_s: float, news: list[store.SiteNews], looks: list[Look]
    ) -> None:
        is_silent = not self._live.is_online(site)
        if is_silent and self._clock.monotonic() < self._settled_at:
            self._wheel.by(site, now_s + SETTLES_S)
            return
        heard = self._live.heard(site)
        tenant = heard.tenant
        if tenant is None:  # not looked up yet whose it is
            self._wheel.by(site, now_s + EVERY_S)
            return
        watched = self._watched.setdefault(site, Watched({}))
        spell, marks, energy_wh = watched.spell, watched.marks, watched.energy_wh
        if is_silent:
            sight = Seen(_silence(heard), is_silent=True)
            happened: tuple[Happened, ...] = ()
        else:
            spell = _spell(heard, spell, now_s)
            sight = Seen(_true(heard, spell, now_s))
            marks = seen.marks(heard.state) if heard.state is not None else marks
            happened = between(watched.marks, marks, energy_wh or {}) if marks else ()
            energy_wh = seen.energies_wh(heard.state) if heard.state is not None else energy_wh
        became = step(watched.open, sight, self._rules_of(tenant), now_s)
        is_marked = marks != watched.marks
        if became.changes or is_marked:
            new_marks = marks if is_marked else None
            news.append(
                store.SiteNews(site, tenant, heard.name, became.changes, happened, new_marks)
            )
        looks.append(Look(site, became, spell, marks, energy_wh))
        self._wheel.by(site, min(became.wake_s or now_s + LOOK_AGAIN_S, now_s + LOOK_AGAIN_S))

    def _keep(self, look: Look) -> None:
        watched = self._watched[look.place]
        watched.open, watched.spell = look.step.open, look.spell
        watched.marks, watched.energy_wh = look.marks, look.energy_wh

    async def _in_session(self, act: Callable[[Session], T]) -> T:
        """Do something in one transaction, in a thread. Raises RefusedError `store-failing`."""
        return await asyncio.to_thread(written, self._engine, act)

    def _rules_of(self, tenant: str) -> Mapping[Rule, RuleSettings]:
        return self._rules.get(tenant, AS_DELIVERED)

    def _count(self) -> None:
        firing = dict.fromkeys(Rule, 0)
        for watched in self._watched.values():
            for key, alert in watched.open.items():
                firing[key.rule] += alert.fired_s is not None
        for rule, count in firing.items():
            ALERTS_FIRING.labels(rule.value).set(count)


def _silence(heard: Heard) -> Mapping[Key, Condition]:
    seen_at = {"last_seen": heard.last_seen.isoformat()} if heard.last_seen else {}
    return {Key(Rule.SITE_OFFLINE): Condition(seen_at)}


def _spell(heard: Heard, before: Spell | None, now_s: float) -> Spell | None:
    if heard.state is None or not heard.state.HasField("overload_s"):
        return before
    if not math.isfinite(heard.state.overload_s):
        return before
    return counted(before, heard.state.overload_s, now_s)


def _true(heard: Heard, spell: Spell | None, now_s: float) -> Mapping[Key, Condition]:
    found = {} if heard.state is None else seen.conditions(heard.state)
    if spell is not None and spell.sum_s > 0:
        told = {"seconds": f"{spell.sum_s:.0f}"}
        found[Key(Rule.OVERLOAD)] = Condition(told, amount_s=spell.sum_s)
    if heard.eebus is not None:
        ends = seen.certificate(heard.eebus, now_s)
        if ends is not None:
            found[Key(Rule.CERTIFICATE_EXPIRING, "eebus")] = ends
    return found
