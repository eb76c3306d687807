"""XML to messages and back, by what the contracts say of each block; compiled once a type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import grpc
from crossroads.forms.v1 import elements_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from lxml import etree

from mesh.elements import CARDINALITY, INVALID, NOT_NUMERIC, ORDER, Anomaly, Block, Part, values
from mesh.elements import block as block_of
from mesh.refusals import Refusal

XSI = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA_LOCATION = f"{{{XSI}}}noNamespaceSchemaLocation"
M = TypeVar("M", bound=Message)


@dataclass(slots=True)
class Reader:
    """Fills a message from an element and keeps what it found amiss on the way."""

    anomalies: list[Anomaly] = field(default_factory=list)

    def block(self, element: etree._Element, message: Message, zone: str, location: str) -> None:
        """Read what stands in `element`. Nothing wrong in it stops the reading."""
        block = block_of(message.DESCRIPTOR)
        self._surroundings(element, zone, location, (element.text, *(e.tail for e in element)))
        last, taken = -1, set[str]()
        for position, child in enumerate(element, 1):
            here = f"{location},{position}"
            part = block.by_name.get(str(child.tag))
            if part is None:
                self._amiss(element, zone, ORDER, here, local_name(child))
                continue
            if part.order < last:
                self._amiss(element, zone, ORDER, here, part.name)
            last = max(last, part.order)
            if _is_taken(part, taken):
                self._amiss(child, part.element.zone, CARDINALITY, here, child.text or "")
                continue
            self._part(child, message, part, here)

    def _part(self, child: etree._Element, message: Message, part: Part, here: str) -> None:
        name = part.field.name
        if part.field.message_type is not None:
            nested = getattr(message, name)
            if part.field.is_repeated:
                nested = nested.add()
            else:
                nested.SetInParent()
            self.block(child, nested, part.element.zone, here)
            return
        if part.element.content == elements_pb2.CONTENT_XML:
            setattr(message, name, _inner(child))
            return
        for stranger in child:
            self._amiss(child, part.element.zone, ORDER, here, local_name(stranger))
        if child.attrib:
            self._surroundings(child, part.element.zone, here, ())
        text = "".join(str(piece) for piece in child.itertext())
        try:
            value = _value(part.field, text)
        except (ValueError, KeyError):
            self._amiss(child, part.element.zone, NOT_NUMERIC, here, text)
            return
        if part.field.is_repeated:
            getattr(message, name).append(value)
        else:
            setattr(message, name, value)

    def _surroundings(
        self, element: etree._Element, zone: str, location: str, texts: tuple[str | None, ...]
    ) -> None:
        """Text between blocks and attributes have no meaning in the uniform elements."""
        for text in texts:
            if text and text.strip():
                self._amiss(element, zone, INVALID, location, text.strip())
        for attribute in element.attrib:
            if not str(attribute).startswith(f"{{{XSI}}}"):
                self._amiss(element, zone, INVALID, location, str(attribute))

    def _amiss(
        self, element: etree._Element, zone: str, kind: str, location: str, value: str
    ) -> None:
        line: Any = element.sourceline
        tag = local_name(element)
        self.anomalies.append(Anomaly(f"{zone}-{kind}", tag, value, location, line or 0))


def read(root: etree._Element, message_type: type[M]) -> tuple[M, list[Anomaly]]:
    """The message in a document, and what is amiss in its structure.

    Raises XML_WRONG_ROOT where the root element is of another kind of document.
    """
    message = message_type()
    block = block_of(message.DESCRIPTOR)
    if root.tag != block.name:
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT, "XML_WRONG_ROOT", metadata={"expected": block.name}
        )
    if block.schema_location is not None and SCHEMA_LOCATION in root.attrib:
        setattr(message, block.schema_location.name, str(root.attrib[SCHEMA_LOCATION]))
    reader = Reader()
    reader.block(root, message, block.zone, "1")
    return message, reader.anomalies


def tree(message: Message, name: str = "", namespace: str = "") -> etree._Element:
    """A message as an element, named `name` or as its contract says."""
    block = block_of(message.DESCRIPTOR)
    spaces: Any = _spaces(block, namespace)
    root = etree.Element(_tag(name or block.name, namespace), nsmap=spaces)
    if block.schema_location is not None and message.HasField(block.schema_location.name):
        root.set(SCHEMA_LOCATION, getattr(message, block.schema_location.name))
    _fill(root, message, namespace)
    return root


def write(message: Message) -> bytes:
    """A message as a whole document in UTF-8."""
    return etree.tostring(tree(message), encoding="UTF-8", xml_declaration=True)


def local_name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _fill(element: etree._Element, message: Message, namespace: str) -> None:
    for part in block_of(message.DESCRIPTOR).parts:
        for value in values(message, part):
            child = etree.SubElement(element, _tag(part.name, namespace))
            if part.field.message_type is not None:
                _fill(child, value, namespace)
            elif part.element.content == elements_pb2.CONTENT_XML:
                _graft(child, value)
            else:
                child.text = _text(part.field, value)


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


def _text(field: FieldDescriptor, value: Any) -> str:
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return "true" if value else "false"
    if field.enum_type is not None:
        return str(field.enum_type.values_by_number[value].name)
    return str(value)


def _inner(element: etree._Element) -> str:
    """The XML within an element, as text."""
    pieces: Iterator[str] = (etree.tostring(child, encoding="unicode") for child in element)
    return (element.text or "") + "".join(pieces)


def _graft(element: etree._Element, xml: str) -> None:
    """Put the XML that `_inner` took out back into an element."""
    wrapped = etree.fromstring(f"<x>{xml}</x>", etree.XMLParser(resolve_entities=False))
    element.text = wrapped.text
    element.extend(list(wrapped))


def _tag(name: str, namespace: str) -> str:
    return f"{{{namespace}}}{name}" if namespace else name


def _spaces(block: Block, namespace: str) -> dict[str | None, str]:
    spaces: dict[str | None, str] = {None: namespace} if namespace else {}
    if block.schema_location is not None:
        spaces["xsi"] = XSI
    return spaces
