"""Work kept by a stream of the cloud until it is done: in order, by one worker at a time.

The stream gives away only what was acknowledged, and takes no more than its limit: then who
publishes keeps what it has. Knows NATS, like `bus`.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

from volthus_kit.bus import Bus
from volthus_kit.parcels import KEY_HEADER

T = TypeVar("T")

ACK_WAIT_S = 30.0
MARGIN_S = 5.0  # that a fetch may take beyond its own end


class StreamError(Exception):
    """The stream cannot be used now; the text says why. Try again later."""


class ForeignDomainError(StreamError):
    """The server keeps its streams in another domain than ours: it is not the cloud's."""


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """What a stream shall be. subjects: with NATS wildcards; domain: whose JetStream it is.

    most_a_subject, most_message_bytes: what nobody may pass who speaks on a subject, so that one
    who never stops fills no more than a share of it; -1 = no limit.
    """

    name: str
    subjects: tuple[str, ...]
    domain: str
    worker: str  # name of the one consumer that all workers take turns with
    most_bytes: int
    most_a_subject: int = -1
    most_message_bytes: int = -1
    replicas: int = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that the stream keeps. key: by which its publisher knows it, "" = none."""

    subject: str
    body: bytes
    key: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the stream holds: messages that nobody has acknowledged, and their size."""

    messages: int
    size_bytes: int


class WorkStream:
    """One worker at a stream. Whoever begins takes the work over from the one before."""

    def __init__(self, bus: Bus, plan: StreamPlan) -> None:
        self._bus = bus
        self._plan = plan
        self._pulling: JetStreamContext.PullSubscription | None = None
        self._taken: list[Msg] = []

    async def begin(self) -> None:
        """Make or update the stream, and start with the first message nobody acknowledged.

        Its consumer is made anew, so that what another worker took and never finished comes
        again at once and before all that is newer. Raises StreamError, ForeignDomainError.
        """
        await self.leave()
        if not self._bus.is_connected:
            raise StreamError("the bus is away")
        await _bounded(self._begin())

    async def _begin(self) -> None:
        plan, jetstream = self._plan, self._bus.jetstream()
        told = (await jetstream.account_info()).domain or ""
        if told != plan.domain:
            raise ForeignDomainError(f"streams here are of domain {told!r}, not {plan.domain!r}")
        await self._shape(jetstream)
        with contextlib.suppress(NotFoundError):
            await jetstream.delete_consumer(plan.name, plan.worker)
        # Made here, not by `pull_subscribe`: that one would take a single of its subjects.
        await jetstream.add_consumer(
            plan.name,
            ConsumerConfig(
                durable_name=plan.worker,
                deliver_policy=DeliverPolicy.ALL,
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=ACK_WAIT_S,
                max_ack_pending=10_000,
            ),
        )
        self._pulling = await jetstream.pull_subscribe_bind(plan.worker, plan.name)

    async def _shape(self, jetstream: JetStreamContext) -> None:
        wanted = _config(self._plan)
        try:
            found = (await jetstream.stream_info(self._plan.name)).config
        except NotFoundError:
            await jetstream.add_stream(wanted)
            return
        is_same = (
            sorted(found.subjects or ()) == sorted(wanted.subjects or ())
            and found.max_bytes == wanted.max_bytes
            and found.max_msgs_per_subject == wanted.max_msgs_per_subject
            and found.max_msg_size == wanted.max_msg_size
            and found.num_replicas == wanted.num_replicas
        )
        if not is_same:
            await jetstream.update_stream(wanted)

    async def take(self, most: int, within_s: float) -> Sequence[Kept]:
        """Return the next messages in order, `most` at most; none when none came `within_s`.

        Raises StreamError; then `begin` again.
        """
        if self._pulling is None:
            raise StreamError("the work was not begun")
        if not self._bus.is_connected:
            raise StreamError("the bus is away")
        pulling = self._pulling
        self._taken = await _bounded(_fetched(pulling, most, within_s), within_s + MARGIN_S)
        return [_kept(msg) for msg in self._taken]

    async def done(self) -> None:
        """Acknowledge all that `take` returned last. Raises StreamError."""
        taken, self._taken = self._taken, []
        await _bounded(_acknowledge(taken))

    async def backlog(self) -> Backlog:
        """Return what waits. Raises StreamError."""
        state = (await _bounded(self._bus.jetstream().stream_info(self._plan.name))).state
        return Backlog(state.messages, state.bytes)

    async def leave(self) -> None:
        """Work here no longer; what was taken and not acknowledged comes again elsewhere."""
        pulling, self._pulling, self._taken = self._pulling, None, []
        if pulling is not None:
            with contextlib.suppress(StreamError):
                await _bounded(pulling.unsubscribe())


def _config(plan: StreamPlan) -> StreamConfig:
    return StreamConfig(
        name=plan.name,
        subjects=list(plan.subjects),
        retention=RetentionPolicy.WORK_QUEUE,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,  # full: refuse, so that the sites keep their facts
        max_bytes=plan.most_bytes,
        max_msgs_per_subject=plan.most_a_subject,
        discard_new_per_subject=plan.most_a_subject > 0,
        max_msg_size=plan.most_message_bytes,
        num_replicas=plan.replicas,
    )


async def _fetched(
    pulling: JetStreamContext.PullSubscription, most: int, within_s: float
) -> list[Msg]:
    try:
        return await pulling.fetch(most, timeout=within_s)
    except TimeoutError:
        return []


async def _acknowledge(taken: Sequence[Msg]) -> None:
    for msg in taken[:-1]:
        await msg.ack()
    if taken:
        await taken[-1].ack_sync(timeout=MARGIN_S)  # the others went before it, on one connection


def _kept(msg: Msg) -> Kept:
    return Kept(msg.subject, msg.data, (msg.headers or {}).get(KEY_HEADER, ""))


async def _bounded(work: Awaitable[T], most_s: float = 10.0) -> T:
    """Return what `work` returns, as a task of its own: see `Bus._settle`. Raises StreamError."""
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait([task], timeout=most_s)
        if not done:
            raise StreamError(f"no answer within {most_s:.0f} s")
        return task.result()
    except (NatsError, OSError, TimeoutError) as error:
        raise StreamError(str(error) or type(error).__name__) from error
    finally:
        task.cancel()
