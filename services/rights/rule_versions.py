"""Versions of rules, read from their files; whatever could not be in force is an error."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from mesh.periods import Period
from services.rights import expression, grammar, magnitude, parameters, windows
from services.rights.domain import ROLES, Fact, Group, Version
from services.rights.expression import Node
from services.rights.grammar import FormulaError, Names
from services.rights.provisions import Article, Ground, Value, Window
from services.rights.rulefile import Block
from services.rights.statuses import Statuses

KEYS: Final = (
    "valid_from", "known_from", "legal", "facts", "when", "window", "also", "params", "amount",
    "waiver",
)  # fmt: skip
FACT_KEYS: Final = ("status", "amount", "right", "before_age", "held", "later")
LONGEST_TERM: Final = 1200
Params = Mapping[str, tuple[Value, ...]]


@dataclass(frozen=True, slots=True)
class Library:
    """What a rule may refer to: statuses, shared parameters, and other rights."""

    statuses: Statuses
    params: Mapping[str, tuple[Value, ...]]
    rights: frozenset[str]

    @property
    def said(self) -> frozenset[str]:
        """The statuses that some sort of data says."""
        return frozenset().union(*(sort.values for sort in self.statuses.sorts.values()))

    @property
    def amounts(self) -> frozenset[str]:
        sorts = self.statuses.sorts.values()
        return frozenset().union(*(sort.values for sort in sorts if sort.amount))


def read(block: Block, rule: str, group: Group, end: date, library: Library) -> Version:
    """One version, in force up to `end`. Raises RuleFileError."""
    block.only(KEYS)
    begin = block.day("valid_from")
    facts = _facts(block.get_as(Block, "facts"), library) if "facts" in block else {}
    params = _params(block, library)
    legal = tuple(map(_article, block.blocks("legal")))
    if not legal:
        raise block.error("a version rests on at least one article", "legal")
    names = Names(
        facts=frozenset(name for name, fact in facts.items() if not fact.amount),
        amounts=frozenset(name for name, fact in facts.items() if fact.amount),
        params=frozenset(params),
        of_group=group is not Group.PERSON,
        roles=ROLES[group],
    )
    return Version(
        Period(begin, end),
        block.day("known_from"),
        legal,
        facts,
        tuple(_ground(each, names, params) for each in (block, *block.blocks("also"))),
        params,
        _formula(block, "amount", grammar.number, names, params) if "amount" in block else None,
        _digest(rule, group, block),
        _waivable(block),
    )


def _waivable(block: Block) -> int | None:
    """The term of `waiver: {working_days: 30}`."""
    if "waiver" not in block:
        return None
    waiver = block.get_as(Block, "waiver")
    waiver.only(("working_days",))
    days = waiver.get_as(int, "working_days")
    if not 0 < days <= 1000:
        raise waiver.error("a right is waived within 1 to 1000 working days", "working_days")
    return days


def _article(block: Block) -> Article:
    block.only(("act", "article", "verified"))
    return Article(
        block.get_as(str, "act"), block.get_as(str, "article"), block.get_as(bool, "verified")
    )


def _facts(block: Block, library: Library) -> dict[str, Fact]:
    return {name: _fact(block.get_as(Block, name), library) for name in block}


def _fact(block: Block, library: Library) -> Fact:
    block.only(FACT_KEYS)
    sources = [key for key in ("status", "amount", "right") if key in block]
    if len(sources) != 1:
        raise block.error("a fact rests on one of `status`, `amount` and `right`")
    (source,) = sources
    names = block.words("status") if source == "status" else [block.get_as(str, source)]
    for name in names:
        if name not in (library.rights if source == "right" else library.said):
            raise block.error(f"no {_called(source)} is named `{name}`", source)
        if (name in library.amounts) is not (source == "amount") and source != "right":
            raise block.error(
                f"`{name}` is {'an' if name in library.amounts else 'no'} amount", source
            )
    if source == "amount" and ("held" in block or "before_age" in block):
        raise block.error("an amount has no `held` and no `before_age`")
    if source == "right" and "before_age" in block:
        raise block.error("a right has no `before_age`", "before_age")
    return Fact(
        frozenset() if source == "right" else frozenset(names),
        names[0] if source == "right" else "",
        source == "amount",
        _age(block),
        _months(block, "held"),
        _months(block, "later"),
    )


def _called(source: str) -> str:
    return "right" if source == "right" else "status that anybody says"


def _age(block: Block) -> int:
    """0 where absent."""
    if "before_age" not in block:
        return 0
    years = block.get_as(int, "before_age")
    if not 0 < years <= expression.OLDEST:
        raise block.error(f"nobody is {years} years old", "before_age")
    return years


def _months(block: Block, key: str) -> int:
    """A term such as `{months: 3}` or `{years: 1}`, in months; 0 where absent."""
    if key not in block:
        return 0
    term = block.get_as(Block, key)
    term.only(("months", "years"))
    months = sum(
        term.get_as(int, unit) * times
        for unit, times in (("months", 1), ("years", 12))
        if unit in term
    )
    if not 0 < months <= LONGEST_TERM:
        raise term.error("a term is of 1 month to 100 years")
    return months


def _ground(block: Block, names: Names, params: Params) -> Ground:
    when = _formula(block, "when", grammar.condition, names, params)
    window = block.get_as(Block, "window")
    window.only(("from", "until", "on"))
    begin, until = window.get_as(str, "from"), window.get_as(str, "until")
    if begin not in windows.BEGINS:
        raise window.error(f"`from` is one of: {', '.join(windows.BEGINS)}", "from")
    if until not in windows.ENDS:
        raise window.error(f"`until` is one of: {', '.join(windows.ENDS)}", "until")
    on = window.get_as(str, "on") if "on" in window else ""
    if on and not _is_day_of_every_year(on):
        raise window.error('`on` is a day of every year, such as "01-01"', "on")
    return Ground(block.get_as(str, "when"), when, Window(begin, until, on))


def _is_day_of_every_year(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        date.fromisoformat(f"2001-{text}")
    except ValueError:
        return False
    return True


def _formula(
    block: Block, key: str, read: Callable[[str, Names], Node], names: Names, params: Params
) -> Node:
    try:
        found = read(block.get_as(str, key), names)
    except FormulaError as error:
        raise block.error(str(error), key) from error
    highest = {name: max(abs(v.value) for v in values) for name, values in params.items()}
    if not magnitude.fits(found, highest):
        raise block.error("a number of the formula can become larger than 64 bits hold", key)
    return found


def _params(block: Block, library: Library) -> dict[str, tuple[Value, ...]]:
    """By the name in the formula: values of its own, or those of a parameter of `params/`."""
    if "params" not in block:
        return {}
    params, found = block.get_as(Block, "params"), {}
    since, known_from = block.day("valid_from"), block.day("known_from")
    for name in params:
        values = _values(params, name, library)
        if not any(v.begin <= since and v.known_from <= known_from for v in values):
            raise params.error(
                f"`{name}` has no value on {since}, when the version begins, "
                f"known on {known_from}, when it becomes known",
                name,
            )
        found[name] = values
    return found


def _values(params: Block, name: str, library: Library) -> tuple[Value, ...]:
    if not isinstance(params[name], str):
        return parameters.values(params, name)
    if params[name] not in library.params:
        raise params.error(f"no parameter is named `{params[name]}`", name)
    return library.params[params[name]]


def _digest(rule: str, group: Group, block: Block) -> str:
    """Of what the version says, whatever its layout; twelve hexadecimal digits."""
    content = json.dumps([rule, group, block], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()[:12]
