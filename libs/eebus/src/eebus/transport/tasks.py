"""Beginning tasks in a group that may be ending, and keeping their failures to themselves."""

import asyncio
import logging
from collections.abc import Callable, Coroutine

logger = logging.getLogger(__name__)

Work = Callable[[], Coroutine[None, None, None]]


async def contained_work(work: Work) -> None:
    """Do work that belongs to one peer; its failure must not end the group of all of them."""
    try:
        await work()
    except Exception:
        # A defect of ours on one peer's connection: say so, and let the other chargers charge.
        logger.exception("a SHIP connection failed")


def begin(
    tasks: asyncio.TaskGroup, work: Coroutine[None, None, None], name: str | None = None
) -> asyncio.Task[None] | None:
    """Start work in a group; None when the group is ending: then the work never runs.

    A group that fails refuses tasks before its owner has heard of it, so that no flag of the
    owner's can foretell it.
    """
    try:
        return tasks.create_task(work, name=name)
    except RuntimeError:
        work.close()  # else it would be reported as never awaited
        return None
