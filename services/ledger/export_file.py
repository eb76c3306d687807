"""Exports on disk: `ExportResponse` messages, each preceded by its length as a varint."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedIOBase

from crossroads.ledger.v1 import ledger_pb2
from google.protobuf import proto
from google.protobuf.message import DecodeError


class Unreadable(ValueError):  # noqa: N818 - it states what is wrong
    """A file that is no export, or one that breaks off within a message."""


def write(file: BufferedIOBase, message: ledger_pb2.ExportResponse) -> None:
    proto.serialize_length_prefixed(message, file)  # type: ignore[arg-type]  # any buffered file


def read(file: BufferedIOBase) -> Iterator[ledger_pb2.ExportResponse]:
    """Every message in order. Raises Unreadable where the file stops being an export."""
    while True:
        try:
            message = proto.parse_length_prefixed(
                ledger_pb2.ExportResponse,
                file,  # type: ignore[arg-type]  # any buffered file will do
            )
        except (DecodeError, ValueError, MemoryError, OverflowError) as error:
            raise Unreadable("the file is no export, or breaks off within a message") from error
        if message is None:
            return
        yield message
