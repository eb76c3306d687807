"""Intake: deliveries as they come from the router."""

from __future__ import annotations

import contextlib
from datetime import date

import pytest
from crossroads.attestations.v1 import (
    assistance_pb2,
    attestations_pb2,
    family_pb2,
    health_pb2,
    pensions_pb2,
    persons_pb2,
)
from crossroads.router.v1 import exchange_pb2, mailbox_pb2
from crossroads.types.v1 import types_pb2
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from mesh import attestations
from mesh.periods import Period
from services.rights.domain import Group, Statement
from services.rights.facts import intake, reading
from tests.services.rights.cases import RULES

LINA = "91041241894"
WIDE = types_pb2.Period(begin="2026-01-01", end="2027-01-01")
NARROW = types_pb2.Period(begin="2026-03-01", end="2026-04-01")
NO_DAYS = types_pb2.Period()


def delivery(
    data_sort: str,
    attestation: Message,
    kind: exchange_pb2.MutationKind.ValueType = exchange_pb2.MUTATION_KIND_CREATED,
    period: types_pb2.Period = WIDE,
) -> mailbox_pb2.Delivery:
    wire = mailbox_pb2.Delivery(position=7, ticket="TICKET")
    wire.sender.sector, wire.sender.number = 17, 1
    wire.mutation.CopyFrom(
        exchange_pb2.Mutation(ssin=LINA, data_sort=data_sort, kind=kind, period=period)
    )
    wire.mutation.attestation.Pack(attestation)
    return wire


def statement(data_sort: str, attestation: Message) -> Statement:
    arrival = intake.read(delivery(data_sort, attestation), RULES)
    assert arrival.concerns
    assert arrival.statement is not None
    return arrival.statement


def test_the_days_of_the_attestation_count_before_those_of_the_mutation() -> None:
    wage = attestations_pb2.LivingWage(kind="LIVING_WAGE", period=NARROW)
    said = statement("living_wage", wage)
    assert said.period == Period(date(2026, 3, 1), date(2026, 4, 1))
    assert (said.status, said.strand) == ("LIVING_WAGE", "")


def test_recognitions_on_one_begin_stand_beside_each_other() -> None:
    said = {
        statement(
            "disability_recognition",
            attestations_pb2.DisabilityRecognition(recognition=recognition, period=NARROW),
        )
        for recognition in ("INTEGRATION", "INCOME_REPLACEMENT")
    }
    assert len({one.key for one in said}) == 2


def test_an_attestation_may_be_the_status_itself() -> None:
    said = statement("increased_reimbursement", attestations_pb2.IncreasedReimbursement())
    assert said.status == "INCREASED_REIMBURSEMENT"
    assert said.period == Period(date(2026, 1, 1), date(2027, 1, 1))


def test_an_income_is_an_amount_of_its_year() -> None:
    said = statement("income", attestations_pb2.Income(year=2025, taxable_cents=2_805_492))
    assert (said.status, said.amount) == ("TAXABLE_INCOME", 2_805_492)
    assert said.period == Period(date(2025, 1, 1), date(2026, 1, 1))


def test_an_amount_may_be_of_days() -> None:
    said = statement(
        "declared_means", health_pb2.DeclaredMeans(monthly_cents=120_000, period=NARROW)
    )
    assert (said.amount, said.period) == (120_000, Period(date(2026, 3, 1), date(2026, 4, 1)))


def test_a_birth_holds_for_good() -> None:
    said = statement("particulars", persons_pb2.Particulars(birth_date="2008-02-29"))
    assert (said.status, said.period) == ("BORN", Period(date(2008, 2, 29), date.max))


@pytest.mark.parametrize("unknown", ["1991-00-00", "1991-04-00"])
def test_a_birth_that_is_not_known_says_nothing(unknown: str) -> None:
    particulars = persons_pb2.Particulars(birth_date=unknown)
    assert intake.read(delivery("particulars", particulars), RULES).statement is None


