"""Requests about risks to what is stored of them, and what stands to answers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import grpc
from crossroads.declarations.v1 import declarations_pb2, risks_pb2
from crossroads.forms.v1 import social_risk_pb2
from google.protobuf.message import Message

from mesh import call, clock, identification, institutions, telemetry, tickets
from mesh.identity import Identity
from mesh.refusals import Refusal
from services.declarations import employers
from services.declarations.dimona.domain import day
from services.declarations.domain import Channel
from services.declarations.domain import State as Handled
from services.declarations.mandates import declarants
from services.declarations.risks import attestation, comparison, notification, routing, scenarios
from services.declarations.risks.domain import Action, State, Submission
from services.declarations.risks.store import Recorded

LARGEST_FORM = 48 * 1024
"""Bytes of a form with the anomalies that came with it; a mailbox takes 64 KiB of attestation."""

CHANNELS = {
    declarations_pb2.CHANNEL_UNSPECIFIED: Channel.GRPC,
    declarations_pb2.CHANNEL_GRPC: Channel.GRPC,
    declarations_pb2.CHANNEL_XML: Channel.XML,
    declarations_pb2.CHANNEL_PORTAL: Channel.PORTAL,
    declarations_pb2.CHANNEL_FILE: Channel.FILE,
}
_CHANNELS_TO_WIRE = {
    **{channel: wire for wire, channel in CHANNELS.items() if wire},
    Channel.PAPER: declarations_pb2.CHANNEL_PAPER,
}
_HANDLED = {
    Handled.RECEIVED: declarations_pb2.DECLARATION_STATE_RECEIVED,
    Handled.ACCEPTED: declarations_pb2.DECLARATION_STATE_ACCEPTED,
    Handled.REFUSED: declarations_pb2.DECLARATION_STATE_REFUSED,
    Handled.SET_ASIDE: declarations_pb2.DECLARATION_STATE_SET_ASIDE,
}
_STATES = {
    State.INTRODUCED: risks_pb2.RISK_STATE_INTRODUCED,
    State.MODIFIED: risks_pb2.RISK_STATE_MODIFIED,
    State.FINALISED: risks_pb2.RISK_STATE_FINALISED,
    State.CANCELLED: risks_pb2.RISK_STATE_CANCELLED,
}


def sent(
    employer: str,
    request_id: str,
    channel: Channel,
    content: Sequence[Message],
    action: Action | None = None,
    number: str = "",
    image: bytes = b"",
    received_on: str = "",
) -> Submission:
    """What is stored of a request. `content` is the form, then what the channel found in it.

    `employer` is whose declaration it is; empty: the caller's own, who may be an institution.

    Raises INVALID_ARGUMENT for what its contract could not tell.
    """
    if not request_id.isprintable():
        raise malformed("request_id", "holds characters that cannot be printed")
    on = day(received_on)
    if received_on and on is None:
        raise malformed("received_on", "is no day of the calendar")
    pieces = [message.SerializeToString(deterministic=True) for message in content]
    if sum(map(len, pieces)) > LARGEST_FORM:
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT,
            "FORM_TOO_LARGE",
            metadata={"most": str(LARGEST_FORM)},
        )
    name, caller = action.name if action else "", call.caller()
    marks = [name.encode(), number.encode(), image, received_on.encode()]
    whole = b"".join(hashlib.sha256(piece).digest() for piece in [*pieces, *marks])
    return Submission(
        declarer=f"employer/{employer}" if employer else declarant(),
        ticket=tickets.new(),
        request_id=request_id,
        digest=hashlib.sha256(whole).digest(),
        channel=channel,
        received_at=clock.now(),
        form=pieces[0] if pieces else b"",
        anomalies=tuple(pieces[1:]),
        action=name,
        number=number,
        image_digest=image,
        received_on=on,
        caller=caller.identity.path,
        declarant=declarant(),
        chain=declarants.chain(employer) if employer else caller.chain,
        traceparent=telemetry.traceparent(),
    )


def declarant() -> str:
    """Path of who sends, the enterprise number with all its digits."""
    principal = call.caller().principal
    if principal.kind == "employer":
        return f"employer/{employers.enterprise_number(principal.name)}"
    return principal.path


def check_officer(whole: social_risk_pb2.SocialRiskForm) -> None:
    """An officer keys in only forms of the branch of her institution."""
    name = whole.WhichOneof("form")
    officer = institutions.parse(call.caller().principal.name)
    branch = scenarios.known()[name.upper()].branch if name else None
    if branch is not None and not routing.may_key(branch, officer):
        raise Refusal(
            grpc.StatusCode.PERMISSION_DENIED,
            "NOT_YOUR_BRANCH",
            metadata={"institution": str(officer)},
        )


def concerned(principal: Identity, ssin: str) -> str:
    """Whose career: of a citizen her own."""
    if principal.kind == "citizen":
        if ssin not in {"", principal.ssin}:
            raise Refusal(grpc.StatusCode.PERMISSION_DENIED, "NOT_YOUR_CAREER")
        return principal.ssin
    if not identification.ssin_is_valid(ssin):
        raise malformed("ssin", "has wrong check digits")
    return ssin


def answer(found: Submission, recorded: Recorded | None) -> risks_pb2.GetRiskResponse:
    told = risks_pb2.GetRiskResponse(
        state=_HANDLED[found.handled],
        channel=_CHANNELS_TO_WIRE[found.channel],
        received_at=clock.rfc3339(found.received_at),
        image_digest=found.image_digest,
    )
    if found.notification:
        told.notification.ParseFromString(found.notification)
    if recorded is not None:
        told.risk.CopyFrom(risk(recorded))
        notice = notification.notice(recorded.risk, recorded.at)
        if notice is not None:
            told.notice.CopyFrom(notice)
    return told


def risk(recorded: Recorded, with_form: bool = True) -> risks_pb2.Risk:
    one = recorded.risk
    return risks_pb2.Risk(
        attestation=attestation.write(one, recorded.form if with_form else None),
        ssin=one.ssin,
        state=_STATES[one.state],
        recipients=[institutions.to_wire(recipient) for recipient in one.recipients],
        recorded_at=clock.rfc3339(recorded.at),
        anomalies=[notification.report(a) for a in comparison.anomalies(one.differences)],
    )


def moment(field: str, text: str) -> datetime | None:
    """A recorded moment; None where none is given. Raises INVALID_ARGUMENT for no moment."""
    try:
        return clock.parse(text) if text else None
    except ValueError as error:
        raise malformed(field, "is no moment of RFC 3339") from error


def malformed(field: str, description: str) -> Refusal:
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST", violations=[(field, description)]
    )
