"""Traces by OpenTelemetry's SDK, sent as OTLP over HTTP from a thread of their own."""

import random
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_ON,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, TraceState
from opentelemetry.trace import Span as SdkSpan
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes

from volthus_kit.metrics import version_of
from volthus_kit.refusal import RefusedError
from volthus_kit.request_ids import current
from volthus_kit.traces import Span, Value

EXPORT_TIMEOUT_S = 5
STOP_S = 3.0
QUEUE_SPANS = 2048  # beyond that spans are dropped, never work
KINDS = {
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "internal": SpanKind.INTERNAL,
}
_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")


class _Ids(IdGenerator):
    """The request's id is the trace's: a line of the log leads to its trace, and back."""

    def generate_span_id(self) -> int:
        return random.getrandbits(64) or 1

    def generate_trace_id(self) -> int:
        work = current()
        if work and _TRACE_ID.fullmatch(work.request):
            return int(work.request, 16)
        return random.getrandbits(128) or 1


class _Roots(Sampler):
    """A share of requests; work of our own is chosen by whoever does it."""

    def __init__(self, share: float) -> None:
        self._requests = TraceIdRatioBased(share)

    def should_sample(  # noqa: PLR0913, PLR0917 - the library's signature
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        sampler = ALWAYS_ON if kind is SpanKind.INTERNAL else self._requests
        return sampler.should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )

    def get_description(self) -> str:
        return f"{type(self).__name__}{{{self._requests.get_description()}}}"


class _Open:
    """A span of the SDK, as the kit speaks to it."""

    def __init__(self, span: SdkSpan) -> None:
        self._span = span

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def tell(self, key: str, value: Value) -> None:
        self._span.set_attribute(key, value)

    def fail(self, why: str) -> None:
        self._span.set_status(Status(StatusCode.ERROR, why))


class SdkTracing:
    """Makes spans and sends them. url: of the collector, without /v1/traces."""

    def __init__(self, service: str, url: str, share: float, site: str) -> None:
        told = {"service.name": service, "service.version": version_of(f"volthus-{service}")}
        if site:
            told["volthus.site"] = site
        exporter = OTLPSpanExporter(
            endpoint=f"{url.rstrip('/')}/v1/traces", timeout=EXPORT_TIMEOUT_S
        )
        self._provider = TracerProvider(
            sampler=ParentBased(_Roots(share)),
            resource=Resource(told),
            id_generator=_Ids(),
            shutdown_on_exit=False,  # `stop` does it, and no longer than it may take
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=QUEUE_SPANS))
        self._tracer = self._provider.get_tracer("volthus")
        self._propagator = TraceContextTextMapPropagator()

    def span(
        self, name: str, kind: str, brought: Mapping[str, str] | None, told: Mapping[str, Value]
    ) -> AbstractContextManager[Span]:
        """Open a span; an error that leaves it is its status, by type only."""
        return self._span(name, kind, brought, told)

    @contextmanager
    def _span(
        self, name: str, kind: str, brought: Mapping[str, str] | None, told: Mapping[str, Value]
    ) -> Iterator[Span]:
        parent = self._propagator.extract(brought) if brought else None
        attributes = dict(told)
        if (work := current()) is not None:
            attributes["volthus.request"] = work.request
            if work.site:
                attributes["volthus.site"] = work.site
        with self._tracer.start_as_current_span(
            name,
            context=parent,
            kind=KINDS[kind],
            attributes=attributes,
            record_exception=False,  # its text might name what no trace may
            set_status_on_exception=False,
        ) as span:
            opened = _Open(span)
            try:
                yield opened
            except Exception as error:
                opened.fail(error.code if isinstance(error, RefusedError) else type(error).__name__)
                raise

    def carried(self) -> dict[str, str]:
        """Return the headers of W3C Trace Context."""
        headers: dict[str, str] = {}
        self._propagator.inject(headers)
        return headers

    def stop(self) -> None:
        """Send what waits; a collector that is away holds up no end of a program."""
        ending = threading.Thread(target=self._provider.shutdown, name="end traces", daemon=True)
        ending.start()
        ending.join(STOP_S)