@pytest.mark.parametrize(
    ("postal_code", "country", "status"),
    [
        ("1000", "BE", "LIVES_IN_BRUSSELS"),
        ("1299", "", "LIVES_IN_BRUSSELS"),
        ("1300", "BE", "LIVES_IN_WALLONIA"),
        ("1499", "BE", "LIVES_IN_WALLONIA"),
        ("1500", "BE", "LIVES_IN_FLANDERS"),
        ("3999", "BE", "LIVES_IN_FLANDERS"),
        ("4000", "BE", "LIVES_IN_WALLONIA"),
        ("4699", "BE", "LIVES_IN_WALLONIA"),
        ("4700", "BE", "LIVES_IN_GERMAN_COMMUNITY"),
        ("4799", "BE", "LIVES_IN_GERMAN_COMMUNITY"),
        ("4800", "BE", "LIVES_IN_WALLONIA"),
        ("7999", "BE", "LIVES_IN_WALLONIA"),
        ("8000", "BE", "LIVES_IN_FLANDERS"),
        ("9999", "BE", "LIVES_IN_FLANDERS"),
        ("1012 AB", "NL", "LIVES_ABROAD"),
        ("1050", "FR", "LIVES_ABROAD"),
    ],
)
def test_a_region_follows_from_the_postal_code(postal_code: str, country: str, status: str) -> None:
    domicile = persons_pb2.Domicile(period=NARROW, postal_code=postal_code, country=country)
    assert statement("domicile", domicile).status == status


@pytest.mark.parametrize(
    ("data_sort", "attestation", "status"),
    [
        (
            "disability_allowance",
            assistance_pb2.DisabilityAllowance(kind="ELDERLY", period=NARROW),
            "ELDERLY_ALLOWANCE",
        ),
        (
            "social_housing",
            assistance_pb2.SocialHousing(heating="COLLECTIVE", period=NARROW),
            "SOCIAL_TENANT_COLLECTIVE_HEATING",
        ),
        ("social_housing", assistance_pb2.SocialHousing(period=NARROW), "SOCIAL_TENANT"),
        (
            "health_insurability",
            attestations_pb2.HealthInsurability(standing="ORPHAN", period=NARROW),
            "ORPHAN",
        ),
        (
            "health_insurability",
            attestations_pb2.HealthInsurability(code1="110", period=NARROW),
            "INSURED",
        ),
        (
            "debt_mediation",
            assistance_pb2.DebtMediation(kind="BUDGET", period=NARROW),
            "DEBT_MEDIATION",
        ),
        ("income_guarantee", pensions_pb2.IncomeGuarantee(rate="BASE", period=NARROW), "GRAPA"),
    ],
)
def test_a_value_may_be_spelt_otherwise_than_its_status(
    data_sort: str, attestation: Message, status: str
) -> None:
    assert statement(data_sort, attestation).status == status


def test_a_new_group_says_nothing_but_asks_to_look() -> None:
    for data_sort, attestation, group in (
        ("household_composition", attestations_pb2.HouseholdComposition(), Group.DOMICILE),
        ("fund_household", health_pb2.FundHousehold(), Group.FUND_HOUSEHOLD),
        ("family_composition", family_pb2.FamilyComposition(), Group.FAMILY),
    ):
        arrival = intake.read(delivery(data_sort, attestation), RULES)
        assert arrival.statement is None
        assert arrival.concerns
        assert arrival.group is group


def test_what_no_rule_reads_concerns_nobody() -> None:
    arrival = intake.read(delivery("study_grant", family_pb2.StudyGrant()), RULES)
    assert not arrival.concerns
    assert arrival.statement is None


