"""Keeps the settings by a site file on disk: at the start, and when the file changes (GitOps)."""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cem.metrics import SITE_FILE_DRIFT
from cem.noticeboard import Noticeboard
from volthus_kit.refusal import RefusedError
from volthus_wire.v1.rpc_pb2 import Caller

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
MOST_BYTES = 1024 * 1024
FILE = Caller(actor="site-file", role="program", origin="site")
REFUSED = "site-file-refused"
DRIFT = "site-file-drift"
COMPARE_EVERY_LOOKS = 12  # a minute: to compare reads the database once
MOST_NAMED = 3
UNREADABLE = "site-file-unreadable"
STORE_FAILING = "store-failing"


class Told(Protocol):
    """What a file changes, or would: (pointer, what is set, what the file says)."""

    @property
    def changes(self) -> Sequence[tuple[str, str, str]]:
        """Return each setting that differs."""
        ...


class Applies(Protocol):
    """Who applies a site file's text; see `cem.commands.site_file`."""

    async def apply(self, text: str, caller: Caller, *, is_dry_run: bool = False) -> Told:
        """Apply a file as a whole, or say what it would change. Raises RefusedError."""
        ...


class Follower:
    """Applies a file once for each content it has; what is refused hangs on the noticeboard."""

    def __init__(self, path: Path, commands: Applies, board: Noticeboard) -> None:
        self._path = path
        self._commands = commands
        self._board = board
        self._judged = ""  # digest of the content that is in force, or was refused for good
        self._why: RefusedError | None = None  # it was
        self._logged: dict[str, str] = {}
        self._looks = 0

    async def run(self) -> None:
        """Look at the file every few seconds until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Apply the file if it is news, else see now and then whether all is still as it says.

        What cannot be applied changes nothing.
        """
        try:
            content = await asyncio.to_thread(_read, self._path)
        except OSError as error:
            detail = error.strerror or str(error)
            self._refused(RefusedError(UNREADABLE, detail))
            return
        digest = hashlib.sha256(content).hexdigest()
        if digest != self._judged:
            await self._judge(content, digest)
        elif self._why is not None:
            self._refused(self._why)
        else:
            self._looks += 1
            is_back = self._logged.get("reason") == UNREADABLE
            if is_back or self._looks % COMPARE_EVERY_LOOKS == 0:
                await self._compare(content.decode())

    async def _judge(self, content: bytes, digest: str) -> None:
        try:
            await self._commands.apply(_text(content), FILE)
        except RefusedError as error:
            self._refused(error)
            # A failing database may take it the next time; what is wrong in the file stays wrong.
            if error.code != STORE_FAILING:
                self._judged, self._why = digest, error
        else:
            self._judged, self._why = digest, None
            self._taken()
            self._differs([])
            logger.info("site file applied", extra={"path": str(self._path)})

    async def _compare(self, text: str) -> None:
        """Tell what is set otherwise than the file says: once it was released, or a backup came.

        Nothing is set back: somebody decided so. A change of the file, or a start, does that.
        """
        try:
            told = await self._commands.apply(text, FILE, is_dry_run=True)
        except RefusedError as error:
            # What was right once and does not fit what was set since may fit again.
            if error.code != STORE_FAILING:
                self._refused(error)
            return
        self._taken()
        self._differs([pointer for pointer, _, _ in told.changes])

    def _differs(self, pointers: Sequence[str]) -> None:
        SITE_FILE_DRIFT.set(len(pointers))
        if not pointers:
            self._board.take_down(DRIFT)
            return
        named = ", ".join(pointers[:MOST_NAMED])
        told = {"count": str(len(pointers)), "pointer": named, "path": str(self._path)}
        self._board.put(DRIFT, "warning", **told)

    def _taken(self) -> None:
        self._board.take_down(REFUSED)
        self._logged = {}

    def _refused(self, error: RefusedError) -> None:
        path = str(self._path)
        told = {"reason": error.code, "detail": error.detail, "pointer": error.field, "path": path}
        self._board.put(REFUSED, "alarm", **told)
        if told != self._logged:
            logger.error("site file not applied", extra=told)
        self._logged = told


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise RefusedError("site-file-invalid", f"The file is no UTF-8: {error}.") from error


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)
