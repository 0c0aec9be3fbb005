"""Runs a command so that it ends when the supervisor does, however the supervisor dies."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Replace this process by the command in the arguments (after the supervisor's pid)."""
    supervisor = int(sys.argv[1])
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != supervisor:
        sys.exit("the supervisor is gone")
    for number in (signal.SIGINT, signal.SIGTERM):
        # In the background of a shell INT arrives ignored, and would be inherited so.
        signal.signal(number, signal.SIG_DFL)
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - our own programs, no shell


if __name__ == "__main__":
    main()
