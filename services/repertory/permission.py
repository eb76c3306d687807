"""For whom a caller may write, and what it may see, beyond the access table of the mesh."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from mesh.identity import Caller
from mesh.institutions import Institution
from services.repertory.domain import Inscription, InstitutionRecord

SEES_ALL = frozenset({"operator", "auditor"})


@dataclass(frozen=True, slots=True)
class Speaker:
    """A caller: the kind and path of its identity, and its certificate."""

    kind: str
    path: str
    serial: str


def speaker(caller: Caller) -> Speaker:
    principal = caller.principal
    return Speaker(principal.kind, principal.path, caller.serial)


def spoken_for(
    speaker: Speaker, records: Iterable[InstitutionRecord], on: date
) -> frozenset[Institution]:
    """The institutions, in existence, for which a caller speaks by a certificate not revoked."""
    return frozenset(
        record.institution
        for record in records
        if speaker.path in record.identities
        and on in record.period
        and speaker.serial not in record.revoked_certificates
    )


def may_write(speaking: Iterable[Institution], institution: Institution) -> bool:
    """An institution registers for itself, a managing one also for the members of its sector."""
    return any(own in {institution, Institution(institution.sector, 0)} for own in speaking)


def visible(
    speaker: Speaker, speaking: frozenset[Institution], lines: Iterable[Inscription]
) -> tuple[Inscription, ...]:
    """The lines that a caller may see: its own, or all for those who oversee the bank."""
    return tuple(
        line
        for line in lines
        if speaker.kind in SEES_ALL or may_write(speaking, line.key.institution)
    )
