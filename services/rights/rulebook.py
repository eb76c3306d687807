"""The rulebook: every rule in force, checked as a whole when loaded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path

from mesh.periods import Period
from services.rights import expression, rulefile, statuses, windows
from services.rights.domain import Article, Ground, Group, Rule, Value, Version, Window
from services.rights.rulefile import Block
from services.rights.statuses import Statuses


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Rules by id, and the statuses they speak of."""

    rules: Mapping[str, Rule]
    statuses: Statuses

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
            for meant in version.facts.values()
            for status in meant
        }
        return frozenset(name for name, sort in self.statuses.sorts.items() if sort.values & read)


def load(folder: Path) -> Rulebook:
    """Read `statuses.yaml` and `rules/*.yaml`. Raises RuleFileError with file and line."""
    known = statuses.load(folder / "statuses.yaml")
    rules: dict[str, Rule] = {}
    for path in sorted((folder / "rules").glob("*.yaml")):
        rule = read_rule(path, known)
        rules[rule.id] = rule
    return Rulebook(rules, known)


def read_rule(path: Path, known: Statuses) -> Rule:
    block = rulefile.read(path)
    block.only(("id", "title", "group", "granted_by", "versions"))
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
    ends = [*(later.day("valid_from") for later in versions[1:]), date.max]
    return Rule(
        identifier,
        block.texts("title"),
        group,
        block.get_as(str, "granted_by"),
        tuple(
            _version(version, identifier, group, end, known)
            for version, end in zip(versions, ends, strict=True)
        ),
    )


def _version(block: Block, rule: str, group: Group, end: date, known: Statuses) -> Version:
    block.only(("valid_from", "known_from", "legal", "facts", "when", "window", "also", "params"))
    begin = block.day("valid_from")
    facts = _facts(block.get_as(Block, "facts"), known)
    params = _params(block.get_as(Block, "params"), begin) if "params" in block else {}
    legal = tuple(map(_article, block.blocks("legal")))
    if not legal:
        raise block.error("a version rests on at least one article", "legal")
    return Version(
        Period(begin, end),
        block.day("known_from"),
        legal,
        facts,
        (
            _ground(block, facts, params, group),
            *(_ground(also, facts, params, group) for also in block.blocks("also")),
        ),
        params,
        _digest(rule, group, block),
    )


def _article(block: Block) -> Article:
    block.only(("act", "article", "verified"))
    return Article(
        block.get_as(str, "act"), block.get_as(str, "article"), block.get_as(bool, "verified")
    )


def _facts(block: Block, known: Statuses) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for name in block:
        fact = block.get_as(Block, name)
        fact.only(("status",))
        found[name] = frozenset(fact.words("status"))
        for unknown in sorted(found[name] - known.titles.keys()):
            raise fact.error(f"no status is named `{unknown}`", "status")
    return found


def _ground(
    block: Block,
    facts: Mapping[str, frozenset[str]],
    params: Mapping[str, tuple[Value, ...]],
    group: Group,
) -> Ground:
    text = block.get_as(str, "when")
    try:
        when = expression.parse(
            text,
            facts=frozenset(facts),
            params=frozenset(params),
            of_group=group is not Group.PERSON,
        )
    except expression.FormulaError as error:
        raise block.error(str(error), "when") from error
    window = block.get_as(Block, "window")
    window.only(("from", "until"))
    begin, until = window.get_as(str, "from"), window.get_as(str, "until")
    if begin not in windows.BEGINS:
        raise window.error(f"`from` is one of: {', '.join(windows.BEGINS)}", "from")
    if until not in windows.ENDS:
        raise window.error(f"`until` is one of: {', '.join(windows.ENDS)}", "until")
    return Ground(text, when, Window(begin, until))


def _params(block: Block, since: date) -> dict[str, tuple[Value, ...]]:
    found: dict[str, tuple[Value, ...]] = {}
    for name in block:
        values = tuple(map(_value, block.blocks(name)))
        if not any(value.begin <= since for value in values):
            raise block.error(f"`{name}` has no value on {since}, when the version begins", name)
        found[name] = values
    return found


def _value(block: Block) -> Value:
    block.only(("from", "value", "source", "verified"))
    return Value(
        block.day("from"),
        _number(block),
        block.get_as(str, "source"),
        block.get_as(bool, "verified"),
    )


def _number(block: Block) -> int:
    """A number as it is, an amount in quotes as cents."""
    value = block.get_as(object, "value")
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        cents = Decimal(value if isinstance(value, str) else "") * 100
    except InvalidOperation as error:
        raise block.error(
            '`value` is a number, or an amount such as "20763.88"', "value"
        ) from error
    if not cents.is_finite() or cents != cents.to_integral_value():
        raise block.error("an amount has whole cents", "value")
    return int(cents)


def _digest(rule: str, group: Group, block: Block) -> str:
    """Of what the version says, whatever its layout; twelve hexadecimal digits."""
    content = json.dumps([rule, group, block], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()[:12]
