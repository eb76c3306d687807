"""The institutions of the sandbox in one process: they answer, and they read their mailboxes."""

from __future__ import annotations

from functools import cache

from crossroads.router.v1 import supplier_pb2_grpc

from mesh import process
from mesh.channels import Channels
from mesh.server import Server
from mesh.settings import Settings
from sandbox import cast
from sandbox.letters import Letters
from sandbox.living_wages import LivingWages
from sandbox.reader import Reader
from sandbox.seed import Seed
from sandbox.supplier import Supplier


async def main(settings: Settings) -> None:
    folder = settings.state / "sandbox"
    identities = settings.tls.parent.parent

    @cache
    def channels(identity: str) -> Channels:
        """As another of the sandbox's identities; their folders lie beside this process's own."""
        return Channels(settings.model_copy(update={"tls": identities / identity}))

    letters = Letters(folder)
    server = Server(settings)
    server.mount(supplier_pb2_grpc.add_SupplierServicer_to_server, Supplier(LivingWages(folder)))
    addresses = dict.fromkeys(cast.SUPPLIERS, settings.listen)
    addresses["12/0"] = settings.peers["declarations"]
    hub = settings.peers.get(f"{cast.HUB}-router", "")
    if hub:
        addresses |= dict.fromkeys(cast.MEMBERS, settings.listen)
    seed = Seed(channels, addresses, hub)
    server.depends_on("seed", seed.is_done)
    readers = [
        Reader(institution, channels(f"institution/{institution}"), letters)
        for institution in cast.READERS
        if not (hub and institution == cast.NETWORK)  # the hub empties that mailbox
    ]
    await server.run(seed.run(), *(reader.run() for reader in readers))


if __name__ == "__main__":
    process.run(main)
