"""Structured logs: one JSON object a line on standard error."""

import logging
import sys

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from volthus_kit.request_ids import Stamp

# The same words once more with the escapes of a terminal, as uvicorn adds them.
UNWANTED = ("color_message",)
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def configure(service: str, level: str, site: str = "") -> None:
    """Send all log records to standard error as JSON with `service`, `level`, `time`.

    Records also tell `site`, where the program works for one or the request is about one, and
    `request`, the id of the request that is worked on. site: "" = the program works for many.
    Raises ValueError for a level that does not exist.
    """
    formatter = JsonFormatter(
        "%(levelname)s %(name)s %(message)s",
        rename_fields={"levelname": "level", "name": "logger", "message": "event"},
        static_fields={"service": service},
        timestamp="time",
        reserved_attrs=[*RESERVED_ATTRS, *UNWANTED],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    handler.addFilter(Stamp(site))
    if level.upper() not in LEVELS:
        raise ValueError(f"VOLTHUS_LOG_LEVEL={level!r}: expected one of {', '.join(LEVELS)}")
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("uvicorn.access", "nats", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
