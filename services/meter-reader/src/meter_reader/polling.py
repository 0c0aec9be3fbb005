"""Polls every meter on its own fixed grid and tells what came of it."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from meter_profiles.catalogue import profiles
from meter_profiles.profile import Profile
from meter_profiles.quantity import Quantity
from meter_reader.bus import Outbox
from meter_reader.core.configuration import MeterConfig
from meter_reader.core.grid import first_slot, next_slot
from meter_reader.core.house import Mounting, seen_from_house
from meter_reader.core.picture import Picture, picture_of
from meter_reader.core.reading import reading_of
from meter_reader.core.record import (
    Pace,
    Problem,
    Quality,
    Record,
    answered,
    failed,
)
from meter_reader.core.setup import mounting_of
from meter_reader.device import Device
from meter_reader.errors import LineError, ReadError
from meter_reader.lines import LineOwner, Lines
from meter_reader.metrics import CONNECTIONS, METERS, POLL_SECONDS, READ_ERRORS, READS
from volthus_kit.clock import Clock
from volthus_kit.metrics import METER_AGE, METER_QUALITY

logger = logging.getLogger(__name__)

EVERYTHING_EVERY_S = 10.0  # counters and power factor do not get better by asking more often
ROSTER_EVERY_S = 1.0


@dataclass(slots=True)
class Watched:
    """A meter that is polled. The one mutable thing here: its record is replaced by each poll."""

    config: MeterConfig
    profile: Profile | None
    record: Record = field(default_factory=Record)
    values: dict[Quantity, float | None] = field(default_factory=dict)
    everything_at_s: float = 0.0
    owner: LineOwner | None = None
    task: asyncio.Task[None] | None = None
    _mounted: tuple[MeterConfig, Mounting] | None = None

    def mounting(self, profile: Profile) -> Mounting:
        """Return how the meter sits in the house, found anew when its settings change."""
        if self._mounted is None or self._mounted[0] is not self.config:
            self._mounted = (self.config, mounting_of(self.config, profile))
        return self._mounted[1]


class Poller:
    """All meters of the site."""

    def __init__(
        self,
        tasks: asyncio.TaskGroup,
        lines: Lines,
        clock: Clock,
        pace: Pace,
        outbox: Outbox,
    ) -> None:
        """Poll at this pace; the polling runs in `tasks`."""
        self.fuse_a: Callable[[], float | None] = lambda: None
        """Tells the largest phase of the main fuse (A), None while nobody said it."""
        self._pace = pace
        self._tasks = tasks
        self._lines = lines
        self._clock = clock
        self._period_s = pace.period_s
        self._outbox = outbox
        self._watched: dict[str, Watched] = {}
        self._started = 0

    def configs(self) -> list[MeterConfig]:
        """Return the set-ups of all meters."""
        return [watched.config for watched in self._watched.values()]

    def pictures(self) -> list[Picture]:
        """Return what is known of all meters now."""
        return [self._picture(watched) for watched in self._watched.values()]

    def picture(self, meter: str) -> Picture:
        """Return what is known of one meter now. Raises KeyError."""
        return self._picture(self._watched[meter])

    async def watch(self, config: MeterConfig) -> None:
        """Start to poll a meter, or go on with changed settings."""
        current = self._watched.get(config.meter)
        if current is not None and current.config.reads_like(config):
            current.config = config  # a new name or rotation is no reason to reconnect
            return
        await self.forget(config.meter)
        watched = Watched(config, profiles().get(config.model))
        self._watched[config.meter] = watched
        METERS.set(len(self._watched))
        if watched.profile is None:
            detail = f"No model {config.model} in the catalogue of this version."
            watched.record = failed(watched.record, Problem("unknown-model", detail))
            return
        try:
            watched.owner = self._lines.take(config.line)
        except LineError as error:  # the line is another meter's, with other parameters
            self._fail(watched, Problem(error.code, error.detail))
            return
        device = Device(watched.profile, watched.owner, config.wanted_unit_id)
        watched.task = self._tasks.create_task(
            self._poll(watched, watched.profile, watched.owner, device), name=f"poll {config.meter}"
        )

    async def forget(self, meter: str) -> None:
        """Stop to poll a meter and leave its line; harmless if it is not there."""
        watched = self._watched.pop(meter, None)
        if watched is None:
            return
        if watched.task is not None:
            watched.task.cancel()
            await asyncio.wait([watched.task])
        if watched.owner is not None:
            await self._lines.leave(watched.owner)
        METERS.set(len(self._watched))
        METER_AGE.remove_by_labels({"meter": meter})
        READS.remove_by_labels({"meter": meter})
        METER_QUALITY.remove_by_labels({"meter": meter})

    async def announce(self) -> None:
        """Tell the roster every second, until cancelled."""
        slot_s = self._clock.monotonic()
        while True:
            await self.announce_now()
            slot_s = next_slot(slot_s, ROSTER_EVERY_S, self._clock.monotonic())
            await self._sleep_until(slot_s)

    async def announce_now(self) -> None:
        """Tell the roster now: something changed."""
        pictures = self.pictures()
        for picture in pictures:
            _measure(picture)
        CONNECTIONS.set(len(self._lines))
        await self._outbox.roster(pictures)

    def _picture(self, watched: Watched) -> Picture:
        phases = max(watched.profile.phases) if watched.profile else 0
        now_s = self._clock.monotonic()
        return picture_of(watched.config, phases, watched.record, now_s, self._pace)

    async def _poll(
        self, watched: Watched, profile: Profile, owner: LineOwner, device: Device
    ) -> None:
        self._started += 1
        grid_s = first_slot(self._clock.monotonic(), self._period_s, self._started - 1)
        wake_s = grid_s
        while True:
            await self._sleep_until(wake_s)
            has_failed_itself = not await self._poll_once(watched, profile, device)
            if watched.record.last is not None:
                await self._outbox.reading(self._picture(watched))
            if owner.line.closes_after_poll:
                await owner.release()
            wake_s = self._next(grid_s, wake_s, None if has_failed_itself else owner)

    def _next(self, grid_s: float, woke_s: float, owner: LineOwner | None) -> float:
        """Return when to poll again; a lost line is tried between the slots as well.

        owner: None after a fault of our own, which is not repeated before the next slot.
        """
        now_s = self._clock.monotonic()
        slot_s = next_slot(grid_s, self._period_s, max(now_s, woke_s))
        retry_at_s = None if owner is None else owner.retry_at_s
        return slot_s if retry_at_s is None else min(slot_s, max(retry_at_s, now_s))

    async def _poll_once(self, watched: Watched, profile: Profile, device: Device) -> bool:
        """Poll and fold in what came of it. Returns False for a fault of our own."""
        started_s = self._clock.monotonic()
        everything = started_s >= watched.everything_at_s
        try:
            values = await device.read(everything=everything)
        except ReadError as error:
            self._fail(watched, Problem(error.code, error.detail))
            return True
        except Exception:
            # A fault of ours with one meter must not stop the others, nor end the service.
            logger.exception("poll failed", extra={"meter": watched.config.meter})
            self._fail(watched, Problem("internal-error", "The reader failed; see its log."))
            return False
        now_s = self._clock.monotonic()
        if everything:
            watched.everything_at_s = now_s + EVERYTHING_EVERY_S
        watched.values |= values
        reading = reading_of(seen_from_house(watched.values, watched.mounting(profile)))
        self._log_change(watched, None)
        watched.record = answered(watched.record, reading, now_s, self._clock.now(), self.fuse_a())
        READS.labels(watched.config.meter).inc()
        POLL_SECONDS.observe(now_s - started_s)
        return True

    def _fail(self, watched: Watched, problem: Problem) -> None:
        READ_ERRORS.labels(problem.code).inc()
        self._log_change(watched, problem)
        watched.record = failed(watched.record, problem)
        watched.everything_at_s = 0.0

    def _log_change(self, watched: Watched, problem: Problem | None) -> None:
        """Log once when a meter is lost, comes back or fails in another way."""
        before = watched.record.problem
        meter = {"meter": watched.config.meter, "place": watched.config.line.place}
        if problem is None and (before is not None or watched.record.last is None):
            logger.info("meter answers", extra=meter)
        elif problem is not None and (before is None or before.code != problem.code):
            logger.warning("meter not read", extra=meter | {"reason": problem.code})

    async def _sleep_until(self, moment_s: float) -> None:
        await asyncio.sleep(max(0.0, moment_s - self._clock.monotonic()))


def _measure(picture: Picture) -> None:
    meter = picture.config.meter
    if picture.age_s is not None:
        METER_AGE.labels(meter).set(picture.age_s)
    for label in Quality:
        METER_QUALITY.labels(meter, label.value).set(label is picture.quality)
