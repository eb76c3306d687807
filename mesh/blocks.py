"""Blocks of uniform elements, as the contracts state them: what stands in each, how often."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from buf.validate import validate_pb2
from crossroads.forms.v1 import elements_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

MANY = 1 << 62
"""Stands for no bound to how often an element may stand."""
_SCHEMA = re.compile(r"_(\d{4}[1-4])\.xsd$")


@dataclass(frozen=True, slots=True)
class Part:
    """An element of a block: a field with its XML name, its zone and how often it may stand."""

    field: FieldDescriptor
    name: str
    element: elements_pb2.Element
    order: int
    choice: str
    """Name of the choice it belongs to; empty: of none."""
    least: int
    most: int

    def holds_in(self, quarter: int) -> bool:
        """Whether it may be used in a quarter, such as 20231; 0 stands for any quarter."""
        return holds_in(self.element, quarter)


@dataclass(frozen=True, slots=True)
class Block:
    """A message as a block of elements, in the order of the document."""

    name: str
    zone: str
    parts: tuple[Part, ...]
    by_name: Mapping[str, Part]
    schema_location: FieldDescriptor | None
    needed: frozenset[str]
    """Choices of which one element must stand."""
    choices: tuple[elements_pb2.Choice, ...]


def holds_in(
    span: elements_pb2.Element | elements_pb2.DatedValue | elements_pb2.Document, quarter: int
) -> bool:
    """Whether a quarter lies in a span of quarters; 0 stands for any quarter."""
    if not quarter:
        return True
    return span.first_quarter <= quarter and (not span.last_quarter or quarter <= span.last_quarter)


def quarter_of(schema_location: str) -> int:
    """The quarter of the schema that a document names, such as `DmfAOriginal_20223.xsd`; else 0."""
    named = _SCHEMA.search(schema_location)
    return int(named[1]) if named else 0


@lru_cache(maxsize=4096)
def block(descriptor: Descriptor) -> Block:
    """What a message consists of; a field without an element bears the CamelCase of its name.

    The order of the document is that of the fields in the contract, whatever their numbers.
    """
    parts: list[Part] = []
    schema_location = None
    for order, field in enumerate(descriptor.fields):
        element = field.GetOptions().Extensions[elements_pb2.element]
        if element.content == elements_pb2.CONTENT_SCHEMA_LOCATION:
            schema_location = field
            continue
        name = element.xml_name or camel(field.name)
        parts.append(Part(field, name, element, order, _choice(field), *_occurs(field)))
    options = descriptor.GetOptions()
    document = options.Extensions[elements_pb2.document]
    return Block(
        name=document.root or descriptor.name,
        zone=document.zone,
        parts=tuple(parts),
        by_name={part.name: part for part in parts},
        schema_location=schema_location,
        needed=frozenset(
            oneof.name
            for oneof in descriptor.oneofs
            if oneof.GetOptions().Extensions[validate_pb2.oneof].required
        ),
        choices=tuple(options.Extensions[elements_pb2.choices]),
    )


def camel(name: str) -> str:
    """`data_sort` in the manner of XML: `DataSort`."""
    return "".join(word.capitalize() for word in name.split("_"))


def values(message: Message, part: Part) -> list[Any]:
    """What stands in the message for an element: none, one or several values."""
    value = getattr(message, part.field.name)
    if part.field.is_repeated:
        return list(value)
    present = message.HasField(part.field.name) if part.field.has_presence else bool(value)
    return [value] if present else []


def _occurs(field: FieldDescriptor) -> tuple[int, int]:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    if not field.is_repeated:
        return int(rules.required), 1
    repeated = rules.repeated
    return repeated.min_items, repeated.max_items if repeated.HasField("max_items") else MANY


def _choice(field: FieldDescriptor) -> str:
    """The oneof that a field belongs to, other than the one that only marks it optional."""
    oneof = field.containing_oneof
    if oneof is None or oneof.name == f"_{field.name}":
        return ""
    return str(oneof.name)
