"""Statements, facts, households, rules and decisions: the nouns of derived rights."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from mesh.institutions import Institution
from mesh.periods import Period
from services.rights import expression


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

    @property
    def key(self) -> tuple[str, Institution, str, str, date]:
        """What the statement is about: a later one with the same key takes its place."""
        return (self.ssin, self.institution, self.data_sort, self.strand, self.period.begin)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery from the mailbox; `statement` is None where it only asks to look again."""

    ssin: str
    position: int
    ticket: str
    traceparent: str
    statement: Statement | None
    concerns: bool
    """Whether any rule depends on it."""


@dataclass(frozen=True, slots=True, order=True)
class Membership:
    """The days on which a person lives with the others of a household."""

    ssin: str
    period: Period


@dataclass(frozen=True, slots=True)
class Household:
    """Who is domiciled together at one address, each for days of their own."""

    members: tuple[Membership, ...]
    ticket: str = ""
    """Of the consultation by which it is known."""

    @property
    def ssins(self) -> frozenset[str]:
        return frozenset(m.ssin for m in self.members)


class Group(StrEnum):
    """Whose statuses count for a person's right."""

    PERSON = "person"
    DOMICILE = "domicile"


@dataclass(frozen=True, slots=True)
class Article:
    """A legal article; unverified ones await a jurist."""

    act: str
    article: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Window:
    """How the days of a right follow from the days of its ground; see `windows`."""

    begin: str
    until: str


@dataclass(frozen=True, slots=True)
class Ground:
    """A condition, and the window that it opens."""

    text: str
    when: expression.Node
    window: Window


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter's value from a day on: a number, or an amount in cents."""

    begin: date
    value: int
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Version:
    """The rule between two dates. A new law is a new version, never an edit."""

    validity: Period
    known_from: date
    legal: tuple[Article, ...]
    facts: dict[str, frozenset[str]]
    """Name used in the formula > the statuses that make it true."""
    grounds: tuple[Ground, ...]
    params: dict[str, tuple[Value, ...]]
    digest: str

    @property
    def name(self) -> str:
        """First day of validity and the digest of its content."""
        return f"{self.validity.begin.isoformat()}/{self.digest}"

    def param_on(self, name: str, day: date) -> Value:
        return max((v for v in self.params[name] if v.begin <= day), key=lambda v: v.begin)

    def params_on(self, day: date) -> dict[str, int]:
        return {name: self.param_on(name, day).value for name in self.params}


@dataclass(frozen=True, slots=True)
class Rule:
    """A right in law, over time."""

    id: str
    title: dict[str, str]
    group: Group
    granted_by: str
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Days on which a right holds, and why."""

    period: Period
    renewable: bool
    """The ground still holds at the end of the period: the next year extends it."""
    ground: Period
    """The last unbroken days on which the condition was met; open while they run."""
    version: str


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
    ticket: str = field(default="", compare=False)
    """Under which it was published."""
