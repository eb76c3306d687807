"""The nouns of deciding: who asks what about whom, what the policy says, what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from mesh.institutions import Institution
from mesh.periods import ALWAYS, Period


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


@dataclass(frozen=True, slots=True)
class Availability:
    """Who holds a sort of data, and in which qualities (empty: any) it knows the persons.

    One held `beyond` this network is asked of the primary hub, whoever the person is.
    """

    data_sort: str
    attestation: str
    holder: Institution
    qualities: frozenset[int] = frozenset()
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class Authorization:
    """What one point of a deliberation allows. Empty `qualities` and `fields` mean all."""

    id: str
    deliberation: str
    article: str
    recipient: Institution
    data_sorts: frozenset[str]
    purpose: str
    uses: frozenset[Use]
    blocking: bool
    qualities: frozenset[int] = frozenset()
    fields: frozenset[str] = frozenset()
    period: Period = ALWAYS


@dataclass(frozen=True, slots=True)
class Quota:
    """How many consultations an institution may ask for a purpose (empty: all together).

    0 is not limited; a burst of 0 is as many as in a second.
    """

    institution: Institution
    purpose: str = ""
    per_second: float = 0
    burst: float = 0
    per_day: int = 0


@dataclass(frozen=True)
class Policy:
    """Who exists, who holds what, who may receive what, how much; as of one revision."""

    revision: int
    institutions: Mapping[Institution, InstitutionRecord]
    availabilities: Mapping[str, tuple[Availability, ...]]
    authorizations: Mapping[tuple[Institution, str], tuple[Authorization, ...]]
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
        sorts: dict[str, list[Availability]] = {}
        for availability in availabilities:
            sorts.setdefault(availability.data_sort, []).append(availability)
        allowed: dict[tuple[Institution, str], list[Authorization]] = {}
        for authorization in sorted(authorizations, key=lambda a: a.id):
            for data_sort in authorization.data_sorts:
                allowed.setdefault((authorization.recipient, data_sort), []).append(authorization)
        speakers: dict[str, list[Institution]] = {}
        for record in sorted(institutions, key=lambda r: r.institution):
            for path in record.identities:
                speakers.setdefault(path, []).append(record.institution)
        told: dict[str, list[Institution]] = {}
        for (recipient, data_sort), grounds in allowed.items():
            if any(Use.DISTRIBUTION in ground.uses for ground in grounds):
                told.setdefault(data_sort, []).append(recipient)
        limited: dict[Institution, list[Quota]] = {}
        for quota in quotas:
            limited.setdefault(quota.institution, []).append(quota)
        return Policy(
            revision,
            {record.institution: record for record in institutions},
            {key: tuple(value) for key, value in sorts.items()},
            {key: tuple(value) for key, value in allowed.items()},
            {key: tuple(value) for key, value in speakers.items()},
            {key: tuple(sorted(value)) for key, value in told.items()},
            {key: tuple(value) for key, value in limited.items()},
        )

    def speaking(self, path: str, on: date) -> tuple[Institution, ...]:
        """The institutions for which an identity speaks that exist on a day."""
        return tuple(
            institution
            for institution in self.speakers.get(path, ())
            if on in self.institutions[institution].period
        )


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
