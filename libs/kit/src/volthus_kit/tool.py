"""Runs a command-line tool that a program has beside its service."""

import os
import sys
from collections.abc import Callable
from typing import NoReturn

# As a program that SIGPIPE ended tells: not 0, which may mean "the same" or "intact".
NOBODY_READS = 141


def run_tool(tool: Callable[[list[str]], int], arguments: list[str]) -> NoReturn:
    """End the program with the tool's exit status.

    Where nobody reads its output any more (`cem evidence export | head`) it ends without a word.
    """
    try:
        status = tool(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Else Python complains when it closes what it cannot write.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = NOBODY_READS
    sys.exit(status)
