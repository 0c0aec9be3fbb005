"""When something that could not be delivered is tried again. Pure; seconds."""

FIRST_S = 5.0
GROWS_BY = 3.0
MOST_S = 6 * 3600.0
GIVEN_UP_AFTER_S = 3 * 86_400.0
MOST_ASKED_S = 3600.0  # of a wait that a receiver asks for


def wait_s(attempts: int, share: float, asked_s: float | None = None) -> float:
    """Return how long to wait after `attempts` that failed (1 or more).

    share: 0 to 1, by chance, so that many do not come back together. asked_s: Retry-After.
    """
    wait = min(MOST_S, FIRST_S * GROWS_BY ** min(attempts - 1, 20)) * (0.8 + 0.4 * share)
    return wait if asked_s is None else max(wait, min(asked_s, MOST_ASKED_S))


def retry_after_s(header: str | None) -> float | None:
    """Return the seconds of a Retry-After header; dates and nonsense are None."""
    if header is None or not header.strip().isdecimal() or len(header) > 10:
        return None
    return float(header.strip())
