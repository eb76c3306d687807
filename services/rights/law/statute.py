"""The statute: the rules as known on a day, with all that each formula reads, to be evaluated."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from mesh.periods import Period
from services.rights.domain import Fact, Group, Rule, Version
from services.rights.law import expression, needs, scalar
from services.rights.law.expression import Amount, Has, Known, Node, Param, Person
from services.rights.law.provisions import Ground

Day = tuple[date, Mapping[str, int]]
MOST_KEPT: Final = 8
"""Laws of other days, or of rulebooks that were replaced, that are kept at hand."""


@dataclass(frozen=True, slots=True)
class Need:
    """The numbers of some facts, those that are said and those that are rights."""

    said: frozenset[int]
    rights: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """One formula of one version, and everything its answer can change with."""

    answer: scalar.Answer
    facts: tuple[tuple[str, int], ...]
    """By the name in the formula, the number of each fact that holds or not."""
    amounts: tuple[tuple[str, int], ...]
    ages: tuple[int, ...]
    steps: tuple[Day, ...]
    """The values of its parameters, from each day on which one of them changes."""
    needs: tuple[Need, ...]
    """Of each, some member has one of these facts wherever the formula is true."""
    personal: bool
    """It asks about the person herself, so its answer may differ within a group."""
    own: Need | None
    """Who has none of these has the answer of all who have none; None: each has her own."""
    herself: tuple[Need, ...] = ()
    """Of each, the person herself has one wherever it is true for her."""
    roles: frozenset[str] = frozenset()
    """As one of which she is in the group wherever it is true for her; empty: as any."""

    def params(self, day: date) -> Mapping[str, int]:
        if len(self.steps) == 1:
            return self.steps[0][1]
        return self.steps[bisect_right(self.steps, day, key=lambda step: step[0]) - 1][1]


@dataclass(frozen=True, slots=True, eq=False)
class InForce:
    """A version between the days on which it is the law."""

    version: Version
    grounds: tuple[tuple[Ground, Formula], ...]
    amount: Formula | None


class Law:
    """All versions of all rules that are known on a day; equal facts have one number."""

    def __init__(self, rules: Mapping[str, Rule], today: date) -> None:
        self.rules = rules
        self.today = today
        self._numbers: dict[Fact, int] = {}
        self._whole: dict[int, Formula] = {}
        self._in_force: dict[str, tuple[InForce, ...]] = {}
        for rule in rules.values():
            known = versions_known(rule, today)
            self._in_force[rule.id] = tuple(self._version(rule, version) for version in known)
        self.reads = {rule.id: tuple(sorted(rule.rights_read)) for rule in rules.values()}
        """By right, the rights that it rests on."""
        self.facts = tuple(self._numbers)
        self.by_status: dict[str, tuple[int, ...]] = {}
        """The numbers of the facts that a status can give."""
        for fact, number in self._numbers.items():
            for status in fact.statuses:
                self.by_status[status] = (*self.by_status.get(status, ()), number)

    def of(self, right: str) -> tuple[InForce, ...]:
        return self._in_force[right]

    def whole(self, version: Version) -> Formula:
        """Not a formula of the version, but one that reads all that the version names."""
        return self._whole[id(version)]

    def _version(self, rule: Rule, version: Version) -> InForce:
        one = rule.group is Group.PERSON
        grounds = tuple((g, self._formula(version, g.when, one=one)) for g in version.grounds)
        amount = self._formula(version, version.amount, one=one) if version.amount else None
        self._whole[id(version)] = self._everything(version)
        return InForce(version, grounds, amount)

    def _everything(self, version: Version) -> Formula:
        numbers = {name: self._number(fact) for name, fact in version.facts.items()}
        return Formula(
            scalar.compiled(expression.Number(0)),
            tuple((name, n) for name, n in numbers.items() if not version.facts[name].amount),
            tuple((name, n) for name, n in numbers.items() if version.facts[name].amount),
            tuple(sorted(version.ages)),
            _steps(version, version.params),
            (),
            personal=False,
            own=None,
        )

    def _number(self, fact: Fact) -> int:
        return self._numbers.setdefault(fact, len(self._numbers))

    def _formula(self, version: Version, node: Node, *, one: bool) -> Formula:
        nodes = tuple(expression.walk(node))
        held = sorted({n.fact for n in nodes if isinstance(n, Has)})
        amounts = sorted({n.fact for n in nodes if isinstance(n, Known | Amount)})
        numbers = {name: self._number(version.facts[name]) for name in (*held, *amounts)}
        condition = expression.is_condition(node)
        own = [n for n in nodes if isinstance(n, Person)]
        shared = not one and all(needs.unsaid(n) == 0 for n in own)

        def need(names: frozenset[str]) -> Need:
            return Need(
                frozenset(numbers[n] for n in names if not version.facts[n].right),
                tuple(numbers[n] for n in sorted(names) if version.facts[n].right),
            )

        return Formula(
            scalar.compiled(node),
            tuple((name, numbers[name]) for name in held),
            tuple((name, numbers[name]) for name in amounts),
            tuple(sorted(expression.ages(node))),
            _steps(version, frozenset(n.name for n in nodes if isinstance(n, Param))),
            tuple(need(clause) for clause in (needs.clauses(node) if condition else ())),
            personal=one or bool(own),
            own=need(frozenset().union(*map(needs.named, own))) if shared else None,
            herself=tuple(need(clause) for clause in (needs.own(node) if condition else ())),
            roles=needs.roles(node) if condition else frozenset(),
        )


_LAWS: Final[dict[tuple[int, date], Law]] = {}


def known(rules: Mapping[str, Rule], today: date) -> Law:
    """The law of these rules as known on a day; laid out once. The rules are not to change."""
    key = (id(rules), today)
    found = _LAWS.get(key)
    if found is None or found.rules is not rules:
        if len(_LAWS) >= MOST_KEPT:
            _LAWS.pop(next(iter(_LAWS)))
        found = _LAWS[key] = Law(rules, today)
    return found


def versions_known(rule: Rule, today: date) -> tuple[Version, ...]:
    """The versions and the values of their parameters that are known by a day.

    Until a new version is known, the one before it runs on.
    """
    known = [v for v in rule.versions if v.known_from <= today]
    ends = [*(later.validity.begin for later in known), date.max][1:]
    return tuple(
        replace(
            version,
            validity=Period(version.validity.begin, end),
            params={
                name: tuple(v for v in values if v.known_from <= today)
                for name, values in version.params.items()
            },
        )
        for version, end in zip(known, ends, strict=True)
    )


def _steps(version: Version, names: Iterable[str]) -> tuple[Day, ...]:
    begin, end = version.validity.begin, version.validity.end
    values = {name: version.params[name] for name in sorted(names)}
    changes = {v.begin for found in values.values() for v in found if begin < v.begin < end}
    return tuple(
        (day, {name: version.param_on(name, day).value for name in values})
        for day in (begin, *sorted(changes))
    )
