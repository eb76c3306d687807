"""Who is told of a mutation, who is not, and why."""

from __future__ import annotations

from datetime import date

from mesh.institutions import Institution
from mesh.periods import Period
from services.router import decision
from services.router.domain import Decision, Person, Policy, Question, Use


def distribute(
    data_sort: str,
    period: Period,
    sender: Institution,
    policy: Policy,
    person: Person,
    on: date,
) -> dict[Institution, Decision]:
    """The decision on each institution that knows the person or could be told, but the sender.

    It is the decision of a consultation, asked for the recipient.
    """
    knowing = {inscription.institution for inscription in person.inscriptions}
    candidates = (knowing | set(policy.recipients.get(data_sort, ()))) - {sender}
    return {
        candidate: decision.decide(
            Question(candidate, (data_sort,), period, Use.DISTRIBUTION), policy, person, on
        )
        for candidate in sorted(candidates)
    }
