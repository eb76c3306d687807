"""Refusals: an exception here, a rich Status with texts in four languages on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import grpc
import yaml
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

DOMAIN = "crossroads.belgium"
LANGUAGES = ("nl", "fr", "de", "en")
_TEXTS: dict[str, dict[str, str]] = {}
_CODES = {code.value[0]: code for code in grpc.StatusCode}


class Refusal(Exception):  # noqa: N818 - a refusal is an answer of the field, not an error of ours
    """Why a call is refused. `reason` names a text; no field may carry an SSIN."""

    def __init__(
        self,
        code: grpc.StatusCode,
        reason: str,
        *,
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[tuple[str, str]] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.metadata = dict(metadata or {})
        self.violations = tuple(violations)
        self.retry_after = retry_after


def load(path: Path) -> None:
    """Add the texts of a `texts.yaml`. Raises ValueError where a language is missing."""
    for reason, texts in yaml.safe_load(path.read_text("utf-8")).items():
        missing = set(LANGUAGES) - set(texts)
        if missing:
            raise ValueError(f"{path}: {reason} has no text in {', '.join(sorted(missing))}")
        _TEXTS[reason] = texts


def text(reason: str, language: str, metadata: Mapping[str, str] | None = None) -> str:
    """What to tell a person, with `{placeholders}` filled in."""
    return _TEXTS[reason][language].format_map(metadata or {})


def status_of(refusal: Refusal) -> status_pb2.Status:
    """The Status with ErrorInfo, BadRequest, RetryInfo and LocalizedMessage."""
    status = status_pb2.Status(
        code=code_pb2.Code.Value(refusal.code.name),
        message=text(refusal.reason, "en", refusal.metadata),
    )
    _add(
        status,
        error_details_pb2.ErrorInfo(
            reason=refusal.reason, domain=DOMAIN, metadata=refusal.metadata
        ),
    )
    if refusal.violations:
        bad = error_details_pb2.BadRequest()
        for field, description in refusal.violations:
            bad.field_violations.add(field=field, description=description)
        _add(status, bad)
    if refusal.retry_after is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(round(refusal.retry_after * 1000))
        _add(status, retry)
    for language in LANGUAGES:
        message = text(refusal.reason, language, refusal.metadata)
        _add(status, error_details_pb2.LocalizedMessage(locale=language, message=message))
    return status


def of_error(error: grpc.aio.AioRpcError) -> Refusal:
    """The refusal that a peer sent; its bare status where it sent no details."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]  # AioRpcError has what it reads
    return _refusal(error.code(), status.details if status else ())


def of_status(status: status_pb2.Status) -> Refusal:
    """The refusal of one request among many. Raises KeyError for a code that gRPC has not."""
    return _refusal(_CODES[status.code], status.details)


def _refusal(code: grpc.StatusCode, told: Iterable[any_pb2.Any]) -> Refusal:
    details = error_details_pb2.ErrorInfo()
    for detail in told:
        if detail.Is(details.DESCRIPTOR):
            detail.Unpack(details)
    return Refusal(code, details.reason or "UPSTREAM_FAILED", metadata=details.metadata)


def _add(status: status_pb2.Status, detail: object) -> None:
    packed = any_pb2.Any()
    packed.Pack(detail)  # type: ignore[arg-type]  # every google.rpc detail is a message
    status.details.append(packed)


load(Path(__file__).with_name("texts.yaml"))
