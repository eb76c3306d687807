"""The items a policy is made of, each with the revision that brought it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from mesh import sectors
from mesh.institutions import Institution
from services.repertory import documents
from services.repertory.documents import Document
from services.repertory.domain import (
    Availability,
    Deliberation,
    InstitutionRecord,
    Policy,
    Quota,
)

CATALOGUE = "catalogue"
OPERATOR = "operator"


class Kind(Enum):
    INSTITUTION = "institution"
    AVAILABILITY = "availability"
    DELIBERATION = "deliberation"
    QUOTA = "quota"


@dataclass(frozen=True, slots=True)
class Item:
    """One institution, availability, deliberation or quota.

    `since` is the revision that first held it.
    """

    kind: Kind
    key: str
    document: Document
    origin: str = CATALOGUE
    since: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a revision closes and opens."""

    closed: tuple[Item, ...]
    opened: tuple[Item, ...]


def of_institution(record: InstitutionRecord, origin: str = CATALOGUE) -> Item:
    document = documents.of_institution(record)
    return Item(Kind.INSTITUTION, str(record.institution), document, origin)


def of_deliberation(deliberation: Deliberation, origin: str = CATALOGUE) -> Item:
    document = documents.of_deliberation(deliberation)
    return Item(Kind.DELIBERATION, deliberation.number, document, origin)


def of_availability(availability: Availability, origin: str = CATALOGUE) -> Item:
    document = documents.of_availability(availability)
    key = f"{availability.data_sort} {availability.holder}"
    return Item(Kind.AVAILABILITY, key, document, origin)


def of_quota(quota: Quota, origin: str = CATALOGUE) -> Item:
    key = f"{quota.institution} {quota.purpose}".strip()
    return Item(Kind.QUOTA, key, documents.of_quota(quota), origin)


def of_policy(policy: Policy) -> list[Item]:
    return [
        *(of_institution(record) for record in policy.institutions),
        *(of_availability(availability) for availability in policy.availabilities),
        *(of_deliberation(deliberation) for deliberation in policy.deliberations),
        *(of_quota(quota) for quota in policy.quotas),
    ]


def policy(revision: int, items: Iterable[Item]) -> Policy:
    """The policy in the order in which it is listed."""
    by_kind: dict[Kind, list[Document]] = {kind: [] for kind in Kind}
    for item in items:
        by_kind[item.kind].append(item.document)
    institutions = map(documents.institution, by_kind[Kind.INSTITUTION])
    availabilities = map(documents.availability, by_kind[Kind.AVAILABILITY])
    deliberations = map(documents.deliberation, by_kind[Kind.DELIBERATION])
    quotas = map(documents.quota, by_kind[Kind.QUOTA])
    return Policy(
        revision,
        tuple(sorted(institutions, key=_place)),
        tuple(sorted(availabilities, key=lambda one: (one.data_sort, sectors.place(one.holder)))),
        tuple(sorted(deliberations, key=lambda one: one.number)),
        tuple(sorted(quotas, key=lambda one: (one.institution, one.purpose))),
    )


def put(items: Iterable[Item], added: Iterable[Item]) -> list[Item]:
    """The items with some added or replaced; one that says the same stays as it is."""
    by_place = {(one.kind, one.key): one for one in items}
    for item in added:
        standing = by_place.get((item.kind, item.key))
        if standing is None or standing.document != item.document:
            by_place[item.kind, item.key] = item
    return list(by_place.values())


def difference(before: Iterable[Item], after: Iterable[Item]) -> Difference:
    ours = {(item.kind, item.key): item for item in before}
    theirs = {(item.kind, item.key): item for item in after}
    return Difference(
        tuple(item for place, item in ours.items() if theirs.get(place) != item),
        tuple(item for place, item in theirs.items() if ours.get(place) != item),
    )


def _place(record: InstitutionRecord) -> Institution:
    return record.institution
