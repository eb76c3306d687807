"""The slow way from XML to a message: whatever is amiss is told with its place, and read on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from crossroads.forms.v1 import elements_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from lxml import etree

from gateway import wire
from gateway.wire import XSI
from mesh.blocks import Part
from mesh.blocks import block as block_of
from mesh.elements import Anomaly, Place, lacking
from mesh.faults import CARDINALITY, INVALID, NOT_ALLOWED, NOT_NUMERIC, ORDER, checker


@dataclass(frozen=True, slots=True)
class Stubs:
    """Elements of a block that have been read already: each that is left stands for a run of them.

    `runs` tells in the order of the document how many stood there; 1 where it does not tell.
    """

    within: Any
    """The contract of that block."""
    name: str
    runs: tuple[int, ...]


@dataclass(slots=True)
class Reader:
    """Fills a message from an element and keeps what it found amiss on the way."""

    quarter: int = 0
    """The quarter in which elements must be valid; 0: any."""
    quick: bool = True
    """Whether blocks in which nothing is amiss may be read the quick way."""
    stubs: Stubs | None = None
    anomalies: list[Anomaly] = field(default_factory=list)

    def document(self, element: Any, message: Message, zone: str, location: str) -> None:
        """Read a whole element, and check it against the contract."""
        self.block(element, message, zone, location, checked=True)

    def block(
        self, element: Any, message: Message, zone: str, location: str, *, checked: bool
    ) -> None:
        """Read what stands in `element`. Nothing wrong in it stops the reading."""
        if self.quick and checked and self.stubs is None:
            encoded = wire.encoded(element, message.DESCRIPTOR, self.quarter)
            if encoded is not None:
                message.MergeFromString(encoded)
                return
        place = Place(local_name(element), zone, location, line(element))
        self._surroundings(element, place, (element.text, *(child.tail for child in element)))
        counts = self._children(element, message, place, checked)
        if checked:
            self.anomalies += lacking(place, message.DESCRIPTOR, counts, self.quarter)

    def _children(
        self, element: Any, message: Message, place: Place, checked: bool
    ) -> Counter[str]:
        by_name = block_of(message.DESCRIPTOR).by_name
        counts, taken, last = Counter[str](), set[str](), -1
        stubs = self.stubs if self.stubs and self.stubs.within is message.DESCRIPTOR else None
        runs = iter(stubs.runs if stubs else ())
        position = 0
        for child in element:
            position += 1
            part = by_name.get(str(child.tag))
            location = f"{place.location},{position}"
            out_of_order = Place(place.name, place.zone, location, line(child))
            if part is None:
                self.anomalies.append(out_of_order.anomaly(ORDER, local_name(child)))
                continue
            if part.order < last:
                self.anomalies.append(out_of_order.anomaly(ORDER, part.name))
            last = max(last, part.order)
            if stubs and part.name == stubs.name:
                run = next(runs, 1)
                position += run - 1
                counts[part.name] += run
                continue
            here = Place(part.name, part.element.zone, location, line(child))
            if _is_taken(part, taken):
                self.anomalies.append(here.anomaly(CARDINALITY, child.text or ""))
                continue
            counts[part.name] += 1
            allowed = part.holds_in(self.quarter)
            if checked and not allowed:
                self.anomalies.append(here.anomaly(NOT_ALLOWED, (child.text or "").strip()))
            self._part(child, message, part, here, checked and allowed)
        return counts

    def _part(self, child: Any, message: Message, part: Part, here: Place, checked: bool) -> None:
        name = part.field.name
        if part.field.message_type is not None:
            nested = getattr(message, name)
            if part.field.is_repeated:
                nested = nested.add()
            else:
                nested.SetInParent()
            self.block(child, nested, here.zone, here.location, checked=checked)
            return
        if part.element.content == elements_pb2.CONTENT_XML:
            setattr(message, name, inner(child))
            return
        for stranger in child:
            self.anomalies.append(here.anomaly(ORDER, local_name(stranger)))
        if child.attrib:
            self._surroundings(child, here, ())
        text = "".join(str(piece) for piece in child.itertext())
        try:
            value = _value(part.field, text)
        except (ValueError, KeyError):
            self.anomalies.append(here.anomaly(NOT_NUMERIC, text))
            return
        if checked and (kind := checker(part.field, self.quarter)(text)):
            self.anomalies.append(here.anomaly(kind, text))
        if part.field.is_repeated:
            getattr(message, name).append(value)
        else:
            setattr(message, name, value)

    def _surroundings(self, element: Any, place: Place, texts: tuple[str | None, ...]) -> None:
        """Text between blocks and attributes have no meaning in the uniform elements."""
        for text in texts:
            if text and text.strip():
                self.anomalies.append(place.anomaly(INVALID, text.strip()))
        for attribute in element.attrib:
            if not str(attribute).startswith(f"{{{XSI}}}"):
                self.anomalies.append(place.anomaly(INVALID, str(attribute)))


def local_name(element: etree._Element) -> str:
    """Its name without namespace; with its prefix, where that stands for none."""
    return str(element.tag).rpartition("}")[2]


def line(element: Any) -> int:
    return element.sourceline or 0


def inner(element: etree._Element) -> str:
    """The XML within an element, as text; each namespace is told where it is used."""
    pieces = (
        etree.tostring(child, method="c14n", exclusive=True, with_tail=False).decode()
        + (child.tail or "")
        for child in element
    )
    return (element.text or "") + "".join(pieces)


def _is_taken(part: Part, taken: set[str]) -> bool:
    """Whether the element, or another one of the same choice, has been read already."""
    if part.field.is_repeated:
        return False
    name = part.choice or part.name
    before = name in taken
    taken.add(name)
    return before


def _value(field: FieldDescriptor, text: str) -> Any:
    """The value that a text stands for. Raises ValueError or KeyError where it stands for none."""
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return text
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return (
            {"true": True, "false": False}[text] if text in {"true", "false"} else bool(int(text))
        )
    if field.enum_type is not None:
        return field.enum_type.values_by_name[text].number
    return int(text)
