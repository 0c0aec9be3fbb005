"""`cem site-file check|show|diff|drift`: a site file beside what is set."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from cem.settings import Settings
from cem.site_file import shape, yaml_text
from cem.site_file.errors import SiteFileError
from volthus_kit.bus import Bus
from volthus_kit.refusal import NotAnsweredError, RefusedError
from volthus_wire.subjects import SITE_FILE_APPLY, SITE_FILE_GET
from volthus_wire.v1.records_pb2 import (
    ApplySiteFileRequest,
    GetSiteFileRequest,
    SiteFileChange,
)

SAME, DIFFERENT, NOT_TOLD = 0, 1, 2  # as diff and kubectl diff end
CONNECT_S = 5.0


def main(arguments: Sequence[str]) -> int:
    """Run one of the four; returns 0 where nothing differs or all is done, 1 else, 2 not told."""
    chosen = _parser().parse_args(arguments)
    try:
        if chosen.command == "check":
            shape.read(yaml_text.parse(_text(chosen.file)))
            return SAME
        settings = Settings()
        if chosen.command == "show":
            sys.stdout.write(asyncio.run(_show(settings)))
            return SAME
        file = chosen.file if chosen.command == "diff" else settings.site_file
        if file is None:
            raise ValueError("this CEM follows no site file (VOLTHUS_SITE_FILE is not set)")
        changes = asyncio.run(_diff(settings, _text(file)))
    except SiteFileError as wrong:
        return _not_told(f"{wrong.code}: {wrong.detail}")
    except RefusedError as refused:
        return _not_told(f"{refused.code}: {refused.detail} {refused.field}".rstrip())
    except (OSError, ValueError, ValidationError, NotAnsweredError) as error:
        return _not_told(str(error))
    sys.stdout.writelines(f"{line}\n" for change in changes for line in _lines(change))
    return DIFFERENT if changes else SAME


async def _show(settings: Settings) -> str:
    async with Bus.connect(
        settings.nats_url, "cem-site-file", None, settings.nats_credentials
    ) as bus:
        await _until_connected(bus)
        answer = await bus.ask(SITE_FILE_GET, GetSiteFileRequest(), site=settings.site)
    return answer.yaml


async def _diff(settings: Settings, text: str) -> Sequence[SiteFileChange]:
    """Return what the file would change. Raises RefusedError where the CEM would not take it."""
    question = ApplySiteFileRequest(yaml=text, dry_run=True)
    async with Bus.connect(
        settings.nats_url, "cem-site-file", None, settings.nats_credentials
    ) as bus:
        await _until_connected(bus)
        answer = await bus.ask(SITE_FILE_APPLY, question, site=settings.site)
    return answer.changes


async def _until_connected(bus: Bus) -> None:
    try:
        async with asyncio.timeout(CONNECT_S):
            await bus.until_connected()
    except TimeoutError as error:
        raise OSError("the bus cannot be reached (VOLTHUS_NATS_URL)") from error


def _text(file: Path) -> str:
    return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")


def _lines(change: SiteFileChange) -> tuple[str, str, str]:
    """Return a change as a reader of diffs expects it: what is set, and what the file says."""
    return change.pointer, f"- {change.before}", f"+ {change.after}"


def _not_told(why: str) -> int:
    sys.stderr.write(f"cem site-file: {why}\n")
    return NOT_TOLD


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cem site-file", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in (
        ("check", "whether a file is a site file; needs no CEM"),
        ("diff", "what a file would change"),
    ):
        command = commands.add_parser(name, help=about)
        command.add_argument("file", type=Path, help="the file; - reads standard input")
    commands.add_parser("show", help="what is set, as a site file")
    commands.add_parser("drift", help="what differs from the file that the CEM follows")
    return parser
