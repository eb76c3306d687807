"""Letters are written down once, and a line that a crash cut off does no harm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from crossroads.attestations.v1 import attestations_pb2
from crossroads.router.v1 import exchange_pb2, mailbox_pb2
from crossroads.types.v1 import types_pb2
from google.protobuf import any_pb2

from mesh.institutions import Institution
from sandbox import cast
from sandbox.letters import Letters, letter_of

FUND = Institution(11, 1)


def _delivery(position: int) -> mailbox_pb2.Delivery:
    packed = any_pb2.Any()
    packed.Pack(attestations_pb2.EmploymentPeriod(dimona_period_id="000000000101"))
    return mailbox_pb2.Delivery(
        position=position,
        ticket="ABCDEFGHIJKLMNO",
        mutation=exchange_pb2.Mutation(
            ssin=cast.LINA,
            data_sort="employment_period",
            kind=exchange_pb2.MUTATION_KIND_CREATED,
            period=types_pb2.Period(begin="2026-01-01"),
            attestation=packed,
        ),
        sender=types_pb2.Institution(sector=12),
    )


def test_a_letter_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    letter = letter_of(FUND, _delivery(1))
    Letters(tmp_path).add(letter)
    assert Letters(tmp_path).all() == [letter]
    assert letter.institution == "11/1"
    assert letter.kind == "CREATED"
    assert letter.attestation["dimona_period_id"] == "000000000101"


def test_a_delivery_that_comes_twice_is_one_letter(tmp_path: Path) -> None:
    letters = Letters(tmp_path)
    letter = letter_of(FUND, _delivery(1))
    for one in (letter, replace(letter, delivered_at="later"), letter_of(FUND, _delivery(2))):
        letters.add(one)
    assert [found.position for found in letters.all()] == [1, 2]
    assert letters.all()[0] == letter


def test_a_line_cut_off_by_a_crash_is_not_a_letter(tmp_path: Path) -> None:
    letters = Letters(tmp_path)
    letters.add(letter_of(FUND, _delivery(1)))
    with (tmp_path / "received.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"institution": "11/1", "posi')
    letters.add(letter_of(FUND, _delivery(2)))
    letters.add(letter_of(FUND, _delivery(2)))
    assert [found.position for found in letters.all()] == [1, 2]


def test_letters_are_found_by_ticket(tmp_path: Path) -> None:
    letters = Letters(tmp_path)
    letters.add(letter_of(FUND, _delivery(1)))
    assert len(letters.on("ABCDEFGHIJKLMNO")) == 1
    assert letters.on("OTHER") == []
