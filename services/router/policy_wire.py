"""Policy and persons as the repertory's contract writes them, read into the router's own nouns."""

from __future__ import annotations

from datetime import date

from crossroads.repertory.v1 import repertory_pb2

from mesh import institutions, periods, sectors
from mesh.periods import ALWAYS
from services.router.domain import (
    Authorization,
    Availability,
    Inscription,
    InstitutionRecord,
    Person,
    Policy,
    Use,
)
from services.router.quota import Quota

USES = {
    repertory_pb2.USE_CONSULTATION: frozenset({Use.CONSULTATION}),
    repertory_pb2.USE_DISTRIBUTION: frozenset({Use.DISTRIBUTION}),
    repertory_pb2.USE_BOTH: frozenset({Use.CONSULTATION, Use.DISTRIBUTION}),
}


def policy(wire: repertory_pb2.WatchPolicyResponse | repertory_pb2.GetPolicyResponse) -> Policy:
    return Policy.of(
        wire.revision,
        tuple(_institution(record) for record in wire.institutions),
        tuple(_availability(availability) for availability in wire.availabilities),
        tuple(
            _authorization(deliberation, authorization)
            for deliberation in wire.deliberations
            for authorization in deliberation.authorizations
        ),
        tuple(_quota(quota) for quota in wire.quotas),
    )


def person(wire: repertory_pb2.PersonLookup, position: str) -> Person:
    return Person(
        tuple(
            Inscription(
                institutions.from_wire(line.institution),
                line.quality,
                periods.from_wire(line.period),
            )
            for line in wire.inscriptions
        ),
        position,
        wire.replaced_by,
        date.fromisoformat(wire.deceased_on) if wire.deceased_on else None,
        wire.unknown,
    )


def _institution(wire: repertory_pb2.InstitutionRecord) -> InstitutionRecord:
    return InstitutionRecord(
        institutions.from_wire(wire.institution),
        wire.name,
        frozenset(wire.identities),
        wire.supplier_address,
        wire.supplier_name,
        periods.from_wire(wire.period),
        frozenset(wire.revoked_certificates),
        institutions.from_wire(wire.managing_institution)
        if wire.HasField("managing_institution")
        else None,
        institutions.from_wire(wire.successor) if wire.HasField("successor") else None,
    )


def _availability(wire: repertory_pb2.Availability) -> Availability:
    return Availability(
        wire.data_sort,
        wire.attestation,
        sectors.from_wire(
            wire.holder, wire.holder_sector if wire.HasField("holder_sector") else None
        ),
        frozenset(wire.qualities),
        wire.beyond,
    )


def _authorization(
    deliberation: repertory_pb2.Deliberation, wire: repertory_pb2.Authorization
) -> Authorization:
    return Authorization(
        wire.id,
        deliberation.number,
        deliberation.article,
        sectors.from_wire(
            wire.recipient, wire.recipient_sector if wire.HasField("recipient_sector") else None
        ),
        frozenset(wire.data_sorts),
        wire.purpose,
        USES[wire.use],
        wire.integration_control != repertory_pb2.INTEGRATION_CONTROL_NON_BLOCKING,
        frozenset(wire.qualities),
        frozenset(wire.fields),
        periods.from_wire(wire.period) if wire.HasField("period") else ALWAYS,
    )


def _quota(wire: repertory_pb2.Quota) -> Quota:
    return Quota(
        institutions.from_wire(wire.institution),
        wire.purpose,
        wire.per_second,
        wire.burst,
        wire.per_day,
    )
