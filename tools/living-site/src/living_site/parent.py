"""Notices when the process that started us (make, a script) is gone or was told to stop."""

import asyncio
import os
import signal
from pathlib import Path

POLL_S = 0.5
_INT_BIT = 1 << (signal.SIGINT - 1)


async def until_gone() -> None:
    """Return when our parent died, or when it is a make that was interrupted.

    An INT sent to make alone (not to its process group, as Ctrl-C does) never reaches us: make
    then waits for us, and we would run on for ever. While it waits it no longer catches INT,
    and Linux shows that.
    """
    parent = os.getppid()
    did_catch_int = _catches_int(parent)
    while os.getppid() == parent:
        if did_catch_int and not _catches_int(parent):
            return
        await asyncio.sleep(POLL_S)


def _catches_int(pid: int) -> bool:
    """Whether a make process has a handler for INT; False where it cannot be told."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    if facts.get("Name") not in {"make", "gmake"}:
        return False
    return bool(int(facts.get("SigCgt", "0"), 16) & _INT_BIT)
