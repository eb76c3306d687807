"""Deciding a group of questions: those alike in all but the person are decided once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeAlias

from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import decision_pb2

from services.router import asking, decision, entries, network, standing, wire
from services.router.asked import Asked, Manner
from services.router.asking import Holding, Owed
from services.router.domain import DataSortDecision, Decision, Person, Policy, Verdict
from services.router.standing import Standing

Stance: TypeAlias = tuple[Standing, str, bool] | None
"""All of a person that decisions depend on and bear; None where nobody looked."""


@dataclass(frozen=True, slots=True)
class Made:
    """A decision as the ledger and the answers have it, for all on whom it is made.

    `asked` are the holders within the network; for the sorts of data in `beyond` the primary hub
    is asked. `entry` lacks the person.
    """

    decision: Decision
    wire: decision_pb2.Decision
    entry: ledger_pb2.Entry
    asked: Sequence[Holding]
    beyond: Mapping[str, DataSortDecision]
    reasons: str

    @property
    def is_permitted(self) -> bool:
        return self.decision.verdict is Verdict.PERMITTED


class Decided(NamedTuple):
    """A question that has been decided, and its entry."""

    asked: Asked
    made: Made
    entry: ledger_pb2.Entry
    replaced_by: str = ""
    deceased_on: str = ""
    owed: Sequence[Owed] = ()
    """The answers of the holders that were asked."""


class Deciding:
    """Decides the questions of one group, which enter the ledger as of one moment.

    `home` is the secondary hub that asks the primary one; empty in the primary. `batch` is the
    ticket of the batch that the group is, if it is one.
    """

    def __init__(
        self,
        kind: ledger_pb2.EntryKind.ValueType,
        at: datetime,
        home: str = "",
        batch: str = "",
    ) -> None:
        self._kind = kind
        self._at = at
        self._home = home
        self._batch = batch
        self._made: dict[tuple[Manner, Stance], Made] = {}
        self._found: dict[tuple[Manner, int], tuple[Person | None, Made]] = {}
        """The same by who was found: persons of whom the same is known are one value."""

    def decide(self, asked: Asked, person: Person | None, ticket: str) -> Decided:
        """Only who may know of the person learns that her number was replaced or that she died."""
        made = self._alike(asked.manner, person)
        entry = entries.consulted(made.entry, asked.request, ticket)
        if person is None or not made.is_permitted:
            return Decided(asked, made, entry)
        died = person.deceased_on.isoformat() if person.deceased_on else ""
        return Decided(asked, made, entry, person.replaced_by, died)

    def _alike(self, manner: Manner, person: Person | None) -> Made:
        found = self._found.get((manner, id(person)))
        if found is None:
            stance = _stance(manner, person)
            made = self._made.get((manner, stance))
            if made is None:
                made = self._made[manner, stance] = self._make(manner, person)
            found = self._found[manner, id(person)] = person, made
        return found[1]

    def _make(self, manner: Manner, person: Person | None) -> Made:
        caller, question, policy = manner.caller, manner.question, manner.policy
        decided = decision.decide(question, policy, person, manner.on)
        beyond = _asked_beyond(decided, policy)
        chain = entries.chain(caller, question.asker, manner.chain)
        if self._home and beyond:
            chain = [*(chain or [caller.identity.path]), self._home]
        on_wire = wire.decision(decided, chain)
        return Made(
            decided,
            on_wire,
            entries.consultation(
                self._kind, caller, question, decided, on_wire, self._at, self._batch
            ),
            asking.holdings(decided, policy, question.period),
            beyond,
            entries.reasons(decided),
        )


def _stance(manner: Manner, person: Person | None) -> Stance:
    if person is None:
        return None
    return standing.of(person, manner.question.period), person.position, person.unknown


def _asked_beyond(decided: Decision, policy: Policy) -> dict[str, DataSortDecision]:
    """The sorts of data that may be given and for which the primary hub is asked."""
    return {part.data_sort: part for part in decided.data_sorts if network.beyond_of(part, policy)}
