"""Whether a policy holds together: all that is allowed is held, all who are allowed are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from crossroads.attestations.v1 import attestations_pb2
from google.protobuf.descriptor import Descriptor

from mesh import identity
from services.repertory.domain import (
    Authorization,
    Availability,
    InstitutionRecord,
    Policy,
)
from services.repertory.qualities import CodeLists

ATTESTATIONS: Mapping[str, Descriptor] = {
    message.full_name: message
    for message in attestations_pb2.DESCRIPTOR.message_types_by_name.values()
}


def gaps(policy: Policy, codes: CodeLists) -> tuple[str, ...]:
    """What is wrong, in sentences; empty for a policy that holds together."""
    authorizations = [a for d in policy.deliberations for a in d.authorizations]
    known = {record.institution for record in policy.institutions}
    held: dict[str, list[str]] = {}
    for availability in policy.availabilities:
        held.setdefault(availability.data_sort, []).append(availability.attestation)
    return (
        *(gap for record in policy.institutions for gap in _of_institution(record)),
        *(gap for one in policy.availabilities for gap in _of_availability(one, codes)),
        *(
            f"{one.data_sort}: its holder {one.holder} is not an institution of the network"
            for one in policy.availabilities
            if one.holder not in known
        ),
        *(gap for one in authorizations for gap in _of_authorization(one, held, codes)),
        *(
            f"{one.id}: its recipient {one.recipient} is not an institution of the network"
            for one in authorizations
            if one.recipient not in known
        ),
        *_twice(a.id for a in authorizations),
    )


def _of_institution(record: InstitutionRecord) -> Iterator[str]:
    for path in record.identities:
        try:
            identity.parse(path)
        except ValueError:
            yield f"{record.institution}: {path} is not the path of an identity"
    if bool(record.supplier_address) != bool(record.supplier_name):
        yield f"{record.institution}: a supplier needs both an address and a name"


def _of_availability(availability: Availability, codes: CodeLists) -> Iterator[str]:
    if availability.attestation not in ATTESTATIONS:
        yield f"{availability.data_sort}: there is no attestation {availability.attestation}"
    sector = availability.holder.sector
    for quality in codes.unknown(sector, availability.qualities):
        yield f"{availability.data_sort}: sector {sector} has no quality {quality}"


def _of_authorization(
    authorization: Authorization, held: Mapping[str, list[str]], codes: CodeLists
) -> Iterator[str]:
    sector = authorization.recipient.sector
    for quality in codes.unknown(sector, authorization.qualities):
        yield f"{authorization.id}: sector {sector} has no quality {quality}"
    found: set[str] = set()
    for sort in authorization.data_sorts:
        if sort not in held:
            yield f"{authorization.id}: nobody holds {sort}"
            continue
        messages = [ATTESTATIONS[name] for name in held[sort] if name in ATTESTATIONS]
        given = {p for p in authorization.fields if any(_has(m, p) for m in messages)}
        if authorization.fields and not given:
            yield f"{authorization.id}: none of its fields is in {sort}"
        found |= given
    for path in authorization.fields:
        if path not in found:
            yield f"{authorization.id}: no sort of data has the field {path}"


def _has(message: Descriptor, path: str) -> bool:
    """Whether a dotted path leads to a field of the message."""
    name, _, rest = path.partition(".")
    field = message.fields_by_name.get(name)
    if field is None:
        return False
    return not rest or (field.message_type is not None and _has(field.message_type, rest))


def _twice(ids: Iterable[str]) -> Iterator[str]:
    for id_, times in Counter(ids).items():
        if times > 1:
            yield f"{id_}: two authorizations have this id"
