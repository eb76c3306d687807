"""Explanations: the formula run once more, remembering why at every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from services.rights import evaluation, expression, windows, wording
from services.rights.domain import (
    Decision,
    Ground,
    Household,
    Membership,
    Rule,
    Statement,
    Version,
)
from services.rights.expression import Node, Situation

SELF = "self"
MEMBER = "a member of the household"


@dataclass(frozen=True, slots=True)
class Reason:
    """One step, and the steps that it rests on."""

    expression: str
    value: int
    text: Mapping[str, str]
    because: tuple[Reason, ...] = ()
    source: Statement | None = None
    member: str = ""
    """Whose fact it is, masked."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a decision is as it is."""

    version: Version
    reason: Reason
    window: Mapping[str, str]


class RuleChanged(LookupError):  # noqa: N818 - it states what is wrong
    """The version that was applied is not in the rulebook as it was."""


def explain(
    rule: Rule,
    decision: Decision,
    households: Sequence[Household],
    facts: Mapping[str, Sequence[Statement]],
    titles: Mapping[str, Mapping[str, str]],
    decided_on: date,
) -> Explanation:
    """Explain a decision from what was known when it was made.

    It is explained for the day of deciding, or the day of its ground that is nearest; a void
    one for the first day on which there once was a ground. Raises RuleChanged.
    """
    known = evaluation.versions_known(rule, decided_on)
    version = next((v for v in known if v.name == decision.version), None)
    if version is None:
        raise RuleChanged(decision.version)
    last = decision.ground.end - timedelta(days=1)
    nearest = max(decision.ground.begin, min(last, decided_on))
    day = decision.ground.begin if decision.void else nearest
    candidates = [
        (ground, household)
        for ground in version.grounds
        for household in _homes(rule, decision.ssin, households, day)
    ]
    ground, household = next(
        (c for c in candidates if _holds(version, c[0], c[1], facts, day)), candidates[0]
    )
    steps = Steps(version, decision.ssin, day, facts, titles)
    return Explanation(version, steps.of_group(ground, household), _window(decision, ground))


def _homes(
    rule: Rule, person: str, households: Sequence[Household], day: date
) -> tuple[Household, ...]:
    """The person's groups of that day; alone where no other is known."""
    homes = evaluation.groups(rule, person, households)
    found = tuple(h for h in homes if person in evaluation.present(h, day))
    return found or (Household((Membership(person, windows.day(day)),)),)


def _holds(
    version: Version,
    ground: Ground,
    household: Household,
    facts: Mapping[str, Sequence[Statement]],
    day: date,
) -> int:
    return expression.evaluate(ground.when, evaluation.situation(version, household, facts, day))


def _window(decision: Decision, ground: Ground) -> dict[str, str]:
    if decision.void:
        return wording.text("VOID")
    days = {
        "begin": decision.period.begin.isoformat(),
        "ground_begin": decision.ground.begin.isoformat(),
        "last_day": (decision.period.end - timedelta(days=1)).isoformat(),
    }
    parts = [wording.text(ground.window.begin, **days), wording.text(ground.window.until, **days)]
    if decision.renewable:
        parts.append(wording.text("RENEWABLE"))
    return wording.joined(parts, " ")


@dataclass(frozen=True)
class Steps:
    """The explaining interpreter, for one person on one day."""

    version: Version
    person: str
    day: date
    facts: Mapping[str, Sequence[Statement]]
    titles: Mapping[str, Mapping[str, str]]
    present: tuple[str, ...] = field(default=())

    def of_group(self, ground: Ground, household: Household) -> Reason:
        """The whole formula, over everybody present on the day; the person herself first."""
        there = evaluation.present(household, self.day)
        present = tuple(sorted(there, key=lambda ssin: ssin != self.person))
        over = Steps(self.version, self.person, self.day, self.facts, self.titles, present)
        return over.step(ground.when, self.person)

    def step(self, node: Node, member: str) -> Reason:  # noqa: PLR0911 - one answer a node
        match node:
            case expression.Has():
                return self._has(node, member)
            case expression.Over():
                return self._over(node)
            case expression.Size():
                return self._leaf(node, wording.text("GROUP_SIZE"))
            case expression.Param(name=name):
                source = self.version.param_on(name, self.day).source
                return self._leaf(node, wording.text("PARAM", name=name, source=source))
            case expression.Number():
                return self._leaf(node, wording.text("NUMBER"))
            case expression.Not(of=of):
                inner = self.step(of, member)
                return self._made(node, not inner.value, wording.text("not"), (inner,))
            case expression.Joined(word=word, parts=parts):
                steps = tuple(self.step(part, member) for part in parts)
                every = word == "and"
                value = (all if every else any)(s.value for s in steps)
                deciding = _deciding(steps, value, every=every)
                return self._made(node, value, wording.text(word), deciding)
            case expression.Operation(sign=sign, left=left, right=right):
                sides = (self.step(left, member), self.step(right, member))
                result = expression.OPERATIONS[sign](sides[0].value, sides[1].value)
                return self._made(node, result, wording.text("OPERATION"), sides)

    def _over(self, node: expression.Over) -> Reason:
        steps = tuple(self.step(node.of, member) for member in self.present)
        value = expression.counted(node.quantifier, [s.value for s in steps])
        if node.quantifier != "count_members":
            steps = _deciding(steps, value, every=node.quantifier == "all_members")
        return self._made(node, value, wording.text(node.quantifier), steps)

    def _has(self, node: expression.Has, member: str) -> Reason:
        statuses = self.version.facts[node.fact]
        whose = SELF if member == self.person else MEMBER
        found = tuple(
            Reason(s.status, value=True, text=self._said(s), source=s, member=whose)
            for s in self.facts.get(member, ())
            if s.status in statuses and self.day in s.period
        )
        titles = wording.joined([self.titles[s] for s in sorted(statuses)], ", ")
        text = wording.text("HAS", day=self.day.isoformat(), titles=titles)
        return Reason(expression.write(node), bool(found), text, found, member=whose)

    def _said(self, statement: Statement) -> dict[str, str]:
        running = statement.period.end == date.max
        last_day = statement.period.end - timedelta(days=1)
        return wording.text(
            "RUNNING_FACT" if running else "FACT",
            title=self.titles[statement.status],
            begin=statement.period.begin.isoformat(),
            last_day=last_day.isoformat(),
            institution=str(statement.institution),
        )

    def _leaf(self, node: Node, text: Mapping[str, str]) -> Reason:
        members = tuple(frozenset[str]() for _ in self.present)
        value = expression.evaluate(node, Situation(members, self.version.params_on(self.day)))
        return self._made(node, value, text, ())

    def _made(
        self, node: Node, value: int, text: Mapping[str, str], because: tuple[Reason, ...]
    ) -> Reason:
        return Reason(expression.write(node), value, text, because)


def _deciding(steps: tuple[Reason, ...], value: int, *, every: bool) -> tuple[Reason, ...]:
    """The steps that made it so: all of them, or those that alone suffice."""
    if bool(value) is every:
        return steps
    return tuple(s for s in steps if bool(s.value) is bool(value))
