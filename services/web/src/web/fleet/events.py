"""One open stream of the fleet: the sums, and the rows of the sites that are in view."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from web.core.roles import Sight
from web.fleet.desk import Fleet
from web.listening import HELLO, KEEPALIVE_S, STILL_HERE
from web.messages.fleet_rows import site, summary
from web.metrics import LISTENERS
from web.models.sites import Site

EVERY_S = 1.0  # at most one look a second, however much happens
SUMMARY_EVERY_S = 2.0
SITES = TypeAdapter(list[Site])


@dataclass(slots=True)
class Viewer:
    """What one listener has had. ids: the sites in view."""

    fleet: Fleet
    sight: Sight
    ids: Sequence[str]
    _had: dict[str, int] = field(default_factory=dict)  # hash of the row as it was sent
    _summary: str = ""

    def rows(self) -> str | None:
        """Return the event of the rows in view that changed, None where none did."""
        changed: list[Site] = []
        for one in self.ids:
            row = self.fleet.index.get(one)
            if row is None or not self.sight.covers(row.site, row.tenant):
                continue
            # That it spoke again is no change worth sending; that it did not is one, by itself.
            told = hash((row.told, row.entry, row.doing, row.concerns, row.overload_s))
            if self._had.get(one) != told:
                self._had[one] = told
                changed.append(site(row))
        if not changed:
            return None
        return f"event: rows\ndata: {SITES.dump_json(changed).decode()}\n\n"

    def summary(self) -> str | None:
        """Return the event of the sums, None where they are what they were."""
        text = summary(self.fleet.sums(self.sight)).model_dump_json()
        if text == self._summary:
            return None
        self._summary = text
        return f"event: summary\ndata: {text}\n\n"


async def stream(viewer: Viewer, is_valid: Callable[[], Awaitable[bool]]) -> AsyncIterator[str]:
    """Yield the text of the stream until the listener goes or its log-in is no longer valid."""
    loop = asyncio.get_running_loop()
    with _waiting(viewer.fleet) as changed, LISTENERS.track_inprogress():
        yield HELLO
        said_s = checked_s = loop.time()
        summed_s = said_s - SUMMARY_EVERY_S
        while True:
            changed.clear()
            events = [viewer.rows()]
            if loop.time() - summed_s >= SUMMARY_EVERY_S:
                summed_s = loop.time()
                events.append(viewer.summary())
            for event in filter(None, events):
                yield event
                said_s = loop.time()
            if loop.time() - said_s >= KEEPALIVE_S:
                yield STILL_HERE
                said_s = loop.time()
            if loop.time() - checked_s >= KEEPALIVE_S:
                if not await is_valid():
                    return
                checked_s = loop.time()
            await asyncio.sleep(EVERY_S)
            with suppress(TimeoutError):
                # Not wait_for: on Python 3.11 it can swallow a cancellation.
                async with asyncio.timeout(EVERY_S):
                    await changed.wait()


@contextmanager
def _waiting(fleet: Fleet) -> Iterator[asyncio.Event]:
    changed = asyncio.Event()
    fleet.changed.add(changed)
    try:
        yield changed
    finally:
        fleet.changed.discard(changed)
