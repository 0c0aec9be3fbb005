"""Noise that is the same on every machine (scenario format, section 1). Pure."""

import math

_MASK = (1 << 64) - 1


def splitmix64(x: int) -> int:
    """Return 64 well-mixed bits of a 64-bit number."""
    x = (x + 0x9E3779B97F4A7C15) & _MASK
    z = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & _MASK
    return z ^ z >> 31


def uniform(seed: int, a: int, b: int, k: int) -> float:
    """Return a number in [0, 1) that depends on nothing but the arguments."""
    return splitmix64((seed * 1000003 + a * 8191 + b * 131 + k) & _MASK) / 2**64


def normal(seed: int, a: int, b: int) -> float:
    """Return a nearly normal number with mean 0 and variance 1 (the format's `g`)."""
    return math.sqrt(3) * (sum(uniform(seed, a, b, k) for k in range(4)) - 2)
