"""A refusal as XML: the same reason and texts that gRPC gives, whoever in the mesh refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import grpc
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from lxml import etree

from gateway.namespaces import EXCHANGE
from mesh import refusals
from mesh.door import refusal_of

_HTTP = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.FAILED_PRECONDITION: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
_CODES = {code.value[0]: code for code in grpc.StatusCode}


@dataclass(frozen=True, slots=True)
class Refused:
    """What a caller is told: the canonical code, the reason, and the texts by language."""

    code: grpc.StatusCode
    reason: str
    texts: Mapping[str, str]
    violations: tuple[tuple[str, str], ...] = ()
    retry_after_s: int | None = None

    @property
    def http_status(self) -> int:
        return 413 if self.reason == "XML_TOO_LARGE" else _HTTP.get(self.code, 500)

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.retry_after_s is None else {"retry-after": str(self.retry_after_s)}


def of(error: Exception) -> Refused:
    """What to tell of any error: of a peer what it said, of ours what the mesh would say."""
    status = None
    if isinstance(error, grpc.aio.AioRpcError):
        status = rpc_status.from_call(error)  # type: ignore[arg-type]  # it has what is read
    return _read(status or refusals.status_of(refusal_of(error)))


def document(refused: Refused) -> bytes:
    return etree.tostring(element(refused), encoding="UTF-8", xml_declaration=True)


def element(refused: Refused) -> etree._Element:
    """`Refusal` in our own vocabulary: reason, violations by field, texts by language."""
    spaces: dict[str | None, str] = {None: EXCHANGE}
    root = etree.Element(f"{{{EXCHANGE}}}Refusal", nsmap=spaces)  # type: ignore[arg-type]
    etree.SubElement(root, f"{{{EXCHANGE}}}Reason").text = refused.reason
    for field, description in refused.violations:
        etree.SubElement(root, f"{{{EXCHANGE}}}Violation", field=field).text = description
    for language, text in refused.texts.items():
        etree.SubElement(root, f"{{{EXCHANGE}}}Text", lang=language).text = text
    return root


def _read(status: status_pb2.Status) -> Refused:
    info = error_details_pb2.ErrorInfo()
    bad = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    message = error_details_pb2.LocalizedMessage()
    texts: dict[str, str] = {}
    retry_after = None
    for detail in status.details:
        if detail.Unpack(message):
            texts[message.locale] = message.message
        elif detail.Unpack(retry):
            retry_after = max(1, retry.retry_delay.ToSeconds())
        elif not detail.Unpack(info):
            detail.Unpack(bad)
    return Refused(
        _CODES[status.code],
        info.reason or "UPSTREAM_FAILED",
        texts,
        tuple((violation.field, violation.description) for violation in bad.field_violations),
        retry_after,
    )
