"""Made-up law, drawn by Hypothesis: three rights of which each may rest on those before it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import strategies as st

from mesh.periods import Period
from services.rights.domain import Fact, Group, Rule, Version
from services.rights.law import expression, windows
from services.rights.law.expression import Node
from services.rights.law.provisions import Article, Ground, Value, Window
from tests.services.rights import formulas, worlds

ARTICLES = (Article("An act", "1", verified=False),)
SINCE = date(2022, 7, 15)
SETTLED = date(2024, 1, 1)
"""From here on everything is known."""
RIGHTS = ("first_right", "second_right", "third_right")

values = st.sampled_from([0, 1, 2, 1000])
_later = st.none() | st.tuples(
    st.dates(SINCE, worlds.LAST), values, st.just(date.min) | st.dates(SINCE, SETTLED)
)


@st.composite
def params(draw: st.DrawFn) -> Mapping[str, tuple[Value, ...]]:
    """Each has a first value, and perhaps a later one, learnt of at any time."""
    found = {}
    for name in formulas.PARAMS:
        later = draw(_later)
        first = Value(date.min, draw(values), "a test", verified=False)
        found[name] = (first,) if later is None else (
            first, Value(later[0], later[1], "another test", verified=True, known_from=later[2]),
        )  # fmt: skip
    return found


@st.composite
def facts(draw: st.DrawFn, rights: tuple[str, ...]) -> Mapping[str, Fact]:
    poor = frozenset({"LIVING_WAGE", "EQUIVALENT"})
    terms = st.sampled_from([1, 3, 12])
    found = {
        "poor": Fact(poor),
        "poor_long": Fact(poor, held=draw(terms)),
        "old": Fact(frozenset({"GRAPA"})),
        "ill_young": Fact(
            frozenset({"RETIREMENT"}), before_age=draw(st.sampled_from([19, 20, 65]))
        ),
        "poor_once": Fact(poor, later=draw(terms), held=draw(st.sampled_from([0, 2]))),
        "income": Fact(frozenset({"TAXABLE_INCOME"}), amount=True),
        "income_before": Fact(frozenset({"TAXABLE_INCOME"}), amount=True, later=draw(terms)),
        "granted": Fact(frozenset({"GRAPA"}), later=1),
    }
    if rights:
        right = draw(st.sampled_from(rights))
        found["granted"] = Fact(
            right=right, held=draw(st.sampled_from([0, 0, 2])), later=draw(st.sampled_from([0, 1]))
        )
    return found


window = st.builds(
    Window,
    st.sampled_from(sorted(windows.BEGINS)),
    st.sampled_from(sorted(windows.ENDS)),
    st.sampled_from(["", "", "", "01-01", "07-01", "12-31"]),
)


@st.composite
def ground(draw: st.DrawFn, group: Group) -> Ground:
    of_group = group is not Group.PERSON
    formula = draw(formulas.conditions_of_group if of_group else formulas.conditions_of_member)
    return made_ground(formulas.guarded(formula, of_group=of_group), draw(window))


def made_ground(when: Node, opening: Window) -> Ground:
    return Ground(expression.write(when), when, opening)


@st.composite
def versions(draw: st.DrawFn, group: Group, rights: tuple[str, ...]) -> tuple[Version, ...]:
    of_group = group is not Group.PERSON
    begins = [SINCE]
    if draw(st.booleans()):
        begins.append(draw(st.sampled_from([date(2023, 1, 1), date(2024, 1, 1)]) | worlds.days))
    made: list[Version] = []
    for begin, end in pairwise([*begins, date.max]):
        amount = draw(
            st.none() | (formulas.numbers_of_group if of_group else formulas.numbers_of_member)
        )
        made.append(
            Version(
                Period(begin, end),
                min(begin, SETTLED) - timedelta(days=draw(st.sampled_from([-60, 0, 60]))),
                ARTICLES,
                draw(facts(rights)),
                tuple(draw(st.lists(ground(group), min_size=1, max_size=2))),
                draw(params()),
                None if amount is None else formulas.guarded(amount, of_group=of_group),
                str(len(made)),
            )
        )
    return tuple(made)


@st.composite
def rules(draw: st.DrawFn) -> Mapping[str, Rule]:
    made: dict[str, Rule] = {}
    for identifier in RIGHTS:
        group = draw(st.sampled_from(Group))
        made[identifier] = Rule(
            identifier, {}, {}, group, "somebody", True, draw(versions(group, tuple(made)))
        )
    return made
