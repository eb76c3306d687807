"""The threshold before the door: where there is no room a call is turned away unread."""

from __future__ import annotations

from typing import Any, TypeAlias

import grpc

from mesh import durations
from mesh.room import Room, status_of_full
from mesh.served import Context

HEALTH = "/grpc.health.v1.Health/"
"""Has an answer however full it is: a process that is restarted for being busy helps nobody."""
FULL = grpc.StatusCode.RESOURCE_EXHAUSTED.name
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class Threshold(grpc.GenericRpcHandler):
    """Hands out the handlers of one service while there is room.

    To turn a call away here costs a quarter less than at the door, when there is no time: its
    request is not received.
    """

    def __init__(self, handlers: grpc.GenericRpcHandler, room: Room) -> None:
        self._handlers = handlers
        self._room = room
        self._turning_away: Handler = grpc.stream_stream_rpc_method_handler(self._turn_away)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler | None:
        handler: Handler | None = self._handlers.service(handler_call_details)
        method = str(handler_call_details.method)
        if handler is None or handler.response_streaming or method.startswith(HEALTH):
            return handler  # a stream takes no place
        if not self._room.is_full:
            return handler
        durations.count(method[1:], FULL, 0.0)
        return self._turning_away

    async def _turn_away(self, _: object, context: Context) -> None:
        """Reads nothing, so it serves a call of any kind."""
        await context.abort_with_status(status_of_full(self._room.retry_s))
