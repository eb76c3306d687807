"""The quick way from XML to a message: straight to its wire form, as long as nothing is amiss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import Any

from google.protobuf.descriptor import Descriptor
from lxml import etree

from gateway import layouts
from gateway.layouts import Entry, Layout, Private, UnusualError, varint

XSI = "http://www.w3.org/2001/XMLSchema-instance"
MOST_PLANS, LONGEST_PLAN = 2048, 256
"""Structures that are remembered as right, and of how many elements."""
_NODES = etree.XPath("count(descendant::node()) + count(descendant::*/@*)")
_STRAY = etree.XPath("boolean(descendant::*/@* | descendant::text()[normalize-space()][../*])")
_get, _join = dict.get, b"".join


Take = Callable[[Any], Any]


@dataclass(slots=True)
class Plan:
    """A block with all that is in it, as it stands in the document: how such a one is read."""

    entries: list[Entry | None] = field(default_factory=list)
    """Of each element; None for the block itself."""
    blocks: list[int] = field(default_factory=list)
    """Places of the blocks, and how many elements stand in each."""
    counts: list[int] = field(default_factory=list)
    steps: list[tuple[int, bytes, Take]] = field(default_factory=list)
    """From the innermost block outwards: its place, its head, what stands in it."""
    known: tuple[dict[str, bytes], ...] = ()
    of_blocks: Take = itemgetter(slice(None))
    """Takes what stands at the places of the blocks."""
    private: list[int] = field(default_factory=list)
    """Places of texts that are never remembered."""

    def read(self, elements: Sequence[Any]) -> tuple[bytes, int]:
        """The wire form, and how many texts were read; no such number where blocks hold any.

        Raises UnusualError.
        """
        if list(map(len, self.of_blocks(elements))) != self.counts:
            raise UnusualError
        texts = [element.text for element in elements]
        pieces: Any = list(map(_get, self.known, texts))
        read = len(elements) - len(self.blocks)
        for place in self.private:
            pieces[place] = self._piece(place, texts[place])
        if pieces.count(None) != len(self.blocks):
            for place, entry in enumerate(self.entries):
                if pieces[place] is None and entry is not None and entry.nested is None:
                    pieces[place] = self._piece(place, texts[place])
        blank = self.of_blocks(texts).count(None)
        read -= texts.count(None) - blank + (len(self.blocks) - blank) * len(texts)
        for place, head, take in self.steps:
            inner = _join(take(pieces))
            pieces[place] = head + varint(len(inner)) + inner if head else inner
        whole: bytes = pieces[0]
        return whole, read

    def _piece(self, place: int, text: str | None) -> bytes:
        entry = self.entries[place]
        if entry is None:
            raise UnusualError
        return entry.piece(text or "")


def encoded(element: Any, descriptor: Any, quarter: int) -> bytes | None:
    """The wire form of the message in an element, every value checked against its contract.

    None where anything at all is amiss, or unusual: then the slow way tells what.
    """
    elements = list(element.iter())
    tags = tuple([one.tag for one in elements])
    plans = _plans(descriptor, quarter)
    try:
        plan = plans.get(tags)
        if plan is None:
            plan = _plan(elements, layouts.layout_of(descriptor, quarter))
            if len(tags) < LONGEST_PLAN:
                if len(plans) >= MOST_PLANS:
                    plans.clear()
                names = (entry.name for entry in plan.entries if entry)
                plans[tags[0], *names] = plan
        wire, texts = plan.read(elements)
    except UnusualError:
        return None
    attributes = element.keys()
    if attributes and any(not name.startswith(f"{{{XSI}}}") for name in attributes):
        return None
    if _NODES(element) != len(tags) - 1 + texts and _STRAY(element):
        return None
    return wire


@lru_cache(maxsize=4096)
def _plans(_descriptor: Descriptor, _quarter: int) -> dict[tuple[str, ...], Plan]:
    """By the names of all elements in a block, in their order: with how many stand in each
    block within it, they tell the whole structure.
    """
    return {}


def _plan(elements: Sequence[Any], layout: Layout) -> Plan:
    """How a block with this structure is read. Raises UnusualError."""
    plan = Plan()
    _lay(plan, elements[0], None, layout)
    plan.steps.reverse()
    plan.of_blocks = _take(plan.blocks)
    plan.known = tuple(_NOTHING if e is None or e.nested else e.known for e in plan.entries)
    plan.private = [
        place
        for place, entry in enumerate(plan.entries)
        if entry and not entry.nested and isinstance(entry.known, Private)
    ]
    return plan


def _lay(plan: Plan, element: Any, entry: Entry | None, layout: Layout) -> None:
    place, within = len(plan.entries), list[int]()
    plan.entries.append(entry)
    plan.blocks.append(place)
    plan.counts.append(len(element))
    step = len(plan.steps)
    for child, inner in zip(element, layout.check([one.tag for one in element]), strict=True):
        within.append(len(plan.entries))
        if inner.nested is not None:
            _lay(plan, child, inner, inner.nested)
        elif len(child):
            raise UnusualError
        else:
            plan.entries.append(inner)
    plan.steps.insert(step, (place, entry.head if entry else b"", _take(within)))


def _take(places: Sequence[int]) -> Take:
    """A function that takes what stands at these places of a list."""
    if not places:
        return itemgetter(slice(0, 0))
    if places[-1] - places[0] == len(places) - 1:
        return itemgetter(slice(places[0], places[-1] + 1))
    return itemgetter(*places)


_NOTHING: dict[str, bytes] = {}
