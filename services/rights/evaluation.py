"""Evaluation: from a person's households and the facts in them to the days of her right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

from mesh.periods import ALWAYS, Period, merge
from services.rights import expression, windows
from services.rights.domain import (
    Entitlement,
    Ground,
    Group,
    Household,
    Membership,
    Rule,
    Statement,
    Version,
)


def facts_of(statements: Iterable[Statement]) -> dict[str, tuple[Statement, ...]]:
    """What holds by person: of each thing said the last word, without what was cancelled.

    Neither the order of the statements nor repetitions matter.
    """
    last: dict[tuple[object, ...], Statement] = {}
    for statement in statements:
        before = last.get(statement.key)
        if before is None or before.position < statement.position:
            last[statement.key] = statement
    by_person: dict[str, list[Statement]] = {}
    for statement in sorted(last.values(), key=lambda s: s.position):
        if not statement.cancelled:
            by_person.setdefault(statement.ssin, []).append(statement)
    return {ssin: tuple(found) for ssin, found in by_person.items()}


def groups(rule: Rule, person: str, households: Sequence[Household]) -> tuple[Household, ...]:
    """The groups of a person over time, as the rule means them."""
    if rule.group is Group.PERSON:
        return (Household((Membership(person, ALWAYS),)),)
    return tuple(h for h in households if person in h.ssins)


def entitlements(
    rule: Rule,
    person: str,
    households: Sequence[Household],
    facts: Mapping[str, Sequence[Statement]],
    today: date,
) -> tuple[Entitlement, ...]:
    """The days of one person's right, decided on `today` with the law as known on it.

    Grounds that run on after the horizon are cut there and called renewable; grounds that
    begin after it wait for the next year.
    """
    since, until = rule.versions[0].validity.begin, windows.horizon(today)
    opened = [
        Entitlement(
            windows.opened(ground.window, days, since, until),
            days.end > until,
            days,
            version.name,
        )
        for version in versions_known(rule, today)
        for ground in version.grounds
        for days in grounded(version, ground, person, groups(rule, person, households), facts)
        if days.begin < until
    ]
    return _merged(opened)


def versions_known(rule: Rule, today: date) -> tuple[Version, ...]:
    """The law as known on a day: until a new version is known, the one before it runs on."""
    known = [v for v in rule.versions if v.known_from <= today]
    ends = [*(later.validity.begin for later in known[1:]), date.max]
    return tuple(
        replace(version, validity=Period(version.validity.begin, end))
        for version, end in zip(known, ends, strict=True)
    )


def grounded(
    version: Version,
    ground: Ground,
    person: str,
    households: Sequence[Household],
    facts: Mapping[str, Sequence[Statement]],
) -> tuple[Period, ...]:
    """The days on which the condition is met for a person, as the fewest periods."""
    return merge(
        segment
        for household in households
        for segment in _segments(version, household, facts)
        if any(m.ssin == person and m.period.covers(segment) for m in household.members)
        and expression.evaluate(ground.when, situation(version, household, facts, segment.begin))
    )


def situation(
    version: Version,
    household: Household,
    facts: Mapping[str, Sequence[Statement]],
    day: date,
) -> expression.Situation:
    """The household on one day, in the words of the formula."""
    return expression.Situation(
        tuple(
            frozenset(
                name
                for name, statuses in version.facts.items()
                if any(s.status in statuses and day in s.period for s in facts.get(ssin, ()))
            )
            for ssin in present(household, day)
        ),
        version.params_on(day),
    )


def present(household: Household, day: date) -> tuple[str, ...]:
    """Who lives there on a day, in order of number."""
    return tuple(sorted({m.ssin for m in household.members if day in m.period}))


def is_due(
    rule: Rule,
    person: str,
    households: Sequence[Household],
    facts: Mapping[str, Sequence[Statement]],
    today: date,
) -> bool:
    """Whether the next year must look again: a ground reaches beyond the horizon."""
    until = windows.horizon(today)
    return any(
        days.end > until
        for version in versions_known(rule, today)
        for ground in version.grounds
        for days in grounded(version, ground, person, groups(rule, person, households), facts)
    )


def _segments(
    version: Version, household: Household, facts: Mapping[str, Sequence[Statement]]
) -> Iterable[Period]:
    """The version's days, cut wherever a membership, a fact or a parameter changes."""
    periods = [m.period for m in household.members]
    periods += [s.period for ssin in household.ssins for s in facts.get(ssin, ())]
    days = {day for p in periods for day in (p.begin, p.end)}
    days |= {value.begin for values in version.params.values() for value in values}
    inside = {day for day in days if version.validity.begin < day < version.validity.end}
    cuts = sorted({version.validity.begin, version.validity.end, *inside})
    return [Period(begin, end) for begin, end in pairwise(cuts)]


def _merged(opened: Iterable[Entitlement]) -> tuple[Entitlement, ...]:
    """Neighbours made one; the ground that reaches furthest explains them."""
    merged: list[Entitlement] = []
    for entitlement in sorted(opened, key=lambda e: (e.period, e.ground, e.version)):
        if merged and merged[-1].period.touches(entitlement.period):
            merged[-1] = _joined(merged[-1], entitlement)
        else:
            merged.append(entitlement)
    return tuple(merged)


def _joined(one: Entitlement, other: Entitlement) -> Entitlement:
    further = max(one, other, key=lambda e: (e.ground.end, e.ground.begin, e.version))
    return Entitlement(
        Period(one.period.begin, max(one.period.end, other.period.end)),
        one.renewable or other.renewable,
        further.ground,
        further.version,
    )
