"""One open event stream: the latest of each kind, then each change, and signs of life between.

Nothing queues up: a listener that is slow finds only the latest when it comes round again.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from pydantic import ValidationError

from volthus_wire.v1.site_pb2 import SiteState
from web.live import Live
from web.messages.dashboard import dashboard
from web.messages.eebus import picture
from web.messages.plain import NotUnderstoodError
from web.metrics import LISTENERS, NOT_UNDERSTOOD

logger = logging.getLogger(__name__)

LOOK_S = 2.0  # how often a quiet stream looks whether its picture went stale
KEEPALIVE_S = 15.0
AT_ONCE_S = 0.25  # a picture this young is the same text for every listener
RETRY_MS = 2000  # what a browser waits before it comes back
HELLO = f"retry: {RETRY_MS}\n\n"
STILL_HERE = ": still here\n\n"


@dataclass(slots=True)
class Listener:
    """What one listener has had, and what is new to it."""

    live: Live
    site: str
    hears_eebus: bool
    had_state: str = ""
    had_eebus: str = ""
    was_stale: bool = False
    _broken: set[str] = field(default_factory=set)

    @classmethod
    def resumed(cls, live: Live, site: str, *, hears_eebus: bool, last_id: str) -> "Listener":
        """Return a listener that goes on after the event `last_id` (empty: from the start)."""
        had_state, _, had_eebus = last_id.partition(".")
        return cls(live, site, hears_eebus, had_state, had_eebus)

    def due(self) -> list[str]:
        """Return the events that are new, ready to be sent."""
        return [*self._new_state(), *self._new_eebus()]

    def _new_state(self) -> Iterator[str]:
        heard, is_stale = self.live.heard(self.site), self.live.is_stale(self.site)
        if heard.state is None or (heard.state_id, is_stale) == (self.had_state, self.was_stale):
            return
        self.had_state, self.was_stale = heard.state_id, is_stale
        try:
            yield self._event("state", self._state_text(heard.state, is_stale=is_stale))
        except (NotUnderstoodError, ValidationError) as error:
            self._skip("state", error)

    def _new_eebus(self) -> Iterator[str]:
        heard = self.live.heard(self.site)
        if not self.hears_eebus or heard.eebus is None or heard.eebus_id == self.had_eebus:
            return
        self.had_eebus = heard.eebus_id
        try:
            yield self._event("eebus", picture(heard.eebus).model_dump_json())
        except (NotUnderstoodError, ValidationError) as error:
            self._skip("eebus", error)

    def _state_text(self, state: SiteState, *, is_stale: bool) -> str:
        heard, age_s = self.live.heard(self.site), self.live.age_s(self.site) or 0.0
        if age_s > AT_ONCE_S:
            return dashboard(state, age_s=age_s, is_stale=is_stale).model_dump_json()
        if not heard.fresh_text:
            heard.fresh_text = dashboard(state, age_s=0.0, is_stale=False).model_dump_json()
        return heard.fresh_text

    def _event(self, kind: str, text: str) -> str:
        # Both positions in each id: whichever event was heard last, both streams resume.
        number = f"{self.had_state}.{self.had_eebus}"
        return f"id: {number}\nevent: {kind}\ndata: {text}\n\n"

    def _skip(self, kind: str, error: Exception) -> None:
        NOT_UNDERSTOOD.inc()
        if kind not in self._broken:  # once a listener, not once a second
            self._broken.add(kind)
            logger.warning(
                "picture not understood",
                extra={"site": self.site, "kind": kind, "error": str(error)},
            )


async def stream(listener: Listener, is_valid: Callable[[], Awaitable[bool]]) -> AsyncIterator[str]:
    """Yield the text of the stream until the listener goes or its log-in is no longer valid."""
    loop = asyncio.get_running_loop()
    with listener.live.listening(listener.site) as changed, LISTENERS.track_inprogress():
        yield HELLO
        quiet_since = checked_at = loop.time()
        while True:
            changed.clear()
            for event in listener.due():
                yield event
                quiet_since = loop.time()
            if loop.time() - quiet_since >= KEEPALIVE_S:
                yield STILL_HERE
                quiet_since = loop.time()
            if loop.time() - checked_at >= KEEPALIVE_S:
                if not await is_valid():
                    return
                checked_at = loop.time()
            try:
                # Not wait_for: on Python 3.11 it can swallow a cancellation.
                async with asyncio.timeout(LOOK_S):
                    await changed.wait()
            except TimeoutError:
                continue
