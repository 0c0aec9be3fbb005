"""The office: hears sites, decides whose turn it is, makes plans in batches, sends until heard.

One loop and one thread that reckons. Knows no subject: `Post` is how it speaks to sites.
"""

import asyncio
import heapq
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from smart_charging.planning import metrics
from smart_charging.planning.book import Book
from smart_charging.planning.core.ledger import (
    APART_S,
    GONE_S,
    SILENT_S,
    InForce,
    Row,
    Step,
    heard_in_force,
    next_hour,
    spread_s,
)
from smart_charging.planning.core.queue import Queue, Urgency
from smart_charging.planning.core.sharing import Replicas
from smart_charging.planning.core.slots import slots_at
from smart_charging.planning.forecasts import Forecasts
from smart_charging.planning.making import Job, Made, made
from smart_charging.planning.store import Kept, Known, SeriesRow, Store, StoreError
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError

logger = logging.getLogger(__name__)

BATCH = 24  # sites planned in one go: some 10 ms, so that who plugs in waits no longer
FULL_BATCH = 192  # the same where nobody waits at a plug, or so many that larger turns serve all
FEED_LOOK_S = 2.0  # how often new prices and weather are looked for
LOOKS = 30  # each site's weather is looked at once a minute
WRITE_EVERY_S = 1.0
COLD_LOOK_S = 0.5  # while the kernels are compiled
FIRST_WORDS_S = 15.0  # after a start: sites say which plans they follow, before any is made anew
CAUSES = {Urgency.PERSON: "site", Urgency.FLEET: "fleet"}


class Post(Protocol):
    """How plans and prices reach a site."""

    async def plan(self, site: str, body: bytes) -> bool:
        """Send a plan. Returns False when the bus is away."""
        ...

    async def prices(self, site: str, body: bytes) -> bool:
        """Send a price series. Returns False when the bus is away."""
        ...


@dataclass(slots=True)
class Parts:
    """What the office works with."""

    book: Book
    forecasts: Forecasts
    store: Store
    post: Post
    clock: Clock
    replicas: Replicas


