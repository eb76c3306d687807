"""The lasting numbers of a person's part of a quarter, by which it can be corrected (DMFAPID)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crossroads.forms.v1 import dmfa_pb2, dmfa_pid_pb2


def needed(person: dmfa_pb2.DmfaNaturalPerson) -> int:
    """How many new numbers the identifiers of a person take."""
    return 2 + sum(1 + len(record.occupations) for record in person.worker_records)


def give(
    person: dmfa_pb2.DmfaNaturalPerson,
    person_pid: int,
    numbers: Iterator[int],
    before: dmfa_pid_pb2.DmfaIDNaturalPerson | None = None,
) -> dmfa_pid_pb2.DmfaIDNaturalPerson:
    """Number a person's part. The lasting number of `before` stays, every version is new.

    `person_pid` 0: the person has none yet and takes a new number.
    """
    version = next(numbers)
    pid = person_pid or next(numbers)
    given = dmfa_pid_pb2.DmfaIDNaturalPerson(
        inss=person.inss,
        natural_person_pid=str(pid),
        decl_natural_person_pid=before.decl_natural_person_pid if before else str(version),
        decl_natural_person_version_nbr=str(version),
    )
    if person.natural_person_user_reference:
        given.natural_person_user_reference = person.natural_person_user_reference
    for record in person.worker_records:
        numbered = given.id_worker_records.add(
            employer_class=record.employer_class,
            worker_code=record.worker_code,
            worker_record_version_nbr=str(next(numbers)),
        )
        if record.worker_record_user_reference:
            numbered.worker_record_user_reference = record.worker_record_user_reference
        for occupation in record.occupations:
            one = numbered.id_occupations.add(
                occupation_sequence_nbr=occupation.occupation_sequence_nbr,
                occupation_version_nbr=str(next(numbers)),
            )
            if occupation.occupation_user_reference:
                one.occupation_user_reference = occupation.occupation_user_reference
    return given


def version(identifiers: dmfa_pid_pb2.DmfaIDNaturalPerson) -> int:
    return int(identifiers.decl_natural_person_version_nbr)


def person_pid(identifiers: dmfa_pid_pb2.DmfaIDNaturalPerson) -> int:
    return int(identifiers.natural_person_pid)


def form(
    quarter: str,
    nsso_number: str,
    employer: str,
    declaration_pid: int,
    persons: Iterable[dmfa_pid_pb2.DmfaIDNaturalPerson],
) -> dmfa_pid_pb2.DmfaIDEmployerDeclaration:
    """The block of a DMFAPID that holds the numbers."""
    block = dmfa_pid_pb2.DmfaIDEmployerDeclaration(
        quarter=quarter,
        company_id=employer,
        employer_declaration_pid=str(declaration_pid),
        id_natural_persons=persons,
    )
    if nsso_number:
        block.noss_registration_nbr = nsso_number
        block.trusteeship = "0"
    return block
