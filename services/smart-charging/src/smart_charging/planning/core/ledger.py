"""What is held of each site, and what its words change: the acknowledge rule. Pure.

A plan is sent until the site's state names it. A site that names a newer plan for the same profile
follows another replica's (or ours from before a restart): it is taken over, not fought.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from smart_charging.planning.core.former import Former
from smart_charging.planning.core.posing import hash_of
from smart_charging.planning.core.site import Site

HOUR_S = 3600.0
FIRST_SEND_S, LONGEST_SEND_S = 5.0, 300.0
APART_S = 2.0  # a burst of changes at one site is one plan
SILENT_S = 300.0  # a site that says nothing for so long is not planned until it is back
GONE_S = 6 * HOUR_S
LOST_S = 60.0  # before a plan that a site lost is made anew
SPREAD_S = 60.0  # of a fleet after the release of prices


class Step(StrEnum):
    """What a site's word calls for."""

    NOTHING = "nothing"
    LATER = "later"  # with the fleet


@dataclass(frozen=True, slots=True)
class InForce:
    """What a site says of the plan it follows (message PlanInForce)."""

    plan: str = ""
    revision: int = 0
    made_s: float = 0.0
    valid_until_s: float = 0.0
    refused: str = ""
    refused_code: str = ""


@dataclass(slots=True)
class Sent:
    """A message that is sent until it is acknowledged, at growing intervals."""

    body: bytes | None = None
    times: int = 0
    next_s: float = 0.0

    def start(self, body: bytes, now_s: float) -> None:
        """Take a new message; it goes out at once."""
        self.body, self.times, self.next_s = body, 0, now_s

    def is_due(self, now_s: float) -> bool:
        """Return whether it is to be sent now."""
        return self.body is not None and now_s >= self.next_s

    def went(self, now_s: float) -> None:
        """Take note that it was sent."""
        self.next_s = now_s + min(LONGEST_SEND_S, FIRST_SEND_S * 2 ** min(self.times, 10))
        self.times += 1

    def settle(self) -> None:
        """Forget it: it arrived, or is of no use any more."""
        self.body = None


@dataclass(slots=True)
class Row:
    """One site. tariff, place: keys of what is reckoned with. Times: Unix seconds.

    tariff b"" = none was ever set. former: the last plan that we made.
    """

    site: Site
    tariff: bytes
    place: bytes
    heard_s: float
    has_roofs: bool = False
    plan: str = ""
    plan_revision: int = -1
    made_s: float = 0.0
    priced: int | None = None  # revision of its tariff's series that the plan was made from
    due_s: float = 0.0
    refused: str = ""
    refused_s: float = -HOUR_S  # when a refused plan was made anew last
    series: str = ""
    series_revision: int = 0
    former: Former | None = None
    plan_sent: Sent = field(default_factory=Sent)
    prices_sent: Sent = field(default_factory=Sent)

    @property
    def followed(self) -> Former | None:
        """Return the plan that the site follows, where nobody said anything else since."""
        former = self.former
        if former is None or self.plan_sent.body is not None:
            return None
        is_it = (former.plan, former.revision) == (self.plan, self.site.revision)
        return former if is_it else None

    @property
    def is_worth_a_plan(self) -> bool:
        """Return whether there is anything to plan or to draw."""
        has_room = any(room > 0 for room in self.site.room_kw)
        return has_room and bool(self.tariff or self.has_roofs or self.site.sessions)


def heard_in_force(row: Row, it: InForce, now_s: float) -> Step:
    """Take note of the plan a site follows; return what that calls for."""
    if row.plan and it.plan == row.plan:
        row.plan_sent.settle()
        return Step.NOTHING
    if row.plan and it.refused == row.plan:
        return _refused(row, it.refused_code, now_s)
    is_usable = (
        bool(it.plan)
        and it.revision == row.site.revision
        and now_s < it.valid_until_s
        and it.made_s > row.made_s
    )
    if is_usable:
        row.plan, row.plan_revision, row.made_s = it.plan, it.revision, it.made_s
        row.plan_sent.settle()
        row.due_s = next_hour(row.site.id, it.made_s)
        return Step.NOTHING
    if row.plan_sent.body is None and row.plan and now_s - row.made_s > LOST_S:
        return Step.LATER  # it lost the plan
    return Step.NOTHING


def _refused(row: Row, code: str, now_s: float) -> Step:
    """Return what to do about a refused plan: once more, and then only with the next hour's."""
    row.plan_sent.settle()
    is_known, row.refused = row.refused == row.plan, row.plan
    if is_known or code == "older-profile" or now_s - row.refused_s < HOUR_S:
        return Step.NOTHING  # tried again already, or a newer profile is on its way
    row.refused_s = now_s
    return Step.LATER


def next_hour(site: str, made_s: float) -> float:
    """Return when a site is planned again where nothing happens: once an hour, at its second."""
    offset_s = hash_of(site) % int(HOUR_S)
    return (made_s - offset_s) // HOUR_S * HOUR_S + HOUR_S + offset_s


def spread_s(site: str) -> float:
    """Return by how many seconds a site waits after the release of prices."""
    return hash_of(site) % 60_000 / 60_000 * SPREAD_S
