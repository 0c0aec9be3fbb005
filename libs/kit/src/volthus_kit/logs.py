"""Structured logs: one JSON object a line on standard error."""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

from volthus_kit.request_ids import Stamp


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
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    handler.addFilter(Stamp(site))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("uvicorn.access", "nats", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
