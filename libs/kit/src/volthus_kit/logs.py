"""Structured logs: one JSON object a line on standard error."""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter


def configure(service: str, level: str) -> None:
    """Send all log records to standard error as JSON with `service`, `level`, `time`.

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
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("uvicorn.access", "nats", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
