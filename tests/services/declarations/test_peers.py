"""What the repertory says of a person, in the words of this service."""

from __future__ import annotations

import pytest
from crossroads.repertory.v1 import repertory_pb2
from crossroads.types.v1 import types_pb2

from services.declarations import peers

BEGIN, LINA = "2020-01-01", "91041241894"


def line(sector: int, quality: int) -> repertory_pb2.Inscription:
    return repertory_pb2.Inscription(
        ssin=LINA,
        institution=types_pb2.Institution(sector=sector, number=0),
        quality=quality,
        period=types_pb2.Period(begin=BEGIN),
    )


@pytest.mark.parametrize(
    ("sector", "quality", "pensioned"),
    [(5, 100, True), (5, 110, True), (5, 1, False), (5, 0, False), (12, 100, False)],
)
def test_pensioned_is_whom_the_pensions_service_pays(
    sector: int, quality: int, pensioned: bool
) -> None:
    wire = repertory_pb2.PersonLookup(ssin=LINA, inscriptions=[line(0, 0), line(sector, quality)])
    found = peers.person_of(wire)
    assert found.known
    assert bool(found.pensions) is pensioned
