"""What the updater must not forget: the update under way, and what was declined. One small file."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from updater.core.job import Job
from volthus_kit.refusal import RefusedError

FILE = "updater.json"


@dataclass(frozen=True, slots=True)
class Memory:
    """since_s: Unix seconds, of the phase. refused: the release that was rolled back here last."""

    job: Job = field(default_factory=Job)
    since_s: float = 0.0
    declined: str = ""
    refused: str = ""


_MEMORY = TypeAdapter(Memory)


class Store:
    """Keeps the memory in a folder; blocking."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which must be there."""
        self._path = folder / FILE

    def read(self) -> Memory:
        """Return what was kept. Raises OSError, ValueError for a file that is none of ours."""
        try:
            memory = _MEMORY.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return Memory()
        except ValidationError as error:
            raise ValueError(f"{self._path} cannot be read") from error
        return replace(memory, job=replace(memory.job, before=dict(memory.job.before)))

    def write(self, memory: Memory) -> None:
        """Keep it, whole or not at all. Raises RefusedError `store-failing`."""
        new = self._path.with_suffix(".new")
        try:
            with new.open("wb") as file:
                file.write(_MEMORY.dump_json(memory))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise RefusedError(
                "store-failing", f"The updater's file did not take it ({reason}).", reason=reason
            ) from error
