"""Editions of the law: what tells one from another, and on which day more of it is known."""

from __future__ import annotations

import hashlib
from datetime import date

from services.rights.domain import Rule
from services.rights.law.rulebook import Rulebook


def digest(rulebook: Rulebook) -> str:
    """Of all that may change a decision: versions, values of parameters, and the statuses."""
    told = hashlib.sha256()
    for name in sorted(rulebook.rules):
        for version in rulebook.rules[name].versions:
            told.update(f"{name} {version.name} {version.known_from}\n".encode())
            for param, values in sorted(version.params.items()):
                told.update(f"{param} {values}\n".encode())
    for name, sort in sorted(rulebook.statuses.sorts.items()):
        told.update(
            f"{name} {sorted(sort.values)} {sort.one_at_a_time} {sort.authority}\n".encode()
        )
    return told.hexdigest()


def becoming_known(rulebook: Rulebook, after: date, until: date) -> frozenset[str]:
    """The rights of which a version or a value becomes known after one day and up to another.

    And all that read one of them.
    """
    found: set[str] = set()
    for rule in rulebook.rules.values():  # each after those that it reads
        if rule.rights_read & found or any(after < day <= until for day in _days(rule)):
            found.add(rule.id)
    return frozenset(found)


def _days(rule: Rule) -> list[date]:
    values = (v for version in rule.versions for own in version.params.values() for v in own)
    return [*(version.known_from for version in rule.versions), *(v.known_from for v in values)]
