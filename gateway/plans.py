"""How a block with all that is in it is read, once its structure was found right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from gateway.layouts import Entry, Layout, UnusualError, varint

Take = Callable[[Any], Any]
_get: Any = dict.get
_join = b"".join
_NOTHING = {"": b""}
"""What is known of a block: it has no text."""


@dataclass(slots=True)
class Plan:
    """A block with all that is in it, as it stands in the document: how such a one is read."""

    entries: list[Entry | None] = field(default_factory=list)
    """Of each element; None for the block itself."""
    blocks: list[int] = field(default_factory=list)
    """Places of the blocks, and how many elements stand in each."""
    counts: list[int] = field(default_factory=list)
    steps: list[tuple[int, bytes, Take]] = field(default_factory=list)
    """From the innermost block outwards: its place, its head, what stands in it."""
    known: tuple[dict[str, bytes], ...] = ()
    of_blocks: Take = itemgetter(slice(None))
    """Takes what stands at the places of the blocks."""

    def write(self, texts: Sequence[str | None]) -> bytes:
        """The wire form, from the text of each element; that of a block is empty.

        Raises UnusualError.
        """
        pieces: Any = list(map(_get, self.known, texts))
        for place in [place for place, piece in enumerate(pieces) if piece is None]:
            entry = self.entries[place]
            if entry is None:
                raise UnusualError
            pieces[place] = entry.piece(texts[place] or "")
        for place, head, take in self.steps:
            inner = _join(take(pieces))
            pieces[place] = head + varint(len(inner)) + inner if head else inner
        whole: bytes = pieces[0]
        return whole


def plan_of(elements: Sequence[Any], layout: Layout) -> Plan:
    """How a block with this structure is read. Raises UnusualError."""
    plan = Plan()
    _lay(plan, elements[0], None, layout)
    plan.steps.reverse()
    plan.of_blocks = take(plan.blocks)
    plan.known = tuple(_NOTHING if e is None or e.nested else e.known for e in plan.entries)
    return plan


def take(places: Sequence[int]) -> Take:
    """A function that takes what stands at these places of a list."""
    if not places:
        return itemgetter(slice(0, 0))
    if places[-1] - places[0] == len(places) - 1:
        return itemgetter(slice(places[0], places[-1] + 1))
    return itemgetter(*places)


def _lay(plan: Plan, element: Any, entry: Entry | None, layout: Layout) -> None:
    place, within = len(plan.entries), list[int]()
    plan.entries.append(entry)
    plan.blocks.append(place)
    plan.counts.append(len(element))
    step = len(plan.steps)
    for child, inner in zip(element, layout.check([one.tag for one in element]), strict=True):
        within.append(len(plan.entries))
        if inner.nested is not None:
            _lay(plan, child, inner, inner.nested)
        elif len(child):
            raise UnusualError
        else:
            plan.entries.append(inner)
    plan.steps.insert(step, (place, entry.head if entry else b"", take(within)))
