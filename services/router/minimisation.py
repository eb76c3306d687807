"""Minimisation: an attestation keeps only the fields that its recipient may have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from google.protobuf import any_pb2, message_factory
from google.protobuf.descriptor import Descriptor
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
    mask = _mask(attestation, fields)
    message: Message = mask.of()
    try:
        message.ParseFromString(packed.value)
    except DecodeError as error:
        raise NotThisAttestation(attestation) from error
    message.DiscardUnknownFields()
    mask.strip(message)
    return any_pb2.Any(type_url=packed.type_url, value=message.SerializeToString())


@dataclass(frozen=True, slots=True)
class Mask:
    """What is taken out of a message: whole fields, and parts of what is below others.

    `below` has of each field its name, whether it is repeated, and its own mask.
    """

    of: type[Message]
    cleared: tuple[str, ...] = ()
    below: tuple[tuple[str, bool, Mask], ...] = ()

    def strip(self, message: Message) -> None:
        for name in self.cleared:
            message.ClearField(name)
        for name, is_repeated, mask in self.below:
            if is_repeated:
                for part in getattr(message, name):
                    mask.strip(part)
            elif message.HasField(name):
                mask.strip(getattr(message, name))


@lru_cache(maxsize=1024)
def _mask(attestation: str, fields: frozenset[str]) -> Mask:
    return _compiled(attestations.BY_NAME[attestation], _tree(fields))


def _compiled(descriptor: Descriptor, tree: Tree) -> Mask:
    """An empty tree takes nothing out."""
    of = message_factory.GetMessageClass(descriptor)
    if not tree:
        return Mask(of)
    return Mask(
        of,
        tuple(
            field.name
            for field in descriptor.fields
            if field.name not in tree or (tree[field.name] and field.message_type is None)
        ),
        tuple(
            (field.name, field.is_repeated, _compiled(field.message_type, tree[field.name]))
            for field in descriptor.fields
            if tree.get(field.name) and field.message_type is not None
        ),
    )


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
