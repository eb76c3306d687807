"""The persons whom a request names, found in whatever message it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

_SSIN = re.compile(r"[0-9]{11}")


def persons(request: Message | None) -> dict[str, Message]:
    """By number, the first message of a request that names the person; it may be unchecked."""
    found: dict[str, Message] = {}
    for message in _messages(request) if request is not None else ():
        ssin = str(getattr(message, "ssin", ""))
        if _SSIN.fullmatch(ssin):
            found.setdefault(ssin, message)
    return found


def _messages(message: Message) -> Iterator[Message]:
    """A message and those in it, as deep as contracts go: none of ours holds itself."""
    yield message
    for field, value in message.ListFields():
        if field.type != FieldDescriptor.TYPE_MESSAGE:
            continue
        for each in value if field.is_repeated else (value,):
            if isinstance(each, Message):
                yield from _messages(each)
