"""Reasons: the steps of an explanation, and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.rights.domain import Statement, Version
from services.rights.explaining.wording import Text
from services.rights.law.provisions import Article, Value
from services.rights.law.scalar import NOBODY, Member, Situation

SELF = "self"
MEMBER = "a member of the household"


@dataclass(frozen=True, slots=True)
class Source:
    """Who said something, and those who say otherwise of the same day and do not count."""

    statement: Statement
    otherwise: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Granted:
    """The right that a reason is of: its rule, version and law."""

    right: str
    version: str
    legal: tuple[Article, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """One step, and the steps that it rests on."""

    expression: str
    value: int | None
    """None where it would tell what another member has."""
    text: Text
    because: tuple[Reason, ...] = ()
    member: str = ""
    """Whose it is: the person herself, or a member by a number that is no one's."""
    source: Source | None = None
    parameter: Value | None = None
    granted: Granted | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """Those present in one group on one day."""

    version: Version
    day: date
    person: str
    """Whose right it is."""
    members: Mapping[str, Member]
    """By number; the person's own first."""
    params: Mapping[str, int]

    @property
    def situation(self) -> Situation:
        herself = self.members.get(self.person, NOBODY)
        return Situation(tuple(self.members.values()), self.params, herself)
