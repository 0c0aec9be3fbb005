"""Texts from outside that must fit into an answer. Pure."""


def sendable(text: str) -> str:
    """Return a text with what UTF-8 cannot carry (half of a surrogate pair) written out."""
    return text.encode("utf-8", "backslashreplace").decode()
