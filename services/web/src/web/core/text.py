"""Texts from outside that must fit into an answer. Pure."""


def sendable(text: str) -> str:
    """Return a text with what UTF-8 cannot carry (half of a surrogate pair) written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def storable(text: str, most: int) -> str:
    """Return a text as every database keeps it: without NUL, at most `most` characters."""
    return text[:most].replace("\x00", "\ufffd")
