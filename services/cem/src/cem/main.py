"""The program `cem`: the service, or with a word one of its tools; decides nothing."""

import sys

from cem.port import stdio
from volthus_kit.tool import run_tool


def main() -> None:
    """Start the program `cem`; never returns."""
    if sys.argv[1:] == ["port"]:
        sys.exit(stdio.main())
    if sys.argv[1:2] == ["evidence"]:
        from cem.records import cli as evidence  # noqa: PLC0415

        run_tool(evidence.main, sys.argv[2:])
    if sys.argv[1:2] in (["replay"], ["what-if"]):
        from cem.replaying import cli as replaying  # noqa: PLC0415

        run_tool(replaying.main, sys.argv[1:])
    if sys.argv[1:2] == ["car-connector"]:
        from cem.car_connector import cli as car_connector  # noqa: PLC0415

        run_tool(car_connector.main, sys.argv[2:])
    if sys.argv[1:2] == ["site-file"]:
        from cem.site_file import cli as site_file  # noqa: PLC0415

        run_tool(site_file.main, sys.argv[2:])
    # Late, since a scenario needs neither bus nor database: it starts and ends in a tenth.
    from cem import service  # noqa: PLC0415

    service.start()
