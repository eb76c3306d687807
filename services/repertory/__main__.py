"""The repertory as a process."""

from __future__ import annotations

from pathlib import Path

import structlog
from crossroads.ledger.v1 import ledger_pb2_grpc
from crossroads.repertory.v1 import repertory_pb2_grpc

from mesh import clock, database, institutions, process
from mesh.channels import Channels
from mesh.outbox import Handler, Worker
from mesh.server import Server
from mesh.settings import Settings
from services.repertory import catalogue, coverage, policy_recording
from services.repertory.catalogue import Catalogue
from services.repertory.door import Doorkeeper
from services.repertory.numbers import PUBLISH
from services.repertory.peers import Ledger, Router
from services.repertory.policy_feed import PolicyFeed
from services.repertory.policy_store import PolicyStore
from services.repertory.primary import PRIMARY, Primary
from services.repertory.recording import LEDGER, Recorder
from services.repertory.servicer import RepertoryServicer
from services.repertory.store import Store
from services.repertory.witness_servicer import WitnessServicer
from services.repertory.witness_store import WitnessStore

HERE = Path(__file__).parent
LOG = structlog.get_logger()
OURSELVES = "service/repertory"
"""Who changes the policy when a new state of the catalogue comes."""


async def load(policies: PolicyStore, loaded: Catalogue) -> int:
    """Bring a new state of the catalogue into the policy. Raises ValueError on gaps."""
    async with policies.changing() as standing:
        if await policies.has_catalogue(standing, loaded.digest):
            return standing.revision
        gaps = coverage.gaps(loaded.policy, loaded.codes, clock.today())
        if gaps:
            raise ValueError("the catalogue does not hold together: " + "; ".join(gaps))
        after = catalogue.joined(standing.items, loaded.policy)
        cause = f"catalogue {loaded.digest[:12]}"
        revision, _ = await policy_recording.record(policies, standing, after, cause, (OURSELVES,))
        await policies.keep_catalogue(standing, loaded.digest, revision)
    LOG.info("catalogue loaded", revision=revision)
    return revision


async def main(settings: Settings) -> None:
    if settings.migrate:
        await database.migrate(settings.database_url, HERE / "migrations")
    engine = database.engine(settings.database_url, settings.database_pool)
    channels, policies, recorder = Channels(settings), PolicyStore(engine), Recorder(engine)
    ours = catalogue.of_hub(settings.hub)
    primary = Primary(channels, institutions.parse(settings.network)) if settings.hub else None
    await load(policies, ours)
    feed = PolicyFeed(policies)
    server = Server(settings, Doorkeeper(recorder))
    server.mount(
        repertory_pb2_grpc.add_RepertoryServicer_to_server,
        RepertoryServicer(Store(engine), recorder, policies, feed, ours.codes, primary),
    )
    server.mount(
        ledger_pb2_grpc.add_WitnessServicer_to_server, WitnessServicer(WitnessStore(engine))
    )
    server.depends_on("database", lambda: database.is_reachable(engine))
    server.depends_on("policy", feed.is_known)
    told: dict[str, Handler] = {LEDGER: Ledger(channels).append}
    if primary:
        told[PRIMARY] = primary.tell
    else:
        told[PUBLISH] = Router(channels).publish
    outbox = Worker(engine, settings.database_url, told)
    await server.run(feed.run(settings.database_url), outbox.run())
    await channels.close()
    await engine.dispose()


if __name__ == "__main__":
    process.run(main, HERE / "texts.yaml")
