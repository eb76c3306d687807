"""A document as it may be in a quarter: blocks, the elements of each, how often each may stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from mesh import elements
from mesh.elements import Part
from mesh.schemas import facets, quarters
from mesh.schemas.facets import Facets
from mesh.schemas.quarters import Quarter


@dataclass(frozen=True, slots=True)
class Choice:
    """Elements of which one may stand."""

    name: str
    mandatory: bool


@dataclass(frozen=True, slots=True)
class Member:
    """An element in its block: a block itself, or a text with its facets."""

    name: str
    zone: str
    least: int
    most: int | None
    """None: without bound."""
    choice: Choice | None
    block: str
    """The type of the block that it is; empty: it is a text."""
    facets: Facets | None

    @property
    def mandatory(self) -> bool:
        return self.least > 0


@dataclass(frozen=True, slots=True)
class Document:
    """A form in a quarter; `blocks` holds the members of each type of block, the root's first."""

    form: str
    zone: str
    quarter: Quarter
    root: str
    blocks: dict[str, tuple[Member, ...]]

    @property
    def name(self) -> str:
        """As schemas are named: `Dimona_20234`."""
        return f"{self.form}_{self.quarter}"

    @property
    def itself(self) -> Member:
        """The root, which stands in no block."""
        return Member(self.form, self.zone, 1, 1, None, self.root, None)

    def places(self) -> Iterator[tuple[str, Member]]:
        """Every element once in each type of block, with the shortest path to the block."""
        paths = {self.root: self.form}
        waiting = [self.root]
        for block in waiting:
            for member in self.blocks[block]:
                yield paths[block], member
                if member.block and member.block not in paths:
                    paths[member.block] = f"{paths[block]}/{member.name}"
                    waiting.append(member.block)


@lru_cache(maxsize=256)
def of(message: Descriptor, quarter: Quarter) -> Document:
    """A document as its contract says that it may be in a quarter."""
    blocks: dict[str, tuple[Member, ...]] = {}
    waiting = [message]
    for descriptor in waiting:
        name = _type_name(descriptor)
        if name in blocks:
            continue
        parts = [p for p in elements.block(descriptor).parts if stands(p, quarter)]
        blocks[name] = tuple(_member(part, quarter) for part in parts)
        waiting += [p.field.message_type for p in parts if p.field.message_type is not None]
    block = elements.block(message)
    return Document(block.name, block.zone, quarter, _type_name(message), blocks)


def stands(part: Part, quarter: Quarter) -> bool:
    """Whether an element may be used in a quarter."""
    return quarters.holds(part.element.first_quarter, part.element.last_quarter, quarter)


def _member(part: Part, quarter: Quarter) -> Member:
    rules = part.field.GetOptions().Extensions[validate_pb2.field]
    least = int(rules.required)
    most: int | None = 1
    if part.field.is_repeated:
        least = max(least, rules.repeated.min_items)
        most = rules.repeated.max_items if rules.repeated.HasField("max_items") else None
    block = part.field.message_type
    return Member(
        name=part.name,
        zone=part.element.zone,
        least=least,
        most=most,
        choice=_choice(part.field) if part.choice else None,
        block=_type_name(block) if block is not None else "",
        facets=facets.of(part, quarter) if block is None else None,
    )


def _choice(field: FieldDescriptor) -> Choice | None:
    oneof = field.containing_oneof
    if oneof is None:
        return None
    return Choice(oneof.name, oneof.GetOptions().Extensions[validate_pb2.oneof].required)


def _type_name(message: Descriptor) -> str:
    """`NotificationForm.Reference` of a message in another one; no two messages share it."""
    package: str = message.file.package
    return str(message.full_name.removeprefix(f"{package}."))
