"""Wishes decided on one after another, each on the lines that those before it left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from mesh.refusals import Refusal
from services.repertory import refusals
from services.repertory.domain import Inscription
from services.repertory.inscriptions import Change
from services.repertory.recording import First
from services.repertory.succession import Lines
from services.repertory.wishes import Numbers, Wish
from services.repertory.write_log import Recorded

Outcome: TypeAlias = Recorded | Refusal


@dataclass(frozen=True, slots=True)
class Granted:
    """A wish that is to be written, its change, and the lines of its persons before that."""

    wish: Wish
    change: Change
    before: tuple[Inscription, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """What is to be written, in order; and of each wish what is known of its outcome already."""

    granted: tuple[Granted, ...]
    known: tuple[Outcome | int, ...]
    """The first answer to it, its refusal, or its index among `granted`."""

    def outcomes(self, recorded: Sequence[Recorded]) -> list[Outcome]:
        """Of each wish, once those granted are recorded."""
        return [recorded[one] if isinstance(one, int) else one for one in self.known]


def decide(
    asked: Iterable[Wish],
    standing: Iterable[Inscription],
    numbers: Numbers,
    firsts: Mapping[str, First],
) -> Decided:
    """As if they had come one by one; `firsts` is what came before of their requests, by id."""
    lines, granted, known = Lines(standing), list[Granted](), list[Outcome | int]()
    indices: dict[str, int] = {}
    for wish in asked:
        request = wish.request
        if (first := firsts.get(request.request_id)) is not None:
            same, answer = first.digest == request.digest, first.recorded
            known.append(answer if same else refusals.request_id_reused())
        elif (index := indices.get(request.request_id)) is not None:
            same = granted[index].wish.request.digest == request.digest
            known.append(index if same else refusals.request_id_reused())
        else:
            before = lines.of({numbers[ssin] for ssin in wish.ssins})
            try:
                change = wish.decide(before, numbers)
            except Refusal as refusal:
                known.append(refusal)
                continue
            indices[request.request_id] = len(granted)
            known.append(len(granted))
            granted.append(Granted(wish, change, before))
            lines.apply(change)
    return Decided(tuple(granted), tuple(known))
