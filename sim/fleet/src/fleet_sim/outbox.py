"""What one simulated site must bring to the cloud: minutes and sessions, numbered without gaps.

Its past follows from the clock, so only what is on its way is kept: a site that was cut off for
days makes its facts when the way is open again, as many at a time as one delivery takes.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from fleet_sim.core.houses import House
from fleet_sim.core.looks import MINUTE_S, minute
from fleet_sim.core.stays import DAY_S, Stay, stay_of, stays_between
from fleet_sim.messages import records
from fleet_sim.messages.pictures import stamp
from volthus_kit.parcels import Parcel
from volthus_wire.subjects import FACT
from volthus_wire.v1.records_pb2 import Fact

MOST_AT_ONCE = 64


@dataclass(slots=True)
class Outbox:
    """Of one site. epoch: when this run began, Unix seconds; sequence: the last number given."""

    house: House
    epoch: int
    next_minute_s: int
    sequence: int = 0
    acknowledged: int = 0
    minutes: int = 0  # told of and acknowledged
    sessions: set[str] = field(default_factory=set)  # the same
    _waiting: deque[tuple[Parcel, str]] = field(default_factory=deque)
    _again: deque[Stay] = field(default_factory=deque)  # sessions to be told once more

    def due(self, now_s: float) -> list[Parcel]:
        """Return what is to be delivered next, in order; the same again until it is taken."""
        while len(self._waiting) < MOST_AT_ONCE and self._again:
            stay = self._again.popleft()
            self._add(self._session(stay, stay.leaves_s + 1, revision=3), stay.session)
        while len(self._waiting) < MOST_AT_ONCE and self.next_minute_s + MINUTE_S <= now_s:
            self._tell_minute(self.next_minute_s)
            self.next_minute_s += MINUTE_S
        return [parcel for parcel, _ in self._waiting]

    def taken(self, count: int) -> None:
        """Note that the cloud has the first `count` of what was due."""
        for _ in range(count):
            _, session = self._waiting.popleft()
            self.acknowledged += 1
            if session:
                self.sessions.add(session)
            else:
                self.minutes += 1

    def month_end(self, now_s: float, days: int) -> int:
        """Tell the sessions of the last days once more, now with their cost; returns how many."""
        stays = stays_between(self.house, now_s - days * DAY_S, now_s)
        ended = [stay for stay in stays if stay.leaves_s < now_s]
        self._again.extend(ended)
        return len(ended)

    def _tell_minute(self, start_s: int) -> None:
        at_s = start_s + MINUTE_S
        fact = Fact(at=stamp(at_s), energy=records.span(minute(self.house, start_s)))
        self._add(fact, "")
        for stay in self._changed(start_s, at_s):
            self._add(self._session(stay, at_s), stay.session)

    def _changed(self, from_s: int, to_s: int) -> Iterator[Stay]:
        today = from_s // DAY_S
        for box in self.house.wallboxes:
            for day in (today - 1, today):
                stay = stay_of(self.house, box, day)
                if stay is None:
                    continue
                if from_s <= stay.plugged_s < to_s or from_s <= stay.leaves_s < to_s:
                    yield stay

    def _session(self, stay: Stay, at_s: float, revision: int = 0) -> Fact:
        # The cost of a session is known a while after its end: with `month_end`.
        told = records.session(self.house, stay, at_s, is_priced=bool(revision))
        told.revision = revision or told.revision
        return Fact(at=stamp(at_s), session=told)

    def _add(self, fact: Fact, session: str) -> None:
        self.sequence += 1
        site = self.house.site
        fact.site, fact.epoch, fact.sequence = site, self.epoch, self.sequence
        subject = FACT.at(site=site, kind="session" if session else "energy")
        key = f"{site}-{self.epoch}-{self.sequence}"
        self._waiting.append((Parcel(subject, fact.SerializeToString(), key), session))
