"""Gives freed memory back to the machine, where the C library can (glibc)."""

import ctypes

M_MMAP_THRESHOLD = -3  # malloc.h; see mallopt(3)
LARGE_BYTES = 1024 * 1024


def give_back_large_blocks() -> bool:
    """Let each large block be a mapping of its own, so that freeing it shrinks the program.

    A log-in takes 19 MiB for its slow hash. Left alone, glibc raises its threshold at the first
    of them and keeps such a block in every thread that ever checked a password.
    Returns whether this C library knows how.
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BYTES))
    except (AttributeError, OSError):  # musl and others give back by themselves
        return False
