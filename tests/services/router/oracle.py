"""What the law says of a question, day by day and line by line: slow, and nothing clever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mesh.institutions import Institution
from mesh.sectors import Party, Sector
from services.router.domain import (
    Authorization,
    Decision,
    Inscription,
    Person,
    Policy,
    Question,
    Use,
)
from tests.services.router import worlds


@dataclass(frozen=True)
class Answer:
    """On one sort of data: the reason of a refusal or PERMITTED, and what it rests on and gives."""

    said: str
    grounds: frozenset[str] = frozenset()
    holders: frozenset[Institution] = frozenset()
    fields: frozenset[str] = frozenset()


def answers(question: Question, policy: Policy, person: Person, on: date) -> dict[str, Answer]:
    return {sort: answer(question, sort, policy, person, on) for sort in question.data_sorts}


def answer(question: Question, sort: str, policy: Policy, person: Person, on: date) -> Answer:
    if not any(
        record.institution == question.asker and on in record.period
        for record in policy.institutions.values()
    ):
        return Answer("UNKNOWN_INSTITUTION")
    if not policy.availabilities.get(sort):
        return Answer("UNKNOWN_DATA_SORT")
    every = {a for granted in policy.authorizations.values() for a in granted}
    usable = {a for a in every if may_use(a, question, sort, on)}
    if not usable:
        return Answer("NOT_AUTHORISED")
    good = {a for a in usable if knows(a, question, person)}
    if not good:
        return Answer("SUBJECT_NOT_INTEGRATED", ids(usable))
    holders = frozenset(
        living
        for availability in policy.availabilities[sort]
        for line in person.inscriptions
        for living in living_for(line.institution, policy, on)
        if is_of(line.institution, availability.holder)
        and (not availability.qualities or line.quality in availability.qualities)
        and any(day in line.period and day in question.period for day in worlds.EVERY_DAY)
    )
    if question.use is Use.CONSULTATION and not holders:
        return Answer("UNKNOWN_PERSON" if person.unknown else "NO_HOLDER", ids(good))
    everything = any(not a.fields for a in good)
    given = frozenset(f for a in good for f in a.fields if not everything)
    return Answer("PERMITTED", ids(good), holders, given)


def may_use(a: Authorization, question: Question, sort: str, on: date) -> bool:
    return (
        question.asker is not None
        and is_of(question.asker, a.recipient)
        and sort in a.data_sorts
        and question.use in a.uses
        and on in a.period
        and (question.purpose is None or a.purpose == question.purpose)
        and (question.quality is None or not a.qualities or question.quality in a.qualities)
    )


def is_of(institution: Institution, party: Party) -> bool:
    """A sector is all of its institutions but number 0, that which manages."""
    if isinstance(party, Sector):
        return institution.sector == party.code and institution.number > 0
    return institution == party


def living_for(institution: Institution, policy: Policy, on: date) -> set[Institution]:
    """The institution that answers for it on a day: at most one, after at most all others."""
    record = policy.institutions[institution]
    for _ in policy.institutions:
        if on in record.period:
            return {record.institution}
        if record.successor is None or on < record.period.begin:
            return set()
        record = policy.institutions[record.successor]
    return set()


def knows(a: Authorization, question: Question, person: Person) -> bool:
    if not a.blocking:
        return True
    lines = [line for line in person.inscriptions if fits(line, a, question)]
    asked = [day for day in worlds.EVERY_DAY if day in question.period]
    known = [any(day in line.period for line in lines) for day in asked]
    return any(known) if question.use is Use.DISTRIBUTION else all(known)


def fits(line: Inscription, a: Authorization, question: Question) -> bool:
    return (
        line.institution == question.asker
        and (not a.qualities or line.quality in a.qualities)
        and (question.quality is None or line.quality == question.quality)
    )


def ids(authorizations: set[Authorization]) -> frozenset[str]:
    return frozenset(a.id for a in authorizations)


def of(decided: Decision) -> dict[str, Answer]:
    """What the engine decided, in the words of the oracle."""
    return {
        part.data_sort: Answer(
            part.reason.name if part.reason else "PERMITTED",
            frozenset(ground.id for ground in part.grounds),
            frozenset(part.holders),
            part.fields,
        )
        for part in decided.data_sorts
    }
