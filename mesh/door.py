"""The door before every method: who calls, may they, is it well formed; refusals leave here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import nullcontext
from typing import Any, TypeAlias

import grpc
import protovalidate
import structlog
from grpc_status import rpc_status
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mesh import access, clock, deadlines, durations, identity, refusals
from mesh.call import CALLER
from mesh.certificates import Certificates
from mesh.channels import ON_BEHALF_OF
from mesh.identity import Caller, Certificate
from mesh.refusals import Refusal
from mesh.room import Room, status_of_full
from mesh.served import Context, Served
from mesh.threshold import HEALTH

LOG = structlog.get_logger()
BAD = frozenset(
    {
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)
"""Codes that count against the objective; a lawful refusal does not."""
TurnedAway = Callable[[str, Caller, Refusal, Any], Awaitable[None]]
"""Hears of a caller refused at the door: method, caller, why, and the request."""
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class Door:
    """Guards methods. Its steps stand in the order in which they are taken."""

    def __init__(
        self,
        certificates: Certificates,
        room: Room,
        turned_away: TurnedAway | None,
        home: str = "",
    ) -> None:
        self._certificates = certificates
        self._room = room
        self._turned_away = turned_away
        self._home = home

    def guard(self, method: str, handler: Handler) -> Handler:
        """The same handler behind the door."""
        io = (handler.request_deserializer, handler.response_serializer)
        wrap = self._streaming if handler.response_streaming else self._unary
        kind = (
            f"{'stream' if handler.request_streaming else 'unary'}_"
            f"{'stream' if handler.response_streaming else 'unary'}"
        )
        make: Callable[..., Handler] = getattr(grpc, f"{kind}_rpc_method_handler")
        one = not handler.request_streaming
        return make(wrap(method, getattr(handler, kind), one_request=one), *io)

    def _unary(
        self, method: str, serve: Callable[..., Awaitable[Any]], *, one_request: bool
    ) -> Callable[..., Any]:
        async def guarded(request: Any, context: Context) -> Any:
            try:
                with nullcontext() if method.startswith(HEALTH) else self._room.place():
                    return await inside(request, context)
            except Refusal as full:
                durations.count(method[1:], full.code.name, 0.0)
                await context.abort_with_status(status_of_full(full.retry_after or 0.0))

        async def inside(request: Any, context: Context) -> Any:
            with Served(method, context) as call:
                try:
                    await self._enter(method, request if one_request else None, context, call)
                    return await serve(request if one_request else _validated(request), context)
                except Exception as error:  # noqa: BLE001 - every error leaves as a status
                    await self._refuse(call, context, error)

        return guarded

    def _streaming(
        self, method: str, serve: Callable[..., Any], *, one_request: bool
    ) -> Callable[..., Any]:
        async def guarded(request: Any, context: Context) -> AsyncIterator[Any]:
            with Served(method, context) as served:
                try:
                    await self._enter(method, request if one_request else None, context, served)
                    requests = request if one_request else _validated(request)
                    responses = serve(requests, context)
                    if isinstance(responses, Coroutine):  # it writes to the context itself
                        await responses
                        return
                    async for response in responses:
                        yield response
                except Exception as error:  # noqa: BLE001 - every error leaves as a status
                    await self._refuse(served, context, error)

        return guarded

    async def _enter(self, method: str, request: Any, context: Context, served: Served) -> None:
        certificate, caller = _identify(context, served)
        served.span.attributes["crossroads.caller"] = caller.principal.path
        try:
            self._check_certificate(certificate)
            access.check(method, caller, self._home)
        except Refusal as refusal:
            if self._turned_away and request is not None:
                await self._turned_away(method, caller, refusal, request)
            raise
        CALLER.set(caller)
        deadlines.start(context.time_remaining())
        if request is not None:
            validate(request)

    def _check_certificate(self, certificate: Certificate) -> None:
        """TLS looked at the handshake; a connection may outlive its certificate."""
        if self._certificates.is_revoked(certificate.serial):
            raise Refusal(grpc.StatusCode.UNAUTHENTICATED, "CERTIFICATE_REVOKED")
        if certificate.not_after < clock.now():
            raise Refusal(grpc.StatusCode.UNAUTHENTICATED, "CERTIFICATE_EXPIRED")

    async def _refuse(self, served: Served, context: Context, error: Exception) -> None:
        if isinstance(error, grpc.aio.AbortError):
            raise error
        refusal = refusal_of(error)
        served.span.attributes["crossroads.refusal_reason"] = refusal.reason
        if refusal.code in BAD:
            served.span.fail(type(error))
        status = refusals.status_of(refusal)
        await context.abort_with_status(rpc_status.to_status(status))


def validate(request: Any) -> None:
    """Raise INVALID_ARGUMENT with every violation of the contract; the values are not repeated."""
    violations = protovalidate.collect_violations(request)
    if violations:
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT,
            "MALFORMED_REQUEST",
            violations=[(_path(v), v.proto.message or v.proto.rule_id) for v in violations],
        )


def refusal_of(error: Exception) -> Refusal:
    """What to tell a caller of any error; one of ours is logged with where it happened."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, grpc.aio.AioRpcError):
        return _of_peer(error.code())
    if isinstance(error, PoolTimeout):
        return Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", retry_after=1.0)
    if isinstance(error, DBAPIError) and (error.connection_invalidated or _is_down(error)):
        return Refusal(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE", retry_after=1.0)
    if isinstance(error, asyncio.TimeoutError):
        return Refusal(grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
    LOG.error("an error of ours", exc_info=error)
    return Refusal(grpc.StatusCode.INTERNAL, "INTERNAL")


def _of_peer(code: grpc.StatusCode) -> Refusal:
    """A peer that is away or overloaded is told as such; any other answer of it is our fault."""
    LOG.warning("a peer refused", code=code.name)
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return Refusal(code, "OVERLOADED", retry_after=1.0)
    if code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
        return Refusal(code, code.name, retry_after=1.0)
    return Refusal(grpc.StatusCode.INTERNAL, "UPSTREAM_FAILED")


def _is_down(error: DBAPIError) -> bool:
    return type(error).__name__ in {"OperationalError", "InterfaceError"}


def _identify(context: Context, served: Served) -> tuple[Certificate, Caller]:
    """Raises UNAUTHENTICATED where the certificate or whom it speaks for is no identity."""
    try:
        pem = next(iter(context.auth_context()["x509_pem_cert"]))
        certificate = identity.read_certificate(pem)
        named = served.metadata.get(ON_BEHALF_OF)
        other = identity.parse(str(named)) if named else None
    except (ValueError, LookupError, StopIteration) as error:
        raise Refusal(grpc.StatusCode.UNAUTHENTICATED, "NOT_IDENTIFIED") from error
    return certificate, Caller(certificate.identity, other, certificate.serial)


def _path(violation: protovalidate.Violation) -> str:
    """`inscriptions[2].ssin`, without keys or values."""
    path = ""
    for element in violation.proto.field.elements if violation.proto.field else ():
        path += f".{element.field_name}" if path else element.field_name
        if element.subscript and element.subscript.field == "index":
            path += f"[{element.subscript.value}]"
    return path


async def _validated(requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for request in requests:
        validate(request)
        yield request
