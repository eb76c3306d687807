"""A document as it may be in a quarter: blocks, the elements of each, how often each may stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from buf.validate import validate_pb2
from crossroads.forms.v1 import elements_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from mesh.blocks import MANY, Part, block
from mesh.schemas import facets
from mesh.schemas.facets import Facets
from mesh.schemas.quarters import Quarter


@dataclass(frozen=True, slots=True)
class Choice:
    """Elements of which one may stand."""

    name: str
    mandatory: bool


@dataclass(frozen=True, slots=True)
class Together:
    """Elements of which only some sets may stand together, in the order of the document."""

    names: tuple[str, ...]
    sets: frozenset[frozenset[str]]


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
    conditional: bool = False
    """Whether it may stand depends on what stands beside it."""
    first_quarter: int = 0
    last_quarter: int = 0

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
    together: dict[str, tuple[Together, ...]]
    """What may stand together, by type of block."""

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
        for name in waiting:
            for member in self.blocks[name]:
                yield paths[name], member
                if member.block and member.block not in paths:
                    paths[member.block] = f"{paths[name]}/{member.name}"
                    waiting.append(member.block)


@lru_cache(maxsize=256)
def of(message: Descriptor, quarter: Quarter) -> Document:
    """A document as its contract says that it may be in a quarter."""
    members: dict[str, tuple[Member, ...]] = {}
    together: dict[str, tuple[Together, ...]] = {}
    waiting = [message]
    for descriptor in waiting:
        name = _type_name(descriptor)
        if name in members:
            continue
        whole = block(descriptor)
        parts = [part for part in whole.parts if part.holds_in(int(quarter))]
        standing = [part.name for part in parts]
        together[name] = tuple(_together(choice, standing) for choice in whole.choices)
        depending = {one for several in together[name] for one in several.names}
        members[name] = tuple(_member(part, quarter, depending) for part in parts)
        waiting += [p.field.message_type for p in parts if p.field.message_type is not None]
    whole = block(message)
    return Document(whole.name, whole.zone, quarter, _type_name(message), members, together)


def _member(part: Part, quarter: Quarter, depending: set[str]) -> Member:
    nested = part.field.message_type
    return Member(
        name=part.name,
        zone=part.element.zone,
        least=part.least,
        most=None if part.most == MANY else part.most,
        choice=_choice(part.field) if part.choice else None,
        block=_type_name(nested) if nested is not None else "",
        facets=facets.of(part, quarter) if nested is None else None,
        conditional=part.name in depending,
        first_quarter=part.element.first_quarter,
        last_quarter=part.element.last_quarter,
    )


def _together(choice: elements_pb2.Choice, standing: list[str]) -> Together:
    """The sets that may stand, of the elements that may be used in the quarter."""
    sets: set[frozenset[str]] = set()
    for one in choice.alternatives:
        if set(one.required) <= set(standing):
            free = [name for name in one.optional if name in standing]
            for count in range(len(free) + 1):
                sets |= {frozenset((*one.required, *some)) for some in combinations(free, count)}
    scope = frozenset().union(*sets)
    return Together(tuple(name for name in standing if name in scope), frozenset(sets))


def _choice(field: FieldDescriptor) -> Choice | None:
    oneof = field.containing_oneof
    if oneof is None:
        return None
    return Choice(oneof.name, oneof.GetOptions().Extensions[validate_pb2.oneof].required)


def _type_name(message: Descriptor) -> str:
    """`NotificationForm.Reference` of a message in another one; no two messages share it."""
    package: str = message.file.package
    return str(message.full_name.removeprefix(f"{package}."))
