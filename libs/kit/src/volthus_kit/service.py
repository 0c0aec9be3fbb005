"""Starts a service: arguments, settings, logs, signals; then runs it until it is told to stop."""

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import ValidationError

from volthus_kit import logs, traces
from volthus_kit.metrics import describe_build, version_of
from volthus_kit.settings import ServiceSettings, SiteSettings, complaint, explain

S = TypeVar("S", bound=ServiceSettings)

logger = logging.getLogger(__name__)

EXIT_SETTINGS = 2


def run(
    serve: Callable[[S], Awaitable[None]], settings_type: type[S], *, name: str, about: str
) -> None:
    """Run a service as a program; never returns.

    Exits 0 after INT or TERM, 1 when the service failed, 2 for settings that cannot be.
    """
    package = f"volthus-{name}"
    parser = argparse.ArgumentParser(
        prog=name,
        description=about,
        epilog=explain(settings_type),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=version_of(package))
    parser.parse_args()
    try:
        settings = settings_type()
        site = settings.site if isinstance(settings, SiteSettings) else ""
        logs.configure(name, settings.log_level, site)
        traces.configure(name, settings.traces_url, settings.traces_share, site)
    except ValueError as error:
        told = complaint(error, settings_type) if isinstance(error, ValidationError) else str(error)
        sys.stderr.write(f"{name}: settings cannot be used: {told}\n")
        sys.exit(EXIT_SETTINGS)
    describe_build(name, package)
    code = asyncio.run(_until_told_to_stop(serve(settings), name))
    traces.stop()
    sys.exit(code)


async def _until_told_to_stop(work: Awaitable[None], name: str) -> int:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        # Set explicitly: a program started in the background inherits INT as ignored.
        loop.add_signal_handler(number, task.cancel)
    logger.info("started", extra={"program": name})
    try:
        await task
    except asyncio.CancelledError:
        logger.info("stopped", extra={"program": name})
        return 0
    except BaseException:
        logger.exception("failed", extra={"program": name})
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(ValueError):
                loop.remove_signal_handler(number)
    return 0
