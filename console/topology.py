"""Which processes make a mesh, and which certificates they and the sandbox hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    hub: str = ""
    """The secondary network whose hub it belongs to; empty: the primary hub."""

    @property
    def identity(self) -> str:
        return f"hub/{self.hub}" if self.hub else f"service/{self.name}"


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
        ("sandbox", *map(cast.server_name, (*cast.INSTITUTIONS, *cast.MEMBERS))),
        has_database=False,
    ),
)
_OF_A_HUB = ("repertory", "ledger", "router")
HUB: tuple[Deployable, ...] = tuple(
    Deployable(
        f"{cast.HUB}-{service}",
        f"services.{service}",
        tuple(f"{cast.HUB}-{each}" for each in _OF_A_HUB),
        has_database=True,
        hub=cast.HUB,
    )
    for service in _OF_A_HUB
)
"""The welfare centres' hub: the same code, under one identity."""


def settings(
    deployable: Deployable, addresses: Mapping[str, str]
) -> dict[str, str | dict[str, str]]:
    """What a process is told of its peers, and of the network whose hub it belongs to."""
    if not deployable.hub:
        return {"peers": {n: a for n, a in addresses.items() if n != deployable.name}}
    names = {service: f"{deployable.hub}-{service}" for service in _OF_A_HUB}
    names |= {f"primary_{service}": service for service in ("repertory", "router")}
    return {
        "hub": deployable.hub,
        "network": cast.NETWORK,
        "peers": {peer: addresses[name] for peer, name in names.items()},
        "peer_names": names,
    }


def issue(authority: Authority) -> dict[str, Path]:
    """Every identity of the mesh and of the sandbox > the folder of its certificate."""
    return dict(_issued(authority))


def _issued(authority: Authority) -> Iterator[tuple[str, Path]]:
    issued = {deployable.identity: deployable for deployable in (*DEPLOYABLES, *HUB)}
    for path, deployable in issued.items():
        yield path, authority.issue(path, names=deployable.server_names)
    for path in (*cast.IDENTITIES, *(f"institution/{member}" for member in cast.MEMBERS)):
        yield path, authority.issue(path)
    for name, ssin in cast.CITIZENS.items():
        folder = f"citizen/{name}"
        yield folder, authority.issue("citizen/card", ssin=ssin, folder=folder)
    revoked = authority.issue(cast.REVOKED.partition("#")[0], folder=cast.REVOKED)
    authority.revoke(revoked)
    yield cast.REVOKED, revoked
