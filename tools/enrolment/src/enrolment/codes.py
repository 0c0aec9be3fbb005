"""One-time codes: 80 random bits that a person can read out, with a check against typing errors."""

import hashlib
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: nothing to be mistaken
_SPOKEN = str.maketrans({"I": "1", "L": "1", "O": "0", "-": "", " ": ""})
SIGNS = 16  # of five bits each
GROUP = 4


class CodeError(ValueError):
    """A text that cannot be a code; the message says what is wrong with it."""


def new_code() -> str:
    """Return a new code, in groups of four, the last sign being the check."""
    signs = "".join(secrets.choice(ALPHABET) for _ in range(SIGNS))
    return _grouped(signs + _check(signs))


def normalised(typed: str) -> str:
    """Return a code in its one spelling. Raises CodeError."""
    signs = typed.upper().translate(_SPOKEN)
    if len(signs) != SIGNS + 1 or set(signs) - set(ALPHABET):
        raise CodeError(f"A code has {SIGNS + 1} letters and digits.")
    if _check(signs[:-1]) != signs[-1]:
        raise CodeError("The code has a typing error: its last sign does not fit the others.")
    return _grouped(signs)


def digest(code: str) -> str:
    """Return what is kept of a code. With 80 random bits it needs no salt and no slow hash."""
    return hashlib.sha256(code.encode()).hexdigest()


def _check(signs: str) -> str:
    """Return a sign that tells one wrong sign and two neighbours swapped (weights are odd)."""
    values = [ALPHABET.index(sign) for sign in signs]
    return ALPHABET[sum(value * (2 * place + 1) for place, value in enumerate(values)) % 32]


def _grouped(signs: str) -> str:
    return "-".join(signs[at : at + GROUP] for at in range(0, len(signs), GROUP))
