"""The quick way from XML to a message: straight to its wire form, as long as nothing is amiss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import Any

from crossroads.forms.v1 import elements_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from lxml import etree

from mesh.blocks import Part, block
from mesh.faults import checker
from mesh.shapes import shape

XSI = "http://www.w3.org/2001/XMLSchema-instance"
MOST_KNOWN = 4096
"""Values of an element that are remembered as right, so that they are checked once."""
MOST_PLANS, LONGEST_PLAN = 2048, 256
"""Structures that are remembered as right, and of how many elements."""
_LENGTH_DELIMITED = 2
_NODES = etree.XPath("count(descendant::node()) + count(descendant::*/@*)")
_STRAY = etree.XPath("boolean(descendant::*/@* | descendant::text()[normalize-space()][../*])")
_get, _join = dict.get, b"".join


class UnusualError(Exception):
    """Something is amiss, or asks for the slow way."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How an element is read: as a block, or as a text that is checked once if it comes again."""

    name: str
    order: int
    bit: int
    repeated: bool
    nested: Layout | None
    head: bytes
    known: dict[str, bytes]
    amiss: Callable[[str], str]

    def piece(self, value: str) -> bytes:
        """The wire form of a text. Raises UnusualError."""
        if self.amiss(value):
            raise UnusualError
        text = value.encode()
        piece = self.head + varint(len(text)) + text
        if value and len(self.known) < MOST_KNOWN:
            self.known[value] = piece
        return piece


@dataclass(frozen=True, slots=True)
class Layout:
    """What may stand in a block."""

    entries: dict[str, Entry]
    holds: Callable[[int], bool]
    bounded: tuple[Part, ...]

    def check(self, tags: Sequence[str]) -> list[Entry]:
        """How the elements of a block are read. Raises UnusualError where they may not stand so."""
        standing, last, entries = 0, -1, list[Entry]()
        for tag in tags:
            entry = self.entries.get(tag)
            if entry is None:
                raise UnusualError
            if entry.order <= last and not (entry.repeated and entry.order == last):
                raise UnusualError
            last = entry.order
            standing |= entry.bit
            entries.append(entry)
        if not self.holds(standing):
            raise UnusualError
        for part in self.bounded:
            many = tags.count(part.name)
            if many and not part.least <= many <= part.most:
                raise UnusualError
        return entries


Take = Callable[[Any], Sequence[bytes]]


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
    private: list[int] = field(default_factory=list)
    """Places of texts that are never remembered."""

    def read(self, elements: Sequence[Any]) -> tuple[bytes, int]:
        """The wire form, and how many texts were read; no such number where blocks hold any.

        Raises UnusualError.
        """
        if [len(elements[place]) for place in self.blocks] != self.counts:
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
        blank = [texts[place] for place in self.blocks].count(None)
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
            plan = _plan(elements, _layout(descriptor, quarter))
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
    plan.known = tuple(_NOTHING if e is None or e.nested else e.known for e in plan.entries)
    plan.private = [
        place
        for place, entry in enumerate(plan.entries)
        if entry and not entry.nested and isinstance(entry.known, _Private)
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


@lru_cache(maxsize=4096)
def _layout(descriptor: Descriptor, quarter: int) -> Layout:
    shaped, parts = shape(descriptor, quarter), block(descriptor).parts
    entries = {part.name: _entry(part, shaped.bits[part.name], quarter) for part in parts}
    return Layout(entries, shaped.holds, shaped.bounded)


def _entry(part: Part, bit: int, quarter: int) -> Entry:
    field = part.field
    nested: Layout | None = None
    check: Callable[[str], str] = _unusual
    known: dict[str, bytes] = {}
    if not part.holds_in(quarter) or part.element.content == elements_pb2.CONTENT_XML:
        nested = _UNUSUAL
    elif field.message_type is not None:
        nested = _layout(field.message_type, quarter)
    elif field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        check = checker(field, quarter)
        known = _Private() if part.element.check_digit else known
    head = varint(field.number << 3 | _LENGTH_DELIMITED)
    return Entry(part.name, part.order, bit, field.is_repeated, nested, head, known, check)


class _Private(dict[str, bytes]):
    """Values that are never remembered: numbers of persons and employers."""

    def __setitem__(self, value: str, piece: bytes) -> None:
        pass


def _unusual(_value: str) -> str:
    raise UnusualError


def varint(number: int) -> bytes:
    """A number in the base-128 form of the wire."""
    if number < 0x80:
        return _SMALL[number]
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


_SMALL = tuple(bytes((number,)) for number in range(0x80))
_NOTHING: dict[str, bytes] = {}


def _never(_standing: int) -> bool:
    return False


_UNUSUAL = Layout({}, _never, ())
"""Of a block that is always read the slow way."""
