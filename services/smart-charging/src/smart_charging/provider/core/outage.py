"""Whether a provider is to be left alone, whatever is wanted of it. Pure: the time comes in.

With thousands of feeds of one provider, each would wait for its own time-out while it is down.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from smart_charging.provider.core.errors import (
    RefusedByProviderError,
    SourceError,
    SparedError,
    UnreachableError,
)
from smart_charging.provider.core.release import FIRST_RETRY, LONGEST_RETRY, LONGEST_WAIT

TRIED = 3  # failures in a row before the others are spared
MOST_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class Outage:
    """Failures of a provider in a row. until: it is left alone so long. error: the last one."""

    failures: int
    until: datetime
    error: SourceError


def spare(outage: Outage | None, now: datetime) -> None:
    """Raise SparedError while a provider is to be left alone."""
    if outage is not None and now < outage.until:
        raise SparedError(str(outage.error), outage.until - now)


def after(outage: Outage | None, error: SourceError, now: datetime) -> Outage | None:
    """Return what is known of a provider after a question that failed.

    An answer that is wrong, or a question that is refused alone, says nothing of the others.
    """
    is_busy = isinstance(error, RefusedByProviderError) and error.is_busy
    if not is_busy and not isinstance(error, UnreachableError):
        return outage
    failures = outage.failures + 1 if outage is not None else 1
    wait = timedelta(0)
    if failures >= TRIED:
        doublings = min(failures - TRIED, MOST_DOUBLINGS)
        wait = min(LONGEST_RETRY, FIRST_RETRY * (1 << doublings))
    if isinstance(error, RefusedByProviderError) and error.wait is not None:
        wait = max(wait, min(error.wait, LONGEST_WAIT))
    return Outage(failures, now + wait, error)
