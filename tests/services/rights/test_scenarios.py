"""The cases that jurists read, run on the pure function."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.services.rights import cases
from tests.services.rights.cases import Case

CASES = [(right, case) for right, listed in cases.files() for case in listed]


@pytest.mark.parametrize(
    ("right", "case"), [pytest.param(right, case, id=case["case"]) for right, case in CASES]
)
def test_a_case_of_the_law(right: str, case: Case) -> None:
    person, decided = cases.asked_about(case), cases.evaluation(case)
    for name, listed in {right: case["right"], **case.get("also", {})}.items():
        entitled = decided.entitlements(name, person)
        assert cases.found(entitled) == cases.expected(listed), name
        for entitlement, told in zip(entitled, listed, strict=True):
            if "amounts" in told:
                assert entitlement.amounts == cases.amounts(told), name


def test_every_right_has_its_cases() -> None:
    counted = Counter(right for right, _ in CASES)
    assert counted.keys() == cases.RULES.rules.keys()
    assert min(counted.values()) >= 7
    assert len(CASES) >= 150


def test_no_key_of_a_case_is_misspelt_and_no_case_stands_twice() -> None:
    assert {key for _, case in CASES for key in case} <= cases.KEYS
    names = Counter((right, case["case"]) for right, case in CASES)
    assert max(names.values()) == 1


def test_every_status_that_a_rule_reads_is_in_some_case() -> None:
    read = {
        status
        for rule in cases.RULES.rules.values()
        for version in rule.versions
        for fact in version.facts.values()
        for status in fact.statuses
    }
    told = {s.status for _, case in CASES for s in cases.statements(case)}
    assert read <= told
