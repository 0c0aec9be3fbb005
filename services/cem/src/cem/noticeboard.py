"""Notices of what only the shells can know: a silent address, a file that is wrong."""

from collections.abc import Callable

from cem.core.reasons import Notice


class Noticeboard:
    """Holds notices until they are taken down. now: monotonic seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._notices: dict[tuple[str, str], Notice] = {}

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Return all that hang."""
        return tuple(self._notices.values())

    def put(self, code: str, severity: str, **params: str) -> None:
        """Put up a notice; one with the same code and charger is replaced and keeps its start."""
        notice = Notice(code, severity, tuple(params.items()), self._now())
        before = self._notices.get(notice.key)
        since_s = notice.since_s if before is None else before.since_s
        self._notices[notice.key] = Notice(code, severity, notice.params, since_s)

    def take_down(self, code: str, ski: str = "") -> None:
        """Take a notice down; harmless when it does not hang."""
        self._notices.pop((code, ski), None)
