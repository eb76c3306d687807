"""Statements, facts, households, rules and decisions: the nouns of derived rights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from mesh.clock import BRUSSELS
from mesh.institutions import Institution
from mesh.periods import Period
from services.rights.law import expression
from services.rights.law.provisions import Article, Ground, Value


@dataclass(frozen=True, slots=True)
class Statement:
    """What an institution said on one person, by which message; never changed, only superseded."""

    ssin: str
    institution: Institution
    data_sort: str
    status: str
    strand: str
    """Tells apart what one institution may say on one begin: the status where several may hold."""
    period: Period
    cancelled: bool
    ticket: str
    position: int
    """Its number in the mailbox: of two statements on the same thing, the higher one counts."""
    amount: int | None = None
    """In cents, where the status is an amount: the income of the year that the period is."""

    @property
    def key(self) -> tuple[str, Institution, str, str, date]:
        """What the statement is about: a later one with the same key takes its place."""
        return (self.ssin, self.institution, self.data_sort, self.strand, self.period.begin)


class Group(StrEnum):
    """Whose facts count for a person's right."""

    PERSON = "person"
    DOMICILE = "domicile"
    FUND_HOUSEHOLD = "fund_household"
    """Holder, partner and dependants as the health fund knows them."""
    FAMILY = "family"
    """Those who raise children together, and the children, as the payer of benefits knows them."""


ROLES: Final[Mapping[Group, frozenset[str]]] = {
    Group.PERSON: frozenset(),
    Group.DOMICILE: frozenset(),
    Group.FUND_HOUSEHOLD: frozenset({"HOLDER", "PARTNER", "DEPENDANT"}),
    Group.FAMILY: frozenset({"PARENT", "CHILD"}),
}
"""As what one can be in a group."""


@dataclass(frozen=True, slots=True, order=True)
class Membership:
    """The days on which a person belongs to a group, and as what."""

    ssin: str
    period: Period
    role: str = ""
    """`HOLDER`, `PARTNER` or `DEPENDANT` of a fund household, `PARENT` or `CHILD` of a family."""


@dataclass(frozen=True, slots=True)
class Household:
    """Who belongs together in one sort of group, each for days of their own."""

    members: tuple[Membership, ...]
    ticket: str = ""
    """Of the message by which it is known."""
    group: Group = Group.DOMICILE

    @property
    def ssins(self) -> frozenset[str]:
        return frozenset(m.ssin for m in self.members)


@dataclass(frozen=True, slots=True)
class World:
    """All that counts for some persons: what holds of each, and the groups that each is in."""

    facts: Mapping[str, Sequence[Statement]]
    homes: Mapping[str, Sequence[Household]]


@dataclass(frozen=True, slots=True)
class Fact:
    """What a formula calls by one name: which days it has, from what was said or granted.

    The days of `statuses` (any of them), or of `right`; of those that began before the birthday
    `before_age`; from when they have lasted `held` months without a break; `later` months later.
    """

    statuses: frozenset[str] = frozenset()
    right: str = ""
    amount: bool = False
    """Its one status is an amount, and the fact has a value on each of its days."""
    before_age: int = 0
    held: int = 0
    later: int = 0


@dataclass(frozen=True, slots=True)
class Version:
    """The rule between two dates. A new law is a new version, never an edit."""

    validity: Period
    known_from: date
    legal: tuple[Article, ...]
    facts: Mapping[str, Fact]
    """By the name that the formulas use."""
    grounds: tuple[Ground, ...]
    params: Mapping[str, tuple[Value, ...]]
    amount: expression.Node | None
    """What the right is worth on a day, in cents; None where it is only had or not."""
    digest: str
    waivable_workdays: int | None = None
    """The working days after a decision within which the right may be waived; None: never."""

    @property
    def formulas(self) -> tuple[expression.Node, ...]:
        conditions = tuple(ground.when for ground in self.grounds)
        return conditions if self.amount is None else (*conditions, self.amount)

    @property
    def ages(self) -> frozenset[int]:
        """The birthdays on which an answer can change."""
        return frozenset(years for node in self.formulas for years in expression.ages(node))

    @property
    def born(self) -> bool:
        """Whether an answer can change with a day of birth."""
        return bool(self.ages) or any(fact.before_age for fact in self.facts.values())

    @property
    def name(self) -> str:
        """First day of validity and the digest of its content."""
        return f"{self.validity.begin.isoformat()}/{self.digest}"

    def param_on(self, name: str, day: date) -> Value:
        """The last value of those that begin by a day; of equals the one known last."""
        values = (v for v in self.params[name] if v.begin <= day)
        return max(values, key=lambda v: (v.begin, v.known_from))

    def params_on(self, day: date) -> dict[str, int]:
        return {name: self.param_on(name, day).value for name in self.params}


@dataclass(frozen=True, slots=True)
class Rule:
    """A right in law, over time."""

    id: str
    title: Mapping[str, str]
    explanation: Mapping[str, str]
    """For people: what it is, and who has it."""
    group: Group
    granted_by: str
    automatic: bool
    """Granted without being asked; else the person asks, and needs no certificate."""
    versions: tuple[Version, ...]

    @property
    def rights_read(self) -> frozenset[str]:
        """The rights that are facts for this one."""
        facts = (fact for version in self.versions for fact in version.facts.values())
        return frozenset(fact.right for fact in facts if fact.right)


Amounts = tuple[tuple[Period, int], ...]
"""What a right is worth on which of its days, in cents; neighbours differ."""


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Days on which a right holds, and why."""

    period: Period
    renewable: bool
    """The ground still holds at the end of the period: the next year extends it."""
    ground: Period
    """The last unbroken days on which the condition was met; open while they run."""
    version: str
    amounts: Amounts = ()


class DecisionKind(StrEnum):
    """What happened to a right."""

    GRANTED = "GRANTED"
    CHANGED = "CHANGED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision on one right of one person."""

    id: str
    entitlement_id: str
    """Of the decision that granted it first: one for all that follow."""
    ssin: str
    right: str
    kind: DecisionKind
    period: Period
    """The days the decision is about."""
    void: bool
    """The right never was: it holds on none of these days."""
    renewable: bool
    ground: Period
    version: str
    decided_at: datetime
    caused_by: str = ""
    """Ticket of the message that led to it; empty where a date did."""
    amounts: Amounts = ()
    ticket: str = field(default="", compare=False)
    """Under which it was published."""

    @property
    def decided_on(self) -> date:
        """The day in Brussels."""
        return self.decided_at.astimezone(BRUSSELS).date()
