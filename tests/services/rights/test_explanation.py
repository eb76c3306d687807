"""Explanations: they come to what was decided, name their sources, and show nobody else."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesh.institutions import Institution
from mesh.periods import ALWAYS, Period
from services.rights import decisions, evaluation, explanation, expression
from services.rights.domain import (
    Article,
    Decision,
    Ground,
    Group,
    Household,
    Membership,
    Rule,
    Statement,
    Value,
    Version,
    Window,
)
from services.rights.explanation import Explanation, Reason
from tests.services.rights import worlds
from tests.services.rights.test_expression import FACTS, PARAMS, formulas, several_members

TITLES = worlds.RULES.statuses.titles
LANGUAGES = {"nl", "fr", "de", "en"}


def explain(
    homes: tuple[Household, ...], said: tuple[Statement, ...], today: date, person: str
) -> list[tuple[Decision, Explanation]]:
    """What is decided on a day at noon, each with its explanation."""
    facts = evaluation.facts_of(said)
    changes = decisions.difference(
        person,
        worlds.RULE.id,
        [],
        evaluation.entitlements(worlds.RULE, person, homes, facts, today),
        new_id=lambda: "d1",
        decided_at=datetime(today.year, today.month, today.day, 12, tzinfo=UTC),
        caused_by="",
    )
    return [
        (c.decision, explanation.explain(worlds.RULE, c.decision, homes, facts, TITLES, today))
        for c in changes
    ]


@settings(deadline=None)
@given(worlds.households(), worlds.statements(), worlds.days, st.sampled_from(worlds.PERSONS))
def test_every_decision_is_explained_by_facts_of_its_ground(
    homes: tuple[Household, ...], said: tuple[Statement, ...], today: date, person: str
) -> None:
    for decision, found in explain(homes, said, today, person):
        assert found.reason.value is True
        assert sources(found.reason)
        for statement in sources(found.reason):
            assert statement in said
            assert statement.period.overlaps(decision.ground)
        assert set(found.window) == LANGUAGES


@settings(deadline=None)
@given(formulas, several_members, st.integers(0, 4))
def test_the_explaining_interpreter_agrees_with_the_deciding_one(
    formula: expression.Node, members: list[frozenset[str]], least: int
) -> None:
    version = made_up(formula, least)
    names = [f"m{number}" for number in range(len(members))]
    household = Household(tuple(Membership(name, ALWAYS) for name in names))
    facts = {
        name: tuple(said(name, fact) for fact in sorted(held))
        for name, held in zip(names, members, strict=True)
    }
    day = date(2026, 1, 1)
    steps = explanation.Steps(version, "m0", day, facts, dict.fromkeys(FACTS, TITLES["GRAPA"]))
    reason = steps.of_group(version.grounds[0], household)
    situation = evaluation.situation(version, household, facts, day)
    assert reason.value == expression.evaluate(formula, situation)
    assert set(PARAMS) == set(version.params)


def test_other_members_are_masked() -> None:
    home = Household((Membership("ann", ALWAYS), Membership("bob", ALWAYS)))
    statement = said("bob", "GRAPA")
    ((_, found),) = explain((home,), (statement,), date(2026, 11, 24), "ann")
    assert [(s.ssin, s.ticket) for s in sources(found.reason)] == [("bob", "TICKET")]
    assert explanation.MEMBER in members(found.reason)
    assert not {word for word in texts(found.reason) if "bob" in word or "ann" in word}


def test_a_void_decision_is_explained_as_without_a_ground() -> None:
    home = Household((Membership("ann", ALWAYS),))
    ((granted, _),) = explain((home,), (said("ann", "GRAPA"),), date(2026, 11, 24), "ann")
    (change,) = decisions.difference(
        "ann", "r", [granted], [], new_id=lambda: "d2", decided_at=granted.decided_at, caused_by=""
    )
    found = explanation.explain(
        worlds.RULE, change.decision, (home,), {}, TITLES, date(2026, 11, 24)
    )
    assert found.reason.value is False
    assert found.window["en"].startswith("The right had no ground")


def test_a_version_that_is_no_longer_the_same_explains_nothing() -> None:
    home = Household((Membership("ann", ALWAYS),))
    ((granted, _),) = explain((home,), (said("ann", "GRAPA"),), date(2026, 11, 24), "ann")
    changed = Rule("r", {}, Group.DOMICILE, "", (made_up(expression.Size(), 0),))
    with pytest.raises(explanation.RuleChanged):
        explanation.explain(changed, granted, (home,), {}, TITLES, date(2026, 11, 24))


def said(who: str, status: str) -> Statement:
    since = Period(date(2025, 1, 1), date.max)
    return Statement(
        who, Institution(5, 0), "pension", status, status, since, cancelled=False,
        ticket="TICKET", position=1,
    )  # fmt: skip


def made_up(formula: expression.Node, least: int) -> Version:
    return Version(
        ALWAYS,
        date.min,
        (Article("Act", "1", verified=False),),
        {fact: frozenset({fact}) for fact in FACTS},
        (Ground(expression.write(formula), formula, Window("first_day", "last_day")),),
        {"least": (Value(date.min, least, "a test", verified=False),)},
        "digest",
    )


def sources(reason: Reason) -> list[Statement]:
    own = [] if reason.source is None else [reason.source]
    return [*own, *(found for part in reason.because for found in sources(part))]


def members(reason: Reason) -> set[str]:
    return {reason.member}.union(*(members(part) for part in reason.because))


def texts(reason: Reason) -> set[str]:
    own = {reason.expression, *reason.text.values()}
    return own.union(*(texts(part) for part in reason.because))
