"""Explanations: the formula run once more, remembering why at every step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from mesh.periods import ALWAYS
from services.rights import evaluation, expression, scalar, terms, windows, wording
from services.rights.domain import (
    Decision,
    Ground,
    Household,
    Membership,
    Rule,
    Statement,
    Version,
    World,
)
from services.rights.evaluation import Evaluation
from services.rights.expression import Node

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
    rules: Mapping[str, Rule],
    decision: Decision,
    world: World,
    titles: Mapping[str, Mapping[str, str]],
    decided_on: date,
) -> Explanation:
    """Explain a decision from what was known when it was made.

    It is explained for the day of deciding, or the day of its ground that is nearest; a void
    one for the first day on which there once was a ground. Raises RuleChanged.
    """
    rule = rules[decision.right]
    worked_out = Evaluation(rules, world, decided_on)
    version = next((v for v in worked_out.versions(rule.id) if v.name == decision.version), None)
    if version is None:
        raise RuleChanged(decision.version)
    last = decision.ground.end - timedelta(days=1)
    nearest = max(decision.ground.begin, min(last, decided_on))
    day = decision.ground.begin if decision.void else nearest
    candidates = [
        (ground, household)
        for ground in version.grounds
        for household in _homes(rule, decision.ssin, world, day)
    ]
    ground, household = next(
        (
            (ground, household)
            for ground, household in candidates
            if scalar.evaluate(
                ground.when, worked_out.situation(version, household, day, decision.ssin)
            )
        ),
        candidates[0],
    )
    steps = Steps(worked_out, version, decision.ssin, day, world, titles)
    return Explanation(version, steps.of_group(ground, household), _window(decision, ground))


def _homes(rule: Rule, person: str, world: World, day: date) -> tuple[Household, ...]:
    """The person's groups of that day; alone where no other is known."""
    homes = evaluation.groups(rule, person, world)
    found = tuple(h for h in homes if person in dict(evaluation.present(h, day)))
    return found or (Household((Membership(person, windows.day(day)),)),)


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

    evaluation: Evaluation
    version: Version
    person: str
    day: date
    world: World
    titles: Mapping[str, Mapping[str, str]]
    present: tuple[Membership, ...] = field(default=())

    def of_group(self, ground: Ground, household: Household) -> Reason:
        """The whole formula, over everybody present on the day; the person herself first."""
        there = [m for _, m in evaluation.present(household, self.day)]
        present = tuple(sorted(there, key=lambda m: m.ssin != self.person))
        herself = next(
            (m for m in present if m.ssin == self.person), Membership(self.person, ALWAYS)
        )
        return replace(self, present=present).step(ground.when, herself)

    def step(self, node: Node, member: Membership) -> Reason:  # noqa: C901, PLR0911, PLR0912
        match node:
            case expression.Has(fact=fact) | expression.Known(fact=fact):
                return self._fact(node, fact, member)
            case expression.Amount(fact=fact):
                return self._fact(node, fact, member)
            case expression.Aged():
                return self._of_member(node, member, wording.text("AGED", day=self.day.isoformat()))
            case expression.Is(role=role):
                return self._of_member(node, member, wording.text("ROLE", role=role))
            case expression.Over():
                return self._over(node)
            case expression.Person(of=of):
                return self.step(of, self._herself())
            case expression.Size():
                return self._made(node, len(self.present), wording.text("GROUP_SIZE"), ())
            case expression.Param(name=name):
                param = self.version.param_on(name, self.day)
                text = wording.text("PARAM", name=name, source=param.source)
                return self._made(node, param.value, text, ())
            case expression.Number(value=number):
                return self._made(node, number, wording.text("NUMBER"), ())
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
                result = scalar.OPERATIONS[sign](sides[0].value, sides[1].value)
                return self._made(node, result, wording.text("OPERATION"), sides)
            case expression.Choice(condition=condition, then=then, otherwise=otherwise):
                asked = self.step(condition, member)
                taken = self.step(then if asked.value else otherwise, member)
                return self._made(node, taken.value, wording.text("CHOICE"), (asked, taken))

    def _over(self, node: expression.Over) -> Reason:
        steps = tuple(self.step(node.of, member) for member in self.present)
        value = scalar.counted(node.quantifier, [s.value for s in steps])
        if node.quantifier in ("any_member", "all_members"):
            steps = _deciding(steps, value, every=node.quantifier == "all_members")
        return self._made(node, value, wording.text(node.quantifier), steps)

    def _herself(self) -> Membership:
        return next(
            (m for m in self.present if m.ssin == self.person), Membership(self.person, ALWAYS)
        )

    def _fact(self, node: expression.OfMember, name: str, member: Membership) -> Reason:
        """What a fact rests on: the statements whose days make up this one."""
        fact = self.version.facts[name]
        value = self._value(node, member)
        origin = self.day if not fact.later else _earlier(self.day, fact.later)
        found = tuple(
            Reason(
                s.status, self._said_value(s), self._said(s), source=s, member=self._whose(member)
            )
            for s in self.world.facts.get(member.ssin, ())
            if s.status in fact.statuses and origin in s.period
        )
        if fact.right:
            text = wording.text("HAS_RIGHT", day=self.day.isoformat(), right=fact.right)
        else:
            titles = wording.joined([self.titles[s] for s in sorted(fact.statuses)], ", ")
            text = wording.text("HAS", day=self.day.isoformat(), titles=titles)
        because = found if value else ()
        return Reason(expression.write(node), value, text, because, member=self._whose(member))

    def _said_value(self, statement: Statement) -> int:
        return True if statement.amount is None else statement.amount

    def _of_member(
        self, node: expression.OfMember, member: Membership, text: Mapping[str, str]
    ) -> Reason:
        value = self._value(node, member)
        return Reason(expression.write(node), value, text, member=self._whose(member))

    def _value(self, node: expression.OfMember, member: Membership) -> int:
        household = Household((replace(member, period=windows.day(self.day)),))
        there = self.evaluation.situation(self.version, household, self.day, member.ssin)
        return scalar.evaluate(node, there)

    def _whose(self, member: Membership) -> str:
        return SELF if member.ssin == self.person else MEMBER

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

    def _made(
        self, node: Node, value: int, text: Mapping[str, str], because: tuple[Reason, ...]
    ) -> Reason:
        return Reason(expression.write(node), value, text, because)


def _deciding(steps: tuple[Reason, ...], value: int, *, every: bool) -> tuple[Reason, ...]:
    """The steps that made it so: all of them, or those that alone suffice."""
    if bool(value) is every:
        return steps
    return tuple(s for s in steps if bool(s.value) is bool(value))


def _earlier(day: date, months: int) -> date:
    """A day whose term of so many months is over on `day`, or the last before it."""
    guess = terms.after(day, -months)
    while terms.after(guess, months) > day:
        guess -= timedelta(days=1)
    return guess
