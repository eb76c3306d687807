"""The cases of the exchange that jurists read, on the pure function and over the wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import decision_pb2, exchange_pb2
from crossroads.types.v1 import types_pb2

from console.authority import Authority
from console.postgres import Postgres
from mesh import clock, identity, institutions
from mesh.identity import Caller
from mesh.periods import ALWAYS, Period
from services.repertory import catalogue
from services.repertory import wire as repertory_wire
from services.router import decision, policy_wire, wire
from services.router.asked import asker_of, period_of
from services.router.domain import Inscription, Person, Policy, Reason
from tests import opening
from tests.bank import Bank, strangers

FOLDER = Path(__file__).parents[2] / "scenarios" / "exchange"
Case = dict[str, Any]
Decided = dict[str, dict[str, Any]]
CASES: list[Case] = [
    case
    for path in sorted(FOLDER.glob("*.yaml"))
    for case in yaml.safe_load(path.read_text("utf-8"))["cases"]
]
TODAYS = [case for case in CASES if "on" not in case]


def name(case: Case) -> str:
    return str(case["case"])


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The catalogue as a router hears it."""
    read = catalogue.read().policy
    return policy_wire.policy(repertory_wire.to_policy(read, repertory_pb2.GetPolicyResponse))


@pytest.fixture(scope="module")
async def bank(
    postgres: Postgres, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bank]:
    async with opening.serving(postgres, authority, tmp_path_factory.mktemp("bank")) as serving:
        yield serving


@pytest.fixture(scope="module")
def ssins() -> Iterator[str]:
    """One for each case."""
    return strangers()


@pytest.mark.parametrize("case", CASES, ids=name)
def test_a_case_is_decided_as_it_says(case: Case, policy: Policy) -> None:
    asked = request(case, "70010100105")
    on = case.get("on", clock.today())
    asker = asker_of(asked, Caller(identity.parse(caller(case, policy)), None, ""), policy, on)
    question = wire.question(asked, asker, period_of(asked))
    person = Person(
        tuple(
            Inscription(institutions.parse(k["at"]), k["quality"], days(k)) for k in case["known"]
        ),
        "1",
        unknown=not case["known"],
    )
    found = person if decision.needs_person(question, policy, on) else None
    assert said(wire.decision(decision.decide(question, policy, found, on))) == expected(case)


@pytest.mark.parametrize("case", TODAYS, ids=name)
async def test_a_case_is_answered_as_it_says(
    case: Case, bank: Bank, policy: Policy, ssins: Iterator[str]
) -> None:
    ssin = next(ssins)
    for number, known in enumerate(case["known"]):
        speaker = speaks_for(known["at"], policy)
        await bank.repertory(speaker).Register(
            repertory_pb2.RegisterRequest(
                request_id=f"case-{ssin}-{number}",
                inscriptions=[
                    repertory_pb2.Inscription(
                        ssin=ssin,
                        institution=institutions.to_wire(institutions.parse(known["at"])),
                        quality=known["quality"],
                        period=wire_period(known),
                    )
                ],
            )
        )
    exchange, asked = bank.exchange(caller(case, policy)), request(case, ssin)
    answer = await exchange.Consult(asked)
    assert said(answer.decision) == expected(case)
    explained = await exchange.Explain(exchange_pb2.ExplainRequest(consultation=asked))
    assert list(explained.decision.data_sorts) == list(answer.decision.data_sorts)
    given = Counter(part.data_sort for part in answer.answers)
    assert given == {
        sort: len(part["from"]) for sort, part in expected(case).items() if "from" in part
    }


def test_the_cases_cover_every_reason_and_enough_of_the_law() -> None:
    parts = [part for case in CASES for part in case["what"].values()]
    reasons = {part["refused"] for part in parts if "refused" in part}
    at_the_door = {Reason.CERTIFICATE_REVOKED.name}
    assert reasons == {reason.name for reason in Reason} - at_the_door
    assert len({part["permitted"] for part in parts if "permitted" in part}) >= 15
    assert len(CASES) >= 20


def request(case: Case, ssin: str) -> exchange_pb2.ConsultRequest:
    asker = institutions.to_wire(institutions.parse(case["asks"]))
    return exchange_pb2.ConsultRequest(
        ssin=ssin,
        data_sorts=list(case["what"]),
        quality=case["quality"],
        purpose=case["for"],
        period=wire_period(case["period"]),
        on_behalf_of=asker if "through" in case else None,
    )


def expected(case: Case) -> Decided:
    return {
        sort: {"refused": part["refused"]}
        if "refused" in part
        else {"permitted": [part["permitted"]], "from": part["from"], "only": part.get("only", [])}
        for sort, part in case["what"].items()
    }


def said(decided: decision_pb2.Decision) -> Decided:
    return {
        part.data_sort: {
            "permitted": [ground.authorization for ground in part.grounds],
            "from": [str(institutions.from_wire(holder)) for holder in part.holders],
            "only": list(part.fields),
        }
        if part.verdict == decision_pb2.VERDICT_PERMITTED
        else {"refused": Reason(part.reason).name}
        for part in decided.data_sorts
    }


def caller(case: Case, policy: Policy) -> str:
    return speaks_for(str(case.get("through", case["asks"])), policy)


def speaks_for(institution: str, policy: Policy) -> str:
    """The path of a certificate that speaks for an institution."""
    return min(policy.institutions[institutions.parse(institution)].identities)


def days(of: dict[str, date]) -> Period:
    """`until` is the last day."""
    end = of["until"] + timedelta(days=1) if "until" in of else ALWAYS.end
    return Period(of.get("from", ALWAYS.begin), end)


def wire_period(of: dict[str, date]) -> types_pb2.Period:
    end = of["until"] + timedelta(days=1) if "until" in of else ""
    return types_pb2.Period(begin=str(of.get("from", "")), end=str(end))
