"""Minimisation: an attestation keeps only the fields that its recipient may have."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

from google.protobuf import any_pb2, message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from mesh import attestations

Tree: TypeAlias = dict[str, "Tree"]
PREFIX = "type.googleapis.com/"


class NotThisAttestation(ValueError):  # noqa: N818 - it states what is wrong
    """A holder gave another message than the one that carries this sort of data."""


def minimise(packed: any_pb2.Any, attestation: str, fields: frozenset[str]) -> any_pb2.Any:
    """The same attestation with only `fields` (dotted paths; empty: all).

    What the contract does not know is dropped too, so nothing travels unseen.
    Raises NotThisAttestation unless it is a well-formed `attestation`.
    """
    if packed.type_url != PREFIX + attestation or attestation not in attestations.BY_NAME:
        raise NotThisAttestation(attestation)
    message: Message = message_factory.GetMessageClass(attestations.BY_NAME[attestation])()
    try:
        message.ParseFromString(packed.value)
    except DecodeError as error:
        raise NotThisAttestation(attestation) from error
    message.DiscardUnknownFields()
    if fields:
        _strip(message, _tree(fields))
    return any_pb2.Any(type_url=packed.type_url, value=message.SerializeToString())


@lru_cache(maxsize=1024)
def _tree(fields: frozenset[str]) -> Tree:
    """`{"a", "b.c"}` as `{"a": {}, "b": {"c": {}}}`; an empty branch means all below it."""
    tree: Tree = {}
    for path in sorted(fields):
        branch = tree
        names = path.split(".")
        for depth, name in enumerate(names):
            if name in branch and not branch[name]:
                break  # a shorter path gives all of it already
            branch = branch.setdefault(name, {})
            if depth == len(names) - 1:
                branch.clear()
    return tree


def _strip(message: Message, tree: Tree) -> None:
    for field, value in message.ListFields():
        below = tree.get(field.name)
        if below is None:
            message.ClearField(field.name)
        elif below:
            for part in _parts(field, value):
                _strip(part, below)


def _parts(field: FieldDescriptor, value: Message | Iterable[Message]) -> Iterable[Message]:
    return value if field.is_repeated else (value,)  # type: ignore[return-value]
