"""Lists of texts, bytes, numbers, days and flags as arrays in the binary form of PostgreSQL.

psycopg writes lists as text, each element escaped by itself: for a batch of rows that costs more
than all else that is done with them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg import pq
from psycopg.abc import AdaptContext, Buffer, DumperKey
from psycopg.adapt import PyFormat
from psycopg.types.array import BaseListDumper, ListDumper

NULL = b"\xff\xff\xff\xff"
_length = struct.Struct("!i").pack
_number = struct.Struct("!iq").pack
_day = struct.Struct("!ii").pack
EPOCH = date(2000, 1, 1).toordinal()
FLAGS = {False: _length(1) + b"\0", True: _length(1) + b"\1"}
_head = struct.Struct("!iiIii").pack
"""Dimensions, whether any is null, type of the elements, their number, index of the first."""


def _text(value: str) -> bytes:
    written = value.encode()
    return _length(len(written)) + written


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of element: its type, that of arrays of it, and how one is written."""

    element: int
    array: int
    write: Callable[[Any], bytes]


KINDS = {
    str: Kind(25, 1009, _text),
    bytes: Kind(17, 1001, lambda value: _length(len(value)) + value),
    int: Kind(20, 1016, lambda value: _number(8, value)),
    date: Kind(1082, 1182, lambda value: _day(4, value.toordinal() - EPOCH)),
    bool: Kind(16, 1000, FLAGS.__getitem__),
}
"""Numbers are bigint however small they are, so that one statement has one form."""


class Arrays(ListDumper):
    """Picks the binary form where all elements are of one kind or None; else psycopg's own."""

    def get_key(self, obj: list[Any], format: PyFormat) -> DumperKey:  # noqa: A002 - as psycopg's
        kind = _kind(obj)
        return (list, kind) if kind else super().get_key(obj, format)

    def upgrade(self, obj: list[Any], format: PyFormat) -> BaseListDumper:  # noqa: A002
        kind = _kind(obj)
        return OfKind(KINDS[kind], self._tx) if kind else super().upgrade(obj, format)


class OfKind(BaseListDumper):
    """Writes the elements of one kind."""

    format = pq.Format.BINARY

    def __init__(self, kind: Kind, context: AdaptContext | None = None) -> None:
        super().__init__(list, context)
        self.oid = kind.array
        self._kind = kind

    def dump(self, obj: list[Any]) -> Buffer:
        write, has_null = self._kind.write, None in obj
        try:
            if has_null:
                elements = [NULL if value is None else write(value) for value in obj]
            else:
                elements = [write(value) for value in obj]
        except struct.error as error:
            raise psycopg.DataError("a number is out of range") from error
        return b"".join([_head(1, has_null, self._kind.element, len(obj), 1), *elements])


def _kind(values: list[Any]) -> type | None:
    found = set(map(type, values)) - {type(None)}
    return kind if len(found) == 1 and (kind := found.pop()) in KINDS else None
