"""The policy as plain documents: the same in the catalogue's YAML and the database's JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

from mesh import institutions, sectors
from mesh.institutions import Institution
from mesh.periods import ALWAYS, Period
from services.repertory.domain import (
    Authorization,
    Availability,
    Deliberation,
    InstitutionRecord,
    IntegrationControl,
    Level,
    Quota,
    Use,
)

Document: TypeAlias = dict[str, Any]


def of_institution(record: InstitutionRecord) -> Document:
    return _without_empty(
        institution=str(record.institution),
        name=record.name,
        enterprise_number=record.enterprise_number,
        identities=record.identities,
        supplier_address=record.supplier_address,
        supplier_name=record.supplier_name,
        period=_period_document(record.period),
        revoked_certificates=record.revoked_certificates,
        level="" if record.level is Level.PRIMARY else record.level.name,
        managing=_place_document(record.managing),
        successor=_place_document(record.successor),
        name_nl=record.name_nl,
        name_fr=record.name_fr,
    )


def institution(document: Mapping[str, Any]) -> InstitutionRecord:
    return InstitutionRecord(
        institutions.parse(document["institution"]),
        document["name"],
        document.get("enterprise_number", ""),
        tuple(document.get("identities", ())),
        document.get("supplier_address", ""),
        document.get("supplier_name", ""),
        _period(document.get("period")),
        tuple(document.get("revoked_certificates", ())),
        Level[document.get("level", Level.PRIMARY.name)],
        _place(document.get("managing")),
        _place(document.get("successor")),
        document.get("name_nl", ""),
        document.get("name_fr", ""),
    )


def of_availability(availability: Availability) -> Document:
    return _without_empty(
        data_sort=availability.data_sort,
        attestation=availability.attestation,
        holder=str(availability.holder),
        qualities=availability.qualities,
        beyond=availability.beyond,
    )


def availability(document: Mapping[str, Any]) -> Availability:
    return Availability(
        document["data_sort"],
        document["attestation"],
        sectors.parse(document["holder"]),
        tuple(document.get("qualities", ())),
        document.get("beyond", False),
    )


def of_deliberation(deliberation: Deliberation) -> Document:
    return _without_empty(
        number=deliberation.number,
        date=deliberation.date.isoformat(),
        article=deliberation.article,
        title=deliberation.title,
        until="" if deliberation.until == ALWAYS.end else deliberation.until.isoformat(),
        authorizations=[_authorization_document(a) for a in deliberation.authorizations],
    )


def deliberation(document: Mapping[str, Any]) -> Deliberation:
    return Deliberation(
        document["number"],
        date.fromisoformat(document["date"]),
        document["article"],
        tuple(_authorization(a) for a in document["authorizations"]),
        document.get("title", ""),
        date.fromisoformat(document["until"]) if "until" in document else ALWAYS.end,
    )


def of_quota(quota: Quota) -> Document:
    return _without_empty(
        institution=str(quota.institution),
        purpose=quota.purpose,
        per_second=quota.per_second,
        burst=quota.burst,
        per_day=quota.per_day,
    )


def quota(document: Mapping[str, Any]) -> Quota:
    return Quota(
        institutions.parse(document["institution"]),
        document.get("purpose", ""),
        document.get("per_second", 0),
        document.get("burst", 0),
        document.get("per_day", 0),
    )


def _authorization_document(authorization: Authorization) -> Document:
    return _without_empty(
        id=authorization.id,
        recipient=str(authorization.recipient),
        qualities=authorization.qualities,
        data_sorts=authorization.data_sorts,
        fields=authorization.fields,
        purpose=authorization.purpose,
        use=authorization.use.name,
        integration_control=authorization.integration_control.name,
        period=_period_document(authorization.period),
        retention_days=authorization.retention_days,
    )


def _authorization(document: Mapping[str, Any]) -> Authorization:
    return Authorization(
        document["id"],
        sectors.parse(document["recipient"]),
        tuple(document["data_sorts"]),
        document["purpose"],
        Use[document["use"]],
        IntegrationControl[document["integration_control"]],
        tuple(document.get("qualities", ())),
        tuple(document.get("fields", ())),
        _period(document.get("period")),
        document.get("retention_days", 0),
    )


def _place(text: str | None) -> Institution | None:
    return institutions.parse(text) if text else None


def _place_document(institution: Institution | None) -> str:
    return str(institution) if institution else ""


def _period(document: Mapping[str, str] | None) -> Period:
    bounds = document or {}
    return Period(
        date.fromisoformat(bounds["begin"]) if "begin" in bounds else ALWAYS.begin,
        date.fromisoformat(bounds["end"]) if "end" in bounds else ALWAYS.end,
    )


def _period_document(period: Period) -> Document:
    return _without_empty(
        begin="" if period.begin == ALWAYS.begin else period.begin.isoformat(),
        end="" if period.end == ALWAYS.end else period.end.isoformat(),
    )


def _without_empty(**values: str | int | Sequence[Any] | Document) -> Document:
    """Tuples become lists, so that a document equals itself after a trip through JSON."""
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in values.items()
        if value
    }
