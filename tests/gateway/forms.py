"""Right messages of every form, made from the constraints, and the documents that hold them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from buf.validate import validate_pb2
from crossroads.forms.v1 import (
    acrf_pb2,
    dimona_pb2,
    dmfa_notification_pb2,
    dmfa_pb2,
    dmfa_pid_pb2,
    dmfa_update_pb2,
    elements_pb2,
    idflux_pb2,
    incapacity_course_pb2,
    incapacity_pb2,
    notification_pb2,
    personnel_file_pb2,
    unemployment_months_pb2,
    unemployment_pb2,
    work_accident_pb2,
)
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from mesh import identification
from mesh.blocks import Part, block, holds_in

DOCUMENTS: dict[str, type[Message]] = {
    block(message_type.DESCRIPTOR).name: message_type
    for message_type in (
        acrf_pb2.Acrf,
        dimona_pb2.Dimona,
        notification_pb2.Notification,
        dmfa_pb2.DmfaOriginal,
        dmfa_update_pb2.DmfaUpdate,
        dmfa_notification_pb2.DmfaUpdateNotification,
        dmfa_pid_pb2.DmfaPid,
        idflux_pb2.Idflux,
        personnel_file_pb2.PersonnelFileRequest,
        personnel_file_pb2.PersonnelFileAnswer,
        incapacity_pb2.Zima001,
        incapacity_course_pb2.Zima002,
        incapacity_course_pb2.Zima003,
        incapacity_course_pb2.Zima005,
        incapacity_course_pb2.Zima006,
        unemployment_pb2.Wech001,
        unemployment_pb2.Wech002,
        unemployment_pb2.Wech003,
        unemployment_months_pb2.Wech005,
        unemployment_months_pb2.Wech006,
        unemployment_months_pb2.Wech007,
        unemployment_months_pb2.Wech008,
        unemployment_months_pb2.Wech009,
        work_accident_pb2.Aoat001,
        work_accident_pb2.Aoat002,
        work_accident_pb2.Aoat003,
    )
}
_RIGHT = {
    "ssin": "85073003328",
    "cbe": "0400767772",
    "nsso": next(
        str(n) for n in range(100006, 101000) if identification.nsso_number_is_valid(str(n))
    ),
    "dimona": identification.dimona_period(1),
}
_EXAMPLES = (
    "2023-01-16", "08:00:00.000", "0800", "0", "1", "12", "123", "20231", "1234567", "0400767772",
    "85073003328", "12345678901", "124", "BE0400767772", "--01-16", "2023-01", "2023", "true",
    "050,00", "x", "2000000141", "10000000",
)  # fmt: skip


def descriptors() -> dict[str, Any]:
    """Every block of every form, by its full name."""
    found: dict[str, Any] = {}
    waiting: list[Any] = [message_type.DESCRIPTOR for message_type in DOCUMENTS.values()]
    while waiting:
        one = waiting.pop()
        if one.full_name not in found:
            found[one.full_name] = one
            waiting += [f.message_type for f in one.fields if f.message_type is not None]
    return found


def rules(field: FieldDescriptor) -> validate_pb2.StringRules:
    told = field.GetOptions().Extensions[validate_pb2.field]
    return told.repeated.items.string if field.is_repeated else told.string


def value(part: Part, quarter: int = 0) -> str:
    """A right value of an element."""
    element, told = part.element, rules(part.field)
    ended = {one.value for one in element.dated_values if not holds_in(one, quarter)}
    if domain := [one for one in getattr(told, "in") if one not in ended]:
        return str(domain[0])
    if element.check_digit:
        return _RIGHT[element.check_digit]
    if element.content == elements_pb2.CONTENT_XML:
        return "<A>a</A>"
    for example in (str(element.least), *_EXAMPLES, str(element.most), "x" * 3):
        if _suits(example, part, told):
            return example
    raise AssertionError(part.name, told)


def _suits(text: str, part: Part, told: validate_pb2.StringRules) -> bool:
    most = told.max_len or len(text)
    if told.HasField("len") and len(text) != told.len:
        return False
    if not told.min_len <= len(text) <= most:
        return False
    pattern = told.pattern.replace(r"\p{L}", "[a-z]").removeprefix("^").removesuffix("$")
    if told.HasField("pattern") and not re.fullmatch(pattern, text):
        return False
    if part.element.content == elements_pb2.CONTENT_NUMBER:
        if not text.isdecimal():
            return False
        return part.element.least <= int(text) <= (part.element.most or int(text))
    return True


def right(descriptor: Any, quarter: int = 0, *, full: bool = False) -> Any:
    """A message in which nothing is amiss: with what must stand, or as full as it may be."""
    message = GetMessageClass(descriptor)()
    for part in standing(descriptor, quarter, full=full):
        name = part.field.name
        for _ in range(max(part.least, 1)):
            if part.field.message_type is not None:
                inner = right(part.field.message_type, quarter, full=full)
                if part.field.is_repeated:
                    getattr(message, name).append(inner)
                else:
                    getattr(message, name).CopyFrom(inner)
            elif part.field.is_repeated:
                getattr(message, name).append(value(part, quarter))
            else:
                setattr(message, name, value(part, quarter))
    return message


def standing(descriptor: Any, quarter: int, *, full: bool) -> Iterator[Part]:
    """The elements of a right block: of each choice the first way."""
    whole = block(descriptor)
    chosen, ruled, allowed = set[str](), set[str](), set[str]()
    for choice in whole.choices:
        first = choice.alternatives[0]
        ruled |= {n for a in choice.alternatives for n in (*a.required, *a.optional)}
        allowed |= {*first.required, *(first.optional if full else ())}
    for part in whole.parts:
        if not part.holds_in(quarter) or (part.name in ruled and part.name not in allowed):
            continue
        if part.choice:
            if part.choice in chosen or not (full or part.choice in whole.needed):
                continue
            chosen.add(part.choice)
        elif not (part.least or full or part.name in allowed):
            continue
        yield part
