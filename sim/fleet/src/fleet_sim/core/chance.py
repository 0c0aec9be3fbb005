"""Chance that is the same in every run: a number between 0 and 1 from words. Pure."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def share(*words: object) -> float:
    """Return a number in [0, 1) that only these words decide."""
    text = "/".join(map(str, words)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=6).digest(), "big") / 2**48


def between(low: float, high: float, *words: object) -> float:
    """Return a number in [low, high)."""
    return low + (high - low) * share(*words)


def one_of(choices: Sequence[T], *words: object) -> T:
    """Return one of the choices, each as likely as the other."""
    return choices[int(share(*words) * len(choices))]


def hexadecimal(digits: int, *words: object) -> str:
    """Return that many hexadecimal digits; at most 128."""
    text = "/".join(map(str, words)).encode()
    return hashlib.blake2b(text).hexdigest()[:digits]
