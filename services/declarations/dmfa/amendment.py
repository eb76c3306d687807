"""What a correction makes of a person's part: records changed, added or taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crossroads.forms.v1 import dmfa_pb2, dmfa_pid_pb2, dmfa_update_pb2

from services.declarations.dmfa import blocks
from services.declarations.dmfa.domain import Finding, Path

TAKEN_BACK, CHANGED, ADDED = "0", "1", "3"
"""What is done to a worker record."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's part as it is known."""

    content: dmfa_pb2.DmfaNaturalPerson
    identifiers: dmfa_pid_pb2.DmfaIDNaturalPerson
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Amended:
    """A person's part as corrected; `origins` tells by which update each record came, -1: none."""

    content: dmfa_pb2.DmfaNaturalPerson
    origins: tuple[int, ...]
    findings: tuple[Finding, ...]


def amend(update: dmfa_update_pb2.DmfaNaturalPersonUpdate, before: Standing | None) -> Amended:
    """Apply an update to what is known of the person; the findings begin at the update."""
    standing = before if before and not before.cancelled else None
    findings = list(_identified(update, before))
    records = _numbered(standing)
    for number, one in enumerate(update.worker_record_updates):
        path: Path = (("worker_record_updates", number),)
        findings += _apply(one, records, number, path)
    content = dmfa_pb2.DmfaNaturalPerson(
        natural_person_sequence_nbr=update.natural_person_sequence_nbr, inss=update.inss
    )
    if update.natural_person_user_reference:
        content.natural_person_user_reference = update.natural_person_user_reference
    content.worker_records.extend(record for record, _, _ in records.values())
    return Amended(content, tuple(origin for _, _, origin in records.values()), tuple(findings))


_Records = dict[tuple[str, str], tuple[dmfa_pb2.DmfaWorkerRecord, str, int]]


def _numbered(standing: Standing | None) -> _Records:
    """Each record with its version and its origin, by class and code."""
    if standing is None:
        return {}
    return {
        (record.employer_class, record.worker_code): (
            record,
            numbered.worker_record_version_nbr,
            -1,
        )
        for record, numbered in zip(
            standing.content.worker_records, standing.identifiers.id_worker_records, strict=True
        )
    }


def _identified(
    update: dmfa_update_pb2.DmfaNaturalPersonUpdate, before: Standing | None
) -> Iterator[Finding]:
    """The numbers given must be those of the latest version; a new person has none."""
    declared = update.decl_natural_person_pid.lstrip("0")
    version = update.decl_natural_person_version_nbr.lstrip("0")
    if before is None:
        if declared or version:
            yield _wrong("00620-182", "decl_natural_person_version_nbr", version)
        return
    known = before.identifiers
    if before.cancelled and not declared and not version:
        return
    if not version:
        yield Finding("00620-001", "DeclNaturalPersonVersionNbr")
    elif version != known.decl_natural_person_version_nbr:
        yield _wrong("00620-180", "decl_natural_person_version_nbr", version)
    if declared and declared != known.decl_natural_person_pid:
        yield _wrong("00548-176", "decl_natural_person_pid", declared)
    person = update.natural_person_pid.lstrip("0")
    if person and person != known.natural_person_pid:
        yield _wrong("00549-176", "natural_person_pid", person)


_TAGS = {
    "decl_natural_person_version_nbr": "DeclNaturalPersonVersionNbr",
    "decl_natural_person_pid": "DeclNaturalPersonPID",
    "natural_person_pid": "NaturalPersonPID",
}


def _wrong(error_id: str, field: str, value: str) -> Finding:
    return Finding(error_id, _TAGS[field], ((field, -1),), value)


def _apply(
    one: dmfa_update_pb2.DmfaWorkerRecordUpdate, records: _Records, number: int, path: Path
) -> list[Finding]:
    """Change the records in place where the update may; what is wrong with it otherwise."""
    action = one.worker_record_update_action
    key = (action.employer_class, action.worker_code)
    old = None if action.update_action == ADDED else _last(one)
    wrong = [*_action(one, path), *(_last_situation(one, records, path) if old else ())]
    stays = action.update_action != TAKEN_BACK
    if not wrong and stays and key != old and key in records:
        where = (*path, ("worker_record_update_action", -1))
        wrong.append(Finding("90012-006", "WorkerRecordUpdateAction", where, " ".join(key)))
    if wrong:
        return wrong
    if old:
        del records[old]
    if stays:
        records[key] = (blocks.adopt(action, dmfa_pb2.DmfaWorkerRecord()), "", number)
    return []


def _action(one: dmfa_update_pb2.DmfaWorkerRecordUpdate, path: Path) -> Iterator[Finding]:
    """What is added was not there before."""
    action = one.worker_record_update_action.update_action
    where = (*path, ("worker_record_update_action", -1), ("update_action", -1))
    if action not in {TAKEN_BACK, CHANGED, ADDED}:
        yield Finding("00618-008", "UpdateAction", where, action)
    elif action == ADDED and one.HasField("last_situation_wr"):
        yield Finding("00618-174", "UpdateAction", where, action)


def _last_situation(
    one: dmfa_update_pb2.DmfaWorkerRecordUpdate, records: _Records, path: Path
) -> Iterator[Finding]:
    """What is changed or taken back is the latest version of a record."""
    version = one.last_situation_wr.worker_record_version_nbr.lstrip("0")
    where = (*path, ("last_situation_wr", -1), ("worker_record_version_nbr", -1))
    known = records.get(_last(one))
    if known is None:
        yield Finding("00610-182", "WorkerRecordVersionNbr", where, version)
    elif version != known[1]:
        yield Finding("00610-180", "WorkerRecordVersionNbr", where, version)


def _last(one: dmfa_update_pb2.DmfaWorkerRecordUpdate) -> tuple[str, str]:
    return (one.last_situation_wr.employer_class, one.last_situation_wr.worker_code)
