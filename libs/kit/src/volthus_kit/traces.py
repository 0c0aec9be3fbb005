"""Spans around requests and decisions, where VOLTHUS_TRACES_URL is set; else nothing at all.

Nothing of OpenTelemetry is imported until `configure` is called with an address: what is off costs
one comparison. `traces_sdk` is the only module that knows the library.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

Value = str | int | float | bool


class Span(Protocol):
    """What is being traced now."""

    def rename(self, name: str) -> None:
        """Give a better name, once it is known."""
        ...

    def tell(self, key: str, value: Value) -> None:
        """Put an attribute on it. Never a body, a person's name, a token or a SKI."""
        ...

    def fail(self, why: str) -> None:
        """Say that it went wrong, by a code."""
        ...


class Tracing(Protocol):
    """Who makes spans; see `traces_sdk`."""

    def span(
        self, name: str, kind: str, brought: Mapping[str, str] | None, told: Mapping[str, Value]
    ) -> AbstractContextManager[Span]:
        """Open a span; see `asked` and `work` here."""
        ...

    def carried(self) -> dict[str, str]:
        """Return the headers that let the next program go on with this trace."""
        ...

    def stop(self) -> None:
        """Send what waits, for a few seconds at most."""
        ...


class _Nothing:
    """A span of a program that does not trace."""

    def rename(self, name: str) -> None:
        """Do nothing."""

    def tell(self, key: str, value: Value) -> None:
        """Do nothing."""

    def fail(self, why: str) -> None:
        """Do nothing."""


_OFF: AbstractContextManager[Span] = nullcontext(_Nothing())
_NO_HEADERS: dict[str, str] = {}
_tracing: Tracing | None = None


def configure(service: str, url: str, share: float, site: str = "") -> None:
    """Trace from now on, where there is an address.

    url: of a collector, http://host:4318; "" = do not trace. share: 0 to 1 of what nobody upstream
    decided about. Raises ValueError where the library is not installed.
    """
    global _tracing  # noqa: PLW0603 - one program traces to one place, as it logs to one
    stop()
    if not url:
        return
    try:
        from volthus_kit.traces_sdk import SdkTracing  # noqa: PLC0415
    except ImportError as error:
        raise ValueError(
            "VOLTHUS_TRACES_URL needs OpenTelemetry: the extra `traces` of volthus-kit"
        ) from error
    _tracing = SdkTracing(service, url, share, site)


def stop() -> None:
    """Send what waits and trace no more; harmless when nothing is traced."""
    global _tracing  # noqa: PLW0603
    if _tracing is not None:
        _tracing.stop()
        _tracing = None


def is_on() -> bool:
    """Whether this program traces: to spare what only a span would need."""
    return _tracing is not None


def serving(
    name: str, brought: Mapping[str, str] | None, **told: Value
) -> AbstractContextManager[Span]:
    """Open a span for a request that came. brought: its headers, which may name a trace."""
    return _OFF if _tracing is None else _tracing.span(name, "server", brought, told)


def asking(name: str, **told: Value) -> AbstractContextManager[Span]:
    """Open a span for a request to another program."""
    return _OFF if _tracing is None else _tracing.span(name, "client", None, told)


def working(name: str, **told: Value) -> AbstractContextManager[Span]:
    """Open a span for work of our own."""
    return _OFF if _tracing is None else _tracing.span(name, "internal", None, told)


def carried() -> dict[str, str]:
    """Return the headers that let the next program go on with this trace; none when off."""
    return _NO_HEADERS if _tracing is None else _tracing.carried()
