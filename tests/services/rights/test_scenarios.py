"""The cases that jurists read, run on the pure function."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from mesh.institutions import Institution
from mesh.periods import ALWAYS, Period
from services.rights import evaluation, rulebook
from services.rights.domain import Household, Membership, Statement

PROJECT = Path(__file__).parents[3]
RULES = rulebook.load(PROJECT / "services" / "rights")
CASES = [
    pytest.param(file["right"], case, id=case["case"])
    for path in sorted((PROJECT / "tests" / "scenarios" / "rights").glob("*.yaml"))
    for file in [yaml.safe_load(path.read_text("utf-8"))]
    for case in file["cases"]
]


@pytest.mark.parametrize(("right", "case"), CASES)
def test_a_case_of_the_law(right: str, case: dict[str, Any]) -> None:
    members = case.get("household", [{"who": "lina"}])
    household = Household(tuple(Membership(m["who"], days(m)) for m in members))
    facts = evaluation.facts_of(
        Statement(
            ssin=said["who"],
            institution=Institution(17, 1),
            data_sort="",
            status=said["status"],
            strand=said["status"],
            period=days(said),
            cancelled=said.get("cancelled", False),
            ticket="",
            position=number,
        )
        for number, said in enumerate(case["said"])
    )
    found = evaluation.entitlements(
        RULES.rules[right], members[0]["who"], [household], facts, case["today"]
    )
    expected = [(days(right), right.get("renewed", False)) for right in case["right"]]
    assert [(e.period, e.renewable) for e in found] == expected


def days(of: dict[str, Any]) -> Period:
    """`until` is the last day."""
    begin: date = of.get("from", ALWAYS.begin)
    return Period(begin, of["until"] + timedelta(days=1) if "until" in of else ALWAYS.end)
