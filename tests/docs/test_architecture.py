"""The edges told are the edges that exist: in the cluster, in the code, in the access table."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mesh import access

Table = list[dict[str, str]]
Edges = set[tuple[str, str]]
DEPLOYABLES = ("declarations", "gateway", "ledger", "repertory", "rights", "router")
OUTSIDE = "outside"
BY_SUPPLIER_ADDRESS = {("router", "declarations"), ("router", "rights")}
"""The router finds suppliers by the address in the repertory, not by a peer's name."""
MEMBERS = ("/crossroads.router.v1.Exchange/", "/crossroads.router.v1.Mailbox/")
"""Open to every member of the star; a service of the bank need not use all of it."""


def place(cell: str) -> str:
    return cell.strip("`") if cell.startswith("`") else OUTSIDE


@pytest.fixture
def rows(table: Callable[[str, str], Table]) -> Table:
    return table("architecture.md", "caller")


@pytest.fixture
def edges(rows: Table) -> Edges:
    return {(place(row["caller"]), place(row["callee"])) for row in rows}


def folder_of(root: Path, name: str) -> Path:
    return root / name if name == "gateway" else root / "services" / name


def policy(root: Path, name: str) -> dict[str, Any]:
    file = root / "k8s" / "base" / name / "network.yaml"
    spec: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))["spec"]
    return spec


def ends(rules: list[dict[str, Any]], direction: str) -> set[str]:
    """The deployables, and the outside, that rules of a network policy let through."""
    found = set()
    for rule in rules:
        for peer in rule[direction]:
            labels = (peer.get("podSelector") or peer["namespaceSelector"])["matchLabels"]
            found.add(labels.get("app.kubernetes.io/name") or labels["crossroads.belgium/zone"])
    return found - {"postgresql"}


def methods(row: dict[str, str]) -> list[str]:
    """Full method paths of the rpcs in a row."""
    short = re.findall(r"`([A-Z]\w+)\.([A-Z]\w+)`", row["rpc"])
    services = {
        method.split("/")[1].rpartition(".")[2]: method.split("/")[1] for method in access.TABLE
    }
    return [f"/{services[service]}/{rpc}" for service, rpc in short]


def test_the_drawing_shows_the_edges_between_deployables(root: Path, edges: Edges) -> None:
    text = (root / "docs" / "architecture.md").read_text("utf-8")
    drawing = text.partition("```mermaid")[2].partition("```")[0]
    arrows = re.findall(r"^  (\w+) --> ([\w &]+)$", drawing, re.MULTILINE)
    drawn = {(caller, callee) for caller, callees in arrows for callee in callees.split(" & ")}
    inside = {edge for edge in edges if OUTSIDE not in edge}
    assert {edge for edge in drawn if set(edge) <= set(DEPLOYABLES)} == inside


def test_edges_are_those_that_pods_are_let_in_by(root: Path, edges: Edges) -> None:
    let_in = {(c, d) for d in DEPLOYABLES for c in ends(policy(root, d)["ingress"], "from")}
    assert let_in == {edge for edge in edges if edge[1] != OUTSIDE}


def test_edges_are_those_that_pods_are_let_out_by(root: Path, edges: Edges) -> None:
    let_out = {(d, c) for d in DEPLOYABLES for c in ends(policy(root, d)["egress"] or [], "to")}
    assert let_out == {edge for edge in edges if edge[0] != OUTSIDE}


def test_edges_are_those_that_settings_give_addresses_for(root: Path, edges: Edges) -> None:
    told = set()
    for name in DEPLOYABLES:
        file = root / "k8s" / "base" / name / "kustomization.yaml"
        (settings,) = yaml.safe_load(file.read_text("utf-8"))["configMapGenerator"]
        values = dict(literal.split("=", 1) for literal in settings["literals"])
        peers = json.loads(values["CROSSROADS_PEERS"])
        assert peers == {peer: f"{peer}:8443" for peer in peers}
        told |= {(name, peer) for peer in peers}
    inside = {edge for edge in edges if OUTSIDE not in edge}
    assert told == inside - BY_SUPPLIER_ADDRESS


