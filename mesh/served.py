"""One call as it is served: what came with it, its span, and how long it took."""

from __future__ import annotations

import time
from typing import Any, Self

import grpc
from opentelemetry.trace import SpanKind

from mesh import durations, telemetry

Context = grpc.aio.ServicerContext[Any, Any]


class Served:
    """Measures a call from its arrival to its answer."""

    __slots__ = ("_context", "_started", "metadata", "method", "span")

    def __init__(self, method: str, context: Context) -> None:
        self.method = method
        self._context = context
        self.metadata = dict(context.invocation_metadata() or ())
        self.span = telemetry.span(
            method[1:],
            parent=str(self.metadata.get("traceparent", "")),
            kind=SpanKind.SERVER,
            status_on_exception=False,
            rpc__system__name="grpc",
            rpc__method=method[1:],
        )

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        self.span.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        code = self._context.code() or grpc.StatusCode.OK
        name = code.name if isinstance(code, grpc.StatusCode) else str(code)
        self.span.attributes["rpc.response.status_code"] = name
        durations.count(self.method[1:], name, time.perf_counter() - self._started)
        self.span.__exit__(kind)
