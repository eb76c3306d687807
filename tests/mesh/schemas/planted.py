"""A form that exists in tests only, whose elements come and go with the quarters."""

from __future__ import annotations

from functools import cache
from typing import Any

from buf.validate import validate_pb2
from crossroads.forms.v1 import elements_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor

TEXT, NUMBER = elements_pb2.CONTENT_TEXT, elements_pb2.CONTENT_NUMBER


@cache
def form() -> Descriptor:
    """`Planted` with one block; `Kept` has a value more from 20241 on and one less, and so on."""
    file = descriptor_pb2.FileDescriptorProto(
        name="planted/v1/planted.proto",
        package="planted.v1",
        syntax="proto3",
        dependency=["crossroads/forms/v1/elements.proto", "buf/validate/validate.proto"],
    )
    root = file.message_type.add(name="Planted")
    root.options.Extensions[elements_pb2.document].root = "Planted"
    root.options.Extensions[elements_pb2.document].zone = "99000"
    _add(root, "block", "99001", "Block", type_name=".planted.v1.Block")
    block = file.message_type.add(name="Block")
    kept = _add(block, "kept", "00901", "Kept", values=["A", "B", "C"])
    for text, first, last in (("B", 20241, 0), ("C", 0, 20234)):
        kept.dated_values.add(value=text, first_quarter=first, last_quarter=last)
    _add(block, "gone", "00902", "Gone", last_quarter=20234)
    _add(block, "come", "00903", "Come", first_quarter=20241)
    _add(block, "short", "00904", "Length", longest=5, last_quarter=20234)
    _add(block, "long", "00904", "Length", longest=9, first_quarter=20241)
    pool = descriptor_pool.Default()
    pool.Add(file)
    return pool.FindMessageTypeByName("planted.v1.Planted")


def _add(
    message: descriptor_pb2.DescriptorProto,
    name: str,
    zone: str,
    xml_name: str,
    *,
    type_name: str = "",
    values: tuple[str, ...] | list[str] = (),
    longest: int = 0,
    **quarters: int,
) -> Any:
    kind = descriptor_pb2.FieldDescriptorProto
    field = message.field.add(
        name=name,
        number=len(message.field) + 1,
        label=kind.LABEL_OPTIONAL,
        type=kind.TYPE_MESSAGE if type_name else kind.TYPE_STRING,
    )
    if type_name:
        field.type_name = type_name
    element = field.options.Extensions[elements_pb2.element]
    element.zone, element.xml_name = zone, xml_name
    element.content = elements_pb2.CONTENT_UNSPECIFIED if type_name else TEXT
    for quarter, value in quarters.items():
        setattr(element, quarter, value)
    rules = field.options.Extensions[validate_pb2.field]
    if values:
        getattr(rules.string, "in").extend(values)
    if longest:
        rules.string.max_len = longest
    return element
