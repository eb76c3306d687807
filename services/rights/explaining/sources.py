"""Sources: what a fact of a member rests on, down to who said it and by which message."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from mesh.periods import Period
from services.rights.domain import Rule, Statement, World
from services.rights.explaining import wording
from services.rights.explaining.reasons import Reason, Scene, Source
from services.rights.explaining.wording import Text
from services.rights.facts import holdings
from services.rights.law import terms
from services.rights.law.statuses import Statuses

ONE_DAY = timedelta(days=1)
OfRight = Callable[[str, str, date], Reason | None]
"""The reason of a right of a person on a day."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that an explanation is made from."""

    rules: Mapping[str, Rule]
    statuses: Statuses
    world: World
    said: Sequence[Statement] = ()
    """Everything that was ever said of those persons, also what does not count."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Finds what facts rest on."""

    case: Case
    of_right: OfRight
    whose: Callable[[str], str]
    """What a member is called."""

    def text(self, scene: Scene, name: str) -> Text:
        """What the fact is, with the terms that shift it."""
        fact = scene.version.facts[name]
        day = terms.earlier(scene.day, fact.later).isoformat()
        if fact.right:
            parts = [wording.text("HAS_RIGHT", day=day, right=self.case.rules[fact.right].title)]
        else:
            titles = [self.case.statuses.titles[status] for status in sorted(fact.statuses)]
            key = "AMOUNT" if fact.amount else "HAS"
            parts = [wording.text(key, day=day, titles=wording.joined(titles, ", "))]
        if fact.held:
            parts.append(wording.text("HELD", months=str(fact.held)))
        if fact.before_age:
            parts.append(wording.text("BEFORE_AGE", age=str(fact.before_age)))
        if fact.later:
            parts.append(wording.text("LATER", day=scene.day.isoformat(), months=str(fact.later)))
        return wording.joined(parts, ", ")

    def of_fact(self, scene: Scene, member: str, name: str) -> tuple[Reason, ...]:
        """What was said of the days that count, or the right that it is."""
        fact = scene.version.facts[name]
        day = terms.earlier(scene.day, fact.later)
        if fact.right:
            reason = self.of_right(fact.right, member, day)
            return () if reason is None else (reason,)
        counting = Period(terms.earlier(day, fact.held), day + ONE_DAY)
        return tuple(
            self._of_statement(statement, member, day)
            for statement in self.case.world.facts.get(member, ())
            if statement.status in fact.statuses and statement.period.overlaps(counting)
        )

    def of_birth(self, member: str) -> tuple[Reason, ...]:
        """Who said when the member was born."""
        said = self.case.world.facts.get(member, ())
        born = [s for s in said if s.status == holdings.BORN]
        return tuple(self._of_statement(s, member, s.period.begin) for s in born[-1:])

    def _of_statement(self, statement: Statement, member: str, day: date) -> Reason:
        running = statement.period.end == date.max
        text = wording.text(
            "RUNNING_FACT" if running else "FACT",
            title=self.case.statuses.titles[statement.status],
            begin=statement.period.begin.isoformat(),
            last_day=(statement.period.end - ONE_DAY).isoformat(),
            institution=str(statement.institution),
        )
        value = True if statement.amount is None else statement.amount
        source = Source(statement, self._otherwise(statement, day))
        return Reason(statement.status, value, text, member=self.whose(member), source=source)

    def _otherwise(self, statement: Statement, day: date) -> tuple[Statement, ...]:
        """What others said of that day, where only one of them can be right."""
        sort = self.case.statuses.sorts.get(statement.data_sort)
        if sort is None or not sort.one_at_a_time:
            return ()
        said = (s for s in self.case.said if s.ssin == statement.ssin)
        return tuple(
            other
            for other in holdings.last_words(said)
            if other.data_sort == statement.data_sort
            and other.position != statement.position
            and not other.cancelled
            and day in other.period
        )
