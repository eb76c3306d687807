"""What becomes of a form: a version of a risk, or every anomaly at once with its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from crossroads.forms.v1 import social_risk_pb2

from mesh import elements
from mesh.institutions import Institution
from mesh.periods import Period
from services.declarations.risks import form as forms
from services.declarations.risks import rules
from services.declarations.risks.domain import Line, Quarter, Source, State, Subject
from services.declarations.risks.rules import Facts, Outcome
from tests.services.declarations.risks.forms import (
    BREWERY,
    BREWERY_NSSO,
    LINA,
    incapacity,
    quarter,
    resumption,
)

NUMBER = "B" * 15
FUND = Institution(11, 1)
KNOWN = Subject(LINA, True, ((FUND, 1, Period(date(2020, 1, 1), date.max)),))
FACTS = Facts(NUMBER, BREWERY, BREWERY_NSSO, date(2026, 11, 16), KNOWN)
DECLARED = Quarter("20263", (Line("00070", "495", "1", 900_000),))


def judge(whole: social_risk_pb2.SocialRiskForm, facts: Facts = FACTS) -> Outcome:
    message = getattr(whole, str(whole.WhichOneof("form")))
    return rules.judge(forms.read(message), facts, forms.anomalies(message, []))


def told(outcome: Outcome) -> list[str]:
    return [anomaly.error_id for anomaly in outcome.anomalies]


def test_a_risk_is_introduced_and_its_quarters_are_filled_in() -> None:
    ahead = quarter("20264", {"1": 2500}, {"1": 400_000})
    outcome = judge(incapacity(quarters=[ahead]), replace(FACTS, declared={"20263": DECLARED}))
    risk = outcome.after
    assert told(outcome) == []
    assert risk is not None
    assert (risk.number, risk.state, risk.version) == (NUMBER, State.INTRODUCED, 1)
    assert risk.days == Period(date(2026, 11, 10), date.max)
    assert [(f.quarter, f.source) for f in risk.quarters] == [
        ("20263", Source.DECLARED),
        ("20264", Source.ANTICIPATED),
    ]
    assert risk.quarters[1].content is not None
    assert risk.quarters[1].content.total("00070") == 400_000
    assert risk.recipients == (Institution(11, 0), FUND)
    assert risk.awaited() == ("20264",)


def test_all_anomalies_come_at_once_with_their_place() -> None:
    whole = incapacity("2027-01-04", kind="099", inss="91041241893")
    whole.zima001.ClearField("type_form")
    outcome = judge(whole, replace(FACTS, subject=None))
    assert outcome.after is None
    assert {"00297-001", "00430-008", "00024-004", "00408-008"} <= set(told(outcome))
    assert len(told(outcome)) == len(set(told(outcome)))
    assert all(anomaly.location.startswith("1,1") for anomaly in outcome.anomalies)


@pytest.mark.parametrize(
    ("whole", "facts", "error_ids"),
    [
        (incapacity(), replace(FACTS, subject=None), ["00024-235"]),
        (incapacity(), replace(FACTS, subject=Subject(LINA, False)), ["00024-235"]),
        (incapacity("2026-11-17"), FACTS, ["00408-008"]),
        (resumption("2026-11-17"), FACTS, ["00128-008"]),
        (incapacity(status="1"), FACTS, ["00222-001"]),
        (incapacity(status="1", number=NUMBER), FACTS, ["00222-234"]),
        (incapacity(status="3", number=NUMBER), FACTS, ["00222-234"]),
        (
            incapacity(quarters=[quarter("20262", {"1": 100}, {"1": 100})]),
            FACTS,
            ["00013-097"],
        ),
        (
            incapacity(quarters=[quarter("20264", {"1": 100}, {})] * 2),
            FACTS,
            ["00013-006"],
        ),
        (
            incapacity(quarters=[quarter("20263", {"1": 100}, {"1": 100})]),
            replace(FACTS, declared={"20263": DECLARED}),
            ["90018-005", "90019-005"],
        ),
        (incapacity(status="6"), FACTS, ["00110-008", "00222-001"]),
    ],
)
def test_each_constraint_has_its_code(
    whole: social_risk_pb2.SocialRiskForm, facts: Facts, error_ids: list[str]
) -> None:
    outcome = judge(whole, facts)
    assert told(outcome) == error_ids
    assert outcome.after is None


def test_a_risk_is_modified_finalised_and_taken_back() -> None:
    first = judge(incapacity()).after
    assert first is not None
    again = judge(incapacity(), replace(FACTS, others=(first,)))
    assert told(again) == ["90059-272"]
    facts = replace(FACTS, addressed=first, others=(first,), number="C" * 15)
    ahead = [quarter(q, {"1": 100}, {"1": 100}) for q in ("20263", "20264")]
    second = judge(incapacity("2026-11-09", ahead, "1", NUMBER), facts).after
    assert second is not None
    assert (second.number, second.version, second.state) == (NUMBER, 2, State.MODIFIED)
    assert told(rules.finalise(first)) == ["90007-001", "90007-001"]
    final = rules.finalise(second).after
    assert final is not None
    assert told(rules.finalise(final)) == ["00110-181"]
    modified = judge(incapacity(status="1", number=NUMBER), replace(facts, addressed=final))
    assert told(modified) == ["00110-181"]
    gone = judge(incapacity(status="3", number=NUMBER), replace(facts, addressed=final)).after
    assert gone is not None
    assert (gone.state, gone.version) == (State.CANCELLED, 4)
    assert told(rules.cancel(gone)) == ["00110-241"]
    assert judge(incapacity(), replace(FACTS, others=(gone,))).after is not None


def test_a_modification_is_about_the_same_person_and_scenario() -> None:
    first = judge(incapacity()).after
    assert first is not None
    other = Subject("84031721194", True)
    whole = incapacity(status="1", number=NUMBER, inss="84031721194")
    assert told(judge(whole, replace(FACTS, addressed=first, subject=other))) == ["00024-482"]
    moved = resumption()
    moved.zima006.attestation_status = "1"
    moved.zima006.references.add(reference_type="3", reference_origin="2", reference_nbr=NUMBER)
    assert told(judge(moved, replace(FACTS, addressed=first))) == ["00296-482"]


def test_every_scenario_is_read_by_its_zones() -> None:
    for field in social_risk_pb2.SocialRiskForm.DESCRIPTOR.fields:
        whole = social_risk_pb2.SocialRiskForm()
        message = getattr(whole, field.name)
        message.SetInParent()
        message.identification = field.name.upper()
        read = forms.read(message)
        assert read.scenario is not None
        zones = _zones(field.message_type)
        assert {*read.scenario.begins} <= zones
        assert read.scenario.ends in {"", *zones}
        ahead = {forms.SERVICE, forms.REMUNERATION} <= zones
        assert read.scenario.asks_ahead is ahead


def _zones(descriptor: Any) -> set[str]:
    zones: set[str] = set()
    for part in elements.block(descriptor).parts:
        zones.add(part.element.zone)
        if part.field.message_type is not None:
            zones |= _zones(part.field.message_type)
    return zones
