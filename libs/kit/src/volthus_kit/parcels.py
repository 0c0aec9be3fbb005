"""Parcels: messages that a stream shall keep, and what its servers said of those on their way."""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from nats.aio.msg import Msg

from volthus_kit.metrics import BUS_REJECTED

logger = logging.getLogger(__name__)

# Not the header by which a stream itself drops what it has: that one counts across all subjects,
# so that one site could have another's facts taken for repetitions. Who reads knows it by the key.
KEY_HEADER = "Volthus-Key"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message that a stream shall keep. key: by it who reads knows one that comes twice."""

    subject: str
    body: bytes
    key: str


class Acknowledgements:
    """Which of the parcels on their way were kept, each known by the subject of its answer."""

    def __init__(self) -> None:
        self._awaited: dict[str, tuple[str, asyncio.Future[bool]]] = {}

    def expect(self, reply: str, domain: str) -> None:
        """Await the word of a stream of this JetStream domain."""
        self._awaited[reply] = (domain, asyncio.get_running_loop().create_future())

    def forget(self, replies: Sequence[str]) -> None:
        """Await these no more."""
        for reply in replies:
            self._awaited.pop(reply, None)

    async def kept(self, replies: Sequence[str]) -> int:
        """Wait, and return how many of the first ones were kept."""
        for count, reply in enumerate(replies):
            if not await self._awaited[reply][1]:
                return count
        return len(replies)

    def kept_so_far(self, replies: Sequence[str]) -> int:
        """Return how many of the first ones are known to be kept, without waiting."""
        futures = [self._awaited[reply][1] for reply in replies]
        is_kept = [f.done() and not f.cancelled() and f.result() for f in futures]
        return next((count for count, kept in enumerate(is_kept) if not kept), len(is_kept))

    def lose(self) -> None:
        """Give all of them up: the connection went away."""
        for _, future in self._awaited.values():
            if not future.done():
                future.set_result(False)

    async def hear(self, msg: Msg) -> None:
        """Take an answer."""
        awaited = self._awaited.get(msg.subject)
        if awaited is None or awaited[1].done():
            return
        domain, future = awaited
        if not msg.data:  # nobody keeps this subject: the link is down, or there is no stream
            future.set_result(False)
            return
        try:
            told = json.loads(msg.data)
            is_kept = "error" not in told and told["domain"] == domain
        except (ValueError, KeyError, TypeError):
            is_kept = False
        if is_kept:
            future.set_result(True)
        elif b'"error"' in msg.data:
            logger.warning("stream refused a parcel", extra={"subject": msg.subject})
            future.set_result(False)
        else:
            BUS_REJECTED.labels("acknowledgement of another domain").inc()
