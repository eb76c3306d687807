"""The uniform elements of a form: what is amiss in them, by the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from crossroads.forms.v1 import elements_pb2, notification_pb2
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from mesh.blocks import Block, Part, block, camel, quarter_of, values
from mesh.faults import ABSENT, CARDINALITY, NOT_ALLOWED, checker
from mesh.shapes import shape

__all__ = [
    "Anomaly",
    "Block",
    "Part",
    "Place",
    "anomalies",
    "block",
    "camel",
    "quarter_of",
    "report",
    "values",
]
LONGEST_VALUE = 500
MOST_KNOWN = 4096
"""Values of an element that are remembered as right; numbers of persons and employers never are."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something wrong in a form: `<zone>-<kind>`, the element, its value and where it is."""

    error_id: str
    tag_name: str
    value: str = ""
    location: str = ""
    line: int = 0
    anomaly_class: str = "B"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an element stands in the document."""

    name: str
    zone: str
    location: str
    line: int = 0

    def anomaly(self, kind: str, value: str = "") -> Anomaly:
        return Anomaly(f"{self.zone}-{kind}", self.name, value, self.location, self.line)


def anomalies(form: Message, location: str = "1,1", quarter: int = 0) -> list[Anomaly]:
    """What the contract finds wrong in a form, one anomaly a value, in the order of the document.

    `location` is where the form stands in its document, by its position at each level. `quarter`
    is the one that elements must be valid in; 0: any.
    """
    if _sound(form.DESCRIPTOR, quarter)(form):
        return []
    whole = block(form.DESCRIPTOR)
    return list(_in_block(form, Place(whole.name, whole.zone, location), quarter))


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


def lacking(
    place: Place, descriptor: Any, counts: dict[str, int], quarter: int
) -> Iterator[Anomaly]:
    """What the elements of a block show together: too few, too many, not one of a choice.

    `counts` tells how often each element stands there, by its XML name.
    """
    shaped = shape(descriptor, quarter)
    standing = sum(shaped.bits[name] for name, count in counts.items() if count)
    for _, bits, needed in shaped.one_of:
        if needed and not standing & bits:
            yield place.anomaly(CARDINALITY)
    for _ in range(shaped.broken_choices(standing)):
        yield place.anomaly(CARDINALITY)
    for part in block(descriptor).parts:
        count = counts.get(part.name, 0)
        here = Place(part.name, part.element.zone, place.location, place.line)
        if not count and shaped.required & shaped.bits[part.name]:
            yield here.anomaly(ABSENT)
        elif count and part.field.is_repeated and not part.least <= count <= part.most:
            yield here.anomaly(CARDINALITY)


def _in_block(message: Message, place: Place, quarter: int) -> Iterator[Anomaly]:
    position = 0
    parts = block(message.DESCRIPTOR).parts
    found = {part.name: values(message, part) for part in parts}
    counts = {name: len(several) for name, several in found.items()}
    yield from lacking(place, message.DESCRIPTOR, counts, quarter)
    for part in parts:
        for value in found[part.name]:
            position += 1
            here = Place(part.name, part.element.zone, f"{place.location},{position}")
            nested = part.field.message_type is not None
            if not part.holds_in(quarter):
                yield here.anomaly(NOT_ALLOWED, "" if nested else value)
            elif nested:
                yield from _in_block(value, here, quarter)
            elif part.element.content == elements_pb2.CONTENT_XML:
                continue
            elif kind := checker(part.field, quarter)(value):
                yield here.anomaly(kind, value)


@lru_cache(maxsize=4096)
def _sound(descriptor: Descriptor, quarter: int) -> Callable[[Any], bool]:
    """A function that tells whether nothing is amiss in a message, quicker than finding what."""
    shaped = shape(descriptor, quarter)
    entries = {
        part.field: (shaped.bits[part.name], part.field.is_repeated, *_tests(part, quarter))
        for part in block(descriptor).parts
    }
    bounded = tuple((shaped.bits[p.name], p.field.name, p.least, p.most) for p in shaped.bounded)

    def sound(message: Any) -> bool:
        standing = 0
        for field, value in message.ListFields():
            if field not in entries:
                continue
            bit, repeated, test, known = entries[field]
            standing |= bit
            for one in value if repeated else (value,):
                if known is None:
                    if not test(one):
                        return False
                elif one not in known:
                    if not test(one):
                        return False
                    if len(known) < MOST_KNOWN:
                        known.add(one)
        return shaped.holds(standing) and all(
            least <= len(getattr(message, name)) <= most
            for bit, name, least, most in bounded
            if standing & bit
        )

    return sound


def _tests(part: Part, quarter: int) -> tuple[Callable[[Any], bool], set[str] | None]:
    """What a value must satisfy, and where those are remembered that do; None: nowhere."""
    if not part.holds_in(quarter):
        return lambda _: False, None
    if part.field.message_type is not None:
        return _sound(part.field.message_type, quarter), None
    if part.element.content == elements_pb2.CONTENT_XML:
        return lambda _: True, None
    check = checker(part.field, quarter)
    return lambda value: not check(value), None if part.element.check_digit else set()
