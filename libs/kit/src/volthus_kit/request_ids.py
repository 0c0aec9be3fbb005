"""The id of the request that is being worked on: made or taken at the door, carried over the bus.

Every log line written while a request is worked on has it as `request`, in each program that
has a part in it. The id is the trace id of W3C Trace Context where the caller brought one.
"""

import contextlib
import logging
import re
import secrets
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass

HEADER = "X-Request-Id"  # over HTTP and on the bus
TRACE_PARENT = "traceparent"

_WELL_FORMED = re.compile(r"[A-Za-z0-9_.:-]{8,64}")
# version "-" trace-id "-" parent-id "-" flags (W3C Trace Context, 3.2); later versions add fields.
_TRACE_PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-.*")


@dataclass(frozen=True, slots=True)
class Work:
    """What is being worked on. request: its id. site: whom it is about, "" where nobody."""

    request: str
    site: str = ""


_now: ContextVar[Work | None] = ContextVar("volthus_work", default=None)


def current() -> Work | None:
    """Return what is being worked on here, None outside of any request."""
    return _now.get()


@contextlib.contextmanager
def working_on(work: Work | None) -> Iterator[None]:
    """Name what the code inside, and every task it starts, is working on."""
    token = _now.set(work)
    try:
        yield
    finally:
        _now.reset(token)


def taken_or_made(headers: Mapping[str, str]) -> str:
    """Return the id a caller brought, or a new one.

    headers: names in any one case the mapping finds them by. An id that is not well-formed is not
    taken: it would stand in our logs. `traceparent` counts before `X-Request-Id`.
    """
    if found := _TRACE_PARENT.fullmatch(headers.get(TRACE_PARENT, "")):
        return found[1]
    brought = headers.get(HEADER, "")
    return brought if _WELL_FORMED.fullmatch(brought) else secrets.token_hex(16)


def brought_along(headers: Mapping[str, str] | None) -> str:
    """Return the id of a message on the bus, "" where it has none or one not well-formed."""
    brought = (headers or {}).get(HEADER, "")
    return brought if _WELL_FORMED.fullmatch(brought) else ""


class Stamp(logging.Filter):
    """Puts `request` and `site` on each record; what the event says itself goes first.

    site: of a program that works for one site, else "".
    """

    def __init__(self, site: str = "") -> None:
        super().__init__()
        self._site = site

    def filter(self, record: logging.LogRecord) -> bool:
        """Stamp a record; none is held back."""
        work = _now.get()
        site = (work.site if work else "") or self._site
        if site and not hasattr(record, "site"):
            record.site = site
        if work and not hasattr(record, "request"):
            record.request = work.request
        return True
