"""What was heard of every site last, and who listens. In memory; it knows no bus and no HTTP."""

import asyncio
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from volthus_kit.clock import Clock
from volthus_wire.v1.eebus_pb2 import EebusPicture
from volthus_wire.v1.site_pb2 import SiteState
from web.core.freshness import WATCH_EVERY_S, is_online, is_stale
from web.core.roles import Sight
from web.core.text import storable

LONGEST_NAME = 200


@dataclass(slots=True)
class Heard:
    """The last of everything one site said; `_at` are monotonic seconds."""

    name: str
    tenant: str | None = ""  # None: not looked up yet, so nobody sees it
    last_seen: datetime | None = None
    state: SiteState | None = None
    state_id: str = ""
    state_at: float = 0.0
    fresh_text: str = ""  # the state as text, made once for all who listen; "" = not yet
    eebus: EebusPicture | None = None
    eebus_id: str = ""
    any_at: float | None = None  # None: only known from before our start
    watched_since: float | None = None
    watch_sent_at: float | None = None
    changed: set[asyncio.Event] = field(default_factory=set)


class Live:
    """The sites heard of. All calls on the event loop."""

    def __init__(self, clock: Clock, tenant: str | None = "") -> None:
        """Let sites never heard of belong to `tenant`; None: to nobody before they are placed."""
        self._clock = clock
        self._tenant = tenant
        self.placing_wanted = asyncio.Event()
        self._sites: dict[str, Heard] = {}
        self.watch_wanted = asyncio.Event()
        self._followers: list[set[str]] = []

    # --- what the bus tells ----------------------------------------------------------------------

    def remember(self, site: str, name: str, last_seen: datetime, tenant: str = "") -> None:
        """Know a site from before our start; it is offline until it is heard."""
        self._sites.setdefault(site, Heard(name, tenant, last_seen))

    def place(self, site: str, tenant: str) -> None:
        """Let a site belong to a tenant, whose users see it from now on."""
        if site in self._sites:
            self._sites[site].tenant = tenant

    def unplaced(self) -> list[str]:
        """Return the sites whose tenant is not known yet."""
        return [site for site, heard in self._sites.items() if heard.tenant is None]

    def heard_state(self, site: str, body: bytes) -> None:
        """Take a live picture as it came. Raises DecodeError for one that cannot be read."""
        state = SiteState.FromString(body)
        heard = self._touch(site)
        heard.name = storable(state.name, LONGEST_NAME) or heard.name
        heard.state, heard.state_id = state, _digest(body)
        heard.state_at = self._clock.monotonic()
        heard.fresh_text = ""
        _wake(heard.changed)

    def heard_eebus(self, site: str, body: bytes) -> None:
        """Take what the gateway sees and trusts, as it came; decoded only where it is new.

        Raises DecodeError for what cannot be read.
        """
        digest = _digest(body)
        known = self._sites.get(site)
        if known is None or known.eebus_id != digest:
            picture = EebusPicture.FromString(body)
            heard = self._touch(site)
            heard.eebus, heard.eebus_id = picture, digest
            _wake(heard.changed)
        else:
            self._touch(site)

    def _touch(self, site: str) -> Heard:
        heard = self._sites.get(site)
        if heard is None:
            heard = self._sites[site] = Heard(site, self._tenant)
            self.placing_wanted.set()
        for touched in self._followers:
            touched.add(site)
        heard.any_at = self._clock.monotonic()
        heard.last_seen = self._clock.now()
        return heard

    # --- what the API asks -----------------------------------------------------------------------

    def knows(self, site: str) -> bool:
        """Whether the site was ever heard."""
        return site in self._sites

    def heard(self, site: str) -> Heard:
        """Return the last of everything. Raises KeyError for a site never heard."""
        return self._sites[site]

    def shows(self, sight: Sight, site: str) -> bool:
        """Whether there is such a site, and somebody with this sight may know of it."""
        heard = self._sites.get(site)
        return heard is not None and sight.covers(site, heard.tenant)

    def ids(self, sight: Sight, after: str = "") -> list[str]:
        """Return the ids of the sites that `sight` covers behind `after`, in order."""
        return sorted(
            site
            for site, heard in self._sites.items()
            if site > after and sight.covers(site, heard.tenant)
        )

    def count(self) -> int:
        """Return how many sites are known."""
        return len(self._sites)

    def everything(self) -> Iterable[tuple[str, Heard]]:
        """Return every site."""
        return self._sites.items()

    def is_online(self, site: str) -> bool:
        """Whether the site was heard lately."""
        any_at = self._sites[site].any_at
        return is_online(None if any_at is None else self._clock.monotonic() - any_at)

    def liveliest(self, sight: Sight) -> str | None:
        """Return a site that is online, else any that `sight` covers, else None."""
        ids = self.ids(sight)
        return next(filter(self.is_online, ids), ids[0] if ids else None)

    def age_s(self, site: str) -> float | None:
        """Return how long ago the last picture arrived, None without one."""
        heard = self._sites[site]
        return None if heard.state is None else self._clock.monotonic() - heard.state_at

    def is_stale(self, site: str) -> bool:
        """Whether the last picture shows no longer what is so."""
        age_s = self.age_s(site)
        since = self._sites[site].watched_since
        watched_for_s = None if since is None else self._clock.monotonic() - since
        return age_s is None or is_stale(age_s, watched_for_s)

    @contextmanager
    def changes(self) -> Iterator[set[str]]:
        """Yield a set to which each site is added that says something; who reads it empties it."""
        touched: set[str] = set()
        self._followers.append(touched)
        try:
            yield touched
        finally:
            # By identity: two followers may hold equal sets.
            self._followers = [one for one in self._followers if one is not touched]

    # --- who listens -----------------------------------------------------------------------------

    @contextmanager
    def listening(self, site: str) -> Iterator[asyncio.Event]:
        """Yield an event that is set on each change; while inside, the site is watched."""
        heard = self._sites[site]
        changed = asyncio.Event()
        heard.changed.add(changed)
        self.watch_wanted.set()
        try:
            yield changed
        finally:
            heard.changed.discard(changed)
            if not heard.changed:
                heard.watched_since = heard.watch_sent_at = None

    def listeners(self) -> int:
        """Return how many listen, over all sites."""
        return sum(len(heard.changed) for heard in self._sites.values())

    def to_watch(self) -> list[str]:
        """Return the listened-to sites whose last watch is WATCH_EVERY_S old, or never was."""
        now_s = self._clock.monotonic()
        return [
            site
            for site, heard in self._sites.items()
            if heard.changed
            and (heard.watch_sent_at is None or now_s - heard.watch_sent_at >= WATCH_EVERY_S)
        ]

    def watched(self, site: str) -> None:
        """Note that a watch went out."""
        heard = self._sites[site]
        heard.watch_sent_at = self._clock.monotonic()
        if heard.watched_since is None:
            heard.watched_since = heard.watch_sent_at


def _digest(body: bytes) -> str:
    """Return what tells one picture from the next: by its bytes, which all replicas hear alike."""
    return hashlib.blake2s(body, digest_size=6).hexdigest()


def _wake(listeners: set[asyncio.Event]) -> None:
    for changed in listeners:
        changed.set()
