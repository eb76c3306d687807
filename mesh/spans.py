"""Spans of ours: recorded always because they cost little, and written out where they matter.

A span of the OpenTelemetry SDK costs some thirty microseconds, one of these two; what leaves
the process has its form (`mesh/span_export.py`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar, Token
from functools import lru_cache
from random import getrandbits
from typing import NamedTuple, Self

from opentelemetry.trace import SpanKind

Value = str | float | bool
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")


class Place(NamedTuple):
    """Where a span stands: its trace, itself, and whether the trace is among those kept."""

    trace_id: int
    span_id: int
    sampled: bool


class span:  # noqa: N801 - read as a word: `with telemetry.span("asking"):`
    """A span around a block, child of `parent` (a traceparent) or of the current span.

    A `parent` that is no traceparent begins a trace. Attribute names take `__` for a dot:
    `crossroads__ticket`. An exception marks the span by its class, unless
    `status_on_exception` says that the block itself tells how it went; its message is not
    recorded, for it might name a person.
    """

    __slots__ = (
        "_status_on_exception",
        "_token",
        "_traceparent",
        "attributes",
        "begun_ns",
        "ended_ns",
        "is_bad",
        "kind",
        "links",
        "name",
        "parent_id",
        "place",
    )

    def __init__(
        self,
        name: str,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        parent: str = "",
        links: Sequence[str] = (),
        status_on_exception: bool = True,
        **attributes: Value,
    ) -> None:
        self.name = name
        self.kind = kind
        self.links = links
        """Traceparents of the spans whose work this one carries along."""
        self.attributes: dict[str, Value] = {_dotted(k): v for k, v in attributes.items()}
        self.is_bad = False
        self.ended_ns = 0
        above = read(parent) if parent else place()
        if above is None:
            trace_id = getrandbits(128) or 1
            self.place = Place(trace_id, getrandbits(64) or 1, _recorder.samples(trace_id))
            self.parent_id = 0
        else:
            self.place = Place(above.trace_id, getrandbits(64) or 1, above.sampled)
            self.parent_id = above.span_id
        self._status_on_exception = status_on_exception
        self._traceparent = ""
        self.begun_ns = time.time_ns()

    def __enter__(self) -> Self:
        self._token: Token[span | None] = _CURRENT.set(self)
        return self

    def __exit__(self, kind: type[BaseException] | None = None, *_: object) -> None:
        # A stream that its reader left is closed in another context, where nothing was set.
        with suppress(ValueError):
            _CURRENT.reset(self._token)
        if kind is not None and self._status_on_exception:
            self.fail(kind)
        self.ended_ns = time.time_ns()
        _recorder.ended(self)

    def fail(self, error: type[BaseException]) -> None:
        """Mark it as one that counts against the objective."""
        self.attributes["error.type"] = error.__name__
        self.is_bad = True

    @property
    def traceparent(self) -> str:
        if not self._traceparent:
            trace_id, span_id, sampled = self.place
            self._traceparent = f"00-{trace_id:032x}-{span_id:016x}-{sampled:02x}"
        return self._traceparent


class _Recorder:
    """What a process does with its spans; nothing before it is told."""

    def __init__(self) -> None:
        self.below = 1 << 64
        self.ended: Callable[[span], None] = _forget

    def samples(self, trace_id: int) -> bool:
        """As the standard samples by ratio: by the low half of the trace's number."""
        return trace_id & 0xFFFF_FFFF_FFFF_FFFF < self.below


def _forget(_: span) -> None:
    """Before `record` a span goes nowhere."""


_recorder = _Recorder()
_CURRENT: ContextVar[span | None] = ContextVar("span", default=None)


def record(ended: Callable[[span], None], ratio: float) -> None:
    """From now on each span that ends is given to `ended`; `ratio` of new traces are sampled."""
    _recorder.ended = ended
    _recorder.below = round(ratio * (1 << 64))


def place() -> Place | None:
    """Where the current span stands; None outside any."""
    current = _CURRENT.get()
    return current.place if current is not None else None


def traceparent() -> str:
    """The current span as W3C traceparent; empty outside any trace."""
    current = _CURRENT.get()
    return current.traceparent if current is not None else ""


def note(**attributes: Value) -> None:
    """Set attributes on the current span; `__` stands for a dot."""
    current = _CURRENT.get()
    if current is not None:
        for key, value in attributes.items():
            current.attributes[_dotted(key)] = value


def read(parent: str) -> Place | None:
    """W3C Trace Context, level 1: version, trace, span, flags. Anything else is no trace."""
    found = _TRACEPARENT.fullmatch(parent)
    if found is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    return Place(trace_id, span_id, bool(flags & 1)) if trace_id and span_id else None


@lru_cache(maxsize=1024)
def _dotted(name: str) -> str:
    return name.replace("__", ".")
