"""The door before every method: who calls, may they, is it well formed; refusals leave here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import nullcontext
from functools import partial
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
ACCESS = frozenset({grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED})
"""Codes of a caller who may not; what is wrong with a request is between it and the servicer."""
TurnedAway = Callable[[str, Caller, Refusal, Any], Awaitable[None]]
"""Hears of a caller refused access, at the door or further in, who was not told a ticket yet:
method, caller, why, and the request, which may break its contract; None of a stream."""
Trusts = Callable[[Caller], None]
"""Raises UNAUTHENTICATED for a caller not trusted any longer, though its certificate is good."""
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class Door:
    """Guards methods. Its steps stand in the order in which they are taken."""

    def __init__(
        self,
        certificates: Certificates,
        room: Room,
        turned_away: TurnedAway | None = None,
        trusts: Trusts | None = None,
        home: str = "",
    ) -> None:
        self._certificates = certificates
        self._room = room
        self._turned_away = turned_away
        self._trusts = trusts
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
            with Served(method, context) as served:
                given = request if one_request else None
                try:
                    look = self._enter(method, given, context, served)
                    return await serve(request if one_request else _each(request, look), context)
                except Exception as error:  # noqa: BLE001 - every error leaves as a status
                    await self._refuse(served, context, error, given)

        return guarded

    def _streaming(
        self, method: str, serve: Callable[..., Any], *, one_request: bool
    ) -> Callable[..., Any]:
        async def guarded(request: Any, context: Context) -> AsyncIterator[Any]:
            with Served(method, context) as served:
                given = request if one_request else None
                try:
                    look = self._enter(method, given, context, served)
                    responses = serve(request if one_request else _each(request, look), context)
                    if isinstance(responses, Coroutine):  # it writes to the context itself
                        await responses
                        return
                    async for response in responses:
                        look()
                        yield response
                except Exception as error:  # noqa: BLE001 - every error leaves as a status
                    await self._refuse(served, context, error, given)

        return guarded

    def _enter(
        self, method: str, request: Any, context: Context, served: Served
    ) -> Callable[[], None]:
        """Let a caller in, and give how to look at it again while a stream lasts."""
        certificate, caller = _identify(context, served)
        served.span.attributes["crossroads.caller"] = caller.principal.path
        CALLER.set(caller)
        look = partial(self._look, certificate, caller)
        look()
        access.check(method, caller, self._home)
        deadlines.start(context.time_remaining())
        if request is not None:
            validate(request)
        return look

    def _look(self, certificate: Certificate, caller: Caller) -> None:
        """TLS looked at the handshake; a connection, and a stream, may outlive its certificate."""
        if self._certificates.is_revoked(certificate.serial):
            raise Refusal(grpc.StatusCode.UNAUTHENTICATED, "CERTIFICATE_REVOKED")
        if certificate.not_after < clock.now():
            raise Refusal(grpc.StatusCode.UNAUTHENTICATED, "CERTIFICATE_EXPIRED")
        if self._trusts:
            self._trusts(caller)

    async def _refuse(
        self, served: Served, context: Context, error: Exception, request: Any
    ) -> None:
        if isinstance(error, grpc.aio.AbortError):
            raise error
        refusal = await self._written(served.method, refusal_of(error), request)
        served.span.attributes["crossroads.refusal_reason"] = refusal.reason
        if refusal.code in BAD:
            served.span.fail(type(error))
        status = refusals.status_of(refusal)
        await context.abort_with_status(rpc_status.to_status(status))

    async def _written(self, method: str, refusal: Refusal, request: Any) -> Refusal:
        """A refused access is written down before it is told; where it cannot be, that is told."""
        caller = CALLER.get(None)
        denied = refusal.code in ACCESS and "ticket" not in refusal.metadata
        if denied and caller is not None and self._turned_away:
            try:
                await self._turned_away(method, caller, refusal, request)
            except Exception as error:  # noqa: BLE001 - it is the answer
                return refusal_of(error)
        return refusal


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


async def _each(requests: AsyncIterator[Any], look: Callable[[], None]) -> AsyncIterator[Any]:
    """The requests of a stream, as long as they keep to the contract and the caller is trusted."""
    async for request in requests:
        look()
        validate(request)
        yield request
