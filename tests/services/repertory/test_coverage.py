"""The catalogue is whole, and coverage finds every gap that is planted in it."""

from __future__ import annotations

import csv
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
import yaml
from crossroads.repertory.v1 import repertory_pb2
from crossroads.types.v1 import types_pb2
from google.protobuf.descriptor import FieldDescriptor

from mesh import attestations, clock, sectors
from mesh.identification import enterprise_number_is_valid
from mesh.institutions import Institution
from mesh.periods import Period
from mesh.sectors import Sector
from services.repertory import catalogue, coverage, wire
from services.repertory.domain import (
    Authorization,
    Availability,
    Deliberation,
    InstitutionRecord,
    IntegrationControl,
    Level,
    Policy,
    Use,
)
from tests.gateway import reference

OURS = catalogue.read()
TODAY = clock.today()
RISKS = {
    "incapacity",
    "industrial_accident",
    "occupational_disease",
    "unemployment",
    "old_age",
    "child_care",
    "holiday_pay",
}
INSURANCES = {"employees", "self_employed", "civil_servants"}
ASSISTANCE = {"disability", "guaranteed_family_benefits", "minimum_income", "income_guarantee"}


def authorization(**changes: object) -> Authorization:
    made = Authorization(
        "X/1",
        Institution(17, 1),
        ("pension",),
        "living_wage_enquiry",
        Use.CONSULTATION,
        IntegrationControl.BLOCKING,
        retention_days=365,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def with_authorization(one: Authorization) -> Policy:
    added = Deliberation("99/999", date(2026, 1, 1), "an article", (one,), "", date(2027, 1, 1))
    return replace(OURS.policy, deliberations=(*OURS.policy.deliberations, added))


def authorizations() -> list[Authorization]:
    return [a for d in OURS.policy.deliberations for a in d.authorizations]


def test_the_catalogue_holds_together() -> None:
    assert coverage.gaps(OURS.policy, OURS.codes, TODAY) == ()
    assert len(OURS.policy.deliberations) >= 40
    sorts = {a.data_sort for a in OURS.policy.availabilities}
    assert len(sorts) >= 60
    assert sorts > {
        "employment_period",
        "wages_and_working_time",
        "living_wage",
        "household_composition",
        "incapacity",
        "increased_reimbursement",
        "health_insurability",
        "disability_recognition",
        "pension",
        "unemployment",
        "income",
        "social_tariff_energy",
        "free_transport",
        "water_bill_reduction",
    }


def test_enterprise_numbers_of_institutions_have_right_check_digits() -> None:
    for record in OURS.policy.institutions:
        assert not record.enterprise_number or enterprise_number_is_valid(record.enterprise_number)


def test_no_deliberation_gives_income_to_welfare_centres() -> None:
    assert not [
        a for a in authorizations() if sectors.code(a.recipient) == 17 and "income" in a.data_sorts
    ]


@pytest.mark.parametrize(
    ("broken", "gap"),
    [
        ({"recipient": Institution(17, 9)}, "17/9 is not an institution"),
        ({"recipient": Sector(2)}, "sector 2 is not an institution"),
        ({"data_sorts": ("dreams",)}, "nobody holds dreams"),
        ({"fields": ("period", "colour")}, "no sort of data has the field colour"),
        ({"fields": ("members",)}, "none of its fields is in pension"),
        ({"fields": ("period.middle",)}, "no sort of data has the field period.middle"),
        ({"qualities": (777,)}, "sector 17 has no quality 777"),
        ({"retention_days": 0}, "for how long the data may be kept is not stated"),
        ({"period": Period(date(2025, 1, 1), date.max)}, "99/999 does not stand on all"),
        ({"period": Period(date(2026, 2, 1), date(2027, 2, 1))}, "99/999 does not stand on all"),
        ({"period": Period(date(2027, 2, 1), date.max)}, "99/999 does not stand on all"),
        ({"id": "B18-002/1"}, "two authorizations have this id"),
    ],
)
def test_coverage_finds_what_does_not_hold_together(broken: dict[str, object], gap: str) -> None:
    assert coverage.gaps(with_authorization(authorization()), OURS.codes, TODAY) == ()
    found = coverage.gaps(with_authorization(authorization(**broken)), OURS.codes, TODAY)
    assert any(gap in one for one in found)


def test_coverage_looks_at_holders_and_attestations() -> None:
    wrong = Availability("dreams", "crossroads.attestations.v1.Dream", Institution(99, 0), (5,))
    policy = replace(OURS.policy, availabilities=(*OURS.policy.availabilities, wrong))
    assert len(coverage.gaps(policy, OURS.codes, TODAY)) == 3
    other = Availability("pension", "crossroads.attestations.v1.Income", Institution(12, 0))
    policy = replace(OURS.policy, availabilities=(*OURS.policy.availabilities, other))
    found = coverage.gaps(policy, OURS.codes, TODAY)
    assert found == ("pension: its holders give it in different attestations",)


def documents(kind: str) -> dict[str, list[dict[str, Any]]]:
    """The documents of one kind, by the name of their file."""
    files = sorted((catalogue.FOLDER / kind).glob("*.yaml"))
    return {file.stem: yaml.safe_load(file.read_text("utf-8")) for file in files}


def test_every_risk_insurance_and_assistance_has_its_sorts_of_data() -> None:
    by_branch = documents("availabilities")
    assert by_branch.keys() >= RISKS | INSURANCES | ASSISTANCE
    assert all(by_branch.values())


def test_no_key_of_a_document_is_misspelt() -> None:
    known = {
        "institutions": {one.name for one in fields(InstitutionRecord)},
        "availabilities": {one.name for one in fields(Availability)},
        "deliberations": {one.name for one in fields(Deliberation)} | {"assumed"},
    }
    for kind, names in known.items():
        found = [key for page in documents(kind).values() for one in page for key in one]
        assert set(found) <= names
    authorizations = [
        key
        for page in documents("deliberations").values()
        for one in page
        for given in one["authorizations"]
        for key in given
    ]
    assert set(authorizations) == {one.name for one in fields(Authorization)} - {"period"}


def test_nobody_and_nothing_is_said_twice() -> None:
    for said in (
        [one.institution for one in OURS.policy.institutions],
        [(one.data_sort, one.holder) for one in OURS.policy.availabilities],
        [one.number for one in OURS.policy.deliberations],
    ):
        assert len(said) == len(set(said))


def test_attestations_say_of_days_and_money_in_one_way() -> None:
    """Amounts are whole cents, periods are periods, and nothing is a floating number."""
    used = {one.attestation for one in OURS.policy.availabilities}
    assert used <= attestations.BY_NAME.keys()
    for descriptor in attestations.BY_NAME.values():
        for field in descriptor.fields:
            assert field.type not in {FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT}
            if field.name.endswith("_cents"):
                assert field.type == FieldDescriptor.TYPE_INT64
            if field.name == "period":
                assert field.message_type is types_pb2.Period.DESCRIPTOR


def test_a_deliberation_that_ended_grounds_nothing_today() -> None:
    ended = [one for one in OURS.policy.deliberations if TODAY not in one.term]
    assert [one.number for one in ended] == ["17/090"]
    told = wire.to_policy(OURS.policy, repertory_pb2.WatchPolicyResponse)
    (wired,) = [one for one in told.deliberations if one.number == "17/090"]
    assert {a.period.end for a in wired.authorizations} == {"2020-03-03"}
    begins = {a.period.begin for one in told.deliberations for a in one.authorizations}
    assert "" not in begins


def changed(place: Institution, **changes: object) -> Policy:
    return replace(
        OURS.policy,
        institutions=tuple(
            replace(one, **changes) if one.institution == place else one  # type: ignore[arg-type]
            for one in OURS.policy.institutions
        ),
    )


@pytest.mark.parametrize(
    ("place", "broken", "gap"),
    [
        ("17/1", {"managing": None}, "if and only if its level is secondary"),
        ("17/1", {"level": Level.PRIMARY}, "if and only if its level is secondary"),
        ("17/1", {"managing": Institution(99, 0)}, "99/0, which manages it"),
        ("17/1", {"managing": Institution(11, 1)}, "11/1, which manages it"),
        ("9/0", {"successor": Institution(99, 0)}, "successor 99/0 is not"),
        ("5/0", {"successor": Institution(12, 0)}, "has a successor but does not end"),
        ("12/0", {"period": Period(date.min, date(2020, 1, 1))}, "employment_period: no holder"),
    ],
)
def test_coverage_looks_at_the_institutions(
    place: str, broken: dict[str, object], gap: str
) -> None:
    sector, number = map(int, place.split("/"))
    found = coverage.gaps(changed(Institution(sector, number), **broken), OURS.codes, TODAY)
    assert any(gap in one for one in found)


def test_one_holder_that_exists_is_enough() -> None:
    ended = changed(Institution(53, 0), period=Period(date.min, date(2020, 1, 1)))
    assert coverage.gaps(ended, OURS.codes, TODAY) == ()


@reference.needed
def test_every_published_sector_and_quality_is_in_the_catalogue() -> None:
    with (reference.FOLDER / "sectors.csv").open(encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file, delimiter=";") if len(row) > 1][2:]
    published, sector = set(), ""
    for row in rows:
        sector = row[0].strip() or sector
        if row[1].strip():
            published.add(Institution(int(sector), int(row[1])))
    assert published <= {one.institution for one in OURS.policy.institutions}
    with (reference.FOLDER / "qualities.csv").open(encoding="utf-8-sig") as file:
        for coded in csv.DictReader(file):
            known = OURS.codes.every
            if coded["sector"] != "*":
                known = OURS.codes.by_sector[int(coded["sector"])]
            assert int(coded["code"]) in known
