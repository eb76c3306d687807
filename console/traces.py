"""The trace of an exchange, found by its ticket in the span files and drawn as a waterfall."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

TICKET = "crossroads.ticket"
TICKETS = "crossroads.tickets"
"""Of all that were asked in a batch."""
BAR = 28


@dataclass(frozen=True, slots=True)
class Span:
    """One finished span as a process wrote it down."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    service: str
    start_ns: int
    end_ns: int
    status: str
    attributes: dict[str, Any] = field(hash=False)
    links: tuple[str, ...]
    """The spans, by id, of the members of a batch."""


@dataclass(frozen=True, slots=True)
class Row:
    """A span at its depth in the tree."""

    depth: int
    span: Span


def find(folder: Path, ticket: str) -> list[Span]:
    """Every span of the traces that bear the ticket, with the batches they travelled in."""
    own = {span.trace_id for span in _read(folder, (ticket,)) if _bears(span, ticket)}
    if not own:
        return []
    touching = list(_read(folder, own))
    members = {span.span_id for span in touching if span.trace_id in own}
    batches = {
        span.trace_id
        for span in touching
        if span.trace_id not in own and members.intersection(span.links)
    }
    found = {span.span_id: span for span in touching if span.trace_id in own}
    elsewhere = list(_read(folder, batches)) if batches else []
    for span in _batches(elsewhere, members):
        found.setdefault(span.span_id, span)
    return list(found.values())


def _batches(spans: Sequence[Span], members: set[str]) -> Iterator[Span]:
    """Of the traces of others, only the batches that carried a member, and what is below them."""
    carried: set[str] = set()
    for span in sorted(spans, key=lambda s: s.start_ns):
        if span.parent_id in carried or members.intersection(span.links):
            carried.add(span.span_id)
            yield span


def tree(spans: Sequence[Span]) -> list[Row]:
    """The spans in the order of a reader: parents before children, earlier before later.

    A batch hangs below the first of its members that is among the spans.
    """
    known = {span.span_id for span in spans}
    below: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        above = span.parent_id if span.parent_id in known else ""
        if not above:
            above = next((link for link in span.links if link in known), "")
        below[above].append(span)

    def walk(above: str, depth: int) -> Iterator[Row]:
        for span in sorted(below.pop(above, ()), key=lambda s: s.start_ns):
            yield Row(depth, span)
            yield from walk(span.span_id, depth + 1)

    return list(walk("", 0))


def draw(rows: Sequence[Row]) -> Table:
    """One line a span: what, where, how long, and when on a common scale."""
    begin = min(row.span.start_ns for row in rows)
    end = max(row.span.end_ns for row in rows)
    table = Table(box=None, pad_edge=False)
    table.add_column("span", no_wrap=True)
    table.add_column("process", style="cyan", min_width=12)
    table.add_column("ms", justify="right", min_width=6)
    table.add_column(f"0 .. {(end - begin) / 1e6:.1f} ms", no_wrap=True)
    for row in rows:
        span = row.span
        table.add_row(
            Text(
                "  " * row.depth + _short(span.name), style="red" if span.status == "ERROR" else ""
            ),
            span.service,
            f"{(span.end_ns - span.start_ns) / 1e6:.2f}",
            _bar(span, begin, max(1, end - begin)),
        )
    return table


def _short(name: str) -> str:
    """An rpc without its package: `Exchange/Consult`."""
    return name.rsplit(".", 1)[-1] if "/" in name and "." in name else name


def _bar(span: Span, begin: int, whole: int) -> str:
    left = (span.start_ns - begin) * BAR // whole
    length = max(1, (span.end_ns - span.start_ns) * BAR // whole)
    return " " * min(left, BAR - 1) + "█" * min(length, BAR - min(left, BAR - 1))


def _bears(span: Span, ticket: str) -> bool:
    several = str(span.attributes.get(TICKETS, ""))
    return span.attributes.get(TICKET) == ticket or ticket in several.split()


def _read(folder: Path, wanted: Sequence[str] | set[str]) -> Iterator[Span]:
    """The spans of all files whose line holds one of the words; a half-written line is skipped."""
    for file in sorted(folder.glob("*.jsonl")):
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                if line.endswith("\n") and any(word in line for word in wanted):
                    yield _parse(json.loads(line))


def _parse(line: dict[str, Any]) -> Span:
    return Span(
        trace_id=line["trace_id"],
        span_id=line["span_id"],
        parent_id=line["parent_id"],
        name=line["name"],
        service=line["service"],
        start_ns=line["start_ns"],
        end_ns=line["end_ns"],
        status=line["status"],
        attributes=line["attributes"],
        links=tuple(link["span_id"] for link in line["links"]),
    )
