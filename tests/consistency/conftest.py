"""A bank with the real catalogue, and persons in different situations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from crossroads.repertory.v1 import repertory_pb2

from console.authority import Authority
from console.postgres import Postgres
from mesh import institutions, periods
from mesh.periods import Period
from services.repertory import catalogue
from services.repertory import wire as repertory_wire
from services.router import policy_wire
from services.router.domain import Inscription, Person, Policy
from tests import opening
from tests.bank import Bank, strangers

HOLDERS = ("0/0", "5/0", "12/0")
BOUNDARY = date(2026, 6, 1)
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))
BEFORE, AFTER = Period(YEAR.begin, BOUNDARY), Period(BOUNDARY, YEAR.end)
ASKED_ABOUT = (
    Period(BOUNDARY - timedelta(days=1), BOUNDARY),
    Period(BOUNDARY, BOUNDARY + timedelta(days=1)),
    Period(BOUNDARY - timedelta(days=1), BOUNDARY + timedelta(days=1)),
)
SITUATIONS: tuple[tuple[tuple[str, int, Period], ...], ...] = (
    (),
    (("0/0", 0, YEAR), ("5/0", 30, YEAR), ("12/0", 10, YEAR), ("12/0", 30, YEAR)),
    (("17/1", 1, YEAR), ("10/1", 10, YEAR), ("39/0", 0, YEAR), ("0/0", 0, YEAR)),
    (("17/1", 1, BEFORE), ("17/1", 2, AFTER), ("12/0", 30, BEFORE), ("5/0", 30, AFTER)),
    (("17/1", 2, YEAR), ("10/1", 10, AFTER), ("12/0", 10, AFTER), ("12/0", 30, YEAR)),
)


@dataclass(frozen=True)
class World:
    bank: Bank
    policy: Policy
    persons: dict[str, Person]


@pytest.fixture(scope="session")
async def world(
    postgres: Postgres, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    read = catalogue.read().policy
    policy = policy_wire.policy(repertory_wire.to_policy(read, repertory_pb2.GetPolicyResponse))
    persons, ssins = dict[str, Person](), strangers()
    async with opening.serving(postgres, authority, tmp_path_factory.mktemp("bank")) as bank:
        await bank.answers_for(*HOLDERS)
        for situation in SITUATIONS:
            ssin = next(ssins)
            for number, (where, quality, period) in enumerate(situation):
                line = repertory_pb2.Inscription(
                    ssin=ssin,
                    institution=institutions.to_wire(institutions.parse(where)),
                    quality=quality,
                    period=periods.to_wire(period),
                )
                await bank.repertory(f"institution/{where}").Register(
                    repertory_pb2.RegisterRequest(
                        request_id=f"line-{ssin}-{number}", inscriptions=[line]
                    )
                )
            persons[ssin] = Person(
                tuple(Inscription(institutions.parse(w), q, p) for w, q, p in situation),
                "",
                unknown=not situation,
            )
        yield World(bank, policy, persons)
