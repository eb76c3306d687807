"""What the repertory must know before the story: who answers where, and who lives here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crossroads.repertory.v1 import repertory_pb2
from crossroads.types.v1 import types_pb2

from mesh import institutions
from sandbox import cast


def addressed(
    records: Iterable[repertory_pb2.InstitutionRecord],
    addresses: Mapping[str, str],
    hub: str = "",
) -> list[repertory_pb2.InstitutionRecord]:
    """The records whose supplier answers elsewhere than recorded, as they shall stand.

    `hub` is where the router of the secondary hub answers, which then speaks for its network.
    """
    changed = []
    for record in records:
        institution = str(institutions.from_wire(record.institution))
        new = repertory_pb2.InstitutionRecord()
        new.CopyFrom(record)
        if hub and institution == cast.NETWORK:
            new.supplier_address, new.supplier_name = hub, f"{cast.HUB}-router"
            new.identities[:] = dict.fromkeys((*record.identities, f"hub/{cast.HUB}"))
        elif address := addresses.get(institution, ""):
            new.supplier_address, new.supplier_name = address, cast.server_name(institution)
        if new != record:
            changed.append(new)
    return changed


def inscriptions(institution: str) -> list[repertory_pb2.Inscription]:
    """Whom an institution has known since before the story."""
    known = {
        "0/0": (*cast.HOUSEHOLD, cast.JORIS),
        "39/0": (cast.LINA, cast.JORIS),
    }
    return [
        repertory_pb2.Inscription(
            ssin=ssin,
            institution=institutions.to_wire(institutions.parse(institution)),
            quality=0,
            period=types_pb2.Period(begin=cast.ADDRESS_SINCE.isoformat()),
        )
        for ssin in known.get(institution, ())
    ]
