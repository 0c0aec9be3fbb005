"""Bytes as a stream of choices: the same bytes always make the same case."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Source:
    """Takes choices from fuzzed bytes; when they are used up, every choice is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to choose by."""
        return self._at >= len(self._data)

    def byte(self) -> int:
        """Return the next byte."""
        if self.is_empty:
            return 0
        self._at += 1
        return self._data[self._at - 1]

    def number(self) -> int:
        """Return the next two bytes as a number."""
        return self.byte() << 8 | self.byte()

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of the choices."""
        index = self.byte() if len(choices) <= 256 else self.number()
        return choices[index % len(choices)]

    def some(self, most: int) -> bytes:
        """Return up to `most` bytes as they are."""
        length = self.byte() % (most + 1)
        taken = self._data[self._at : self._at + length]
        self._at += length
        return taken
