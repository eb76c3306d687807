"""What a write on persons wishes: read from its request, and decided on the lines that stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from crossroads.repertory.v1 import repertory_pb2

from services.repertory import asked, entries, inscriptions, refusals
from services.repertory.domain import Inscription
from services.repertory.entries import Part
from services.repertory.inscriptions import Change
from services.repertory.qualities import CodeLists
from services.repertory.write_log import Request

Numbers: TypeAlias = Mapping[str, str]
"""The number in force of each number named."""
Decide: TypeAlias = Callable[[Sequence[Inscription], Numbers], Change]


@dataclass(frozen=True)
class Wish:
    """A write before it is decided on."""

    request: Request
    parts: Sequence[Part]
    about: Sequence[Inscription]
    """The lines named, under the numbers named."""
    decide: Decide
    """What becomes of lines that stand. Raises Refusal where it cannot be."""

    @property
    def ssins(self) -> set[str]:
        return {line.key.ssin for line in self.about}


def registration(request: repertory_pb2.RegisterRequest, caller: str, codes: CodeLists) -> Wish:
    """Raises INVALID_ARGUMENT."""
    added = asked.lines(request.inscriptions, "inscriptions[{}].")
    _check_qualities(codes, added, "inscriptions")

    def decide(standing: Sequence[Inscription], numbers: Numbers) -> Change:
        return inscriptions.register(standing, _in_force(numbers, added))

    return Wish(asked.request(caller, request), entries.parts(request), added, decide)


def ending(request: repertory_pb2.EndRequest, caller: str) -> Wish:
    """Raises INVALID_ARGUMENT; to decide raises NOT_FOUND where no line meets the period."""
    cut = asked.lines([request.inscription], "inscription.")
    parts = [entries.part_of_line(request, request.inscription)]

    def decide(standing: Sequence[Inscription], numbers: Numbers) -> Change:
        change = inscriptions.end(standing, *_in_force(numbers, cut))
        if not change.closed:
            raise refusals.not_inscribed()
        return change

    return Wish(asked.request(caller, request), parts, cut, decide)


def correction(request: repertory_pb2.CorrectRequest, caller: str, codes: CodeLists) -> Wish:
    """Raises INVALID_ARGUMENT; to decide raises NOT_FOUND where no line stands as the wrong one."""
    (wrong,) = asked.lines([request.wrong], "wrong.")
    right = asked.lines(request.right, "right[{}].")
    _check_qualities(codes, right, "right")
    parts = [entries.part_of_line(request, request.wrong)]

    def decide(standing: Sequence[Inscription], numbers: Numbers) -> Change:
        (line,) = _in_force(numbers, [wrong])
        try:
            return inscriptions.correct(standing, line, _in_force(numbers, right))
        except ValueError as error:
            raise refusals.no_such_line() from error

    return Wish(asked.request(caller, request), parts, [wrong, *right], decide)


def _check_qualities(codes: CodeLists, lines: Sequence[Inscription], field: str) -> None:
    for sector in sorted({line.key.institution.sector for line in lines}):
        wrong = [
            f"{field}[{number}].quality"
            for number, line in enumerate(lines)
            if line.key.institution.sector == sector and codes.unknown(sector, [line.key.quality])
        ]
        if wrong:
            raise refusals.unknown_quality(sector, wrong)


def _in_force(numbers: Numbers, lines: Sequence[Inscription]) -> list[Inscription]:
    """The same lines under the numbers that are in force."""
    return [replace(line, key=replace(line.key, ssin=numbers[line.key.ssin])) for line in lines]
