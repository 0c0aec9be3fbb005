"""Keeps programs running: starts them, restarts what dies with back-off, stops them in order."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

STOP_S = 5.0  # from TERM to KILL
POLL_S = 0.05
STEADY_S = 30.0  # a program that ran this long starts its back-off anew
MOST_WAIT_S = 30.0
LOG_LIMIT_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Program:
    """One program of the site."""

    name: str
    command: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)


class Supervisor:
    """Runs programs, each in a session of its own, until told to stop.

    say: gets one line for the person at the terminal whenever a program dies or comes back.
    """

    def __init__(self, logs: Path, restart_wait_s: float, say: Callable[[str], None]) -> None:
        self._logs = logs
        self._restart_wait_s = restart_wait_s
        self._say = say
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._tasks: list[tuple[str, asyncio.Task[None]]] = []
        self.restarts: dict[str, int] = {}
        self.on_change: Callable[[], None] = lambda: None

    def start(self, program: Program) -> None:
        """Start a program and keep it running from now on."""
        self.restarts[program.name] = 0
        task = asyncio.create_task(self._keep(program), name=program.name)
        self._tasks.append((program.name, task))

    def pids(self) -> dict[str, int]:
        """Return the process ids of what runs now, by name."""
        return {name: process.pid for name, process in self._running.items()}

    async def stop(self) -> None:
        """Stop everything in the reverse order of starting; at most about 6 s in all."""
        for _, task in self._tasks:
            task.cancel()
        order = [name for name, _ in reversed(self._tasks)]
        deadline = time.monotonic() + STOP_S
        for name in order:
            # NATS goes last, so that the others can say good-bye.
            if name == "nats":
                await self._gone(deadline, [n for n in order if n != "nats"])
            self._signal(name, signal.SIGTERM)
        await self._gone(deadline, order)
        for name in order:
            self._signal(name, signal.SIGKILL)
        await self._gone(time.monotonic() + 1, order)
        await asyncio.gather(*(task for _, task in self._tasks), return_exceptions=True)

    async def _gone(self, deadline: float, names: list[str]) -> None:
        while time.monotonic() < deadline and any(self._is_alive(name) for name in names):
            await asyncio.sleep(0.05)

    def _is_alive(self, name: str) -> bool:
        process = self._running.get(name)
        return process is not None and process.poll() is None

    def _signal(self, name: str, number: signal.Signals) -> None:
        if self._is_alive(name):
            with contextlib.suppress(ProcessLookupError):
                self._running[name].send_signal(number)

    async def _keep(self, program: Program) -> None:
        wait_s = self._restart_wait_s
        while True:
            began = time.monotonic()
            code = await self._run(program)
            if time.monotonic() - began > STEADY_S:
                wait_s = self._restart_wait_s
            self._say(
                f"{program.name} ended ({_how(code)}); starting it again in {wait_s:.0f} s "
                f"(log: {self._logs / program.name}.log)"
            )
            await asyncio.sleep(wait_s)
            wait_s = min(MOST_WAIT_S, max(1.0, 2 * wait_s))
            self.restarts[program.name] += 1

    async def _run(self, program: Program) -> int:
        # Popen and polling, not asyncio's subprocesses: those can hang in a cancelled start.
        with _log(self._logs / f"{program.name}.log") as log:
            process = subprocess.Popen(  # noqa: S603, ASYNC220 - our own programs; takes 1 ms
                [sys.executable, "-m", "living_site.leash", str(os.getpid()), *program.command],
                env={**os.environ, **program.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches only us; we stop them in order
            )
        self._running[program.name] = process
        self.on_change()
        while (code := process.poll()) is None:
            await asyncio.sleep(POLL_S)
        return code


def _log(path: Path) -> BinaryIO:
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit {code}"
