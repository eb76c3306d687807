"""The uniform elements, as the contracts state them: what a block consists of, what is amiss."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from typing import Any

import protovalidate
from crossroads.forms.v1 import elements_pb2, notification_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from mesh import identification

ABSENT, NOT_NUMERIC, INVALID, CHECK_DIGIT = "001", "002", "003", "004"
OUTSIDE_DOMAIN, CARDINALITY, ORDER, LENGTH = "008", "090", "091", "093"
GRAVEST_FIRST = (ABSENT, CARDINALITY, NOT_NUMERIC, LENGTH, INVALID, OUTSIDE_DOMAIN, CHECK_DIGIT)
LONGEST_VALUE = 500
WHOLE = -1
"""Stands for the index where a step of a path names a field as a whole."""

CHECK_DIGITS: dict[str, Callable[[str], bool]] = {
    "ssin": identification.ssin_is_valid,
    "cbe": lambda number: identification.enterprise_number_is_valid(number.zfill(10)),
    "nsso": identification.nsso_number_is_valid,
    "dimona": identification.dimona_period_is_valid,
}
_KINDS = {"required": ABSENT, "string.in": OUTSIDE_DOMAIN, "string.pattern": INVALID}
_VALIDATOR = protovalidate.Validator()

Path = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """An element of a block: a field with its XML name and its zone."""

    field: FieldDescriptor
    name: str
    element: elements_pb2.Element
    order: int
    choice: str
    """Name of the choice it belongs to; empty: of none."""


@dataclass(frozen=True, slots=True)
class Block:
    """A message as a block of elements, in the order of the document."""

    name: str
    zone: str
    parts: tuple[Part, ...]
    by_name: Mapping[str, Part]
    schema_location: FieldDescriptor | None


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something wrong in a form: `<zone>-<kind>`, the element, its value and where it is."""

    error_id: str
    tag_name: str
    value: str = ""
    location: str = ""
    line: int = 0
    anomaly_class: str = "B"


@lru_cache(maxsize=1024)
def block(descriptor: Descriptor) -> Block:
    """What a message consists of; a field without an element bears the CamelCase of its name."""
    parts: list[Part] = []
    schema_location = None
    for order, field in enumerate(descriptor.fields):
        element = field.GetOptions().Extensions[elements_pb2.element]
        if element.content == elements_pb2.CONTENT_SCHEMA_LOCATION:
            schema_location = field
            continue
        name = element.xml_name or camel(field.name)
        parts.append(Part(field, name, element, order, _choice(field)))
    document = descriptor.GetOptions().Extensions[elements_pb2.document]
    by_name = {part.name: part for part in parts}
    return Block(
        document.root or descriptor.name, document.zone, tuple(parts), by_name, schema_location
    )


def camel(name: str) -> str:
    """`data_sort` in the manner of XML: `DataSort`."""
    return "".join(word.capitalize() for word in name.split("_"))


def anomalies(form: Message, location: str = "1,1") -> list[Anomaly]:
    """What the contract finds wrong in a form, one anomaly a value, in the order of the document.

    `location` is where the form stands in its document, by its position at each level.
    """
    violated: dict[Path, set[str]] = {}
    for violation in _VALIDATOR.collect_violations(form):
        rule = violation.proto.rule_id
        kind = CARDINALITY if rule.startswith("repeated.") else _KINDS.get(rule, LENGTH)
        violated.setdefault(_path(violation), set()).add(kind)
    whole = block(form.DESCRIPTOR)
    return list(_in_block(form, _Place(whole.name, whole.zone, location), (), violated))


def report(anomaly: Anomaly) -> notification_pb2.AnomalyReport:
    """An anomaly as the notification tells it."""
    told = notification_pb2.AnomalyReport(
        error_id=anomaly.error_id,
        tag_name=anomaly.tag_name,
        anomaly_class=anomaly.anomaly_class,
    )
    if anomaly.value:
        told.value = anomaly.value[:LONGEST_VALUE]
    if anomaly.line:
        told.anomaly_location.line_nbr = str(anomaly.line)
    if anomaly.location:
        told.anomaly_location.location = anomaly.location
    return told


def values(message: Message, part: Part) -> list[Any]:
    """What stands in the message for an element: none, one or several values."""
    value = getattr(message, part.field.name)
    if part.field.is_repeated:
        return list(value)
    present = message.HasField(part.field.name) if part.field.has_presence else bool(value)
    return [value] if present else []


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an element stands in the document."""

    name: str
    zone: str
    location: str

    def anomaly(self, kind: str, value: str = "") -> Anomaly:
        return Anomaly(f"{self.zone}-{kind}", self.name, value, self.location)


def _in_block(
    message: Message, place: _Place, path: Path, violated: Mapping[Path, set[str]]
) -> Iterator[Anomaly]:
    position = 0
    parts = block(message.DESCRIPTOR).parts
    for choice in dict.fromkeys(part.choice for part in parts if part.choice):
        if (*path, (choice, WHOLE)) in violated:
            yield place.anomaly(CARDINALITY)
    for part in parts:
        field, zone = part.field, part.element.zone
        found = values(message, part)
        if (*path, (field.name, WHOLE)) in violated and (field.is_repeated or not found):
            kind = CARDINALITY if found else ABSENT
            yield _Place(part.name, zone, place.location).anomaly(kind)
        for index, value in enumerate(found):
            position += 1
            here = _Place(part.name, zone, f"{place.location},{position}")
            step = (*path, (field.name, index if field.is_repeated else WHOLE))
            if field.message_type is not None:
                yield from _in_block(value, here, step, violated)
            elif kinds := _faults(part.element, value) | violated.get(step, set()):
                yield here.anomaly(min(kinds, key=GRAVEST_FIRST.index), value)


def _faults(element: elements_pb2.Element, value: str) -> set[str]:
    """What is wrong with a value beyond what patterns and lists can tell."""
    content = element.content
    if not value:
        return set() if content == elements_pb2.CONTENT_TEXT else {ABSENT}
    if content == elements_pb2.CONTENT_NUMBER:
        return _faults_of_number(element, value)
    if content in _MOMENTS:
        try:
            _MOMENTS[content](value)
        except ValueError:
            return {INVALID}
    return set()


def _faults_of_number(element: elements_pb2.Element, value: str) -> set[str]:
    if not (value.isascii() and value.isdecimal()):
        return {NOT_NUMERIC}
    number = int(value)
    if number < element.least or (element.most and number > element.most):
        return {OUTSIDE_DOMAIN}
    if element.check_digit and number and not CHECK_DIGITS[element.check_digit](value):
        return {CHECK_DIGIT}
    return set()


_MOMENTS: dict[int, Callable[[str], object]] = {
    elements_pb2.CONTENT_DATE: date.fromisoformat,
    elements_pb2.CONTENT_TIME: time.fromisoformat,
}


def _choice(field: FieldDescriptor) -> str:
    """The oneof that a field belongs to, other than the one that only marks it optional."""
    oneof = field.containing_oneof
    if oneof is None or oneof.name == f"_{field.name}":
        return ""
    return str(oneof.name)


def _path(violation: protovalidate.Violation) -> Path:
    """The fields that lead to a violation, each with its index where the field is repeated."""
    path = violation.proto.field
    return tuple(
        (step.field_name, int(step.subscript.value) if step.subscript else WHOLE)
        for step in (path.elements if path else ())
    )
