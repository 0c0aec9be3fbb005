"""The program `cem`: the service, or with `port` the player of scenarios; decides nothing."""

import sys

from cem.port import stdio


def main() -> None:
    """Start the program `cem`; never returns."""
    if sys.argv[1:] == ["port"]:
        sys.exit(stdio.main())
    # Late, since a scenario needs neither bus nor database: it starts and ends in a tenth.
    from cem import service  # noqa: PLC0415

    service.start()
