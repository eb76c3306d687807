"""The quick way from XML to a message: straight to its wire form, as long as nothing is amiss."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
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

Quick = Callable[[Any], bytes | None]


@lru_cache(maxsize=4096)
def reader(descriptor: Descriptor, quarter: int) -> Quick:
    """A function that gives the wire form of the message in an element, its values checked.

    It gives None where anything at all is amiss, or unusual: then the slow way tells what.
    Attributes are not looked at.
    """
    shaped, parts = shape(descriptor, quarter), block(descriptor).parts
    if any(_is_beyond(part, quarter) for part in parts):
        return lambda element: None
    entries = {part.name: _entry(part, shaped.bits[part.name], quarter) for part in parts}
    bounded = tuple((part.name, part.least, part.most) for part in shaped.bounded)
    holding: set[int] = set()

    def read(element: Any) -> bytes | None:
        text = element.text
        if text is not None and not text.isspace():
            return None
        standing, last = 0, -1
        pieces: list[bytes] = []
        for child in element:
            entry = entries.get(child.tag)
            if entry is None:
                return None
            order, bit, repeated, nested, head, known, amiss = entry
            if order <= last and not (repeated and order == last):
                return None
            last = order
            standing |= bit
            tail = child.tail
            if tail is not None and not tail.isspace():
                return None
            if nested is not None:
                inner = nested(child)
                if inner is None:
                    return None
                pieces += (head, _varint(len(inner)), inner)
                continue
            value = child.text or ""
            piece = known.get(value)
            if piece is None:
                if amiss(value):
                    return None
                piece = _remember(known, value, head)
            if len(child):
                return None
            pieces.append(piece)
        if standing not in holding:
            if not shaped.holds(standing):
                return None
            holding.add(standing)
        for name, least, most in bounded:
            count = len(element.findall(name))
            if count and not least <= count <= most:
                return None
        return b"".join(pieces)

    return read


class _Private(dict[str, bytes]):
    """Values that are never remembered: numbers of persons and employers."""

    def __setitem__(self, value: str, piece: bytes) -> None:
        pass


Entry = tuple[int, int, bool, Quick | None, bytes, dict[str, bytes], Callable[[str], str]]


def _entry(part: Part, bit: int, quarter: int) -> Entry:
    field = part.field
    head = _varint(field.number << 3 | _LENGTH_DELIMITED)
    known: dict[str, bytes] = _Private() if part.element.check_digit else {}
    if not part.holds_in(quarter):
        return part.order, bit, field.is_repeated, _never, head, known, _amiss
    if field.message_type is not None:
        nested = reader(field.message_type, quarter)
        return part.order, bit, field.is_repeated, nested, head, known, _amiss
    if part.element.content == elements_pb2.CONTENT_XML:
        return part.order, bit, field.is_repeated, _never, head, known, _amiss
    check = checker(field, quarter)
    return part.order, bit, field.is_repeated, None, head, known, check


def _is_beyond(part: Part, quarter: int) -> bool:
    """Whether an element is no text and no block, as in contracts without uniform elements."""
    field = part.field
    return field.message_type is None and field.cpp_type != FieldDescriptor.CPPTYPE_STRING


def _never(element: etree._Element) -> None:
    return None


def _amiss(value: str) -> str:
    return "-"


def _remember(known: dict[str, bytes], value: str, head: bytes) -> bytes:
    encoded = value.encode()
    piece = head + _varint(len(encoded)) + encoded
    if len(known) < MOST_KNOWN:
        known[value] = piece
    return piece


def _varint(number: int) -> bytes:
    if number < 0x80:
        return _SMALL[number]
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


_SMALL = tuple(bytes((number,)) for number in range(0x80))
