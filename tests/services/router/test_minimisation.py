"""An attestation keeps the fields it may have and nothing else."""

import pytest
from crossroads.attestations.v1 import attestations_pb2
from crossroads.types.v1 import types_pb2
from google.protobuf import any_pb2
from hypothesis import given
from hypothesis import strategies as st

from services.router.minimisation import NotThisAttestation, minimise

EMPLOYMENT = "crossroads.attestations.v1.EmploymentPeriod"
HOUSEHOLD = "crossroads.attestations.v1.HouseholdComposition"
FIELDS = [f.name for f in attestations_pb2.EmploymentPeriod.DESCRIPTOR.fields]


def packed(message: object) -> any_pb2.Any:
    result = any_pb2.Any()
    result.Pack(message)  # type: ignore[arg-type]
    return result


def employment() -> attestations_pb2.EmploymentPeriod:
    return attestations_pb2.EmploymentPeriod(
        dimona_period_id="123456789002",
        period=types_pb2.Period(begin="2026-01-01"),
        employer_enterprise_number="0206731645",
        employer_nsso_number="123456789",
        worker_type="OTH",
        joint_commission="118",
        starting_hour="0800",
    )


@given(st.frozensets(st.sampled_from(FIELDS), min_size=1))
def test_only_the_fields_named_stay(fields: frozenset[str]) -> None:
    kept = attestations_pb2.EmploymentPeriod()
    minimise(packed(employment()), EMPLOYMENT, fields).Unpack(kept)
    assert {field.name for field, _ in kept.ListFields()} == fields


def test_no_fields_named_means_all() -> None:
    assert minimise(packed(employment()), EMPLOYMENT, frozenset()) == packed(employment())


def test_paths_reach_into_repeated_messages() -> None:
    household = attestations_pb2.HouseholdComposition(postal_code="1000")
    household.members.add(ssin="x", relation=1, period=types_pb2.Period(begin="2020-01-01"))
    kept = attestations_pb2.HouseholdComposition()
    minimise(packed(household), HOUSEHOLD, frozenset({"members.relation"})).Unpack(kept)
    assert kept.postal_code == ""
    assert [(m.ssin, m.relation, m.HasField("period")) for m in kept.members] == [("", 1, False)]


def test_a_shorter_path_gives_all_below_it() -> None:
    fields = frozenset({"period", "period.begin"})
    kept = attestations_pb2.EmploymentPeriod()
    minimise(packed(employment()), EMPLOYMENT, fields).Unpack(kept)
    assert kept.period.begin == "2026-01-01"


def test_what_the_contract_does_not_know_does_not_travel() -> None:
    hidden = packed(employment())
    hidden.value += bytes([0xFA, 0x3F, 3]) + b"abc"  # field 1023, a string
    assert b"abc" not in minimise(hidden, EMPLOYMENT, frozenset()).value


@pytest.mark.parametrize(
    "wrong",
    [
        packed(attestations_pb2.Income(year=2025)),
        any_pb2.Any(type_url=f"type.googleapis.com/{EMPLOYMENT}", value=b"\xff"),
        any_pb2.Any(),
    ],
)
def test_another_message_than_asked_for_is_no_answer(wrong: any_pb2.Any) -> None:
    with pytest.raises(NotThisAttestation):
        minimise(wrong, EMPLOYMENT, frozenset())
