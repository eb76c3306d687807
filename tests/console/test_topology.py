"""What each process of a mesh is told of its peers and of the network it belongs to."""

from __future__ import annotations

from console import topology
from sandbox import cast
from services.repertory import primary
from services.router import beyond

ADDRESSES = {
    one.name: f"127.0.0.1:{port}"
    for port, one in enumerate((*topology.DEPLOYABLES, *topology.HUB), 9000)
}


def test_the_ordinary_mesh_has_no_secondary_hub() -> None:
    for one in topology.DEPLOYABLES:
        assert not one.hub
        assert topology.settings(one, ADDRESSES).keys() == {"peers"}


def test_a_process_of_a_hub_knows_its_own_and_the_primary_and_nobody_else() -> None:
    for one in topology.HUB:
        told = topology.settings(one, ADDRESSES)
        assert (told["hub"], told["network"]) == (cast.HUB, cast.NETWORK)
        assert told["peers"] == {
            "repertory": ADDRESSES["welfare-repertory"],
            "router": ADDRESSES["welfare-router"],
            "ledger": ADDRESSES["welfare-ledger"],
            primary.PRIMARY: ADDRESSES["repertory"],
            beyond.PRIMARY: ADDRESSES["router"],
        }
        assert one.identity == f"hub/{cast.HUB}"
        assert one.name in one.server_names
