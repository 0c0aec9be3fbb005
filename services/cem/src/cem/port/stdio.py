"""`cem port`: one JSON object per line in, one per line out, until the input ends."""

import json
import sys
from typing import TextIO

from cem.port.plans import MessageError
from cem.port.player import Player


def converse(lines: TextIO, answers: TextIO, log: TextIO) -> None:
    """Answer every line of `lines`. A line that is no message is refused, and the next one read."""
    player = Player()
    for line in lines:
        if not line.strip():
            continue
        try:
            message = json.loads(line)
            if not isinstance(message, dict):
                raise MessageError("expected an object")
            answer = player.answer(message)
        except (MessageError, json.JSONDecodeError) as error:
            log.write(f"cem port: {error}\n")
            answer = {"ok": False, "error": str(error)}
        answers.write(json.dumps(answer, separators=(",", ":"), allow_nan=False) + "\n")
        answers.flush()


def main() -> int:
    """Converse on standard input and output; returns the exit status."""
    try:
        converse(sys.stdin, sys.stdout, sys.stderr)
    except (KeyboardInterrupt, BrokenPipeError):
        return 1
    return 0
