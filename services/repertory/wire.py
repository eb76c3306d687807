"""The contract's messages to the repertory's own nouns and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TypeVar

from crossroads.repertory.v1 import repertory_pb2

from mesh import clock, institutions, periods, sectors
from mesh.periods import ALWAYS
from mesh.sectors import Sector
from services.repertory.domain import (
    Authorization,
    Availability,
    Deliberation,
    Inscription,
    InstitutionRecord,
    IntegrationControl,
    Key,
    Level,
    Person,
    Policy,
    Quota,
    Use,
)

PolicyResponse = TypeVar(
    "PolicyResponse", repertory_pb2.WatchPolicyResponse, repertory_pb2.GetPolicyResponse
)
_USES = {
    Use.CONSULTATION: repertory_pb2.USE_CONSULTATION,
    Use.DISTRIBUTION: repertory_pb2.USE_DISTRIBUTION,
    Use.BOTH: repertory_pb2.USE_BOTH,
}
_LEVELS = {
    Level.PRIMARY: repertory_pb2.LEVEL_PRIMARY,
    Level.SECONDARY: repertory_pb2.LEVEL_SECONDARY,
}
_CONTROLS = {
    IntegrationControl.BLOCKING: repertory_pb2.INTEGRATION_CONTROL_BLOCKING,
    IntegrationControl.NON_BLOCKING: repertory_pb2.INTEGRATION_CONTROL_NON_BLOCKING,
}


def inscription(wire: repertory_pb2.Inscription) -> Inscription:
    """Raises ValueError for a period that has a day that does not exist."""
    institution = institutions.from_wire(wire.institution)
    return Inscription(
        Key(wire.ssin, institution, wire.quality, wire.phase), periods.from_wire(wire.period)
    )


def to_inscription(line: Inscription) -> repertory_pb2.Inscription:
    return repertory_pb2.Inscription(
        ssin=line.key.ssin,
        institution=institutions.to_wire(line.key.institution),
        quality=line.key.quality,
        phase=line.key.phase,
        period=periods.to_wire(line.period),
        recorded_at=clock.rfc3339(line.recorded_at) if line.recorded_at else "",
    )


def to_person(person: Person) -> repertory_pb2.PersonLookup:
    return repertory_pb2.PersonLookup(
        ssin=person.ssin,
        inscriptions=map(_to_line, person.inscriptions),
        replaced_by=person.replaced_by,
        deceased_on=person.deceased_on.isoformat() if person.deceased_on else "",
        unknown=person.unknown,
    )


def _to_line(line: Inscription) -> repertory_pb2.Inscription:
    """Without what the lookup of a person says once or nobody decides by."""
    return repertory_pb2.Inscription(
        institution=institutions.to_wire(line.key.institution),
        quality=line.key.quality,
        phase=line.key.phase,
        period=periods.to_wire(line.period),
    )


def institution(wire: repertory_pb2.InstitutionRecord) -> InstitutionRecord:
    return InstitutionRecord(
        institutions.from_wire(wire.institution),
        wire.name,
        wire.enterprise_number,
        tuple(wire.identities),
        wire.supplier_address,
        wire.supplier_name,
        periods.from_wire(wire.period) if wire.HasField("period") else ALWAYS,
        tuple(wire.revoked_certificates),
        Level(wire.level or repertory_pb2.LEVEL_PRIMARY),
        institutions.from_wire(wire.managing_institution)
        if wire.HasField("managing_institution")
        else None,
        institutions.from_wire(wire.successor) if wire.HasField("successor") else None,
        wire.name_nl,
        wire.name_fr,
    )


def to_institution(record: InstitutionRecord) -> repertory_pb2.InstitutionRecord:
    return repertory_pb2.InstitutionRecord(
        institution=institutions.to_wire(record.institution),
        name=record.name,
        enterprise_number=record.enterprise_number,
        identities=record.identities,
        supplier_address=record.supplier_address,
        supplier_name=record.supplier_name,
        period=periods.to_wire(record.period),
        revoked_certificates=record.revoked_certificates,
        level=_LEVELS[record.level],
        managing_institution=institutions.to_wire(record.managing) if record.managing else None,
        successor=institutions.to_wire(record.successor) if record.successor else None,
        name_nl=record.name_nl,
        name_fr=record.name_fr,
    )


def to_availability(availability: Availability) -> repertory_pb2.Availability:
    wire = repertory_pb2.Availability(
        data_sort=availability.data_sort,
        attestation=availability.attestation,
        qualities=availability.qualities,
        beyond=availability.beyond,
    )
    if isinstance(availability.holder, Sector):
        wire.holder_sector = availability.holder.code
    else:
        wire.holder.CopyFrom(institutions.to_wire(availability.holder))
    return wire


def availability(wire: repertory_pb2.Availability) -> Availability:
    return Availability(
        wire.data_sort,
        wire.attestation,
        sectors.from_wire(
            wire.holder, wire.holder_sector if wire.HasField("holder_sector") else None
        ),
        tuple(wire.qualities),
        wire.beyond,
    )


def deliberation(wire: repertory_pb2.Deliberation) -> Deliberation:
    """Raises ValueError for a day that does not exist."""
    return Deliberation(
        wire.number,
        date.fromisoformat(wire.date),
        wire.article,
        tuple(map(_authorization, wire.authorizations)),
        wire.title,
        date.fromisoformat(wire.until) if wire.until else ALWAYS.end,
    )


def to_deliberation(deliberation: Deliberation) -> repertory_pb2.Deliberation:
    return repertory_pb2.Deliberation(
        number=deliberation.number,
        date=deliberation.date.isoformat(),
        article=deliberation.article,
        authorizations=map(_to_authorization, deliberation.authorizations),
        title=deliberation.title,
        until="" if deliberation.until == ALWAYS.end else deliberation.until.isoformat(),
    )


def quota(wire: repertory_pb2.Quota) -> Quota:
    return Quota(
        institutions.from_wire(wire.institution),
        wire.purpose,
        wire.per_second,
        wire.burst,
        wire.per_day,
    )


def to_quota(quota: Quota) -> repertory_pb2.Quota:
    return repertory_pb2.Quota(
        institution=institutions.to_wire(quota.institution),
        purpose=quota.purpose,
        per_second=quota.per_second,
        burst=quota.burst,
        per_day=quota.per_day,
    )


def to_policy(policy: Policy, response: type[PolicyResponse]) -> PolicyResponse:
    return response(
        revision=policy.revision,
        institutions=map(to_institution, policy.institutions),
        availabilities=map(to_availability, policy.availabilities),
        deliberations=map(_in_its_term, policy.deliberations),
        quotas=map(to_quota, policy.quotas),
    )


def _in_its_term(deliberation: Deliberation) -> repertory_pb2.Deliberation:
    """For those who decide by it: each authorization on the days when it may be used."""
    wire = to_deliberation(deliberation)
    del wire.authorizations[:]
    for authorization in deliberation.authorizations:
        term = deliberation.term_of(authorization)
        if term is not None:
            wire.authorizations.append(_to_authorization(replace(authorization, period=term)))
    return wire


def _authorization(wire: repertory_pb2.Authorization) -> Authorization:
    return Authorization(
        wire.id,
        sectors.from_wire(
            wire.recipient, wire.recipient_sector if wire.HasField("recipient_sector") else None
        ),
        tuple(wire.data_sorts),
        wire.purpose,
        Use(wire.use),
        IntegrationControl(wire.integration_control),
        tuple(wire.qualities),
        tuple(wire.fields),
        periods.from_wire(wire.period) if wire.HasField("period") else ALWAYS,
        wire.retention_days,
    )


def _to_authorization(authorization: Authorization) -> repertory_pb2.Authorization:
    wire = repertory_pb2.Authorization(
        id=authorization.id,
        qualities=authorization.qualities,
        data_sorts=authorization.data_sorts,
        fields=authorization.fields,
        purpose=authorization.purpose,
        use=_USES[authorization.use],
        integration_control=_CONTROLS[authorization.integration_control],
        period=periods.to_wire(authorization.period),
        retention_days=authorization.retention_days,
    )
    if isinstance(authorization.recipient, Sector):
        wire.recipient_sector = authorization.recipient.code
    else:
        wire.recipient.CopyFrom(institutions.to_wire(authorization.recipient))
    return wire
