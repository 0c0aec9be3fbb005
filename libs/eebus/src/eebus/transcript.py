"""Recordings of what two SHIP peers say to each other: one JSON object per frame and line.

The format of the recordings we are tested with: `seq`, `t` (s since the first frame), `from`,
`to`, `type` (the SHIP type byte), `raw` (the text behind it, exact; `hex` of the whole frame where
that is no text) and `decoded` (normal JSON, for people). Keys never pass here; serial numbers and
the identities of cars do: who gets a recording learns them.
"""

import json
from collections.abc import Callable
from typing import Final

from eebus.errors import RemoteProtocolError
from eebus.ship.eebus_json import Json, compact, parse

FrameHook = Callable[[str, bool, bytes], None]
"""Told every frame: the peer's SKI, whether it is ours, and the frame with its type byte."""

LIMIT_BYTES: Final = 64 * 1024 * 1024  # some days of one charger; a forgotten one fills no disk
_INIT: Final = 0
_DATA: Final = 2


def record_line(seq: int, t_s: float, from_: str, to: str, frame: bytes) -> str:
    """Return the line for one frame, without its line end. Never raises for what a peer sends."""
    line: dict[str, Json] = {"seq": seq, "t": round(t_s, 4), "from": from_, "to": to}
    line["type"] = frame[0] if frame else None
    try:
        text = frame[1:].decode()
        decoded = _plain(parse(frame[1:]), frame[0]) if text and frame[0] != _INIT else None
    except (UnicodeDecodeError, RemoteProtocolError):
        decoded = None
    if decoded is None:
        return compact({**line, "hex": frame.hex()})
    return compact({**line, "raw": text, "decoded": decoded})


class Transcript:
    """Numbers and times the frames of one node, for `record=` of a participant."""

    def __init__(
        self,
        own_name: str,
        write: Callable[[str], None],
        clock: Callable[[], float],
        limit_bytes: int = LIMIT_BYTES,
    ) -> None:
        """Begin a recording.

        own_name: what we are called in `from` and `to`; peers are called by their SKI.
        write: takes each line. clock: monotonic seconds. limit_bytes: how large it may get; then
        a last line with `end` says that the rest is missing.
        """
        self._left_bytes = limit_bytes
        self._limit_bytes = limit_bytes
        self._own_name = own_name
        self._write = write
        self._clock = clock
        self._seq = 0
        self._since: float | None = None

    def __call__(self, ski: str, is_ours: bool, frame: bytes) -> None:  # noqa: FBT001 - a FrameHook
        """Record one frame; nothing any more once the recording is full."""
        if self._left_bytes <= 0:
            return
        now = self._clock()
        self._since = now if self._since is None else self._since
        self._seq += 1
        from_, to = (self._own_name, ski) if is_ours else (ski, self._own_name)
        line = record_line(self._seq, now - self._since, from_, to, frame)
        self._left_bytes -= len(line.encode()) + 1
        if self._left_bytes <= 0:
            line = end_line(self._seq, now - self._since, self._limit_bytes)
        try:
            self._write(line)
        except OSError:
            self._left_bytes = 0  # a full disk: said once, not with every frame
            raise


def end_line(seq: int, t_s: float, limit_bytes: int) -> str:
    """Return the last line of a recording that is full."""
    said = f"this recording is full at {limit_bytes} bytes; what followed is not in it"
    return compact({"seq": seq, "t": round(t_s, 4), "end": said})


def read_line(line: str) -> tuple[str, str, bytes]:
    """Return from, to and the frame of a recorded line.

    Raises ValueError for another line, also for the one that ends a recording that is full.
    """
    try:
        told = json.loads(line)
        if "hex" in told:
            return told["from"], told["to"], bytes.fromhex(told["hex"])
        return told["from"], told["to"], bytes([told["type"]]) + told["raw"].encode()
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a line of a recording: {line[:80]!r}") from error


def _plain(value: Json, type_: int) -> Json:
    """Return EEBUS-JSON as normal JSON; in data an empty array is an empty object."""
    if isinstance(value, dict):
        return {name: _plain(item, type_) for name, item in value.items()}
    if not isinstance(value, list):
        return value
    if not all(isinstance(item, dict) for item in value) or (not value and type_ != _DATA):
        return [_plain(item, type_) for item in value]
    merged: dict[str, Json] = {}
    for item in value:
        if isinstance(item, dict):
            merged.update({name: _plain(part, type_) for name, part in item.items()})
    return merged
