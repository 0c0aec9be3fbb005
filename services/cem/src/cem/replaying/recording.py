"""Writes what the control loop hears and decides into a file, bounded, beside the loop.

JSON lines. The first line of a file holds the whole state, so that each file can be played alone:

    {"format": "cem-record/1", "version": ..., "at": wall time, "now": s, "state": {...}}
    {"now": s, "event": {...}}
    {"now": s, "decision": {...}}   what was decided, without the state that follows

`now` is the monotonic clock of the loop. At half of the allowed size the file becomes `PATH.1`, in
the place of the one before, and a new one begins.
"""

import asyncio
import json
import logging
import time
from collections import deque
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TextIO

from cem.core.decision import Decision
from cem.core.events import Event
from cem.core.state import State
from cem.records import metrics
from cem.replaying.codec import Json, encoded
from volthus_kit.clock import Clock

logger = logging.getLogger(__name__)

FORMAT = "cem-record/1"
WRITE_EVERY_S = 1.0
MOST_QUEUED = 20_000
TRY_AGAIN_AFTER_S = 60.0


@dataclass(frozen=True, slots=True)
class _Line:
    """One line to be, and the state after it."""

    now: float
    what: Event | Decision
    state: State


class Recording:
    """An observer of the control loop; `run` writes."""

    def __init__(self, path: Path, most_bytes: int, version: str, clock: Clock) -> None:
        self._path = path
        self._most = most_bytes // 2
        self._version = version
        self._clock = clock
        self._queue: deque[_Line] = deque()
        self._file: TextIO | None = None
        self._failed_s = float("-inf")

    def happened(self, event: Event, state: State, now: float) -> None:
        """Take in an event; costs microseconds."""
        self._put(_Line(now, event, state))

    def decided(self, decision: Decision, now: float) -> None:
        """Take in a decision; costs microseconds."""
        self._put(_Line(now, decision, decision.state))

    def begin(self, state: State, now: float) -> None:
        """Begin a file with a state. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists():
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        self._file = self._path.open("w", encoding="utf-8")
        head: dict[str, Json] = {
            "format": FORMAT,
            "version": self._version,
            "at": self._clock.now().isoformat(),
            "now": now,
            "state": encoded(state),
        }
        self._file.write(_json(head))

    async def run(self) -> None:
        """Write once a second until cancelled, and then what is left."""
        try:
            while True:
                await asyncio.to_thread(self.write)
                await asyncio.sleep(WRITE_EVERY_S)
        finally:
            self.close()

    def write(self) -> None:
        """Write what waits; blocking. A full disk costs the recording, not the control."""
        try:
            while self._queue:
                self._append(self._queue.popleft())
                time.sleep(0)  # lets the control loop go first: both share one interpreter
            if self._file is not None:
                self._file.flush()
        except (OSError, TypeError, ValueError) as error:
            # A full disk, or a value that has no form yet: neither may end the control.
            logger.warning("recording not written", extra={"error": str(error)})
            metrics.LOST.labels("recording").inc()
            self._abandon()

    def close(self) -> None:
        """Write what is left and close the file."""
        self.write()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _put(self, line: _Line) -> None:
        if len(self._queue) >= MOST_QUEUED:  # a hole would make a false replay: begin anew
            self._queue.clear()
            metrics.LOST.labels("recording").inc()
            self._abandon()
        self._queue.append(line)

    def _append(self, line: _Line) -> None:
        if self._file is None:
            if self._clock.monotonic() - self._failed_s >= TRY_AGAIN_AFTER_S:
                self.begin(line.state, line.now)
            return
        self._file.write(_json(line_of(line.now, line.what)))
        if self._file.tell() > self._most:
            self._file.close()
            self.begin(line.state, line.now)

    def _abandon(self) -> None:
        self._failed_s = self._clock.monotonic()
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError:
                logger.debug("recording not closed")


def line_of(now: float, what: Event | Decision) -> dict[str, Json]:
    """Return one line of a recording."""
    if isinstance(what, Decision):
        return {"now": now, "decision": decision_of(what)}
    return {"now": now, "event": encoded(what)}


def decision_of(decision: Decision) -> Json:
    """Return what was decided, without the state."""
    names = (field.name for field in fields(decision) if field.name != "state")
    return {name: encoded(getattr(decision, name)) for name in names}


def _json(line: dict[str, Json]) -> str:
    return json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n"
