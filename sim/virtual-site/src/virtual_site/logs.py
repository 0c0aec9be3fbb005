"""Log lines for a person at a terminal: time, level, event, and what it is about."""

import logging

_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
LOUD = {"uvicorn.error": logging.WARNING}


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        about = (f"{k}={v}" for k, v in vars(record).items() if k not in _KNOWN)
        return " ".join((line, *about))


def configure() -> None:
    """Send the log to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Line("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name, level in LOUD.items():
        logging.getLogger(name).setLevel(level)
