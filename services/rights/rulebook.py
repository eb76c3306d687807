"""The rulebook: every rule in force, checked as a whole when loaded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

from mesh.periods import Period
from services.rights import expression, parameters, rulefile, statuses, windows
from services.rights.domain import (
    Article,
    Fact,
    Ground,
    Group,
    Rule,
    Value,
    Version,
    Window,
)
from services.rights.expression import FormulaError, Names, Node
from services.rights.holdings import BORN
from services.rights.rulefile import Block
from services.rights.statuses import Statuses


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Rules by id, the statuses they speak of, and the parameters that they share."""

    rules: Mapping[str, Rule]
    statuses: Statuses
    params: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)

    @property
    def since(self) -> date:
        """The first day on which any rule is in force."""
        return min(rule.versions[0].validity.begin for rule in self.rules.values())

    @property
    def triggers(self) -> frozenset[str]:
        """Sorts of data that some rule depends on."""
        read = {
            status
            for rule in self.rules.values()
            for version in rule.versions
            for fact in version.facts.values()
            for status in fact.statuses
        }
        if any(version.ages for rule in self.rules.values() for version in rule.versions):
            read.add(BORN)
        return frozenset(name for name, sort in self.statuses.sorts.items() if sort.values & read)

    @property
    def groups(self) -> frozenset[Group]:
        """The sorts of groups that some rule asks for."""
        return frozenset(rule.group for rule in self.rules.values()) - {Group.PERSON}


def load(folder: Path) -> Rulebook:
    """Read `statuses.yaml`, `params/*.yaml` and `rules/*.yaml`; rules stand before their readers.

    Raises RuleFileError with file and line.
    """
    known = statuses.load(folder / "statuses.yaml")
    params = parameters.load(folder / "params")
    blocks = {path.stem: rulefile.read(path) for path in sorted((folder / "rules").glob("*.yaml"))}
    rights = frozenset(blocks)
    rules = {name: read_rule(block, known, params, rights) for name, block in blocks.items()}
    return Rulebook({name: rules[name] for name in _in_order(rules, blocks)}, known, params)


def _in_order(rules: Mapping[str, Rule], blocks: Mapping[str, Block]) -> tuple[str, ...]:
    """Every right after those that are facts for it. Raises RuleFileError for a circle."""
    try:
        return tuple(
            TopologicalSorter({n: sorted(r.rights_read) for n, r in rules.items()}).static_order()
        )
    except CycleError as error:
        circle = " > ".join(error.args[1])
        raise blocks[error.args[1][0]].error(f"rights rest on each other: {circle}") from error


def read_rule(
    block: Block,
    known: Statuses,
    params: Mapping[str, tuple[Value, ...]],
    rights: frozenset[str],
) -> Rule:
    """One file's rule. Raises RuleFileError."""
    path = block.path
    block.only(("id", "title", "explanation", "group", "granted_by", "granting", "versions"))
    identifier = block.get_as(str, "id")
    if identifier != path.stem:
        raise block.error(f"the file is named `{path.stem}`, the rule `{identifier}`", "id")
    if block.get_as(str, "group") not in list(Group):
        raise block.error(f"a group is one of: {', '.join(Group)}", "group")
    group = Group(block["group"])
    versions = block.blocks("versions")
    if not versions:
        raise block.error("a rule has at least one version", "versions")
    for earlier, later in pairwise(versions):
        if earlier.day("valid_from") >= later.day("valid_from"):
            raise later.error("versions stand in order of `valid_from`", "valid_from")
    granting = block.get_as(str, "granting") if "granting" in block else "automatic"
    if granting not in ("automatic", "on_request"):
        raise block.error("granting is `automatic` or `on_request`", "granting")
    ends = [*(later.day("valid_from") for later in versions[1:]), date.max]
    return Rule(
        identifier,
        block.texts("title"),
        block.texts("explanation"),
        group,
        block.get_as(str, "granted_by"),
        granting == "automatic",
        tuple(
            _version(version, identifier, group, end, Library(known, params, rights))
            for version, end in zip(versions, ends, strict=True)
        ),
    )


@dataclass(frozen=True, slots=True)
class Library:
    """What a rule may refer to: statuses, shared parameters, and other rights."""

    statuses: Statuses
    params: Mapping[str, tuple[Value, ...]]
    rights: frozenset[str]


def _version(block: Block, rule: str, group: Group, end: date, library: Library) -> Version:
    block.only(
        (
            "valid_from",
            "known_from",
            "legal",
            "facts",
            "when",
            "window",
            "also",
            "params",
            "amount",
            "waiver",
        )
    )
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
    )
    return Version(
        Period(begin, end),
        block.day("known_from"),
        legal,
        facts,
        (_ground(block, names), *(_ground(also, names) for also in block.blocks("also"))),
        params,
        _formula(block, "amount", expression.number, names) if "amount" in block else None,
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
    block.only(("status", "amount", "right", "before_age", "held", "later"))
    sources = [key for key in ("status", "amount", "right") if key in block]
    if len(sources) != 1:
        raise block.error("a fact rests on one of `status`, `amount` and `right`")
    (source,) = sources
    names = block.words("status") if source == "status" else [block.get_as(str, source)]
    known = library.rights if source == "right" else library.statuses.titles.keys()
    for unknown in sorted(frozenset(names) - known):
        raise block.error(
            f"no {'right' if source == 'right' else 'status'} is named `{unknown}`", source
        )
    if source == "amount" and ("held" in block or "before_age" in block):
        raise block.error("an amount has no `held` and no `before_age`")
    return Fact(
        frozenset() if source == "right" else frozenset(names),
        names[0] if source == "right" else "",
        source == "amount",
        block.get_as(int, "before_age") if "before_age" in block else 0,
        _months(block, "held"),
        _months(block, "later"),
    )


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
    if not 0 < months <= 1200:
        raise term.error("a term is of 1 month to 100 years")
    return months


def _ground(block: Block, names: Names) -> Ground:
    when = _formula(block, "when", expression.condition, names)
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
    try:
        date.fromisoformat(f"2001-{text}")
    except ValueError:
        return False
    return True


def _formula(block: Block, key: str, read: Callable[[str, Names], Node], names: Names) -> Node:
    try:
        return read(block.get_as(str, key), names)
    except FormulaError as error:
        raise block.error(str(error), key) from error


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
