"""Certainty: what is settled stays so, whatever the facts in doubt turn out to be."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from services.rights.facts import certainty
from services.rights.facts.certainty import Doubted, Scene
from services.rights.law import scalar
from services.rights.law.expression import Known, Node, Over
from services.rights.law.scalar import Member, Situation
from tests.services.rights import formulas
from tests.services.rights.test_scalar import cents, members, params

names = st.frozensets(st.sampled_from([*formulas.FACTS, *formulas.AMOUNTS]))


@st.composite
def doubted(draw: st.DrawFn) -> tuple[Doubted, Member]:
    """A member as far as she is known, and as she turns out to be."""
    whole, doubts, born = draw(members), draw(names), draw(st.booleans())
    amounts = {n: c for n, c in (whole.amounts or {}).items() if n not in doubts}
    known = whole._replace(
        facts=whole.facts - doubts,
        amounts=amounts,
        age=whole.age if born else None,
    )
    return Doubted(known, doubts, born), whole


@given(
    formulas.conditions_of_group | formulas.numbers_of_group,
    st.lists(doubted(), max_size=3),
    doubted(),
    params,
)
def test_what_is_settled_is_what_it_comes_to_once_all_is_known(
    formula: Node,
    others: list[tuple[Doubted, Member]],
    person: tuple[Doubted, Member],
    params: Mapping[str, int],
) -> None:
    there = [person, *others]
    scene = Scene([known for known, _ in there], params, person[0])
    settled = certainty.settled(formula, scene, person[0])
    whole = Situation(tuple(one for _, one in there), params, person[1])
    assert settled is None or settled == scalar.evaluate(formula, whole)


@given(
    formulas.conditions_of_group | formulas.numbers_of_group,
    st.lists(members, max_size=3),
    members,
    params,
)
def test_without_doubts_everything_is_settled(
    formula: Node, others: list[Member], person: Member, params: Mapping[str, int]
) -> None:
    there = (person, *others)
    sure = [Doubted(member, frozenset()) for member in there]
    settled = certainty.settled(formula, Scene(sure, params, sure[0]), sure[0])
    assert settled == scalar.evaluate(formula, Situation(there, params, person))


@given(cents)
def test_an_income_that_nobody_was_asked_for_is_in_doubt(income: int) -> None:
    asked = Doubted(Member(), frozenset({"income"}))
    told = Doubted(Member(amounts={"income": income}), frozenset())
    everybody = Over("all_members", Known("income"))
    assert certainty.settled(everybody, Scene([asked, told], {}, asked), asked) is None
    assert certainty.settled(everybody, Scene([told], {}, told), told) == 1
