"""Prints the part of a lock that some packages need: `scripts/lock_part.py LOCK NAME...`.

Takes the `via` comments of the lock at their word, so it needs neither registry nor environment.
"""

import re
import sys
from pathlib import Path

_ENTRY = re.compile(r"(?m)^(?=[a-z0-9])")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_VIA = re.compile(r"(?m)^    #(?: via)?\s+(\S+)$")


def part_of(lock: str, names: set[str]) -> str:
    """Return the entries of `names` and of all they need. Raises KeyError for one not there."""
    entries: dict[str, str] = {}
    for entry in filter(None, _ENTRY.split(lock)):
        if found := _NAME.match(entry):
            entries[found[0]] = entries.get(found[0], "") + entry
    wanted = set(names)
    while more := {n for n, text in entries.items() if wanted & set(_VIA.findall(text))} - wanted:
        wanted |= more
    return "".join(entries[name] for name in sorted(wanted))


def main() -> None:
    """Print the part."""
    path, *names = sys.argv[1:]
    sys.stdout.write(part_of(Path(path).read_text(), set(names)))


if __name__ == "__main__":
    main()
