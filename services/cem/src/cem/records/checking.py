"""Checks the chain of the evidence log: all of it at first, then what was added."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel import Session as Db

from cem.records.core import sealing
from cem.records.journal import evidence_log
from cem.records.tables import EvidenceRow
from volthus_kit.clock import Clock

AGAIN_AFTER_S = 3600.0  # from the first entry: somebody may have changed what was checked


@dataclass(frozen=True, slots=True)
class _Checked:
    """How far it was found whole: the last entry, and when it was begun from the first one."""

    number: int = 0
    hash: str = sealing.FIRST
    began_s: float = float("-inf")


class Chain:
    """Says whether the log is intact, at the cost of what is new since it was asked last."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._checked = _Checked()

    def is_intact(self, db: Db) -> bool:
        """Return whether every entry follows the one before it, unchanged. Blocking."""
        now_s, known = self._clock.monotonic(), self._checked
        if now_s - known.began_s >= AGAIN_AFTER_S or not _stands(db, known):
            known = _Checked(began_s=now_s)
        number, head = known.number, known.hash

        def log() -> Iterator[dict[str, str]]:
            nonlocal number, head
            for entry in evidence_log(db, after=known.number):
                number, head = number + 1, entry["hash"]
                yield entry

        if sealing.faults(log(), follows=(known.number, known.hash)):
            self._checked = _Checked()  # and again from the first one, until it is mended
            return False
        self._checked = _Checked(number, head, known.began_s)
        return True


def _stands(db: Db, known: _Checked) -> bool:
    """Return whether the entry that was checked last is still the one it was."""
    if known.number == 0:
        return True
    row = db.get(EvidenceRow, known.number)
    return row is not None and row.hash == known.hash
