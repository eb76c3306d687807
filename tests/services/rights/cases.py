"""Cases as jurists write them, and the worlds they describe (tests/scenarios/rights/README.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml

from mesh import institutions
from mesh.periods import ALWAYS, Period
from services.rights.deciding.evaluation import Evaluation
from services.rights.domain import (
    Amounts,
    Entitlement,
    Group,
    Household,
    Membership,
    Statement,
    World,
)
from services.rights.facts import holdings
from services.rights.law import rulebook

PROJECT: Final = Path(__file__).parents[3]
FOLDER: Final = PROJECT / "tests" / "scenarios" / "rights"
RULES: Final = rulebook.load(PROJECT / "services" / "rights")
Case = Mapping[str, Any]
GROUPS: Final = {
    "household": Group.DOMICILE,
    "fund_household": Group.FUND_HOUSEHOLD,
    "family": Group.FAMILY,
}
ALONE: Final = {Group.DOMICILE: "", Group.FUND_HOUSEHOLD: "HOLDER"}
"""As what a person is in a group that nobody told of; a family is never alone."""
KEYS: Final = frozenset(
    {"case", "today", "of", *GROUPS, "born", "lives", "incomes", "said", "right", "also"}
)


def files() -> Iterator[tuple[str, list[Case]]]:
    """The right of each file, and its cases."""
    for path in sorted(FOLDER.glob("*.yaml")):
        file = yaml.safe_load(path.read_text("utf-8"))
        yield file["right"], file["cases"]


def asked_about(case: Case) -> str:
    """`of`; else the first who is mentioned."""
    return str(case["of"]) if "of" in case else mentioned(case)[0]


def evaluation(case: Case) -> Evaluation:
    """The rights of everybody in a case, on its day."""
    return Evaluation(RULES.rules, world(case), case["today"])


def expected(listed: Iterable[Case]) -> list[tuple[Period, bool]]:
    return [(days(right), right.get("renewed", False)) for right in listed]


def found(entitlements: Iterable[Entitlement]) -> list[tuple[Period, bool]]:
    return [(e.period, e.renewable) for e in entitlements]


def amounts(right: Case) -> Amounts:
    return tuple((days(each), cents(each["amount"])) for each in right["amounts"])


def world(case: Case) -> World:
    said = statements(case)
    homes: dict[str, list[Household]] = {person: [] for person in mentioned(case)}
    for home in households(case):
        for person in home.ssins:
            homes[person].append(home)
    return World(holdings.facts_of(said, RULES.statuses.sorts), homes)


def mentioned(case: Case) -> list[str]:
    """Everybody in a case, in the order of their names in it."""
    people = [
        *(member["who"] for key in GROUPS for group in _groups(case, key) for member in group),
        *(said["who"] for said in case.get("said", ())),
        *(income["who"] for income in case.get("incomes", ())),
        *case.get("born", {}),
    ]
    return list(dict.fromkeys(people)) or ["lina"]


def households(case: Case) -> Iterator[Household]:
    for key, group in GROUPS.items():
        told = _groups(case, key)
        for members in told:
            yield Household(
                tuple(Membership(m["who"], days(m), m.get("as", "")) for m in members), group=group
            )
        grouped = {m["who"] for members in told for m in members}
        if group in ALONE:
            for person in mentioned(case):
                if person not in grouped:
                    yield Household((Membership(person, ALWAYS, ALONE[group]),), group=group)


def statements(case: Case) -> list[Statement]:
    listed = [
        *(_statement(s, days(s), s["status"]) for s in case.get("said", ())),
        *(_income(i) for i in case.get("incomes", ())),
        *(_born(who, birth) for who, birth in case.get("born", {}).items()),
        *_lives(case),
    ]
    return [_numbered(statement, number) for number, statement in enumerate(listed)]


def days(of: Case) -> Period:
    """`until` is the last day."""
    begin: date = of.get("from", ALWAYS.begin)
    return Period(begin, of["until"] + timedelta(days=1) if "until" in of else ALWAYS.end)


def cents(amount: str) -> int:
    return int(Decimal(amount) * 100)


def _groups(case: Case, key: str) -> list[list[Case]]:
    """One group or several of one sort."""
    told = case.get(key, [])
    return told if not told or isinstance(told[0], list) else [told]


def _statement(said: Case, period: Period, status: str) -> dict[str, Any]:
    return {**said, "period": period, "status": status}


def _income(income: Case) -> dict[str, Any]:
    year = int(income["year"])
    period = Period(date(year, 1, 1), date(year + 1, 1, 1))
    return _statement({"by": "50/0", **income}, period, "TAXABLE_INCOME")


def _born(who: str, birth: date) -> dict[str, Any]:
    return _statement({"who": who, "by": "0/0"}, Period(birth, ALWAYS.end), "BORN")


def _lives(case: Case) -> Iterator[dict[str, Any]]:
    """`lives: FLANDERS` for everybody for as long as one can think, or a list with days."""
    told = case.get("lives", ())
    if isinstance(told, str):
        told = [{"who": who, "in": told, "from": date(1900, 1, 1)} for who in mentioned(case)]
    for each in told:
        yield _statement({"by": "0/0", **each}, days(each), f"LIVES_IN_{each['in']}")


def _numbered(told: Case, position: int) -> Statement:
    status = told["status"]
    sort = told.get("sort") or next(
        name for name, sort in RULES.statuses.sorts.items() if status in sort.values
    )
    return Statement(
        ssin=told["who"],
        institution=institutions.parse(told.get("by", "17/1")),
        data_sort=sort,
        status=status,
        strand=status if RULES.statuses.sorts[sort].several_at_once else "",
        period=told["period"],
        cancelled=told.get("cancelled", False),
        ticket="",
        position=position,
        amount=cents(told["amount"]) if "amount" in told else None,
    )
