"""Blocks of one form as the same blocks of another: elements of the same name carry over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

M = TypeVar("M", bound=Message)
CORRECTED: Mapping[str, str] = {
    "DmfaOccupationUpdate": "DmfaOccupation",
    "DmfaUpdateWorkerDeduction": "DmfaWorkerDeduction",
}
"""Blocks of a correction, as they stand in an original."""
NOTICED: Mapping[str, str] = {
    "DmfaOccupation": "DmfaOccupationUpdateNotification",
    "DmfaOccupationPublicServiceData": "DmfaOccupationPSDAction",
    "DmfaDismissedStatutoryWorkerContribution": "DmfaDismissedStatWorkerContAction",
    "DmfaEarlyRetirementContribution": "DmfaEarlyRetirementContAction",
}
"""Blocks of an original as they stand in a notice; the others add `Action` to their name."""


def adopt(source: Message, target: M, names: Mapping[str, str] = CORRECTED) -> M:
    """Fill a block from one of another form; what has no place in it is left out."""
    for field, value in source.ListFields():
        if field.message_type is None:
            if field.name in target.DESCRIPTOR.fields_by_name:
                setattr(target, field.name, value)
            continue
        wanted = names.get(field.message_type.name, field.message_type.name)
        place = _place(target.DESCRIPTOR, wanted)
        if place is None:
            continue
        for one in value if field.is_repeated else [value]:
            adopt(one, _child(target, place), names)
    return target


def notice(source: Message, target: M, action: str) -> M:
    """The same with what was done to each block."""
    for field, value in source.ListFields():
        if field.message_type is None:
            if field.name in target.DESCRIPTOR.fields_by_name:
                setattr(target, field.name, value)
            continue
        name = field.message_type.name
        place = _place(target.DESCRIPTOR, NOTICED.get(name, f"{name}Action"))
        if place is None:
            continue
        for one in value if field.is_repeated else [value]:
            notice(one, _child(target, place), action)
    if "action" in target.DESCRIPTOR.fields_by_name:
        setattr(target, "action", action)  # noqa: B010 - no type of message has it for all
    return target


def _place(descriptor: Any, wanted: str) -> FieldDescriptor | None:
    for field in descriptor.fields:
        if field.message_type is not None and field.message_type.name == wanted:
            found: FieldDescriptor = field
            return found
    return None


def _child(target: Message, place: FieldDescriptor) -> Message:
    child: Message = getattr(target, place.name)
    if place.is_repeated:
        added: Message = getattr(target, place.name).add()
        return added
    child.SetInParent()
    return child
