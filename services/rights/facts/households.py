"""Households: the groups of a person over time, and who is in one on a day."""

from __future__ import annotations

from datetime import date

from mesh.periods import ALWAYS
from services.rights.domain import Group, Household, Membership, Rule, World


def groups(rule: Rule, person: str, world: World) -> tuple[Household, ...]:
    """The groups of a person over time, as the rule means them; none where none is known."""
    return of(rule.group, person, world)


def of(group: Group, person: str, world: World) -> tuple[Household, ...]:
    """All of one sort in which the person ever is."""
    if group is Group.PERSON:
        return (alone(person),)
    return tuple(
        h
        for h in world.homes.get(person, ())
        if h.group is group and any(m.ssin == person for m in h.members)
    )


def present(household: Household, day: date) -> tuple[tuple[str, Membership], ...]:
    """Who belongs to it on a day, and as what, in order of number."""
    there = {m.ssin: m for m in sorted(household.members) if day in m.period}
    return tuple(sorted(there.items()))


def alone(person: str) -> Household:
    """A person as a group of her own."""
    return Household((Membership(person, ALWAYS),), group=Group.PERSON)
