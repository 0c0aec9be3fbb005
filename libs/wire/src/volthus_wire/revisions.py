"""What the revision in a change means: which state of a setting its caller has seen."""

ANY = 0  # whatever it is now
NEVER_SET = 2**63  # only if nobody has set it yet: its revision is still 0


def is_met(asked: int, current: int) -> bool:
    """Return whether a change that was made on `asked` may replace what is at `current`."""
    return asked == ANY or current == (0 if asked == NEVER_SET else asked)
