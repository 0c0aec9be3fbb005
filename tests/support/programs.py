"""Programs of ours that a test starts, kills as a power cut would, and starts anew."""

import asyncio
import os
import subprocess
from pathlib import Path


class Program:
    """A program of ours that a test kills and starts anew."""

    def __init__(self, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self._arguments = arguments
        self._environment = os.environ | environment
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it; it is not ready yet."""
        self._process = await asyncio.to_thread(self._spawn)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            return subprocess.Popen(self._arguments, env=self._environment, stdout=log, stderr=log)

    @property
    def pid(self) -> int:
        """Return the number of its process, to be measured. Raises RuntimeError when down."""
        if self._process is None:
            raise RuntimeError("the program is down")
        return self._process.pid

    async def kill(self) -> None:
        """End it as a power cut would; harmless when it is down."""
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
            self._process = None
