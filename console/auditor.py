"""Asking the mesh as its auditor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import typer
from rich.console import Console
from rich.markup import escape

from console import endpoints
from console.state import State

AUDITOR = "auditor/privacy"
ERRORS = Console(stderr=True)


def channel(place: State, identity: str, name: str) -> grpc.aio.Channel:
    """To a service. Raises FileNotFoundError without a mesh, KeyError without the identity."""
    name = f"{place.hub}-{name}" if place.hub else name
    serving = endpoints.load(place.endpoints)
    files = serving.identities[identity]
    credentials = grpc.ssl_channel_credentials(
        Path(serving.ca).read_bytes(),
        Path(files["key"]).read_bytes(),
        Path(files["certificate"]).read_bytes(),
    )
    return grpc.aio.secure_channel(
        serving.addresses[name], credentials, [("grpc.ssl_target_name_override", name)]
    )


@contextmanager
def asking() -> Iterator[None]:
    """Say why the mesh gave no answer, and end with exit status 1."""
    try:
        yield
    except (FileNotFoundError, KeyError) as error:
        ERRORS.print(
            "No mesh serves, or it has no such auditor or hub. `crossroads up` starts one."
        )
        raise typer.Exit(1) from error
    except grpc.aio.AioRpcError as error:
        ERRORS.print(f"The mesh did not answer: {escape(str(error.details()))}")
        raise typer.Exit(1) from error
