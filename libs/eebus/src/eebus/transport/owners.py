"""Calls into an owner of ours, whose failures are its own."""

import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)


def contained(call: Callable[[], None]) -> None:
    """Call the owner. Its failure over one peer's message must not reach other peers."""
    try:
        call()
    except Exception:
        logger.exception("the owner of a SHIP node failed")
