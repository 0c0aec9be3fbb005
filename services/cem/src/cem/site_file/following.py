"""Keeps the settings by a site file on disk: at the start, and when the file changes (GitOps)."""

import asyncio
import hashlib
import logging
from pathlib import Path
from typing import Protocol

from cem.noticeboard import Noticeboard
from volthus_kit.refusal import RefusedError
from volthus_wire.v1.rpc_pb2 import Caller

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
MOST_BYTES = 1024 * 1024
FILE = Caller(actor="site-file", role="program", origin="site")
REFUSED = "site-file-refused"


class Applies(Protocol):
    """Who applies a site file's text; see `cem.commands.site_file`."""

    async def apply(self, text: str, caller: Caller) -> object:
        """Apply a file as a whole. Raises RefusedError."""
        ...


class Follower:
    """Applies a file once for each content it has; what is refused hangs on the noticeboard."""

    def __init__(self, path: Path, commands: Applies, board: Noticeboard) -> None:
        self._path = path
        self._commands = commands
        self._board = board
        self._applied = ""  # digest of the content that is in force, or was refused for good

    async def run(self) -> None:
        """Look at the file every few seconds until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Apply the file if it is news. What cannot be applied changes nothing."""
        try:
            content = await asyncio.to_thread(_read, self._path)
            digest = hashlib.sha256(content).hexdigest()
            if digest == self._applied:
                return
            await self._commands.apply(content.decode(), FILE)
        except OSError as error:
            self._refused("site-file-unreadable", error.strerror or str(error), "")
        except UnicodeDecodeError as error:
            self._applied = digest
            self._refused("site-file-invalid", f"The file is no UTF-8: {error}.", "")
        except RefusedError as error:
            # A failing database may take it the next time; what is wrong in the file stays wrong.
            self._applied = "" if error.code == "store-failing" else digest
            self._refused(error.code, error.detail, error.field)
        else:
            self._applied = digest
            self._board.take_down(REFUSED)
            logger.info("site file applied", extra={"path": str(self._path)})

    def _refused(self, code: str, detail: str, pointer: str) -> None:
        told = {"reason": code, "detail": detail, "pointer": pointer, "path": str(self._path)}
        self._board.put(REFUSED, "alarm", **told)
        logger.error("site file not applied", extra=told)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)
