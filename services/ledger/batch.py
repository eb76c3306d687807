"""A batch of requests to append: which entries are new, and what each request is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.ledger import commitment, tree
from services.ledger.domain import Addition, Conflict, Entry, Known, Leaf

Answer = tuple[Leaf, ...] | Conflict


@dataclass(frozen=True, slots=True)
class Plan:
    """An answer to each request in order, and the entries to write from `first_index` on."""

    answers: tuple[Answer, ...]
    first_index: int
    entries: tuple[Entry, ...]
    digests: tuple[bytes, ...]


def plan(requests: Sequence[Sequence[Entry]], known: Mapping[str, Known], size: int) -> Plan:
    """Each request goes in whole or not at all; what is known with the same content stays put.

    `known` holds every entry of the requests that the ledger of `size` leaves has already.
    """
    seen = dict(known)
    answers: list[Answer] = []
    fresh: list[tuple[Entry, bytes]] = []
    for entries in requests:
        taken, answer = _take(entries, seen, size + len(fresh))
        answers.append(answer)
        if not isinstance(answer, Conflict):
            seen |= {e.entry_id: Known(size + len(fresh) + n, d) for n, (e, d) in enumerate(taken)}
            fresh += taken
    return Plan(tuple(answers), size, tuple(e for e, _ in fresh), tuple(d for _, d in fresh))


def _take(
    entries: Sequence[Entry], seen: Mapping[str, Known], size: int
) -> tuple[list[tuple[Entry, bytes]], Answer]:
    mine: dict[str, Known] = {}
    taken: list[tuple[Entry, bytes]] = []
    leaves: list[Leaf] = []
    for position, entry in enumerate(entries):
        digest = commitment.digest(entry.content)
        found = seen.get(entry.entry_id) or mine.get(entry.entry_id)
        if found is None:
            found = mine[entry.entry_id] = Known(size + len(taken), digest)
            taken.append((entry, digest))
        elif found.digest != digest:
            return [], Conflict(position)
        leaves.append(Leaf(entry.entry_id, found.index))
    return taken, tuple(leaves)


def grow(planned: Plan, frontier: tree.Frontier, salts: Sequence[bytes]) -> Addition:
    """What to write, with one salt for each new entry."""
    grown, nodes = tree.extend(
        frontier,
        (
            tree.leaf_hash(commitment.commit(salt, entry.content))
            for salt, entry in zip(salts, planned.entries, strict=True)
        ),
    )
    return Addition(
        planned.first_index, planned.entries, planned.digests, tuple(salts), grown, nodes
    )