@pytest.mark.parametrize(
    ("data_sort", "attestation"),
    [
        ("living_wage", attestations_pb2.Pension(kind="GRAPA", period=NARROW)),
        ("living_wage", attestations_pb2.LivingWage(kind="ALMS", period=NARROW)),
        ("living_wage", attestations_pb2.LivingWage(period=NARROW)),
        (
            "living_wage",
            attestations_pb2.LivingWage(
                kind="EQUIVALENT", period=types_pb2.Period(begin="2026-02-30", end="2026-04-01")
            ),
        ),
        (
            "living_wage",
            attestations_pb2.LivingWage(
                kind="EQUIVALENT", period=types_pb2.Period(begin="2026-04-01", end="2026-04-01")
            ),
        ),
        ("living_wage", attestations_pb2.LivingWage(kind="EQUIVALENT", period=NO_DAYS)),
        ("income", attestations_pb2.Income(taxable_cents=1)),
        ("income", attestations_pb2.Income(year=20255, taxable_cents=1)),
        ("income", attestations_pb2.Income(year=2025, taxable_cents=10**12 + 1)),
        ("particulars", persons_pb2.Particulars()),
        ("particulars", persons_pb2.Particulars(birth_date="12 April 1991")),
        ("domicile", persons_pb2.Domicile(period=NARROW, postal_code="0999")),
        ("domicile", persons_pb2.Domicile(period=NARROW, postal_code="Gent")),
        ("domicile", persons_pb2.Domicile(period=NARROW)),
        ("care_budget", assistance_pb2.CareBudget(kind="HOLIDAYS", period=NARROW)),
    ],
)
def test_what_is_not_understood_is_said_so(data_sort: str, attestation: Message) -> None:
    with pytest.raises(intake.NotUnderstood) as raised:
        intake.read(delivery(data_sort, attestation), RULES)
    assert str(raised.value).startswith(f"{data_sort}: ")
    assert LINA not in str(raised.value)


def test_a_fact_without_days_anywhere_is_not_understood() -> None:
    bare = delivery(
        "increased_reimbursement", attestations_pb2.IncreasedReimbursement(), period=NO_DAYS
    )
    with pytest.raises(intake.NotUnderstood, match="without a first day"):
        intake.read(bare, RULES)


@given(st.binary(max_size=60), st.sampled_from(sorted(RULES.statuses.sorts)), st.booleans())
def test_whatever_arrives_is_read_or_not_understood(
    content: bytes, data_sort: str, right_type: bool
) -> None:
    """Reading is total: no content of an attestation ends in another error."""
    wire = delivery(data_sort, types_pb2.Period())
    if right_type:
        name = RULES.statuses.sorts[data_sort].attestation
        full_name = f"crossroads.attestations.v1.{name}"
        assert full_name in attestations.BY_NAME
        wire.mutation.attestation.type_url = f"type.googleapis.com/{full_name}"
    wire.mutation.attestation.value = content
    with contextlib.suppress(intake.NotUnderstood):
        intake.read(wire, RULES)


def test_a_composition_tells_who_belongs_together_and_as_what() -> None:
    wire = delivery(
        "fund_household",
        health_pb2.FundHousehold(
            members=[health_pb2.FundHouseholdMember(ssin=LINA, period=NARROW, role="HOLDER")]
        ),
    )
    home = reading.household(wire.mutation.attestation, Group.FUND_HOUSEHOLD, "TICKET")
    (member,) = home.members
    assert (member.ssin, member.role, home.group) == (LINA, "HOLDER", Group.FUND_HOUSEHOLD)


@pytest.mark.parametrize(
    ("group", "attestation"),
    [
        (Group.DOMICILE, attestations_pb2.HouseholdComposition()),
        (Group.FAMILY, health_pb2.FundHousehold()),
        (Group.FAMILY, family_pb2.FamilyComposition()),
        (
            Group.FAMILY,
            family_pb2.FamilyComposition(
                members=[family_pb2.FamilyMember(ssin=LINA, period=NARROW, role="UNCLE")]
            ),
        ),
        (
            Group.FUND_HOUSEHOLD,
            health_pb2.FundHousehold(
                members=[health_pb2.FundHouseholdMember(ssin=LINA, period=NARROW)]
            ),
        ),
        (
            Group.FAMILY,
            family_pb2.FamilyComposition(
                members=[
                    family_pb2.FamilyMember(
                        ssin=LINA, period=types_pb2.Period(begin="2026-13-01"), role="CHILD"
                    )
                ]
            ),
        ),
    ],
)
def test_a_group_without_members_or_with_strange_ones_is_not_understood(
    group: Group, attestation: Message
) -> None:
    wire = delivery("any", attestation)
    with pytest.raises(reading.NotUnderstood) as raised:
        reading.household(wire.mutation.attestation, group, "TICKET")
    assert LINA not in str(raised.value)
