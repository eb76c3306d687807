"""Explanations: why a decision is as it is, from what was known when it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from mesh.periods import Period
from services.rights.deciding.evaluation import Evaluation
from services.rights.domain import Decision, Entitlement, Household, Rule, Version
from services.rights.explaining import reasons, wording
from services.rights.explaining.reasons import Granted, Reason, Scene
from services.rights.explaining.sources import Case, Sources
from services.rights.explaining.steps import Steps
from services.rights.explaining.wording import Text
from services.rights.facts import households
from services.rights.law import scalar, windows
from services.rights.law.expression import Node
from services.rights.law.provisions import Ground

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a decision is as it is."""

    version: Version
    reason: Reason
    window: Text
    worth: tuple[tuple[Period, Reason], ...]
    """How what the right is worth came to be, on which days."""


class RuleChanged(LookupError):  # noqa: N818 - it states what is wrong
    """The version that was applied is not in the rulebook as it was."""


class Differs(ValueError):  # noqa: N818 - it states what is wrong
    """Worked out again, the decision comes out otherwise: `what` names in which parts."""

    def __init__(self, what: Sequence[str]) -> None:
        super().__init__(", ".join(what))
        self.what = tuple(what)


def explain(case: Case, decision: Decision, *, whole: bool) -> Explanation:
    """Explain a decision, having worked it out again.

    `whole` tells what other members have, who said it and when; else each of them is no more
    than a member of the household. A void decision is explained for the first day on which there
    once was a ground. Raises RuleChanged, and Differs.
    """
    rule = case.rules[decision.right]
    worked_out = Evaluation(case.rules, case.world, decision.decided_on)
    version = _version(worked_out, decision.right, decision.version)
    _check(decision, worked_out.entitlements(rule.id, decision.ssin))
    day = decision.ground.begin if decision.void else decision.decided_on
    telling = Telling(case, worked_out, decision.ssin, day, whole=whole)
    ground = telling.ground(rule, version, decision.ssin, decision.ground)
    return Explanation(
        version,
        telling.of_ground(rule, version, ground, decision.ssin, decision.ground),
        _window(decision, ground),
        () if decision.void else tuple(telling.of_amounts(rule, decision)),
    )


def _version(worked_out: Evaluation, right: str, name: str) -> Version:
    found = next((v for v in worked_out.versions(right) if v.name == name), None)
    if found is None:
        raise RuleChanged(name)
    return found


def _check(decision: Decision, entitled: Sequence[Entitlement]) -> None:
    """That working it out again gives the decision."""
    now = next((e for e in entitled if e.period == decision.period), None)
    if decision.void or now is None:
        if decision.void is not (now is None):
            raise Differs(["period"])
        return
    names = ("renewable", "ground", "version", "amounts")
    different = [name for name in names if getattr(now, name) != getattr(decision, name)]
    if different:
        raise Differs(different)


def _window(decision: Decision, ground: Ground) -> Text:
    if decision.void:
        return wording.text("VOID")
    days = {
        "begin": decision.period.begin.isoformat(),
        "ground_begin": decision.ground.begin.isoformat(),
        "last_day": (decision.period.end - ONE_DAY).isoformat(),
    }
    parts = [wording.text(ground.window.begin, **days), wording.text(ground.window.until, **days)]
    if ground.window.on:
        month, number = ground.window.on.split("-")
        parts.append(wording.text("ON", day=f"{number}-{month}"))
    if decision.renewable:
        parts.append(wording.text("RENEWABLE"))
    return wording.joined(parts, " ")


