"""The quick way from XML to a message: straight to its wire form, as long as nothing is amiss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from crossroads.forms.v1 import elements_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from lxml import etree

from mesh.blocks import Part, block
from mesh.faults import checker
from mesh.shapes import shape

MOST_KNOWN = 4096
"""Values of an element that are remembered as right, so that they are checked once."""
_LENGTH_DELIMITED = 2
_TEXTS = etree.XPath("count(.//text())")
_STRAY_TEXT = etree.XPath("boolean(.//text()[normalize-space()][../*])")

Fill = Callable[[Iterator[Any], int, list[int]], bytes]
Entry = tuple[int, int, bool, "Fill | None", bytes, dict[str, bytes], Callable[[str], str]]


class UnusualError(Exception):
    """Something is amiss, or asks for the slow way."""


def encoded(element: Any, descriptor: Any, quarter: int) -> bytes | None:
    """The wire form of the message in an element, every value checked against its contract.

    None where anything at all is amiss, or unusual: then the slow way tells what. Attributes are
    not looked at.
    """
    within, texts = element.iter(), [0]
    next(within)
    try:
        wire = _filler(descriptor, quarter)(within, len(element), texts)
    except UnusualError:
        return None
    if next(within, None) is not None:  # elements within a text
        return None
    if _TEXTS(element) != texts[0] and _STRAY_TEXT(element):
        return None
    return wire


@lru_cache(maxsize=4096)
def _filler(descriptor: Descriptor, quarter: int) -> Fill:  # noqa: C901 - the hot loop stands in one piece
    """A function that reads so many elements as those of a block, and those within them.

    It takes elements as they stand in the document, and adds up the texts that it read.
    """
    shaped, parts = shape(descriptor, quarter), block(descriptor).parts
    entries = {part.name: _entry(part, shaped.bits[part.name], quarter) for part in parts}
    bounded = tuple((shaped.bits[part.name], part) for part in shaped.bounded)
    holding: set[int] = set()

    def fill(elements: Iterator[Any], count: int, texts: list[int]) -> bytes:  # noqa: C901, PLR0912 - as above
        standing, last, empty, blocks = 0, -1, 0, 0
        pieces: list[bytes] = []
        append = pieces.append
        for element in islice(elements, count):
            entry = entries.get(element.tag)
            if entry is None:
                raise UnusualError
            order, bit, repeated, nested, head, known, amiss = entry
            if order <= last and not (repeated and order == last):
                raise UnusualError
            last = order
            standing |= bit
            if nested is None:
                value = element.text
                if value is None:
                    value = ""
                    empty += 1
                piece = known.get(value)
                if piece is None:
                    if amiss(value):
                        raise UnusualError
                    text = value.encode()
                    size = len(text)
                    piece = head + (_SMALL[size] if size < 128 else varint(size)) + text
                    if len(known) < MOST_KNOWN:
                        known[value] = piece
                append(piece)
            else:
                inner = nested(elements, len(element), texts)
                append(head + varint(len(inner)) + inner)
                blocks += 1
        texts[0] += len(pieces) - blocks - empty
        if standing not in holding:
            if not shaped.holds(standing):
                raise UnusualError
            holding.add(standing)
        for bit, part in bounded:
            if standing & bit and not _suits(pieces, part):
                raise UnusualError
        return b"".join(pieces)

    return fill


def _entry(part: Part, bit: int, quarter: int) -> Entry:
    field = part.field
    head = _head(field)
    known: dict[str, bytes] = {}
    nested: Fill | None = None
    check: Callable[[str], str] = _unusual
    if not part.holds_in(quarter) or part.element.content == elements_pb2.CONTENT_XML:
        nested = _unusual_block
    elif field.message_type is not None:
        nested = _filler(field.message_type, quarter)
    elif field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        check = checker(field, quarter)
        known = _Private() if part.element.check_digit else known
    return part.order, bit, field.is_repeated, nested, head, known, check


class _Private(dict[str, bytes]):
    """Values that are never remembered: numbers of persons and employers."""

    def __setitem__(self, value: str, piece: bytes) -> None:
        pass


def _suits(pieces: list[bytes], part: Part) -> bool:
    """Whether a part that stands in a block stands there often enough, and not too often."""
    if part.least <= 1 and len(pieces) <= part.most:
        return True
    head = _head(part.field)
    return part.least <= sum(piece.startswith(head) for piece in pieces) <= part.most


def _unusual_block(_elements: Iterator[Any], _count: int, _texts: list[int]) -> bytes:
    raise UnusualError


def _unusual(_value: str) -> str:
    raise UnusualError


def _head(field: FieldDescriptor) -> bytes:
    return varint(field.number << 3 | _LENGTH_DELIMITED)


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
