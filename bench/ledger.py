"""What the ledger takes in, and how long a proof takes in a tree of a given size."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from crossroads.ledger.v1 import ledger_pb2

from bench import load, population
from bench.latencies import quantile_ms
from bench.load import Load
from bench.results import Measure, against_target
from mesh import clock, institutions, notes
from sandbox.story.stage import Stage
from services.ledger import bulk, checkpoint, proof, tree

WRITER = "service/router"
AUDITOR = "auditor/privacy"
METHOD = "/crossroads.ledger.v1.Ledger/Append"
CALLERS = 8
REQUEST = 250
"""Entries in one request: what the router sends when it is busy."""
CALLS = 240
MOST_S = 10.0
CONTENT_BYTES = 300
"""Of a decision as the router serialises it, about."""
PROOFS = 300
WARM = 30
SEED = 7
NATION = 10_000_000
"""Entries in the tree for which the target of a proof is set."""
ENTRIES_PER_S_TARGET = 10_000.0
PROOF_TARGET_MS = 5.0
Fill = Callable[[int], int]


async def run(endpoints: Path) -> list[Measure]:
    """Entries a second, durable when counted; and a proof in the tree they made."""
    stage = Stage(endpoints)
    count = CALLS + load.warm_up(CALLS, CALLERS)
    requests = [_request(stage.run, number) for number in range(count)]
    sent = Load(
        stage.address("ledger"),
        "ledger",
        str(stage.folder(WRITER)),
        METHOD,
        [request.SerializeToString().hex() for request in requests],
        CALLERS,
        CALLS,
        most_s=MOST_S,
    )
    measured = (await load.measure(sent)).whole()
    took, size = await _proofs(stage, [entry.entry_id for entry in requests[0].entries])
    await stage.close()
    per_s = measured.per_s * REQUEST
    return [
        against_target("ledger_entries_per_s", per_s, "1/s", ENTRIES_PER_S_TARGET),
        Measure(
            "ledger_proof_reached_ms",
            quantile_ms(took, 0.5),
            "ms",
            f"in a tree of {size:,} entries",
        ),
    ]


async def run_proof(endpoints: Path, fill: Fill, size: int = NATION) -> list[Measure]:
    """A proof in a tree of that size. `fill` grows it, and gives the first index it added."""
    stage = Stage(endpoints)
    await population.settle(stage)
    began = time.perf_counter()
    first = fill(size)
    filled_s = time.perf_counter() - began
    drawn = random.Random(SEED)  # noqa: S311 - a draw that can be made again
    begin = first if first < size else size // 2  # an earlier run has filled it
    ids = [bulk.entry_id(drawn.randrange(begin, size)) for _ in range(PROOFS)]
    took, reached = await _proofs(stage, ids)
    await stage.close()
    tree_of = f"in a tree of {reached:,} entries"
    return [
        against_target("ledger_proof_ms", quantile_ms(took, 0.5), "ms", PROOF_TARGET_MS),
        Measure("ledger_proof_p99_ms", quantile_ms(took, 0.99), "ms", tree_of),
        Measure("ledger_fill_s", filled_s, "s", f"{max(0, size - first):,} entries"),
    ]


def _request(run: str, number: int) -> ledger_pb2.AppendRequest:
    """Entries as of callers turned away, one for each worker in turn; as long as a decision's."""
    ssins = population.ssins()
    return ledger_pb2.AppendRequest(
        entries=[
            ledger_pb2.Entry(
                entry_id=f"bench-{run}-{number}-{each}/door",
                ticket=f"BENCH{run.upper()}{number}",
                kind=ledger_pb2.ENTRY_KIND_DOOR,
                occurred_at=clock.rfc3339(clock.now()),
                caller=population.CENTRE,
                institution=institutions.to_wire(institutions.parse("17/1")),
                ssin=ssins[each % len(ssins)],
                data_sorts=["employment_period"],
                purpose="living_wage_enquiry",
                outcome=ledger_pb2.OUTCOME_REFUSED,
                reason="NO_ACCESS",
                content=bytes(CONTENT_BYTES),
            )
            for each in range(REQUEST)
        ]
    )


async def _proofs(stage: Stage, entry_ids: Sequence[str]) -> tuple[list[float], int]:
    """How long each proof took, sorted, and in a tree of which size; each is verified.

    Raises ChildProcessError where one does not lead to the signed root.
    """
    stub = stage.ledger(AUDITOR)
    signed = await stub.GetCheckpoint(ledger_pb2.GetCheckpointRequest())
    trusted = checkpoint.open_checkpoint(signed.note, notes.parse_key(signed.verifier_key))
    took = []
    for entry_id in entry_ids:
        began = time.perf_counter()
        answer = await stub.GetInclusionProof(
            ledger_pb2.GetInclusionProofRequest(entry_id=entry_id, tree_size=trusted.size)
        )
        took.append(time.perf_counter() - began)
        leaf = tree.leaf_hash(answer.commitment)
        if not proof.includes(leaf, answer.index, trusted.size, answer.path, trusted.root):
            raise ChildProcessError("a proof does not lead to the signed root")
    return sorted(took[WARM:]), trusted.size
