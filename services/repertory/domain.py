"""Inscriptions, and the policy: institutions, availabilities, deliberations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TypeAlias

from mesh.institutions import Institution
from mesh.periods import ALWAYS, Period
from mesh.sectors import Party

Day: TypeAlias = date


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What lines have in common that are merged when they touch."""

    ssin: str
    institution: Institution
    quality: int
    phase: int


@dataclass(frozen=True, slots=True, order=True)
class Inscription:
    """That an institution knows a person in a quality over a period."""

    key: Key
    period: Period
    recorded_at: datetime | None = field(default=None, compare=False)
    """When the repertory learned of it; None before it did."""


@dataclass(frozen=True, slots=True)
class Person:
    """What is known under one number. The lines bear the number in force and are in no order."""

    ssin: str
    inscriptions: tuple[Inscription, ...]
    replaced_by: str = ""
    deceased_on: Day | None = None
    unknown: bool = False
    """Nothing was ever recorded of the number."""


class Use(Enum):
    """What an authorization is good for; values are those of the contract."""

    CONSULTATION = 1
    DISTRIBUTION = 2
    BOTH = 3


class IntegrationControl(Enum):
    """Whether the recipient must know the person; values are those of the contract."""

    BLOCKING = 1
    NON_BLOCKING = 2


class Level(Enum):
    """Where in the star an institution stands; values are those of the contract."""

    PRIMARY = 1
    SECONDARY = 2


@dataclass(frozen=True, slots=True)
class InstitutionRecord:
    """An institution of the network; `identities` are the paths that speak for it.

    One of level secondary stands behind `managing`; `successor` took over when it ended.
    """

    institution: Institution
    name: str
    enterprise_number: str = ""
    identities: tuple[str, ...] = ()
    supplier_address: str = ""
    supplier_name: str = ""
    period: Period = ALWAYS
    revoked_certificates: tuple[str, ...] = ()
    level: Level = Level.PRIMARY
    managing: Institution | None = None
    successor: Institution | None = None
    name_nl: str = ""
    name_fr: str = ""


@dataclass(frozen=True, slots=True)
class Availability:
    """Who holds a sort of data, on persons known there in one of `qualities` (empty: any).

    One held `beyond` this network is asked of the primary hub, in the name of `holder`.
    """

    data_sort: str
    attestation: str
    holder: Party
    qualities: tuple[int, ...] = ()
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class Authorization:
    """One thing a deliberation allows. Empty `qualities` and `fields` mean all.

    What was received may be kept for `retention_days`; 0 is none stated.
    """

    id: str
    recipient: Party
    data_sorts: tuple[str, ...]
    purpose: str
    use: Use
    integration_control: IntegrationControl
    qualities: tuple[int, ...] = ()
    fields: tuple[str, ...] = ()
    period: Period = ALWAYS
    retention_days: int = 0


@dataclass(frozen=True, slots=True)
class Deliberation:
    """A decision of the Information Security Committee, in force from `date` up to `until`."""

    number: str
    date: date
    article: str
    authorizations: tuple[Authorization, ...]
    title: str = ""
    until: Day = ALWAYS.end

    def __post_init__(self) -> None:
        if self.until <= self.date:
            raise ValueError("a deliberation ends after the day it was taken")

    @property
    def term(self) -> Period:
        """The days on which it grounds anything."""
        return Period(self.date, self.until)

    def term_of(self, authorization: Authorization) -> Period | None:
        """The days on which one of its authorizations may be used; None where there are none."""
        return authorization.period.intersection(self.term)


@dataclass(frozen=True, slots=True)
class Quota:
    """How many consultations an institution may ask for a purpose (empty: all together).

    0 is not limited; a burst of 0 is as many as in a second.
    """

    institution: Institution
    purpose: str = ""
    per_second: int = 0
    burst: int = 0
    per_day: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """Who exists, who holds what, who may receive what, how much; as of one revision."""

    revision: int
    institutions: tuple[InstitutionRecord, ...] = ()
    availabilities: tuple[Availability, ...] = ()
    deliberations: tuple[Deliberation, ...] = ()
    quotas: tuple[Quota, ...] = ()
