"""Where there is no room a call is turned away before it is read; health and streams are not."""

from __future__ import annotations

from typing import Any, NamedTuple

import grpc
import pytest

from mesh import threshold
from mesh.room import Room
from mesh.threshold import Threshold


class Details(NamedTuple):
    method: str
    invocation_metadata: tuple[tuple[str, str], ...] = ()


async def serve(request: Any, context: Any) -> Any:
    return request


SERVICE = "crossroads.test.Test"
HANDLERS = grpc.method_handlers_generic_handler(
    SERVICE,
    {
        "Ask": grpc.unary_unary_rpc_method_handler(serve),
        "Submit": grpc.stream_unary_rpc_method_handler(serve),
        "Watch": grpc.unary_stream_rpc_method_handler(serve),
    },
)
HEALTH = grpc.method_handlers_generic_handler(
    threshold.HEALTH.strip("/"), {"Check": grpc.unary_unary_rpc_method_handler(serve)}
)


@pytest.mark.parametrize(
    ("handlers", "method", "turned_away"),
    [
        (HANDLERS, f"/{SERVICE}/Ask", True),
        (HANDLERS, f"/{SERVICE}/Submit", True),
        (HANDLERS, f"/{SERVICE}/Watch", False),
        (HEALTH, f"{threshold.HEALTH}Check", False),
    ],
)
def test_who_is_turned_away_where_there_is_no_room(
    handlers: grpc.GenericRpcHandler, method: str, turned_away: bool
) -> None:
    details: Any = Details(method)
    open_to_all = handlers.service(details)
    assert Threshold(handlers, Room(1)).service(details) is open_to_all
    room = Room(1)
    with room.place():
        found = Threshold(handlers, room).service(details)
    assert (found is not open_to_all) is turned_away
    assert found is not None


def test_a_method_that_nobody_has_stays_unknown_however_full_it_is() -> None:
    details: Any = Details(f"/{SERVICE}/Unheard")
    assert Threshold(HANDLERS, Room(0)).service(details) is None
