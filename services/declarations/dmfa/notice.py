"""DMFANOT: what a declaration or a correction made of each person's part of a quarter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from crossroads.forms.v1 import (
    dmfa_notification_pb2,
    dmfa_notification_record_pb2,
    dmfa_pb2,
    dmfa_pid_pb2,
)

from services.declarations.dmfa import blocks, contributions, form, notification
from services.declarations.dmfa.records import Kind, Recorded, Submission
from services.declarations.domain import Employer

TAKEN_BACK, CHANGED, BY_ORIGINAL, BY_CORRECTION = "0", "1", "2", "3"
ACCEPTED = "A"
Change = tuple[Recorded | None, Recorded]
"""A version before, and the one that took its place."""


def write(
    submission: Submission, employer: Employer, changes: Sequence[Change], at: datetime
) -> dmfa_notification_pb2.DmfaUpdateNotificationForm:
    """The notice on a declaration, with the persons of these changes."""
    date, hour = notification.moment(at)
    told = dmfa_notification_pb2.DmfaUpdateNotificationForm(
        identification="DMFANOT",
        form_creation_date=date,
        form_creation_hour=hour,
        attestation_status="0",
        type_form="SU",
    )
    told.references.add(reference_type="1", reference_origin="2")
    told.references[0].reference_nbr = submission.ticket
    told.references.add(reference_type="3", reference_origin="2")
    told.references[1].reference_nbr = str(submission.declaration_pid)
    block = told.employer_declaration_update_notif
    block.quarter = submission.quarter
    if employer.nsso_number:
        block.noss_registration_nbr = employer.nsso_number
        block.trusteeship = "0"
    block.company_id = employer.enterprise_number
    block.transmission_mode = "LO"
    block.employer_declaration_pid = str(submission.declaration_pid)
    block.employer_declaration_new_version_nbr = str(submission.declaration_pid)
    block.action = BY_ORIGINAL if submission.kind is Kind.ORIGINAL else CHANGED
    block.sub_group_informations.add(sub_group="2", user_quality="22")
    block.natural_person_update_notifs.extend(_person(submission.kind, *one) for one in changes)
    _rectify(told.rectification_amount, changes)
    return told


def _person(
    kind: Kind, before: Recorded | None, after: Recorded
) -> dmfa_notification_pb2.DmfaNaturalPersonUpdateNotif:
    standing = None if before is None or before.cancelled else before
    person = dmfa_pb2.DmfaNaturalPerson.FromString(after.content)
    numbers = dmfa_pid_pb2.DmfaIDNaturalPerson.FromString(after.identifiers)
    told = dmfa_notification_pb2.DmfaNaturalPersonUpdateNotif(
        natural_person_sequence_nbr=person.natural_person_sequence_nbr,
        inss=after.ssin,
        natural_person_pid=numbers.natural_person_pid,
        decl_natural_person_pid=numbers.decl_natural_person_pid,
        decl_natural_person_new_version_nbr=numbers.decl_natural_person_version_nbr,
        action=_action(kind, known=standing is not None, stands=not after.cancelled),
        block_decision_indicator=ACCEPTED,
    )
    if person.natural_person_user_reference:
        told.natural_person_user_reference = person.natural_person_user_reference
    if before is not None:
        told.decl_natural_person_version_nbr = str(before.version)
    old, new = _records(standing), {} if after.cancelled else _records(after)
    for key in dict.fromkeys((*old, *new)):
        if key in old and key in new and old[key][0] == new[key][0]:
            continue
        action = _action(kind, known=key in old, stands=key in new)
        told.worker_record_update_notifs.append(_record(old.get(key), new.get(key), action))
    return told


_Record = tuple[dmfa_pb2.DmfaWorkerRecord, dmfa_pid_pb2.DmfaIDWorkerRecord]


def _record(
    old: _Record | None, new: _Record | None, action: str
) -> dmfa_notification_record_pb2.DmfaWorkerRecordUpdateNotif:
    told = dmfa_notification_record_pb2.DmfaWorkerRecordUpdateNotif()
    if old:
        last = told.last_situation_wr
        last.employer_class, last.worker_code = old[0].employer_class, old[0].worker_code
        last.worker_record_version_nbr = old[1].worker_record_version_nbr
    shown = new or old
    if shown:
        part = blocks.notice(shown[0], told.wr_dcl_part, action)
        part.code_subjected = "0"
        part.block_decision_indicator = ACCEPTED
        if new:
            part.worker_record_new_version_nbr = new[1].worker_record_version_nbr
    return told


def _records(recorded: Recorded | None) -> dict[tuple[str, str], _Record]:
    if recorded is None:
        return {}
    person = dmfa_pb2.DmfaNaturalPerson.FromString(recorded.content)
    numbers = dmfa_pid_pb2.DmfaIDNaturalPerson.FromString(recorded.identifiers)
    return {
        (record.employer_class, record.worker_code): (record, numbered)
        for record, numbered in zip(person.worker_records, numbers.id_worker_records, strict=True)
    }


def _action(kind: Kind, *, known: bool, stands: bool) -> str:
    if not stands:
        return TAKEN_BACK
    if known:
        return CHANGED
    return BY_ORIGINAL if kind is Kind.ORIGINAL else BY_CORRECTION


def _rectify(
    amount: dmfa_notification_pb2.DmfaRectificationAmount, changes: Iterable[Change]
) -> None:
    """What is owed more, or less, because of these persons, in cents."""
    owed = sum(_owed(after) - _owed(before) for before, after in changes)
    if owed < 0:
        amount.credit_amount = str(-owed)
    else:
        amount.debit_amount = str(owed)


def _owed(recorded: Recorded | None) -> int:
    if recorded is None or recorded.cancelled:
        return 0
    person = form.person(dmfa_pb2.DmfaNaturalPerson.FromString(recorded.content))
    return contributions.totals(person).net