class Office:
    """Plans the sites that are ours. `hear_*` when a message comes; `run` all day."""

    def __init__(self, parts: Parts, known: dict[str, Known], *, is_warm: bool = True) -> None:
        self._parts, self._known = parts, known
        self._rows: dict[str, Row] = {}
        self._queue = Queue()
        self._urgent: dict[str, float] = {}  # since when a person waits, monotonic
        self._due: list[tuple[float, str]] = []
        self._unsettled: set[str] = set()
        self._work = asyncio.Event()
        self._plans_to_write: list[Kept] = []
        self._series_to_write: list[SeriesRow] = []
        self._started_s = self._now_s()
        self._changed_sites = True
        self._look = 0
        self._is_warm = is_warm
        self.owned = 0  # sites that are ours, as of the last look

    @property
    def rows(self) -> dict[str, Row]:
        """Return what is held of each site."""
        return self._rows

    @property
    def book(self) -> Book:
        """Return the tables of prices."""
        return self._parts.book

    @property
    def forecasts(self) -> Forecasts:
        """Return the outlook of sites."""
        return self._parts.forecasts

    @property
    def queue(self) -> Queue:
        """Return who waits."""
        return self._queue

    def plan_now(self, site: str, urgency: Urgency) -> None:
        """Let a site wait for a plan from now on."""
        self._wish(site, urgency, self._now_s())

    def warm_up(self) -> None:
        """Plan cars from now on: the kernels are there."""
        self._is_warm = True
        self.hear_replicas()
        self._work.set()

    def is_own(self, site: str) -> bool:
        """Return whether this replica plans a site."""
        return self._parts.replicas.is_own(site)

    # --- what is heard ---------------------------------------------------------------------------

    def hear_profile(self, new: Row) -> None:
        """Take a profile with a revision that is not known yet."""
        site, now_s = new.site.id, self._now_s()
        old = self._rows.get(site)
        if old is None:
            self._welcome(new, now_s)
            return
        if (old.tariff, old.place) != (new.tariff, new.place):
            self._changed_sites = True
        old.site, old.tariff, old.place, old.heard_s = new.site, new.tariff, new.place, now_s
        old.has_roofs = new.has_roofs
        self._wish(site, Urgency.PERSON, max(now_s, old.made_s + APART_S))

    def hear_again(self, new: Row) -> None:
        """Take a profile of a revision that is known: only what moves by itself is other in it.

        What a car still needs falls while it charges; the next plan must reckon with that.
        """
        site, now_s = new.site.id, self._now_s()
        row = self._rows[site]
        was_silent, row.heard_s, row.site = now_s - row.heard_s > SILENT_S, now_s, new.site
        if was_silent and row.due_s <= now_s:
            self._wish(site, Urgency.FLEET, now_s)

    def hear_in_force(self, site: str, it: InForce, series: str, revision: int) -> None:
        """Take a site's word on the plan and the prices it holds."""
        row = self._rows.get(site)
        if row is None:
            return
        row.heard_s = now_s = self._now_s()
        if it.refused and it.refused == row.plan != row.refused:
            metrics.REFUSED.labels(it.refused_code or "unknown").inc()
        step = heard_in_force(row, it, now_s)
        row.series, row.series_revision = series, revision
        if self.is_own(site):
            if step is not Step.NOTHING:
                self._wish(site, Urgency.FLEET, now_s)
            self._offer_prices(row, now_s)

    def hear_replicas(self) -> None:
        """Take note that others came or went: some sites are ours now, others no longer."""
        now_s = self._now_s()
        for site, row in self._rows.items():
            if not self.is_own(site):
                self._queue.drop(site)
                row.plan_sent.settle()
                row.prices_sent.settle()
            elif row.plan_revision != row.site.revision or row.due_s <= now_s:
                self._wish(site, Urgency.FLEET, now_s)

    def _welcome(self, row: Row, now_s: float) -> None:
        """Take a site that was not known: its last plan counts on where it still holds."""
        site = row.site.id
        self._rows[site] = row
        self._changed_sites = True
        known = self._known.get(site)
        row.due_s = now_s
        if known is not None and known.revision == row.site.revision:
            row.plan, row.plan_revision, row.made_s = known.plan, known.revision, known.made_s
            row.due_s = next_hour(site, known.made_s)
        is_early = now_s - self._started_s < FIRST_WORDS_S
        wait_s = FIRST_WORDS_S * spread_s(site) / 60 if is_early and not known else 0.0
        self._wish(site, Urgency.FLEET, max(row.due_s, now_s + wait_s))

    # --- whose turn it is ------------------------------------------------------------------------

    def _wish(self, site: str, urgency: Urgency, at_s: float) -> None:
        row, since_s = self._rows[site], time.monotonic()
        if urgency is Urgency.PERSON:
            self._urgent.setdefault(site, since_s)
        row.due_s = at_s
        if at_s > self._now_s():
            heapq.heappush(self._due, (at_s, site))
        else:
            self._queue.push(site, urgency, since_s)
        self._work.set()

    def _ripen(self, now_s: float) -> float:
        """Move who is due into the queue; return seconds until the next one is."""
        while self._due and self._due[0][0] <= now_s:
            at_s, site = heapq.heappop(self._due)
            row = self._rows.get(site)
            if row is None or row.due_s != at_s:
                continue  # it was planned meanwhile, or has another time
            urgency = Urgency.PERSON if site in self._urgent else Urgency.FLEET
            self._queue.push(site, urgency, time.monotonic())
        return self._due[0][0] - now_s if self._due else FEED_LOOK_S

    async def run(self) -> None:
        """Plan whose turn it is, for ever."""
        while True:
            wait_s = self._ripen(self._now_s())
            if not len(self._queue) or not self._parts.replicas.is_settled(time.monotonic()):
                self._work.clear()
                try:
                    async with asyncio.timeout(max(0.01, min(wait_s, FEED_LOOK_S))):
                        await self._work.wait()
                except TimeoutError:
                    pass
                if not self._parts.replicas.is_settled(time.monotonic()):
                    await asyncio.sleep(0.05)
                continue
            if not await self.plan_some() and not self._is_warm:
                await asyncio.sleep(COLD_LOOK_S)

    async def plan_some(self) -> int:
        """Plan the next batch and send it; return how many sites were planned."""
        now_s = self._now_s()
        taken = self._queue.take(BATCH, FULL_BATCH)
        turns = [(site, since) for site, since in taken if self._is_wanted(site, now_s)]
        if not self._is_warm:
            turns = await self._cold(turns)
        metrics.QUEUE.set(len(self._queue))
        if not turns:
            return 0
        rows = [self._rows[site] for site, _ in turns]
        revisions = [row.site.revision for row in rows]
        found = await asyncio.to_thread(self._made, rows, now_s)
        done = {each.job.site.id: each for each in found}
        with metrics.working("send"):
            for (site, since), revision in zip(turns, revisions, strict=True):
                row = self._rows.get(site)
                if row is None:
                    continue
                plan = done.get(site)
                if plan is None:
                    metrics.FAILED.inc()
                    self._later(row, now_s)
                elif row.site.revision == revision:
                    await self._send_new(row, plan, since)
        metrics.KEPT.inc(sum(each.is_kept for each in found))
        metrics.MISSED.inc(1000 * sum(each.missing_kwh for each in found))
        self._series_to_write += [
            SeriesRow(series=name, revision=revision, body=body)
            for name, revision, body in self._parts.book.changed
        ]
        self._parts.book.changed.clear()
        return len(found)

    async def _cold(self, turns: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
        """Return who can be planned without kernels; all others get their prices, and wait."""
        waiting = [(site, since) for site, since in turns if self._rows[site].site.sessions]
        tariffs = {self._rows[site].tariff for site, _ in waiting} - {b""}
        await asyncio.to_thread(lambda: [self._parts.book.entry(tariff) for tariff in tariffs])
        for site, since in waiting:
            self._queue.push(site, Urgency.FLEET, since)
            if (row := self._rows.get(site)) is not None:
                self._offer_prices(row, self._now_s())
        return [turn for turn in turns if turn not in waiting]

    def _is_wanted(self, site: str, now_s: float) -> bool:
        row = self._rows.get(site)
        if row is None or not self.is_own(site) or not row.is_worth_a_plan:
            self._urgent.pop(site, None)
            return False
        return now_s - row.heard_s <= SILENT_S  # else: planned when it is back

    def _made(self, rows: Sequence[Row], now_s: float) -> list[Made]:
        """Reckon a batch; one site that makes it fail is planned alone, and then left out."""
        try:
            return self._reckoned(rows, now_s)
        except Exception:
            if len(rows) == 1:
                logger.exception("site could not be planned", extra={"site": rows[0].site.id})
                return []
            return [plan for row in rows for plan in self._made([row], now_s)]

    def _reckoned(self, rows: Sequence[Row], now_s: float) -> list[Made]:
        forecasts = self._parts.forecasts
        with metrics.working("forecast"):
            forecasts.prepare([(row.site.id, row.place) for row in rows], now_s)
            jobs = []
            for row in rows:
                site = row.site
                outlook = forecasts.outlook(site.id, slots_at(now_s, site.last_departure_s))
                jobs.append(Job(site, row.tariff, outlook, row.followed))
        return made(self._parts.book, jobs, now_s)

    # --- what is sent ----------------------------------------------------------------------------

    async def _send_new(self, row: Row, plan: Made, since: float) -> None:
        site = row.site.id
        waited_since = self._urgent.pop(site, None)
        cause = CAUSES[Urgency.FLEET if waited_since is None else Urgency.PERSON]
        row.plan, row.plan_revision, row.made_s = plan.plan, plan.job.site.revision, plan.made_s
        row.former = plan.former
        priced = self._parts.book.held(row.tariff)
        row.priced = None if priced is None else priced.revision
        self._later(row, plan.made_s)
        now_s = self._now_s()
        row.plan_sent.start(plan.body, now_s)
        self._unsettled.add(site)
        await self._send_plan(row, now_s)
        metrics.WAIT_OF[cause].observe(time.monotonic() - (waited_since or since))
        metrics.MADE_OF[cause].inc()
        metrics.GAP.observe(plan.gap)
        self._plans_to_write.append(kept(plan))
        self._offer_prices(row, now_s)

    def _later(self, row: Row, now_s: float) -> None:
        row.due_s = next_hour(row.site.id, now_s)
        heapq.heappush(self._due, (row.due_s, row.site.id))

    async def _send_plan(self, row: Row, now_s: float) -> None:
        if row.plan_sent.body is None:
            return
        if row.plan_sent.times:
            metrics.SENT_AGAIN.inc()
        await self._parts.post.plan(row.site.id, row.plan_sent.body)
        row.plan_sent.went(now_s)

    def _offer_prices(self, row: Row, now_s: float) -> None:
        """Send prices while the site names others than we hold."""
        entry = self._parts.book.held(row.tariff) if row.tariff else None
        if entry is None or not entry.has_prices:
            return
        if (row.series, row.series_revision) == (entry.terms.series, entry.revision):
            row.prices_sent.settle()
        elif row.prices_sent.body is not entry.body:
            row.prices_sent.start(entry.body, now_s)
            self._unsettled.add(row.site.id)

    async def repeat(self) -> None:
        """Send what no site has named yet, each at its own growing interval, for ever."""
        while True:
            now_s = self._now_s()
            for site in list(self._unsettled):
                row = self._rows.get(site)
                if row is None or (row.plan_sent.body is None and row.prices_sent.body is None):
                    self._unsettled.discard(site)
                    continue
                if row.plan_sent.is_due(now_s):
                    await self._send_plan(row, now_s)
                if row.prices_sent.is_due(now_s) and row.prices_sent.body is not None:
                    await self._parts.post.prices(site, row.prices_sent.body)
                    row.prices_sent.went(now_s)
            waiting = sum(1 for s in self._unsettled if self._rows[s].plan_sent.body is not None)
            metrics.UNACKNOWLEDGED.set(waiting)
            await asyncio.sleep(0.25)

    # --- what goes on besides --------------------------------------------------------------------

    async def watch(self) -> None:
        """Look for new prices, new weather and sites that are gone, for ever."""
        while True:
            try:
                self.look()
            except Exception:  # one site's nonsense must not end the planning of all others
                logger.exception("look at prices and weather failed")
            await asyncio.sleep(FEED_LOOK_S)

    def look(self) -> None:
        """Plan anew, spread over a minute, who has new prices or new weather."""
        now_s = self._now_s()
        for site in [s for s, row in self._rows.items() if now_s - row.heard_s > GONE_S]:
            del self._rows[site]
            self._queue.drop(site)
            self._changed_sites = True
        if self._changed_sites:
            self._changed_sites = False
            self._wants()
        tariffs = {row.tariff for row in self._rows.values()}
        stale = {t for t in tariffs if self._parts.book.held(t) and self._parts.book.is_stale(t)}
        self._look = (self._look + 1) % LOOKS
        for number, (site, row) in enumerate(self._rows.items()):
            is_other = (
                row.tariff in stale
                or self._has_older_prices(row)
                or (
                    number % LOOKS == self._look and self._parts.forecasts.is_other(site, row.place)
                )
            )
            if is_other and self.is_own(site) and row.due_s > now_s + 60 and row.plan:
                self._wish(site, Urgency.FLEET, now_s + spread_s(site))
        self._count(now_s)

    def _has_older_prices(self, row: Row) -> bool:
        """Return whether the table was made anew, for another site, since this one was planned."""
        entry = self._parts.book.held(row.tariff)
        return entry is not None and row.priced not in (None, entry.revision)

    def _wants(self) -> None:
        parts, rows = self._parts, self._rows.values()
        parts.book.want({row.tariff for row in rows})
        parts.forecasts.keep({row.site.id: row.place for row in rows})

    def _count(self, now_s: float) -> None:
        self.owned = sum(1 for site in self._rows if self.is_own(site))
        metrics.SITES.labels("own").set(self.owned)
        metrics.SITES.labels("heard").set(len(self._rows))
        metrics.REPLICAS.set(1 + len(self._parts.replicas.heard))
        self._parts.book.count(now_s)

    async def write(self) -> None:
        """Write what was made to the database, every second, for ever."""
        while True:
            await asyncio.sleep(WRITE_EVERY_S)
            await self.write_now()

    async def write_now(self) -> None:
        """Write what was made since the last time; a database that refuses loses history only."""
        plans, series = self._plans_to_write, self._series_to_write
        if not plans and not series:
            return
        self._plans_to_write, self._series_to_write = [], []
        try:
            await asyncio.to_thread(self._saved, plans, series)
        except (RefusedError, StoreError) as error:
            logger.warning("plans could not be kept", extra={"error": str(error)})

    def _saved(self, plans: Sequence[Kept], series: Sequence[SeriesRow]) -> None:
        with metrics.working("store"):
            self._parts.store.save(plans, series)

    def _now_s(self) -> float:
        return self._parts.clock.now().timestamp()


def kept(plan: Made) -> Kept:
    """Return a plan as the database keeps it."""
    site = plan.job.site
    return Kept(site.id, plan.plan, site.revision, plan.made_s, plan.body)
