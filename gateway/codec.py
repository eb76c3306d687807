"""XML to messages and back, by what the contracts say of each block; compiled once a type."""

from __future__ import annotations

from typing import Any, TypeVar

import grpc
from crossroads.forms.v1 import elements_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from lxml import etree

from gateway.reading import Reader
from gateway.wire import XSI
from mesh.blocks import Block, quarter_of, values
from mesh.blocks import block as block_of
from mesh.elements import Anomaly
from mesh.refusals import Refusal

SCHEMA_LOCATION = f"{{{XSI}}}noNamespaceSchemaLocation"
M = TypeVar("M", bound=Message)


def read(root: etree._Element, message_type: type[M]) -> tuple[M, list[Anomaly]]:
    """The message in a document, and what is amiss in its structure.

    Raises XML_WRONG_ROOT where the root element is of another kind of document.
    """
    message, block = _begin(root, message_type)
    reader = Reader()
    reader.block(root, message, block.zone, "1", checked=False)
    return message, reader.anomalies


def check(root: etree._Element, message_type: type[M]) -> tuple[M, list[Anomaly]]:
    """The message in a document, and all that is amiss in it, with place and line.

    Elements and values must be valid in the quarter of the schema that the document names.
    Raises XML_WRONG_ROOT where the root element is of another kind of document.
    """
    message, block = _begin(root, message_type)
    reader = Reader(quarter_of(str(root.attrib.get(SCHEMA_LOCATION, ""))))
    reader.document(root, message, block.zone, "1")
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


def _begin(root: etree._Element, message_type: type[M]) -> tuple[M, Block]:
    """A message with what the root element itself tells."""
    message = message_type()
    block = block_of(message.DESCRIPTOR)
    if root.tag != block.name:
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT, "XML_WRONG_ROOT", metadata={"expected": block.name}
        )
    if block.schema_location is not None and SCHEMA_LOCATION in root.attrib:
        setattr(message, block.schema_location.name, str(root.attrib[SCHEMA_LOCATION]))
    return message, block


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


def _text(field: FieldDescriptor, value: Any) -> str:
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return "true" if value else "false"
    if field.enum_type is not None:
        return str(field.enum_type.values_by_number[value].name)
    return str(value)


def _graft(element: etree._Element, xml: str) -> None:
    """Put the XML that was taken out of an element back into it."""
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
