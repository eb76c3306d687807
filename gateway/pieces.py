"""What is told of a document while it is read: forms, and the pieces they consist of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from mesh.blocks import block
from mesh.elements import Anomaly


@dataclass(frozen=True, slots=True)
class Begun:
    """The form until its first piece, as far as it could be read: who declares, for when."""

    form: int
    message: Message


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a form, such as a person, with all that is amiss in it."""

    form: int
    location: str
    message: Message
    anomalies: list[Anomaly]


@dataclass(frozen=True, slots=True)
class Ended:
    """The form without its pieces, with all that is amiss in the rest of it."""

    form: int
    location: str
    message: Message
    anomalies: list[Anomaly]
    pieces: int


def path_to(form: Any, piece: str) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """The names that lead from a form to its pieces, and the types from the form to the piece."""
    for part in block(form).parts:
        nested = part.field.message_type
        if nested is None:
            continue
        if part.name == piece and part.field.is_repeated:
            return (part.name,), (form, nested)
    for part in block(form).parts:
        if part.field.message_type is not None and not part.field.is_repeated:
            names, types = path_to(part.field.message_type, piece)
            if names:
                return (part.name, *names), (form, *types)
    return (), ()
