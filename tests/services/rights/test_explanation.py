"""Explanations: they come to what was decided, name their sources, and show nobody else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh.institutions import Institution
from mesh.periods import ALWAYS, Period
from services.rights.deciding import decisions
from services.rights.deciding.evaluation import Evaluation
from services.rights.domain import (
    Decision,
    Fact,
    Group,
    Household,
    Membership,
    Rule,
    Statement,
    Version,
)
from services.rights.explaining import explanation, reasons
from services.rights.explaining.explanation import Differs, Explanation
from services.rights.explaining.reasons import Reason, Scene
from services.rights.explaining.sources import Case, Sources
from services.rights.explaining.steps import Steps
from services.rights.law import expression, grammar, scalar
from services.rights.law.provisions import Window
from services.rights.law.scalar import Member
from services.rights.law.statuses import Statuses
from tests.services.rights import formulas, laws, worlds
from tests.services.rights.test_scalar import members, params

LANGUAGES = ("nl", "fr", "de", "en")
TITLES = {
    status: dict.fromkeys(LANGUAGES, f"the status {status}")
    for sort in worlds.SORTS.values()
    for status in sort.values
}
STATUSES = Statuses(worlds.SORTS, TITLES)
TODAY = date(2024, 3, 15)
NOON = datetime(2024, 3, 15, 12, tzinfo=UTC)
small = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
persons = st.sampled_from(worlds.PERSONS)


def titled(rules: Mapping[str, Rule]) -> dict[str, Rule]:
    return {
        name: replace(rule, title=dict.fromkeys(LANGUAGES, f"the right {name}"))
        for name, rule in rules.items()
    }


def case(
    rules: Mapping[str, Rule], homes: tuple[Household, ...], said: tuple[Statement, ...]
) -> Case:
    return Case(rules, STATUSES, worlds.world(homes, said), said)


def decided(of: Case, right: str, person: str) -> list[Decision]:
    entitled = Evaluation(of.rules, of.world, TODAY).entitlements(right, person)
    changes = decisions.difference(
        person, right, [], entitled, new_id=lambda: "d1", decided_at=NOON, caused_by=""
    )
    return [change.decision for change in changes]


def tree(reason: Reason) -> Iterator[Reason]:
    yield reason
    for part in reason.because:
        yield from tree(part)


def everything(found: Explanation) -> list[Reason]:
    roots = [found.reason, *(reason for _, reason in found.worth)]
    return [step for root in roots for step in tree(root)]


@small
@given(laws.rules(), worlds.households(), worlds.statements(), persons, st.booleans())
def test_every_decision_is_explained_and_comes_to_what_was_decided(
    rules: Mapping[str, Rule],
    homes: tuple[Household, ...],
    said: tuple[Statement, ...],
    person: str,
    whole: bool,
) -> None:
    of = case(titled(rules), homes, said)
    for right in laws.RIGHTS:
        for decision in decided(of, right, person):
            found = explanation.explain(of, decision, whole=whole)
            assert found.reason.value
            assert found.version.name == decision.version
            assert set(found.window) == set(LANGUAGES)
            worth = [cents for _, cents in decision.amounts]
            assert len(found.worth) == len(worth)
            for (_, reason), cents in zip(found.worth, worth, strict=True):
                assert reason.value == cents or (reason.value is None and not whole)
            for step in everything(found):
                assert set(step.text) == set(LANGUAGES)
                check_source(step, said)


def check_source(step: Reason, said: tuple[Statement, ...]) -> None:
    if step.source is None:
        return
    assert step.source.statement.position in {s.position for s in said}
    for other in step.source.otherwise:
        assert other.data_sort == step.source.statement.data_sort
        assert other.position != step.source.statement.position


@small
@given(laws.rules(), worlds.households(), worlds.statements(), persons)
def test_a_person_is_told_nothing_of_what_others_have(
    rules: Mapping[str, Rule],
    homes: tuple[Household, ...],
    said: tuple[Statement, ...],
    person: str,
) -> None:
    of = case(titled(rules), homes, said)
    for right in laws.RIGHTS:
        for decision in decided(of, right, person):
            for step in everything(explanation.explain(of, decision, whole=False)):
                if step.source is not None:
                    about = (step.source.statement, *step.source.otherwise)
                    assert {s.ssin for s in about} == {person}
                if step.member == reasons.MEMBER:
                    assert (step.expression, step.because) == ("", ())
                    assert step.value in {True, False, None}


@small
@given(
    formulas.conditions_of_group | formulas.numbers_of_group,
    st.lists(members, min_size=1, max_size=4),
    params,
    laws.versions(Group.DOMICILE, ()),
)
def test_the_explaining_interpreter_agrees_with_the_deciding_one(
    formula: expression.Node,
    there: list[Member],
    values: Mapping[str, int],
    versions: tuple[Version, ...],
) -> None:
    version = replace(
        versions[0],
        params={
            name: (replace(versions[0].params[name][0], value=value),)
            for name, value in values.items()
        },
    )
    scene = Scene(version, TODAY, "0", {str(n): member for n, member in enumerate(there)}, values)
    told = Sources(case({}, (), ()), lambda *_: None, lambda member: member)
    reason = Steps(scene, told, lambda _: False).whole(formula)
    assert reason.value == scalar.evaluate(formula, scene.situation)
    masked = Steps(scene, told, lambda member: member != "0").whole(formula)
    if expression.is_condition(formula) or len(there) == 1:
        assert masked.value == reason.value
    else:
        assert masked.value in {reason.value, None}


def said(
    who: str, status: str = "GRAPA", *, sector: int = 17, ticket: str = "TICKET", position: int = 1
) -> Statement:
    name = next(name for name, sort in worlds.SORTS.items() if status in sort.values)
    since = Period(date(2023, 1, 1), date.max)
    return Statement(
        who, Institution(sector, 1), name, status, "", since, cancelled=False,
        ticket=ticket, position=position,
    )  # fmt: skip


def warm(when: str, group: Group = Group.DOMICILE, right: str = "warm", **rest: str) -> Rule:
    """A right with one condition, in force since 2022."""
    facts = {
        "old": Fact(frozenset({"GRAPA"})),
        "poor": Fact(frozenset({"LIVING_WAGE"}), held=3),
        "granted": Fact(right="warm"),
    }
    names = grammar.Names(frozenset(facts), frozenset(), frozenset(), group is not Group.PERSON)
    opening = Window("first_day", "end_of_year", rest.get("on", ""))
    ground = laws.made_ground(grammar.condition(when, names), opening)
    version = Version(
        Period(date(2022, 1, 1), date.max), date.min, laws.ARTICLES, facts, (ground,), {}, None, "x"
    )
    title = dict.fromkeys(LANGUAGES, f"the right {right}")
    return Rule(right, title, {}, group, "somebody", True, (version,))


TOGETHER = (Household((Membership("ann", ALWAYS), Membership("bob", ALWAYS))),)


def explained(
    rules: Mapping[str, Rule], right: str, *told: Statement, whole: bool, person: str = "ann"
) -> Explanation:
    of = case(rules, TOGETHER, told)
    (decision,) = decided(of, right, person)
    return explanation.explain(of, decision, whole=whole)


def test_an_auditor_is_told_which_member_has_what_by_whom() -> None:
    found = explained({"warm": warm("any_member(has(old))")}, "warm", said("bob"), whole=True)
    (leaf,) = [step for step in everything(found) if step.source is not None]
    assert (leaf.member, leaf.source and leaf.source.statement.ticket) == ("member 2", "TICKET")
    texts = [words for step in everything(found) for words in step.text.values()]
    assert not [words for words in texts if "bob" in words or "ann" in words]


def test_the_person_is_told_that_another_member_meets_the_condition() -> None:
    found = explained({"warm": warm("any_member(has(old))")}, "warm", said("bob"), whole=False)
    (leaf,) = found.reason.because
    assert (leaf.value, leaf.text["en"]) == (True, "another member of your household")
    assert not [step for step in everything(found) if step.source is not None]


def test_a_right_that_rests_on_a_right_tells_why_that_one_was_had() -> None:
    rules = {
        "warm": warm("any_member(has(old))"),
        "wet": warm("person(has(granted))", right="wet"),
    }
    found = explained(rules, "wet", said("ann"), whole=False)
    (granted,) = [step for step in everything(found) if step.granted is not None]
    assert granted.granted == reasons.Granted("warm", "2022-01-01/x", laws.ARTICLES)
    assert [s.source.statement.status for s in tree(granted) if s.source] == ["GRAPA"]


def test_who_says_otherwise_is_shown_and_does_not_count() -> None:
    counting = said("ann", "LIVING_WAGE", sector=18, position=1)
    other = said("ann", "EQUIVALENT", sector=17, position=2)
    rules = {"warm": warm("any_member(has(poor))")}
    found = explained(rules, "warm", counting, other, whole=False)
    (leaf,) = [step for step in everything(found) if step.source is not None]
    assert leaf.source == reasons.Source(counting, (other,))


def test_what_must_have_lasted_says_for_how_long() -> None:
    rules = {"warm": warm("any_member(has(poor))")}
    found = explained(rules, "warm", said("ann", "LIVING_WAGE"), whole=False)
    assert "for 3 months without a break" in found.reason.because[0].text["en"]


def test_a_day_of_the_year_explains_a_right_by_that_day() -> None:
    rules = {"warm": warm("any_member(has(old))", on="01-01")}
    found = explained(rules, "warm", said("ann"), whole=False)
    assert "2024-01-01" in found.reason.because[0].text["en"]
    assert "Only the situation on 01-01 of each year counts." in found.window["en"]


def test_a_void_decision_is_explained_as_without_a_ground() -> None:
    rules = {"warm": warm("any_member(has(old))")}
    (granted,) = decided(case(rules, TOGETHER, (said("ann"),)), "warm", "ann")
    (change,) = decisions.difference(
        "ann", "warm", [granted], [], new_id=lambda: "d2", decided_at=NOON, caused_by=""
    )
    found = explanation.explain(case(rules, TOGETHER, ()), change.decision, whole=False)
    assert found.reason.value is False
    assert found.window["en"].startswith("The right had no ground")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"renewable": False}, ("renewable",)),
        ({"period": Period(date(2023, 1, 1), date(2026, 1, 1))}, ("period",)),
        ({"amounts": ((ALWAYS, 5),)}, ("amounts",)),
        ({"ground": ALWAYS, "renewable": False}, ("renewable", "ground")),
        ({"void": True}, ("period",)),
    ],
)
def test_a_decision_that_comes_out_otherwise_is_not_explained(
    change: dict[str, object], what: tuple[str, ...]
) -> None:
    of = case({"warm": warm("any_member(has(old))")}, TOGETHER, (said("ann"),))
    (granted,) = decided(of, "warm", "ann")
    with pytest.raises(Differs) as differs:
        explanation.explain(of, replace(granted, **change), whole=True)  # type: ignore[arg-type]
    assert differs.value.what == what


def test_a_version_that_is_no_longer_the_same_explains_nothing() -> None:
    rules = {"warm": warm("any_member(has(old))")}
    (granted,) = decided(case(rules, TOGETHER, (said("ann"),)), "warm", "ann")
    with pytest.raises(explanation.RuleChanged):
        explanation.explain(
            case(rules, TOGETHER, (said("ann"),)), replace(granted, version="y"), whole=True
        )
