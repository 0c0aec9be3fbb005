"""Collects garbage in small pieces, so that no answer waits for a walk through everything.

Python walks every object there is whenever enough new ones came: with ten thousand sites that is a
third of a second in which nobody is answered. Here what lives is set aside again and again, and a
walk meets only what came since. What dies later is freed as always, by its count of references;
only rings of objects that were alive when set aside wait for the whole walk, once an hour.
"""

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

EVERY_S = 1.0
WHOLE_EVERY_S = 3600.0
YOUNG, MIDDLE = 5_000, 20  # new objects before a look at them; such looks before one further back
NEVER = 1_000_000


async def collect_often() -> None:
    """Collect and set aside until cancelled; then all is as Python has it."""
    with _own_pace():
        whole_s = time.monotonic()
        while True:
            if time.monotonic() - whole_s >= WHOLE_EVERY_S:
                whole_s = time.monotonic()
                gc.unfreeze()
            gc.collect()
            gc.freeze()
            await asyncio.sleep(EVERY_S)


@contextmanager
def _own_pace() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
