"""Writes that follow each other in one transaction: each is decided on what those before it left.

Each takes a place, one and up, which is also how many microseconds after the others it is recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from services.repertory.domain import Inscription
from services.repertory.inscriptions import Change

STANDS = 0
"""In the place of a write that closes a line: none does."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A line that stood before them all, and the place of the write that closes it."""

    line: Inscription
    at: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A line that one of them opens, and the place of a later one that closes it, or STANDS."""

    line: Inscription
    at: int
    until: int


@dataclass(frozen=True, slots=True)
class Steps:
    """What several writes together do to the lines, with the places at which they do."""

    closed: tuple[Closed, ...]
    opened: tuple[Opened, ...]


class Lines:
    """The lines of some persons as they stand after the writes decided on so far."""

    def __init__(self, standing: Iterable[Inscription]) -> None:
        self._by_person: dict[str, set[Inscription]] = {}
        for line in standing:
            self._by_person.setdefault(line.key.ssin, set()).add(line)

    def of(self, ssins: Collection[str]) -> tuple[Inscription, ...]:
        return tuple(line for ssin in ssins for line in self._by_person.get(ssin, ()))

    def apply(self, change: Change) -> None:
        for line in change.closed:
            self._by_person[line.key.ssin].discard(line)
        for line in change.opened:
            self._by_person.setdefault(line.key.ssin, set()).add(line)


def steps(changes: Sequence[Change]) -> Steps:
    """What is to be written for changes that follow each other, each in the place after the last.

    A line that one opens and a later one closes was known in between: it is written with both.
    """
    closed, opened = list[Closed](), list[Opened]()
    standing: dict[Inscription, int] = {}
    for place, change in enumerate(changes, 1):
        for line in change.closed:
            since = standing.pop(line, None)
            if since is None:
                closed.append(Closed(line, place))
            else:
                opened.append(Opened(line, since, place))
        standing.update(dict.fromkeys(change.opened, place))
    opened += [Opened(line, since, STANDS) for line, since in standing.items()]
    return Steps(tuple(closed), tuple(opened))
