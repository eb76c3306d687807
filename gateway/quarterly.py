"""DmfA in XML: a document of any size is handed on while it comes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator

import grpc
from crossroads.declarations.v1 import declarations_pb2, dmfa_pb2
from crossroads.forms.v1 import dmfa_pb2 as originals
from crossroads.forms.v1 import (
    dmfa_update_pb2,
    notification_pb2,
)
from google.protobuf.message import Message
from lxml import etree

from gateway import codec
from gateway.dimona import MOST_ANOMALIES, Received
from gateway.fields import refusal
from gateway.peers import Quarters
from gateway.pieces import Ended, Piece
from gateway.streaming import Stream
from mesh import clock, elements
from mesh.elements import Anomaly
from mesh.identity import Identity
from mesh.refusals import Refusal

MOST_BYTES = 1 << 30
PART = 250
"""Workers that are handed on together."""
_KEY = re.compile(r"[A-Za-z0-9._:-]{8,48}")


class Reading:
    """The steps of a document, one form after the other."""

    def __init__(
        self,
        caller: Identity,
        key: str,
        channel: declarations_pb2.Channel.ValueType = declarations_pb2.CHANNEL_XML,
    ) -> None:
        """Raises ARGUMENT_INVALID where the key is not 8 to 48 letters, digits and marks."""
        if key and not _KEY.fullmatch(key):
            raise refusal("ARGUMENT_INVALID", "Idempotency-Key")
        self._caller = caller
        self._key = key
        self._channel = channel
        self._read = 0
        self._stream = Stream(originals.DmfaOriginal, "NaturalPerson")
        self._digest = hashlib.sha256()
        self._pieces: list[Piece] = []
        self.forms = 0
        self._begin()

    async def steps(
        self, chunks: AsyncIterable[bytes]
    ) -> AsyncIterator[dmfa_pb2.SubmitDmfaRequest]:
        """Parts and closings of a document while it comes. Raises what feed and close raise."""
        async for chunk in chunks:
            for step in self.feed(chunk):
                yield step
        self.close()

    def feed(self, chunk: bytes) -> Iterator[dmfa_pb2.SubmitDmfaRequest]:
        """The steps that one more chunk completes. Raises what the stream raises, XML_TOO_LARGE."""
        self._read += len(chunk)
        if self._read > MOST_BYTES:
            raise too_large()
        for told in self._stream.feed(chunk):
            yield from self._steps_of(told)

    def close(self) -> None:
        """Nothing may follow. Raises what the stream raises, ARGUMENT_MISSING."""
        self._stream.close()
        if not self.forms:
            raise refusal("ARGUMENT_MISSING", "Form")

    def _steps_of(self, told: object) -> Iterable[dmfa_pb2.SubmitDmfaRequest]:
        if isinstance(told, Piece):
            self._pieces.append(told)
            if len(self._pieces) == PART:
                yield self._part()
        elif isinstance(told, Ended):
            if self._pieces:
                yield self._part()
            yield self._closing(told)

    def _part(self) -> dmfa_pb2.SubmitDmfaRequest:
        part = dmfa_pb2.DmfaPart(
            persons=[_person(piece.message) for piece in self._pieces],
            anomalies=_reports(one for piece in self._pieces for one in piece.anomalies),
        )
        self._pieces.clear()
        self._digest.update(hashlib.sha256(part.SerializeToString(deterministic=True)).digest())
        return dmfa_pb2.SubmitDmfaRequest(part=part)

    def _closing(self, ended: Ended) -> dmfa_pb2.SubmitDmfaRequest:
        form = originals.DmfaForm.FromString(ended.message.SerializeToString(deterministic=True))
        self._digest.update(form.SerializeToString(deterministic=True))
        self.forms += 1
        closing = dmfa_pb2.DmfaClosing(
            request_id=f"{self._key or self._digest.hexdigest()[:48]}-{self.forms}",
            channel=self._channel,
            form=form,
            anomalies=_reports(ended.anomalies),
        )
        self._begin()
        return dmfa_pb2.SubmitDmfaRequest(closing=closing)

    def _begin(self) -> None:
        self._digest = hashlib.sha256(self._caller.path.encode())


async def submit(
    quarters: Quarters, caller: Identity, reading: Reading, chunks: AsyncIterable[bytes]
) -> list[Received]:
    """Hand every form on while it is read; the receipts stand in the order of the forms."""
    received: list[Received] = []
    steps = reading.steps(chunks)
    while (first := await anext(steps, None)) is not None:
        receipt = await quarters.submit(caller, _one(first, steps))
        received.append(Received(receipt.ticket, clock.parse(receipt.received_at)))
    return received


async def _one(
    first: dmfa_pb2.SubmitDmfaRequest, rest: AsyncIterator[dmfa_pb2.SubmitDmfaRequest]
) -> AsyncIterator[dmfa_pb2.SubmitDmfaRequest]:
    """The steps of one form."""
    yield first
    step = first
    while step.WhichOneof("step") == "part":
        step = await anext(rest)
        yield step


def corrections(
    root: etree._Element,
    caller: Identity,
    key: str,
    channel: declarations_pb2.Channel.ValueType = declarations_pb2.CHANNEL_XML,
) -> list[dmfa_pb2.SubmitDmfaUpdateRequest]:
    """The corrections in a document. Raises XML_WRONG_ROOT, ARGUMENT_MISSING, ARGUMENT_INVALID."""
    if key and not _KEY.fullmatch(key):
        raise refusal("ARGUMENT_INVALID", "Idempotency-Key")
    document, anomalies = codec.check(root, dmfa_update_pb2.DmfaUpdate)
    if not document.forms:
        raise refusal("ARGUMENT_MISSING", "Form")
    return [
        dmfa_pb2.SubmitDmfaUpdateRequest(
            request_id=f"{key or _digest(caller, form)}-{number}",
            form=form,
            channel=channel,
            anomalies=_reports(
                one for one in anomalies if f"{one.location},".startswith(f"1,{number},")
            ),
        )
        for number, form in enumerate(document.forms, 1)
    ]


def _person(message: Message) -> originals.DmfaNaturalPerson:
    if not isinstance(message, originals.DmfaNaturalPerson):
        raise TypeError("a piece of a DmfA is a natural person")
    return message


def _reports(anomalies: Iterable[Anomaly]) -> list[notification_pb2.AnomalyReport]:
    """At most as many as a part may tell, placed as if the form stood alone in its document."""
    told = []
    for one in anomalies:
        report = elements.report(one)
        if report.anomaly_location.location:
            steps = report.anomaly_location.location.split(",")
            report.anomaly_location.location = ",".join(["1", "1", *steps[2:]])
        told.append(report)
        if len(told) == MOST_ANOMALIES:
            break
    return told


def _digest(caller: Identity, form: dmfa_update_pb2.DmfaUpdateForm) -> str:
    content = caller.path.encode() + b"\0" + form.SerializeToString(deterministic=True)
    return hashlib.sha256(content).hexdigest()[:48]


def too_large() -> Refusal:
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT, "XML_TOO_LARGE", metadata={"most": str(MOST_BYTES)}
    )
