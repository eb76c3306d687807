"""Whether a policy holds together: all that is allowed is held, all who are allowed are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date

from google.protobuf.descriptor import Descriptor

from mesh import attestations, identity, sectors
from mesh.institutions import Institution
from mesh.periods import ALWAYS
from mesh.sectors import Party, Sector
from services.repertory.domain import (
    Authorization,
    Availability,
    Deliberation,
    InstitutionRecord,
    Level,
    Policy,
)
from services.repertory.qualities import CodeLists


def gaps(policy: Policy, codes: CodeLists, on: date) -> tuple[str, ...]:
    """What is wrong on a day, in sentences; empty for a policy that holds together."""
    authorizations = [a for d in policy.deliberations for a in d.authorizations]
    known = {record.institution: record for record in policy.institutions}
    living = frozenset[Party](
        party
        for record in policy.institutions
        if on in record.period
        for party in (record.institution, sectors.of(record.institution))
        if party
    )
    parties = living.union(known)
    held: dict[str, list[str]] = {}
    for availability in policy.availabilities:
        held.setdefault(availability.data_sort, []).append(availability.attestation)
    return (
        *(gap for record in policy.institutions for gap in _of_institution(record)),
        *(gap for record in policy.institutions for gap in _of_level(record, known)),
        *(gap for one in policy.availabilities for gap in _of_availability(one, codes)),
        *(
            f"{one.data_sort}: its holder {one.holder} is not an institution of the network"
            for one in policy.availabilities
            if one.holder not in parties
        ),
        *(
            f"{data_sort}: its holders give it in different attestations"
            for data_sort, names in held.items()
            if len(set(names)) > 1
        ),
        *_not_beyond(policy.availabilities, known),
        *_nobody_holds(policy.availabilities, parties, living, on),
        *(gap for one in policy.deliberations for gap in _of_term(one)),
        *(gap for one in authorizations for gap in _of_authorization(one, held, codes)),
        *(
            f"{one.id}: its recipient {one.recipient} is not an institution of the network"
            for one in authorizations
            if one.recipient not in parties
        ),
        *_twice(a.id for a in authorizations),
        *(
            f"the quota of {one.institution}: it is not an institution of the network"
            for one in policy.quotas
            if one.institution not in known
        ),
    )


def _of_institution(record: InstitutionRecord) -> Iterator[str]:
    for path in record.identities:
        try:
            identity.parse(path)
        except ValueError:
            yield f"{record.institution}: {path} is not the path of an identity"
    if bool(record.supplier_address) != bool(record.supplier_name):
        yield f"{record.institution}: a supplier needs both an address and a name"


def _of_level(
    record: InstitutionRecord, known: Mapping[Institution, InstitutionRecord]
) -> Iterator[str]:
    """One of the secondary network stands behind a primary one; a successor follows an end."""
    place, manager = record.institution, known.get(record.managing) if record.managing else None
    if (record.level is Level.SECONDARY) != (record.managing is not None):
        yield f"{place}: it has a managing institution if and only if its level is secondary"
    elif record.managing and (manager is None or manager.level is Level.SECONDARY):
        yield f"{place}: {record.managing}, which manages it, is not a primary institution"
    if record.successor and record.successor not in known:
        yield f"{place}: its successor {record.successor} is not an institution of the network"
    if record.successor and (record.period.end == ALWAYS.end or record.successor == place):
        yield f"{place}: it has a successor but does not end, or succeeds itself"


def _not_beyond(
    availabilities: Iterable[Availability], known: Mapping[Institution, InstitutionRecord]
) -> Iterator[str]:
    """The primary hub is asked in the name of the network, for which none of its members speaks."""
    for one in availabilities:
        if not one.beyond:
            continue
        if isinstance(one.holder, Sector):
            yield f"{one.data_sort}: what is held beyond is asked in the name of one institution"
        elif one.holder in known and known[one.holder].identities:
            yield f"{one.data_sort}: {one.holder} speaks in this network and is not beyond it"


def _nobody_holds(
    availabilities: Iterable[Availability],
    parties: Collection[Party],
    living: Collection[Party],
    on: date,
) -> Iterator[str]:
    """Sorts of data whose holders are known, but of which none exists on the day."""
    exists: dict[str, bool] = {}
    for one in availabilities:
        if one.holder in parties:
            exists[one.data_sort] = exists.get(one.data_sort, False) or one.holder in living
    for data_sort, held in exists.items():
        if not held:
            yield f"{data_sort}: no holder of it exists on {on}"


def _of_term(deliberation: Deliberation) -> Iterator[str]:
    """No authorization is live on a day on which its deliberation is not."""
    for one in deliberation.authorizations:
        early = ALWAYS.begin < one.period.begin < deliberation.date
        late = deliberation.until < one.period.end < ALWAYS.end
        if early or late or deliberation.term_of(one) is None:
            yield f"{one.id}: deliberation {deliberation.number} does not stand on all of its days"
        if not one.retention_days:
            yield f"{one.id}: for how long the data may be kept is not stated"


def _of_availability(availability: Availability, codes: CodeLists) -> Iterator[str]:
    if availability.attestation not in attestations.BY_NAME:
        yield f"{availability.data_sort}: there is no attestation {availability.attestation}"
    sector = sectors.code(availability.holder)
    for quality in codes.unknown(sector, availability.qualities):
        yield f"{availability.data_sort}: sector {sector} has no quality {quality}"


def _of_authorization(
    authorization: Authorization, held: Mapping[str, list[str]], codes: CodeLists
) -> Iterator[str]:
    sector = sectors.code(authorization.recipient)
    for quality in codes.unknown(sector, authorization.qualities):
        yield f"{authorization.id}: sector {sector} has no quality {quality}"
    found: set[str] = set()
    for sort in authorization.data_sorts:
        if sort not in held:
            yield f"{authorization.id}: nobody holds {sort}"
            continue
        messages = [
            attestations.BY_NAME[name] for name in held[sort] if name in attestations.BY_NAME
        ]
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