@dataclass(frozen=True, slots=True)
class Telling:
    """One explanation being told, to the person herself or to who may know the whole."""

    case: Case
    worked_out: Evaluation
    person: str
    today: date
    whole: bool
    names: dict[str, str] = field(default_factory=dict)

    def whose(self, member: str) -> str:
        """The person herself, or a number in the order of the telling; never a person's own."""
        if member == self.person:
            return reasons.SELF
        if not self.whole:
            return reasons.MEMBER
        return self.names.setdefault(member, f"member {len(self.names) + 2}")

    def hidden(self, member: str) -> bool:
        return not self.whole and member != self.person

    def ground(self, rule: Rule, version: Version, person: str, days: Period) -> Ground:
        """The ground that is met on just those days; the first where none is."""
        met = (
            ground
            for ground in version.grounds
            if days in self.worked_out.grounded(rule.id, version, ground, person)
        )
        return next(met, version.grounds[0])

    def of_ground(
        self, rule: Rule, version: Version, ground: Ground, person: str, days: Period
    ) -> Reason:
        day = _told_day(ground, days, self.today)
        return self._of_node(rule, version, ground.when, person, day)

    def of_amounts(self, rule: Rule, decision: Decision) -> list[tuple[Period, Reason]]:
        """One reason for each amount, on its first day."""
        found = []
        for period, cents in decision.amounts:
            law = [v for v in self.worked_out.versions(rule.id) if period.begin in v.validity]
            node = law[0].amount
            if node is not None:
                reason = self._of_node(rule, law[0], node, decision.ssin, period.begin, cents)
                found.append((period, reason))
        return found

    def of_right(self, right: str, person: str, day: date) -> Reason | None:
        """The reason of another right that a person has on a day, on the days of its ground."""
        rule = self.case.rules[right]
        for entitled in self.worked_out.entitlements(right, person):
            if entitled.period.begin <= day and (entitled.renewable or day in entitled.period):
                version = _version(self.worked_out, right, entitled.version)
                ground = self.ground(rule, version, person, entitled.ground)
                reason = self.of_ground(rule, version, ground, person, entitled.ground)
                granted = Granted(right, version.name, version.legal)
                text = wording.text("GRANTED", title=rule.title, begin=str(entitled.period.begin))
                return Reason(
                    right, True, text, (reason,), member=self.whose(person), granted=granted
                )
        return None

    def _of_node(
        self,
        rule: Rule,
        version: Version,
        node: Node,
        person: str,
        day: date,
        wanted: int | None = None,
    ) -> Reason:
        """Of the group in which it comes to what is wanted: true, or that amount."""
        scenes = [
            self._scene(version, home, person, day) for home in self._homes(rule, person, day)
        ]
        answer = scalar.compiled(node)
        scene = next(
            (
                s
                for s in scenes
                if (found := answer(s.situation, s.situation.person)) == wanted
                or (wanted is None and found)
            ),
            scenes[0],
        )
        told = Sources(self.case, self.of_right, self.whose)
        return Steps(scene, told, self.hidden).whole(node)

    def _scene(self, version: Version, home: Household, person: str, day: date) -> Scene:
        situation = self.worked_out.situation(version, home, day, person)
        there = [ssin for ssin, _ in households.present(home, day)]
        members = dict(zip(there, situation.members, strict=True))
        order = sorted(members, key=lambda ssin: ssin != person)
        return Scene(version, day, person, {s: members[s] for s in order}, situation.params)

    def _homes(self, rule: Rule, person: str, day: date) -> tuple[Household, ...]:
        """The person's groups of that day; alone where no other is known."""
        homes = households.groups(rule, person, self.case.world)
        found = tuple(h for h in homes if person in dict(households.present(h, day)))
        return found or (households.alone(person),)


def _told_day(ground: Ground, days: Period, today: date) -> date:
    """The day of deciding, or the nearest day of the ground; of those that count, the last."""
    nearest = max(days.begin, min(days.end - ONE_DAY, today))
    if not ground.window.on:
        return nearest
    seen = Period(days.begin, min(days.end, windows.horizon(today)))
    counting = [each.begin for each in windows.reference_days(ground.window.on, seen)]
    past = [day for day in counting if day <= nearest]
    return (past or counting or [nearest])[-1 if past else 0]
