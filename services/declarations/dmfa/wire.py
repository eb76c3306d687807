"""What is kept of quarters, as the contract tells it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crossroads.declarations.v1 import declarations_pb2, dmfa_pb2
from crossroads.forms.v1 import dmfa_pb2 as originals
from crossroads.forms.v1 import dmfa_pid_pb2, dmfa_update_pb2, notification_pb2

from mesh import clock
from services.declarations.dmfa import identifiers, notification
from services.declarations.dmfa.records import Kind, Recorded, Submission
from services.declarations.domain import Channel, Employer, State

CHANNELS = {
    declarations_pb2.CHANNEL_UNSPECIFIED: Channel.GRPC,
    declarations_pb2.CHANNEL_GRPC: Channel.GRPC,
    declarations_pb2.CHANNEL_XML: Channel.XML,
    declarations_pb2.CHANNEL_PORTAL: Channel.PORTAL,
    declarations_pb2.CHANNEL_FILE: Channel.FILE,
}
_CHANNELS = {
    Channel.GRPC: declarations_pb2.CHANNEL_GRPC,
    Channel.XML: declarations_pb2.CHANNEL_XML,
    Channel.PORTAL: declarations_pb2.CHANNEL_PORTAL,
    Channel.FILE: declarations_pb2.CHANNEL_FILE,
}
_STATES = {
    State.RECEIVED: declarations_pb2.DECLARATION_STATE_RECEIVED,
    State.ACCEPTED: declarations_pb2.DECLARATION_STATE_ACCEPTED,
    State.REFUSED: declarations_pb2.DECLARATION_STATE_REFUSED,
    State.SET_ASIDE: declarations_pb2.DECLARATION_STATE_SET_ASIDE,
}


def declaration(submission: Submission, with_form: bool = True) -> dmfa_pb2.DmfaDeclaration:
    wire = dmfa_pb2.DmfaDeclaration(
        ticket=submission.ticket,
        state=_STATES[submission.state],
        channel=_CHANNELS[submission.channel],
        received_at=clock.rfc3339(submission.received_at),
        quarter=submission.quarter,
        workers=submission.workers,
        employer=submission.employer,
        declarant=submission.declarant,
    )
    if with_form and submission.kind is Kind.ORIGINAL:
        wire.original.CopyFrom(originals.DmfaForm.FromString(submission.form))
    elif with_form:
        wire.correction.CopyFrom(dmfa_update_pb2.DmfaUpdateForm.FromString(submission.form))
    if submission.notification:
        told = notification_pb2.NotificationForm.FromString(submission.notification)
        wire.notification.CopyFrom(told)
    return wire


def worker(recorded: Recorded) -> dmfa_pb2.DeclaredWorker:
    return dmfa_pb2.DeclaredWorker(
        person=originals.DmfaNaturalPerson.FromString(recorded.content),
        ticket=recorded.ticket,
        recorded_at=clock.rfc3339(recorded.recorded_from),
        identifiers=numbers(recorded),
    )


def change(before: Recorded | None, after: Recorded) -> dmfa_pb2.DmfaChange:
    wire = dmfa_pb2.DmfaChange()
    if before and not before.cancelled:
        wire.before.CopyFrom(worker(before))
    if not after.cancelled:
        wire.after.CopyFrom(worker(after))
    return wire


def numbers(recorded: Recorded) -> dmfa_pid_pb2.DmfaIDNaturalPerson:
    return dmfa_pid_pb2.DmfaIDNaturalPerson.FromString(recorded.identifiers)


def pid_form(
    submission: Submission, employer: Employer, persons: Sequence[Recorded], at: datetime
) -> dmfa_pid_pb2.DmfaPidForm:
    """A DMFAPID with these persons."""
    date, hour = notification.moment(at)
    told = dmfa_pid_pb2.DmfaPidForm(
        identification="DMFAPID",
        form_creation_date=date,
        form_creation_hour=hour,
        attestation_status="0",
        type_form="SU",
        id_employer_declaration=identifiers.form(
            submission.quarter,
            employer.nsso_number,
            employer.enterprise_number,
            submission.declaration_pid,
            [numbers(person) for person in persons],
        ),
    )
    told.references.add(reference_type="1", reference_origin="2", reference_nbr=submission.ticket)
    told.references.add(
        reference_type="3", reference_origin="2", reference_nbr=str(submission.declaration_pid)
    )
    return told
