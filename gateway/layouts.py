"""What may stand in a block, and how each text in it is checked and written in the wire form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from crossroads.forms.v1 import elements_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from mesh.blocks import Part, block
from mesh.faults import checker
from mesh.shapes import shape

MOST_KNOWN = 4096
"""Values of an element that are remembered as right, so that they are checked once."""
_LENGTH_DELIMITED = 2


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


@lru_cache(maxsize=4096)
def layout_of(descriptor: Descriptor, quarter: int) -> Layout:
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
        nested = layout_of(field.message_type, quarter)
    elif field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        check = checker(field, quarter)
        known = Private() if part.element.check_digit else known
    head = varint(field.number << 3 | _LENGTH_DELIMITED)
    return Entry(part.name, part.order, bit, field.is_repeated, nested, head, known, check)


class Private(dict[str, bytes]):
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


def _never(_standing: int) -> bool:
    return False


_UNUSUAL = Layout({}, _never, ())
"""Of a block that is always read the slow way."""
