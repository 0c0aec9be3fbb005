"""Beginning tasks in a group that may be ending."""

import asyncio
from collections.abc import Coroutine


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
