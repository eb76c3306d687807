"""Certificates: nobody entitled needs one, so a refusal to hand one over changes no decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum

from mesh.institutions import Institution


@dataclass(frozen=True, slots=True)
class CertificateRefusal:
    """That a person did not hand over a certificate that an institution asked for."""

    id: str
    ssin: str
    right: str
    institution: Institution
    refused_on: date
    recorded_by: str
    recorded_at: datetime


class EndReason(IntEnum):
    """Why an institution would end a benefit; values are those of the contract."""

    NO_CERTIFICATE = 1
    RIGHT_ENDED = 2


class EndRefusal(IntEnum):
    """Why it may not; values are those of the contract."""

    NONE = 0
    NOT_AUTHORISED = 1
    CERTIFICATE_NOT_NEEDED = 2
    RIGHT_HOLDS = 3


def may_end(reason: EndReason, *, authorised: bool, holds: bool) -> EndRefusal:
    """Whether a benefit may be ended. `holds`: the right holds on the first day without it.

    Whoever is not authorised learns nothing, whatever the reason given. A certificate plays no
    part: neither whether one was handed over nor whether that was recorded.
    """
    if not authorised:
        return EndRefusal.NOT_AUTHORISED
    if reason is EndReason.NO_CERTIFICATE:
        return EndRefusal.CERTIFICATE_NOT_NEEDED
    return EndRefusal.RIGHT_HOLDS if holds else EndRefusal.NONE
