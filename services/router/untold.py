"""Those who are not told of a mutation: thousands, in a summary of bounded size."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from mesh.institutions import Institution
from services.router.domain import Decision, Person, Policy, Reason, Verdict

MOST_NAMED = 100
"""Institutions that know the person and are named, for each reason."""


@dataclass(frozen=True, slots=True)
class Untold:
    """How many are not told for one reason, and which of them know the person."""

    reason: Reason
    count: int
    knowing: tuple[Institution, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """All who were decided against, with what they were decided from.

    `digest` is over each of them with its reason, so that none can be exchanged for another.
    """

    decided_for: date
    policy_revision: int
    repertory_position: str
    told: int
    untold: tuple[Untold, ...]
    digest: bytes


def summarise(
    decisions: Mapping[Institution, Decision], policy: Policy, person: Person, on: date
) -> Summary:
    """What became of those that are not told among `decisions`, each on one sort of data."""
    against = {
        institution: reason
        for institution, decided in sorted(decisions.items())
        if (reason := decided.data_sorts[0].reason) is not None
    }
    told = sum(decided.verdict is Verdict.PERMITTED for decided in decisions.values())
    knowing = {inscription.institution for inscription in person.inscriptions}
    by_reason: dict[Reason, list[Institution]] = {}
    for institution, reason in against.items():
        by_reason.setdefault(reason, []).append(institution)
    groups = tuple(
        Untold(
            reason,
            len(by_reason[reason]),
            tuple(one for one in by_reason[reason] if one in knowing)[:MOST_NAMED],
        )
        for reason in sorted(by_reason, key=lambda reason: reason.value)
    )
    lines = "".join(f"{institution} {reason.name}\n" for institution, reason in against.items())
    digest = hashlib.sha256(lines.encode()).digest()
    return Summary(on, policy.revision, person.position, told, groups, digest)
