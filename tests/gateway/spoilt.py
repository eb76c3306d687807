"""Bad cases, one or more from every constraint of every form: what is done to a right block."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from crossroads.forms.v1 import elements_pb2
from google.protobuf.descriptor import Descriptor
from lxml import etree

from gateway import codec
from mesh.blocks import MANY, Part, block
from tests.gateway import forms

BEFORE, AFTER = -1, 1
_BAD = (
    "9",
    "99",
    "999",
    "99999",
    "9999999999",
    "99999999999",
    "0000",
    "9999",
    "?",
    "x?x",
    "?" * 10,
)


@dataclass(frozen=True)
class Case:
    """A way to spoil a block, and the anomaly that must come of it."""

    what: str
    spoil: Callable[[Any], None]
    kind: str
    zone: str = ""
    """Empty: that of the block itself."""
    quarter: int = 0


def cases(descriptor: Descriptor) -> Iterator[Case]:
    """Every bad case of a block that is as full as it may be."""
    here = list(forms.standing(descriptor, 0, full=True))
    for part in here:
        yield from _of_part(descriptor, part)
        if part.field.message_type is None and part.element.content != elements_pb2.CONTENT_XML:
            yield from _of_value(part)
    yield Case("unknown element", lambda element: element.append(etree.Element("Unknown")), "091")
    yield Case("attribute", lambda element: element.set("colour", "red"), "003")
    if here:
        yield Case("stray text", lambda element: _set_tail(element[0]), "003")
    if len(here) > 1:
        yield Case("wrong order", lambda element: element.insert(0, element[-1]), "091")
    whole = block(descriptor)
    for choice in whole.choices:
        names = {n for a in choice.alternatives for n in (*a.required, *a.optional)}
        if all(one.required for one in choice.alternatives):
            yield Case("nothing of a choice", _remove(*names), "090")
    for name in whole.needed:
        members = {part.name for part in whole.parts if part.choice == name}
        yield Case("nothing of a choice", _remove(*members), "090")


def _of_part(descriptor: Descriptor, part: Part) -> Iterator[Case]:
    zone, element = part.element.zone, part.element
    if part.least:
        yield Case("absent", _remove(part.name), "001", zone)
    if part.least > 1:
        yield Case("too few", _keep_one(part.name), "090", zone)
    if not part.field.is_repeated:
        yield Case("twice", _repeat(part.name, 2), "090", zone)
    elif part.most != MANY:
        yield Case("too many", _repeat(part.name, part.most + 1), "090", zone)
    if element.first_quarter:
        yield Case("not yet valid", _nothing, "146", zone, _shift(element.first_quarter, BEFORE))
    if element.last_quarter:
        yield Case("no more valid", _nothing, "146", zone, _shift(element.last_quarter, AFTER))
    for other in block(descriptor).parts:
        if part.choice and other.choice == part.choice and other is not part:
            yield Case("two of a choice", _beside(part.name, other), "090", other.element.zone)


def _of_value(part: Part) -> Iterator[Case]:  # noqa: C901, PLR0912  # a line for each kind
    element, told = part.element, forms.rules(part.field)
    zone, right = element.zone, forms.value(part)
    number = element.content == elements_pb2.CONTENT_NUMBER

    def become(what: str, text: str, kind: str, quarter: int = 0) -> Case:
        return Case(what, _become(part.name, text), kind, zone, quarter)

    if element.content != elements_pb2.CONTENT_TEXT:
        yield become("empty", "", "001")
    if number:
        yield become("not numeric", "x" * len(right), "002")
    most = told.len if told.HasField("len") else told.max_len
    if most:
        yield become("too long", ("1" if number else "x") * (most + 1), "093")
    if told.min_len and element.content == elements_pb2.CONTENT_TEXT:
        yield become("too short", "", "093")
    if element.content == elements_pb2.CONTENT_DATE:
        yield become("no day", "2023-02-30", "003")
        yield become("long ago", "0001-01-01", "008")
        yield become("beyond all bounds", "2200-01-01", "008")
        if not element.may_be_never:
            yield become("never", "9999-12-31", "008")
    if element.content == elements_pb2.CONTENT_TIME:
        yield become("no hour", "25:00:00.000", "003")
    for bad in _BAD:
        if (not number or bad.isdecimal()) and told.min_len <= len(bad) <= (most or len(bad)):
            if told.HasField("len") and len(bad) != told.len:
                continue
            if told.HasField("pattern") and not _matches(told.pattern, bad):
                yield become("wrong form", bad, "003")
                break
            if getattr(told, "in") and bad not in getattr(told, "in"):
                yield become("outside domain", bad, "008")
                break
    for beyond in (element.least - 1, element.most + 1 if element.most else -1):
        text = str(beyond)
        fits = len(text) <= (most or len(text))
        if number and beyond >= 0 and fits and _matches(told.pattern or ".*", text):
            yield become("outside range", text, "008")
    if element.check_digit:
        wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
        yield become("wrong check digit", wrong, "004")
    for dated in element.dated_values:
        if dated.first_quarter:
            early = _shift(dated.first_quarter, BEFORE)
            yield become("value not yet valid", dated.value, "008", early)
        if dated.last_quarter:
            late = _shift(dated.last_quarter, AFTER)
            yield become("value no more valid", dated.value, "008", late)


def _matches(pattern: str, text: str) -> bool:
    plain = pattern.replace(r"\p{L}", "[a-z]").removeprefix("^").removesuffix("$")
    return re.fullmatch(plain, text) is not None


def _shift(quarter: int, by: int) -> int:
    year, number = divmod(quarter, 10)
    months = year * 4 + number - 1 + by
    return months // 4 * 10 + months % 4 + 1


def _nothing(element: Any) -> None:
    pass


def _set_tail(element: Any) -> None:
    element.tail = "words"


def _become(name: str, text: str) -> Callable[[Any], None]:
    def spoil(element: Any) -> None:
        element.find(name).text = text

    return spoil


def _remove(*names: str) -> Callable[[Any], None]:
    def spoil(element: Any) -> None:
        for child in list(element):
            if child.tag in names:
                element.remove(child)

    return spoil


def _keep_one(name: str) -> Callable[[Any], None]:
    def spoil(element: Any) -> None:
        for child in element.findall(name)[1:]:
            element.remove(child)

    return spoil


def _repeat(name: str, count: int) -> Callable[[Any], None]:
    def spoil(element: Any) -> None:
        last = element.findall(name)[-1]
        for _ in range(count - len(element.findall(name))):
            last.addnext(copy.deepcopy(last))

    return spoil


def _beside(name: str, other: Part) -> Callable[[Any], None]:
    def spoil(element: Any) -> None:
        if other.field.message_type is not None:
            added = codec.tree(forms.right(other.field.message_type), name=other.name)
        else:
            added = etree.Element(other.name)
            added.text = forms.value(other)
        element.find(name).addnext(added)

    return spoil
