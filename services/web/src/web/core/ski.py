"""SKIs as people type them: any case, in groups, with dashes. Pure."""

import re

from web.core.text import sendable

SKI_DIGITS = 40
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015:.]")
_NOT_HEX = re.compile(r"[^0-9a-f]")


class SkiError(ValueError):
    """What was typed is no SKI; `params` hold the values for a translated sentence."""

    def __init__(self, detail: str, **params: str) -> None:
        super().__init__(detail)
        self.params = params


def normalised(text: str) -> str:
    """Return a SKI as 40 lower-case hexadecimal digits; blanks, dashes and colons are left out.

    Raises SkiError that says what is wrong: the digit that is none, or how many there are.
    """
    ski = _BETWEEN.sub("", text).lower()
    wrong = _NOT_HEX.search(ski)
    if wrong is not None:
        raise SkiError(
            f"{wrong[0]!r} at place {wrong.start() + 1} is no digit of a SKI; "
            "it has 40 digits, each 0 to 9 or a to f.",
            problem="not-hexadecimal",
            character=sendable(wrong[0]),
            place=str(wrong.start() + 1),
        )
    if len(ski) != SKI_DIGITS:
        raise SkiError(
            f"A SKI has {SKI_DIGITS} digits (0 to 9, a to f); this one has {len(ski)}.",
            problem="wrong-length",
            digits=str(len(ski)),
        )
    return ski