def test_edges_are_those_that_services_open_channels_for(root: Path, edges: Edges) -> None:
    opened = set()
    for name in DEPLOYABLES:
        for source in folder_of(root, name).rglob("*.py"):
            opened |= {
                (name, p) for p in re.findall(r'\.peer\("(\w+)"\)', source.read_text("utf-8"))
            }
    inside = {edge for edge in edges if OUTSIDE not in edge}
    assert opened == inside - BY_SUPPLIER_ADDRESS


def test_rpcs_told_are_those_that_services_call(
    root: Path, rows: Table, table: Callable[[str, str], Table]
) -> None:
    called = set()
    for name in DEPLOYABLES:
        for source in folder_of(root, name).rglob("*.py"):
            text = source.read_text("utf-8")
            called |= {
                (name, rpc) for rpc in re.findall(r"[sS]tub(?:\(.*?\))?\.([A-Z]\w+)\(", text)
            }
    told = {
        (row["caller"].strip("`"), method.rpartition("/")[2])
        for row in rows
        for method in methods(row)
        if row["caller"].strip("`") in DEPLOYABLES
    }
    hubs = of_a_hub(table) | within_a_hub(table)
    assert called == told | {(caller, rpc) for caller, _, rpc in hubs}


def within_a_hub(table: Callable[[str, str], Table]) -> set[tuple[str, str, str]]:
    """What processes of a secondary hub ask each other, and no service of the primary may."""
    return {
        (row["within the hub"].strip("`"), row["asks its own"].strip("`"), method)
        for row in table("architecture.md", "within the hub")
        for method in (path.rpartition("/")[2] for path in methods(row))
    }


def test_what_only_a_hub_may_ask_itself_is_told(table: Callable[[str, str], Table]) -> None:
    itself = {
        method.rpartition("/")[2]
        for method, admitted in access.TABLE.items()
        if access.HUB_ITSELF in admitted
    }
    assert itself == {rpc for _, _, rpc in within_a_hub(table)}


def of_a_hub(table: Callable[[str, str], Table]) -> set[tuple[str, str, str]]:
    """What processes of a secondary hub ask the primary: process, service and rpc."""
    return {
        (row["process of the hub"].strip("`"), row["asks the primary's"].strip("`"), method)
        for row in table("architecture.md", "process of the hub")
        for method in (path.rpartition("/")[2] for path in methods(row))
    }


def test_a_hub_asks_the_primary_where_its_code_does(
    root: Path, table: Callable[[str, str], Table]
) -> None:
    opened = {
        (name, primary)
        for name in DEPLOYABLES
        for source in folder_of(root, name).rglob("*.py")
        for primary in re.findall(
            r'^PRIMARY = "primary_(\w+)"', source.read_text("utf-8"), re.MULTILINE
        )
    }
    assert opened == {(process, asked) for process, asked, _ in of_a_hub(table)}


def test_a_hub_is_to_the_primary_what_its_processes_ask(
    rows: Table, table: Callable[[str, str], Table]
) -> None:
    as_caller = {
        (row["callee"].strip("`"), method.rpartition("/")[2])
        for row in rows
        if row["caller"] == "hub"
        for method in methods(row)
    }
    assert as_caller == {(asked, rpc) for _, asked, rpc in of_a_hub(table)}


def test_every_rpc_told_is_open_to_its_caller(rows: Table) -> None:
    for row in rows:
        caller = row["caller"].strip("`")
        for method in methods(row):
            admitted = access.TABLE[method]
            wanted = {caller, f"service/{caller}", access.ANYONE}
            if caller == "gateway":  # it speaks for others
                wanted |= {"institution", "employer"}
            assert admitted & wanted, (caller, method)


def test_every_service_that_the_access_table_admits_is_told(rows: Table) -> None:
    told = {(row["caller"].strip("`"), method) for row in rows for method in methods(row)}
    for method, admitted in access.TABLE.items():
        for path in admitted:
            kind, _, name = path.partition("/")
            if kind == "service" and not method.startswith(MEMBERS):
                assert (name, method) in told


def test_the_callee_of_an_edge_serves_its_rpcs(rows: Table) -> None:
    for row in rows:
        for method in methods(row):
            _, contract, _, service = method.split("/")[1].split(".")
            if service not in {"Supplier", "Witness"}:  # every holder, every writer serves those
                assert contract == place(row["callee"]), method
