"""Planning: what a batch of mutations puts into the ledger and into the mailboxes.

Mutations alike in all that their distribution depends on, but about other persons, are decided
once; so is everything written about them that does not name the person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from crossroads.ledger.v1 import ledger_pb2
from crossroads.router.v1 import exchange_pb2

from mesh import periods, written
from mesh.institutions import Institution
from mesh.written import Written
from services.router import delivery, distribution, standing, telling, untold
from services.router.domain import DataSortDecision, Person, Policy, Verdict
from services.router.mutation import Addressed, ReceivedMutation
from services.router.standing import Standing


@dataclass(frozen=True, slots=True)
class Plan:
    """What one mutation puts into the ledger, and then into the mailboxes."""

    received: ReceivedMutation
    entries: Sequence[ledger_pb2.Entry]
    addressed: Sequence[Addressed]
    written: Written


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is told, of what, and the entry that says so, but for the person and the ticket."""

    institution: Institution
    part: DataSortDecision
    is_signal: bool
    authorization: bytes
    entry: ledger_pb2.Entry


@dataclass(frozen=True, slots=True)
class Pattern:
    """What becomes of all mutations that are alike."""

    mutation: ledger_pb2.Entry
    recipients: Sequence[Recipient]
    untold: ledger_pb2.Entry | None


@dataclass(frozen=True, slots=True)
class Alike:
    """All that the distribution of a mutation depends on."""

    data_sort: str
    period: tuple[str, str]
    sender: Institution
    caller: str
    standing: Standing
    position: str


class Planner:
    """Plans the mutations of one batch, by one policy and at one moment.

    `signals` are the institutions whose mailboxes take signals only.
    """

    def __init__(
        self, policy: Policy, signals: frozenset[str], attempt: str, at: datetime, today: date
    ) -> None:
        self._policy = policy
        self._signals = signals
        self._attempt = attempt
        self._at = at
        self._today = today
        self._patterns: dict[Alike, Pattern] = {}

    def plans(self, batch: Iterable[ReceivedMutation], persons: Mapping[str, Person]) -> list[Plan]:
        """One for each mutation, in order."""
        return [self.plan(received, persons[received.ssin]) for received in batch]

    def plan(self, received: ReceivedMutation, person: Person) -> Plan:
        """Told under the number in force; the ledger has the one under which it was published."""
        mutation = exchange_pb2.Mutation.FromString(received.mutation)
        mutation.ssin = person.replaced_by or received.ssin
        pattern = self._pattern(received, mutation, person)
        told = telling.again(pattern.mutation, received, telling.mutation_id(received.ticket))
        told.occurred_at = telling.received_at(received)
        entries, addressed = [told], []
        contents: dict[tuple[frozenset[str], bool], bytes] = {}
        for one in pattern.recipients:
            entry_id = telling.distribution_id(received.ticket, one.institution, self._attempt)
            entries.append(telling.again(one.entry, received, entry_id))
            kind = (one.part.fields, one.is_signal)
            if kind not in contents:
                contents[kind] = self._content(received, mutation, one)
            content = contents[kind] + one.authorization
            addressed.append(Addressed(one.institution, mutation.ssin, content, entry_id))
        if pattern.untold is not None:
            entry_id = telling.untold_id(received.ticket, self._attempt)
            entries.append(telling.again(pattern.untold, received, entry_id))
        return Plan(received, entries, addressed, written.of(entries))

    def _pattern(
        self, received: ReceivedMutation, mutation: exchange_pb2.Mutation, person: Person
    ) -> Pattern:
        period = periods.from_wire(mutation.period)
        alike = Alike(
            mutation.data_sort,
            (mutation.period.begin, mutation.period.end),
            received.sender,
            received.caller,
            standing.of(person, period),
            person.position,
        )
        if alike not in self._patterns:
            self._patterns[alike] = self._decide(received, mutation, person)
        return self._patterns[alike]

    def _decide(
        self, received: ReceivedMutation, mutation: exchange_pb2.Mutation, person: Person
    ) -> Pattern:
        sort, period = mutation.data_sort, periods.from_wire(mutation.period)
        decisions = distribution.distribute(
            sort, period, received.sender, self._policy, person, self._today
        )
        recipients = [
            Recipient(
                institution,
                decided.data_sorts[0],
                str(institution) in self._signals,
                delivery.authorization(decided.data_sorts[0]),
                telling.distribution(
                    received, mutation.period, institution, decided, self._attempt, self._at
                ),
            )
            for institution, decided in decisions.items()
            if decided.verdict is Verdict.PERMITTED
        ]
        summary = untold.summarise(decisions, self._policy, person, self._today)
        return Pattern(
            telling.mutation(received, sort),
            recipients,
            telling.untold(received, mutation.period, sort, summary, self._attempt, self._at)
            if summary.untold
            else None,
        )

    def _content(
        self, received: ReceivedMutation, mutation: exchange_pb2.Mutation, one: Recipient
    ) -> bytes:
        """The delivery for all who may have the same of a mutation, without authorization."""
        made = delivery.content(
            received.ticket,
            mutation,
            received.sender,
            one.part,
            self._policy,
            self._at,
            signal=one.is_signal,
            traceparent=received.traceparent,
        )
        return made.SerializeToString()
