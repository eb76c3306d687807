"""A risk as the network hears of it, and as it is stored."""

from __future__ import annotations

from collections.abc import Iterable

from crossroads.attestations.v1 import risks_pb2
from crossroads.forms.v1 import social_risk_pb2
from google.protobuf import any_pb2

from mesh import periods
from mesh.institutions import Institution
from services.declarations.risks import scenarios
from services.declarations.risks.career import Event
from services.declarations.risks.domain import (
    Difference,
    Filled,
    Line,
    Quarter,
    Risk,
    Source,
    State,
)


def write(risk: Risk, form: social_risk_pb2.SocialRiskForm | None = None) -> risks_pb2.SocialRisk:
    return risks_pb2.SocialRisk(
        number=risk.number,
        scenario=risk.scenario,
        kind=risk.kind,
        state=risk.state.name,
        period=periods.to_wire(risk.days),
        employer_enterprise_number=risk.employer,
        employer_nsso_number=risk.nsso_number,
        on_paper=risk.on_paper,
        quarters=[_quarter(filled) for filled in risk.quarters],
        differences=[
            risks_pb2.RiskDifference(
                quarter=one.quarter,
                zone=one.zone,
                worker_code=one.worker_code,
                code=one.code,
                anticipated=one.anticipated,
                declared=one.declared,
            )
            for one in risk.differences
        ],
        form=form,
        version=risk.version,
    )


def read(wire: risks_pb2.SocialRisk, ssin: str, recipients: Iterable[Institution]) -> Risk:
    """The risk of a person that `write` made, without its form."""
    return Risk(
        number=wire.number,
        ssin=ssin,
        employer=wire.employer_enterprise_number,
        nsso_number=wire.employer_nsso_number,
        scenario=wire.scenario,
        branch=scenarios.known()[wire.scenario].branch,
        kind=wire.kind,
        state=State[wire.state],
        days=periods.from_wire(wire.period),
        quarters=tuple(_filled(quarter) for quarter in wire.quarters),
        recipients=tuple(recipients),
        differences=tuple(
            Difference(
                one.quarter, one.zone, one.worker_code, one.code, one.anticipated, one.declared
            )
            for one in wire.differences
        ),
        version=wire.version,
        on_paper=wire.on_paper,
    )


def career(events: Iterable[Event]) -> risks_pb2.WorkCareer:
    return risks_pb2.WorkCareer(
        events=[
            risks_pb2.WorkEvent(
                kind=event.kind.name,
                period=periods.to_wire(event.days),
                employer_enterprise_number=event.employer,
                declared_by=event.declared_by,
                reference=event.reference,
            )
            for event in events
        ]
    )


def in_parts(events: Iterable[Event]) -> list[tuple[Event, any_pb2.Any]]:
    """Each event as a career of its own, so that only those of the days asked about leave."""
    return [(event, packed(career([event]))) for event in events]


def packed(message: risks_pb2.SocialRisk | risks_pb2.WorkCareer) -> any_pb2.Any:
    whole = any_pb2.Any()
    whole.Pack(message)
    return whole


def _quarter(filled: Filled) -> risks_pb2.RiskQuarter:
    content = filled.content or Quarter(filled.quarter)
    return risks_pb2.RiskQuarter(
        quarter=filled.quarter,
        source=filled.source.name,
        days_hundredths=content.total("00063"),
        hours_hundredths=content.total("00064"),
        gross_wage_cents=content.total("00070"),
        lines=[
            risks_pb2.RiskLine(
                zone=line.zone, worker_code=line.worker_code, code=line.code, amount=line.amount
            )
            for line in content.lines
        ],
    )


def _filled(wire: risks_pb2.RiskQuarter) -> Filled:
    source = Source[wire.source]
    lines = tuple(Line(o.zone, o.worker_code, o.code, o.amount) for o in wire.lines)
    content = None if source is Source.MISSING else Quarter(wire.quarter, lines)
    return Filled(wire.quarter, source, content)
