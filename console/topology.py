"""Which processes make a mesh, and which certificates they and the sandbox hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from console import databases
from console.authority import Authority
from sandbox import cast

OPERATOR = "operator/sandbox"


@dataclass(frozen=True, slots=True)
class Deployable:
    """One process: its name, the module it runs, the names its certificate serves under."""

    name: str
    module: str
    server_names: tuple[str, ...]
    has_database: bool

    @property
    def identity(self) -> str:
        return f"service/{self.name}"


def _service(name: str, *also: str) -> Deployable:
    return Deployable(name, f"services.{name}", (name, *also), name in databases.SERVICES)


DEPLOYABLES: tuple[Deployable, ...] = (
    _service("repertory"),
    _service("ledger"),
    _service("router"),
    _service("declarations", cast.server_name("12/0")),
    _service("rights", cast.server_name("25/0")),
    Deployable("gateway", "gateway", ("gateway",), has_database=False),
    Deployable(
        "sandbox",
        "sandbox",
        ("sandbox", *map(cast.server_name, cast.INSTITUTIONS)),
        has_database=False,
    ),
)


def issue(authority: Authority) -> dict[str, Path]:
    """Every identity of the mesh and of the sandbox > the folder of its certificate."""
    return dict(_issued(authority))


def _issued(authority: Authority) -> Iterator[tuple[str, Path]]:
    for deployable in DEPLOYABLES:
        path = deployable.identity
        yield path, authority.issue(path, names=deployable.server_names)
    for path in cast.IDENTITIES:
        yield path, authority.issue(path)
    for name, ssin in cast.CITIZENS.items():
        folder = f"citizen/{name}"
        yield folder, authority.issue("citizen/card", ssin=ssin, folder=folder)
    revoked = authority.issue(cast.REVOKED.partition("#")[0], folder=cast.REVOKED)
    authority.revoke(revoked)
    yield cast.REVOKED, revoked
