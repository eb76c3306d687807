"""Intake: deliveries as they come from the router."""

from __future__ import annotations

from datetime import date

import pytest
from crossroads.attestations.v1 import attestations_pb2
from crossroads.router.v1 import exchange_pb2, mailbox_pb2
from crossroads.types.v1 import types_pb2
from google.protobuf.message import Message

from mesh.periods import Period
from services.rights import intake
from tests.services.rights import worlds

WIDE = types_pb2.Period(begin="2026-01-01", end="2027-01-01")
NARROW = types_pb2.Period(begin="2026-03-01", end="2026-04-01")


def delivery(
    data_sort: str,
    attestation: Message,
    kind: exchange_pb2.MutationKind.ValueType = exchange_pb2.MUTATION_KIND_CREATED,
) -> mailbox_pb2.Delivery:
    wire = mailbox_pb2.Delivery(position=7, ticket="TICKET")
    wire.sender.sector, wire.sender.number = 17, 1
    wire.mutation.CopyFrom(
        exchange_pb2.Mutation(ssin="91041241894", data_sort=data_sort, kind=kind, period=WIDE)
    )
    wire.mutation.attestation.Pack(attestation)
    return wire


def test_the_days_of_the_attestation_count_before_those_of_the_mutation() -> None:
    wage = attestations_pb2.LivingWage(kind="LIVING_WAGE", period=NARROW)
    arrival = intake.read(delivery("living_wage", wage), worlds.RULES)
    assert arrival.concerns
    assert arrival.statement is not None
    assert arrival.statement.period == Period(date(2026, 3, 1), date(2026, 4, 1))
    assert (arrival.statement.status, arrival.statement.strand) == ("LIVING_WAGE", "")


def test_recognitions_on_one_begin_stand_beside_each_other() -> None:
    said = {
        intake.read(
            delivery(
                "disability_recognition",
                attestations_pb2.DisabilityRecognition(recognition=recognition, period=NARROW),
            ),
            worlds.RULES,
        ).statement
        for recognition in ("INTEGRATION", "INCOME_REPLACEMENT")
    }
    assert len({statement.key for statement in said if statement}) == 2


def test_an_attestation_may_be_the_status_itself() -> None:
    arrival = intake.read(
        delivery("increased_reimbursement", attestations_pb2.IncreasedReimbursement()), worlds.RULES
    )
    assert arrival.statement is not None
    assert arrival.statement.status == "INCREASED_REIMBURSEMENT"
    assert arrival.statement.period == Period(date(2026, 1, 1), date(2027, 1, 1))


def test_a_new_household_says_nothing_but_asks_to_look() -> None:
    composition = attestations_pb2.HouseholdComposition()
    arrival = intake.read(delivery("household_composition", composition), worlds.RULES)
    assert arrival.statement is None
    assert arrival.concerns


def test_what_no_rule_reads_concerns_nobody() -> None:
    arrival = intake.read(delivery("income", attestations_pb2.Income()), worlds.RULES)
    assert not arrival.concerns


@pytest.mark.parametrize(
    "attestation",
    [
        attestations_pb2.Pension(kind="GRAPA", period=NARROW),
        attestations_pb2.LivingWage(kind="ALMS", period=NARROW),
        attestations_pb2.LivingWage(
            kind="EQUIVALENT", period=types_pb2.Period(begin="2026-02-30", end="2026-04-01")
        ),
        attestations_pb2.LivingWage(
            kind="EQUIVALENT", period=types_pb2.Period(begin="2026-04-01", end="2026-04-01")
        ),
    ],
)
def test_what_is_not_understood_is_said_so(attestation: Message) -> None:
    with pytest.raises(intake.NotUnderstood):
        intake.read(delivery("living_wage", attestation), worlds.RULES)
