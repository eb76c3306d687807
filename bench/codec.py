"""The reader of declarations alone, beside lxml on the same document in the same run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

from crossroads.forms.v1 import dmfa_pb2
from lxml import etree

from bench.results import Measure, against_target
from gateway.codec import SCHEMA_LOCATION
from gateway.pieces import Ended, Piece
from gateway.streaming import Stream
from mesh import clock
from mesh.blocks import quarter_of
from mesh.schemas import publication, quarters
from sandbox import cast, quarterly

WORKERS = 1_000
REPETITIONS = 9
CHUNK = 1 << 16
TARGET = 0.5


async def run(_: Path) -> list[Measure]:
    """Both read the document in turn, by the processor's time: what else runs weighs little."""
    return await asyncio.to_thread(measure)


def measure() -> list[Measure]:
    """Raises ChildProcessError where either finds anything amiss: then it is not what is meant."""
    documents = [_document(turn) for turn in range(1 + REPETITIONS)]
    schema = _schema(documents[0])
    turns = [
        (_seconds(partial(_read, document)), _seconds(partial(_validate, document, schema)))
        for document in documents
    ][1:]
    megabytes = median(len(document) for document in documents) / 1e6
    ours = megabytes / median(ours for ours, _ in turns)
    theirs = megabytes / median(theirs for _, theirs in turns)
    ratio = median(theirs / ours for ours, theirs in turns)
    return [
        against_target("codec_ratio_to_lxml", ratio, "", TARGET),
        Measure("codec_mb_per_s", ours, "MB/s", f"lxml with XSD {theirs:.1f} MB/s", ours / theirs),
    ]


def _document(turn: int) -> bytes:
    """Each turn has wages of its own: those that were read before must not help."""
    workers = (
        replace(worker, gross_cents=worker.gross_cents + 100_003 * turn)
        for worker in quarterly.workers(WORKERS)
    )
    return b"".join(quarterly.document(clock.now(), "20223", cast.BREWERY_NSSO, workers))


def _seconds(work: Callable[[], None]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began


def _read(document: bytes) -> None:
    """As a declaration is read when it comes in: chunk by chunk, every value checked."""
    stream, persons, amiss = Stream(dmfa_pb2.DmfaOriginal, "NaturalPerson"), 0, 0
    for first in range(0, len(document), CHUNK):
        for told in stream.feed(document[first : first + CHUNK]):
            if isinstance(told, Piece | Ended):
                persons += isinstance(told, Piece)
                amiss += len(told.anomalies)
    amiss += len(stream.close()[1])
    if amiss or persons != WORKERS:
        raise ChildProcessError(f"{persons} persons were read, {amiss} anomalies found")


def _validate(document: bytes, schema: etree.XMLSchema) -> None:
    if not schema.validate(etree.fromstring(document)):
        raise ChildProcessError(f"not valid: {schema.error_log}")


def _schema(document: bytes) -> etree.XMLSchema:
    """Ours, of the quarter that the document names."""
    root = etree.fromstring(document)
    quarter = quarter_of(str(root.get(SCHEMA_LOCATION)))
    file = publication.schema(str(root.tag), quarters.parse(str(quarter)))
    if file is None:
        raise ChildProcessError(f"no schema of {quarter}")
    return etree.XMLSchema(etree.fromstring(file.body))
