"""Deciding: the one pure function behind every consultation, explanation and distribution.

The order is the law's: who asks, may they have this, do they know the person, who holds it.
Nothing about the person is looked at before the question is authorised.
"""

from __future__ import annotations

from datetime import date

from mesh import periods, sectors
from mesh.institutions import Institution
from mesh.periods import Period
from services.router.domain import (
    Authorization,
    Availability,
    DataSortDecision,
    Decision,
    Person,
    Policy,
    Question,
    Reason,
    Use,
)


def needs_person(question: Question, policy: Policy, on: date) -> bool:
    """Whether deciding must read the repertory: only if some sort of data is authorised at all."""
    return any(_authorised(question, sort, policy, on)[0] is None for sort in question.data_sorts)


def decide(question: Question, policy: Policy, person: Person | None, on: date) -> Decision:
    """Decide a question for a day. `person` may be None only where `needs_person` is False."""
    parts = tuple(_decide_sort(question, sort, policy, person, on) for sort in question.data_sorts)
    return Decision(parts, on, policy.revision, person.position if person else "")


def _decide_sort(
    question: Question, sort: str, policy: Policy, person: Person | None, on: date
) -> DataSortDecision:
    reason, authorizations = _authorised(question, sort, policy, on)
    if reason is not None:
        return DataSortDecision(sort, reason)
    if person is None:
        raise ValueError("an authorised question needs the person")
    grounds = tuple(a for a in authorizations if _integrated(question, a, person))
    if not grounds:
        return DataSortDecision(sort, Reason.SUBJECT_NOT_INTEGRATED, authorizations)
    held_by = holders(sort, question.period, policy, person, on)
    if question.use is Use.CONSULTATION and not held_by:
        missing = Reason.UNKNOWN_PERSON if person.unknown else Reason.NO_HOLDER
        return DataSortDecision(sort, missing, grounds)
    return DataSortDecision(sort, None, grounds, held_by, _fields(grounds))


def _authorised(
    question: Question, sort: str, policy: Policy, on: date
) -> tuple[Reason | None, tuple[Authorization, ...]]:
    asker = question.asker
    record = policy.institutions.get(asker) if asker else None
    if asker is None or record is None or on not in record.period:
        return Reason.UNKNOWN_INSTITUTION, ()
    if sort not in policy.availabilities:
        return Reason.UNKNOWN_DATA_SORT, ()
    found = tuple(
        authorization
        for authorization in policy.granted(asker, sort)
        if question.use in authorization.uses
        and on in authorization.period
        and question.purpose in {None, authorization.purpose}
        and (question.quality is None or _fits(question.quality, authorization.qualities))
    )
    return (None, found) if found else (Reason.NOT_AUTHORISED, ())


def _integrated(question: Question, authorization: Authorization, person: Person) -> bool:
    """Consulting needs the person known over the whole period; being told, over some of it."""
    if not authorization.blocking:
        return True
    known = [
        inscription.period
        for inscription in person.inscriptions
        if inscription.institution == question.asker
        and _fits(inscription.quality, authorization.qualities)
        and question.quality in {None, inscription.quality}
    ]
    if question.use is Use.DISTRIBUTION:
        return any(period.overlaps(question.period) for period in known)
    return periods.covered(question.period, known)


def holders(
    sort: str, period: Period, policy: Policy, person: Person, on: date
) -> tuple[Institution, ...]:
    """Who holds a sort of data on the person in the period and exists on the day.

    In the place of one that ended stands its successor. What is held beyond is always asked.
    """
    found: dict[Institution, None] = {}
    for availability in policy.availabilities.get(sort, ()):
        if availability.beyond and isinstance(availability.holder, Institution):
            found[availability.holder] = None
        else:
            known = _knowing(person, availability, period)
            living = {policy.in_place_of(institution, on) for institution in known}
            found |= dict.fromkeys(sorted(one for one in living if one))
    return tuple(found)


def _knowing(person: Person, availability: Availability, period: Period) -> set[Institution]:
    """The institutions that know her as the holders of a sort of data must, in the period."""
    return {
        inscription.institution
        for inscription in person.inscriptions
        if sectors.includes(availability.holder, inscription.institution)
        and _fits(inscription.quality, availability.qualities)
        and inscription.period.overlaps(period)
    }


def _fits(quality: int, qualities: frozenset[int]) -> bool:
    return not qualities or quality in qualities


def _fields(grounds: tuple[Authorization, ...]) -> frozenset[str]:
    """All that the grounds together give; one that gives everything gives everything."""
    if any(not ground.fields for ground in grounds):
        return frozenset()
    return frozenset[str]().union(*(ground.fields for ground in grounds))
