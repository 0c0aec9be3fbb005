"""What the programs of a living site take: share of one core, and memory."""

import asyncio
from dataclasses import dataclass

import psutil

MEGABYTE = 1_000_000
# smart-charging runs in the cloud, the virtual site is the outside world: both apart.
SITE_PROGRAMS = ("nats", "meter-reader", "cem", "eebus-gateway", "web")


@dataclass(frozen=True, slots=True)
class Share:
    """One program: its part of one core, and its memory in MB (10^6 bytes).

    pss_mb: what it shares with others counted in parts; None where the kernel does not tell.
    """

    cpu_percent: float
    rss_mb: float
    pss_mb: float | None


async def measure(pids: dict[str, int], seconds: float) -> dict[str, Share]:
    """Measure every program for some time. Raises psutil.NoSuchProcess if one dies meanwhile."""
    programs = {name: psutil.Process(pid) for name, pid in pids.items()}
    loop = asyncio.get_running_loop()
    before = {name: _cpu_s(program) for name, program in programs.items()}
    began_s = loop.time()
    await asyncio.sleep(seconds)
    took_s = loop.time() - began_s
    return {
        name: _share(program, (_cpu_s(program) - before[name]) / took_s)
        for name, program in programs.items()
    }


def _cpu_s(program: psutil.Process) -> float:
    times = program.cpu_times()
    return times.user + times.system


def _share(program: psutil.Process, of_core: float) -> Share:
    memory = program.memory_full_info()
    pss = getattr(memory, "pss", None)
    return Share(100 * of_core, memory.rss / MEGABYTE, None if pss is None else pss / MEGABYTE)
