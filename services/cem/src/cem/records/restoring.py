"""Sees that a backup was put back, and begins a new epoch of the outbox then. Blocking.

A number that the cloud has seen must never come back with another meaning. Beside the database
lies a marker file: it knows which start the database must come from (its generation) and the
highest number that may have left. A database that is older than its marker, or has none, was
restored. Restoring both together looks like no restore: whoever does that also puts an empty file
`restored` into the folder.
"""

import contextlib
import json
import logging
import os
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from cem.records.outbox import ONLY, OutboxHeadRow

logger = logging.getLogger(__name__)

MARKER = "cem.outbox"
RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Marker:
    """What the file says. generations: those a true database may have now."""

    generations: tuple[str, ...]
    epoch: int
    sequence: int


def prepare(session: Session, folder: Path, now: datetime) -> OutboxHeadRow:
    """Return where the outbox stands, in the caller's transaction; a restored one begins anew.

    Raises OSError when the marker cannot be written. `confirm` must follow the commit.
    """
    head = session.get(OutboxHeadRow, ONLY)
    marker = read(folder)
    wall_epoch = int(now.timestamp() * 1000)
    if head is None:
        first = max(wall_epoch, 0 if marker is None else marker.epoch + 1)
        head = OutboxHeadRow(epoch=first)
    elif _is_restored(head, marker, folder):
        known = max(head.epoch, 0 if marker is None else marker.epoch)
        head.epoch, head.last_sequence = max(wall_epoch, known + 1), 0
        logger.warning("backup restored: a new epoch begins", extra={"epoch": head.epoch})
    before, head.generation = head.generation, secrets.token_hex(8)
    write(folder, Marker((before, head.generation), head.epoch, head.last_sequence))
    session.add(head)
    session.flush()
    return head


def confirm(folder: Path, head: OutboxHeadRow) -> None:
    """Let only the database as it was committed be the true one. Raises OSError."""
    write(folder, Marker((head.generation,), head.epoch, head.last_sequence))
    with contextlib.suppress(FileNotFoundError):
        (folder / RESTORED).unlink()


def leaving(folder: Path, generation: str, epoch: int, sequence: int) -> None:
    """Note, before they leave, that numbers up to `sequence` may be known outside.

    generation: of the database they come from. Raises OSError; then nothing may leave.
    """
    marker = read(folder)
    if marker is None or generation not in marker.generations:
        raise FileNotFoundError(f"{folder / MARKER} is not of this database; start anew")
    if (marker.epoch, marker.sequence) < (epoch, sequence):
        write(folder, Marker(marker.generations, epoch, sequence))


def read(folder: Path) -> Marker | None:
    """Return what the marker says; None when there is none that can be read."""
    try:
        found = json.loads((folder / MARKER).read_text())
        return Marker(tuple(found["generations"]), int(found["epoch"]), int(found["sequence"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(folder: Path, marker: Marker) -> None:
    """Replace the marker so that a power cut leaves the old one or the new one."""
    path, fresh = folder / MARKER, folder / f"{MARKER}.new"
    with fresh.open("w") as file:
        json.dump(asdict(marker), file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_restored(head: OutboxHeadRow, marker: Marker | None, folder: Path) -> bool:
    if marker is None or (folder / RESTORED).exists():
        return True
    is_behind = (marker.epoch, marker.sequence) > (head.epoch, head.last_sequence)
    return head.generation not in marker.generations or is_behind
