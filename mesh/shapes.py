"""Which elements must stand in a block, and which together, as bits: compiled for speed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from crossroads.forms.v1 import elements_pb2
from google.protobuf.descriptor import Descriptor

from mesh.blocks import MANY, Part, block


@dataclass(frozen=True, slots=True)
class Shape:
    """What must hold of the elements that stand in a block, each element one bit."""

    bits: dict[str, int]
    required: int
    one_of: tuple[tuple[str, int, bool], ...]
    """Choices of single elements: name, bits, whether one must stand."""
    together: tuple[tuple[int, tuple[tuple[int, int], ...]], ...]
    """Choices of several: all bits, and of each alternative those required and those allowed."""
    bounded: tuple[Part, ...]
    """Repeated parts of which more than one must stand, or only some may."""

    def holds(self, standing: int) -> bool:
        """Whether what stands is complete, and may stand together."""
        if standing & self.required != self.required:
            return False
        for _, bits, needed in self.one_of:
            chosen = standing & bits
            if chosen & (chosen - 1) or (needed and not chosen):
                return False
        return all(_one_holds(standing & scope, rows) for scope, rows in self.together)

    def broken_choices(self, standing: int) -> int:
        """How many choices of several are not respected."""
        return sum(not _one_holds(standing & scope, rows) for scope, rows in self.together)


def _one_holds(standing: int, rows: tuple[tuple[int, int], ...]) -> bool:
    return any(
        standing & required == required and not standing & ~allowed for required, allowed in rows
    )


@lru_cache(maxsize=4096)
def shape(descriptor: Descriptor, quarter: int = 0) -> Shape:
    """The shape of a block in a quarter; 0: in any."""
    whole = block(descriptor)
    bits = {part.name: 1 << place for place, part in enumerate(whole.parts)}
    choices = dict.fromkeys(part.choice for part in whole.parts if part.choice)
    return Shape(
        bits=bits,
        required=sum(
            bits[part.name] for part in whole.parts if part.least and part.holds_in(quarter)
        ),
        one_of=tuple(
            (name, sum(bits[p.name] for p in whole.parts if p.choice == name), name in whole.needed)
            for name in choices
        ),
        together=tuple(_together(choice, bits) for choice in whole.choices),
        bounded=tuple(
            part
            for part in whole.parts
            if part.field.is_repeated and (part.least > 1 or part.most != MANY)
        ),
    )


def _together(
    choice: elements_pb2.Choice, bits: dict[str, int]
) -> tuple[int, tuple[tuple[int, int], ...]]:
    rows = []
    for one in choice.alternatives:
        required = sum(bits[name] for name in one.required)
        rows.append((required, required | sum(bits[name] for name in one.optional)))
    scope = 0
    for _, allowed in rows:
        scope |= allowed
    return scope, tuple(rows)
