"""What a password must be, before it is taken. Pure; a hash of it is made elsewhere."""

SHORTEST = 10
LONGEST = 256
FEWEST_DIFFERENT = 5
SHORTEST_NAME = 3  # a name of one letter is in most passwords
# The first that anybody tries, of those long enough to pass the rest.
_TRIED_FIRST = frozenset(
    {
        "1234567890", "0123456789", "qwertyuiop", "qwertzuiop", "password123", "passwort123",
        "password1234", "passwort1234", "changeme123", "volthus123", "administrator",
        "losenord123", "lösenord123", "welcome123", "willkommen1", "letmein123",
    }
)  # fmt: skip


def objection(password: str, username: str) -> str | None:
    """Return why a password cannot be taken: a word of `password-too-weak`'s `reason`, or None.

    `too-short`, `too-long`, `has-username`, `too-simple`, `too-common`.
    """
    if len(password) < SHORTEST:
        return "too-short"
    if len(password) > LONGEST:
        return "too-long"
    folded = password.casefold()
    if len(username) >= SHORTEST_NAME and username.casefold() in folded:
        return "has-username"
    if len(set(folded)) < FEWEST_DIFFERENT:
        return "too-simple"
    return "too-common" if folded in _TRIED_FIRST else None
