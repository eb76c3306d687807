"""Where in its document each element of a form stands, by its position at each level."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from crossroads.forms.v1 import dimona_pb2
from google.protobuf.message import Message

from mesh import elements
from services.declarations.dimona.domain import Anomaly

FIRST_FORM = "1,1"


def located(
    form: dimona_pb2.DimonaForm, anomalies: Iterable[Anomaly], place: str = ""
) -> Iterator[Anomaly]:
    """The anomalies with their places; of an element that is absent, that of its block.

    `place` is where the form stands. Empty: it is the first of its document.
    """
    places: dict[str, str] = {}
    for tag, location in _of_block(form, place or FIRST_FORM):
        places.setdefault(tag, location)
    for anomaly in anomalies:
        where = anomaly.location or places.get(anomaly.tag, place or FIRST_FORM)
        yield replace(anomaly, location=where)


def _of_block(message: Message, location: str) -> Iterator[tuple[str, str]]:
    position = 0
    for part in elements.block(message.DESCRIPTOR).parts:
        found = elements.values(message, part)
        if not found:
            yield part.name, location
        for value in found:
            position += 1
            here = f"{location},{position}"
            yield part.name, here
            if part.field.message_type is not None:
                yield from _of_block(value, here)
