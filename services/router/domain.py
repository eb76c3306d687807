"""The nouns of deciding: who asks what about whom, what the policy says, what was decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import TypeVar

from mesh import sectors
from mesh.institutions import Institution
from mesh.periods import ALWAYS, Period
from mesh.sectors import Party
from services.router.quota import Quota

K = TypeVar("K")
V = TypeVar("V")


class Use(Enum):
    CONSULTATION = 1
    DISTRIBUTION = 2


class Verdict(Enum):
    PERMITTED = 1
    REFUSED = 2


class Reason(Enum):
    """Why refused; values and order are those of the contract."""

    CERTIFICATE_REVOKED = 1
    UNKNOWN_INSTITUTION = 2
    UNKNOWN_DATA_SORT = 3
    NOT_AUTHORISED = 4
    SUBJECT_NOT_INTEGRATED = 5
    NO_HOLDER = 6
    UNKNOWN_PERSON = 7


@dataclass(frozen=True, slots=True)
class InstitutionRecord:
    """An institution as the policy has it; a member of a network stands behind `managing`."""

    institution: Institution
    name: str
    identities: frozenset[str]
    supplier_address: str
    supplier_name: str
    period: Period
    revoked: frozenset[str] = frozenset()
    managing: Institution | None = None
    successor: Institution | None = None


@dataclass(frozen=True, slots=True)
class Availability:
    """Who holds a sort of data, and in which qualities (empty: any) it knows the persons.

    One held `beyond` this network is asked of the primary hub, whoever the person is.
    """

    data_sort: str
    attestation: str
    holder: Party
    qualities: frozenset[int] = frozenset()
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class Authorization:
    """What one point of a deliberation allows. Empty `qualities` and `fields` mean all."""

    id: str
    deliberation: str
    article: str
    recipient: Party
    data_sorts: frozenset[str]
    purpose: str
    uses: frozenset[Use]
    blocking: bool
    qualities: frozenset[int] = frozenset()
    fields: frozenset[str] = frozenset()
    period: Period = ALWAYS


@dataclass(frozen=True)
class Policy:
    """Who exists, who holds what, who may receive what, how much; as of one revision."""

    revision: int
    institutions: Mapping[Institution, InstitutionRecord]
    availabilities: Mapping[str, tuple[Availability, ...]]
    authorizations: Mapping[tuple[Party, str], tuple[Authorization, ...]]
    speakers: Mapping[str, tuple[Institution, ...]] = field(default_factory=dict)
    recipients: Mapping[str, tuple[Institution, ...]] = field(default_factory=dict)
    quotas: Mapping[Institution, tuple[Quota, ...]] = field(default_factory=dict)

    @staticmethod
    def of(
        revision: int,
        institutions: tuple[InstitutionRecord, ...],
        availabilities: tuple[Availability, ...],
        authorizations: tuple[Authorization, ...],
        quotas: tuple[Quota, ...] = (),
    ) -> Policy:
        """Index plain lists by what decisions look up."""
        allowed = _by_key(
            ((one.recipient, data_sort), one)
            for one in sorted(authorizations, key=lambda a: a.id)
            for data_sort in one.data_sorts
        )
        in_order = sorted(institutions, key=lambda r: r.institution)
        told: dict[str, set[Institution]] = {}
        for (recipient, data_sort), grounds in allowed.items():
            if any(Use.DISTRIBUTION in ground.uses for ground in grounds):
                named = _named(recipient, grounds, institutions)
                told.setdefault(data_sort, set()).update(named)
        return Policy(
            revision,
            {record.institution: record for record in institutions},
            _by_key((one.data_sort, one) for one in availabilities),
            allowed,
            _by_key((path, one.institution) for one in in_order for path in one.identities),
            {key: tuple(sorted(value)) for key, value in told.items()},
            _by_key((one.institution, one) for one in quotas),
        )

    def granted(self, institution: Institution, data_sort: str) -> tuple[Authorization, ...]:
        """What it may have of a sort of data: its own authorizations, then those of its sector."""
        own = self.authorizations.get((institution, data_sort), ())
        sector = sectors.of(institution)
        return own + self.authorizations.get((sector, data_sort), ()) if sector else own

    def in_place_of(self, institution: Institution, on: date) -> Institution | None:
        """Itself while it exists; then the first of its successors that does. None: nobody."""
        passed: set[Institution] = set()
        one: Institution | None = institution
        while one is not None and one not in passed and one in self.institutions:
            record = self.institutions[one]
            if on in record.period:
                return one
            passed.add(one)
            one = record.successor if record.period.end <= on else None
        return None

    def speaking(self, path: str, on: date) -> tuple[Institution, ...]:
        """The institutions for which an identity speaks that exist on a day."""
        return tuple(
            institution
            for institution in self.speakers.get(path, ())
            if on in self.institutions[institution].period
        )


def _by_key(pairs: Iterable[tuple[K, V]]) -> dict[K, tuple[V, ...]]:
    found: dict[K, list[V]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in found.items()}


def _named(
    recipient: Party,
    grounds: Iterable[Authorization],
    institutions: Iterable[InstitutionRecord],
) -> Iterable[Institution]:
    """Those to be told whoever the person is, or to be told why not.

    Of a sector that is told only of persons it knows, those that know her are looked at alone.
    """
    if isinstance(recipient, Institution):
        return [recipient]
    if all(g.blocking for g in grounds if Use.DISTRIBUTION in g.uses):
        return []
    return [r.institution for r in institutions if sectors.includes(recipient, r.institution)]


@dataclass(frozen=True, slots=True)
class Inscription:
    """That an institution knows the person in a quality over a period."""

    institution: Institution
    quality: int
    period: Period


@dataclass(frozen=True, slots=True)
class Person:
    """What the repertory knows of one person, at one position of its log."""

    inscriptions: tuple[Inscription, ...]
    position: str
    replaced_by: str = ""
    deceased_on: date | None = None
    unknown: bool = False
    """The repertory never heard of her."""


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks, or would be told, what; the person is not named.

    `quality` and `purpose` are None for a distribution: any that an authorization names.
    """

    asker: Institution | None
    data_sorts: tuple[str, ...]
    period: Period
    use: Use
    quality: int | None = None
    purpose: str | None = None


@dataclass(frozen=True, slots=True)
class DataSortDecision:
    """What was decided on one sort of data. Empty `fields` means all."""

    data_sort: str
    reason: Reason | None = None
    grounds: tuple[Authorization, ...] = ()
    holders: tuple[Institution, ...] = ()
    fields: frozenset[str] = frozenset()

    @property
    def verdict(self) -> Verdict:
        return Verdict.PERMITTED if self.reason is None else Verdict.REFUSED


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision, with all it was made from that is not in the question."""

    data_sorts: tuple[DataSortDecision, ...]
    decided_for: date
    policy_revision: int
    repertory_position: str = ""

    @property
    def verdict(self) -> Verdict:
        for part in self.data_sorts:
            if part.reason is None:
                return Verdict.PERMITTED
        return Verdict.REFUSED
