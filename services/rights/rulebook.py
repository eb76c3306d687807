"""The rulebook: every rule in force, checked as a whole when loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

from services.rights import parameters, rule_versions, rulefile, statuses
from services.rights.domain import Group, Rule
from services.rights.holdings import BORN
from services.rights.provisions import Value
from services.rights.rule_versions import Library
from services.rights.rulefile import Block
from services.rights.statuses import Statuses


@dataclass(frozen=True)
class Rulebook:
    """Rules by id, the statuses they speak of, and the parameters that they share."""

    rules: Mapping[str, Rule]
    statuses: Statuses
    params: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """What it was read from: each file's text, by its place in the folder."""

    @cached_property
    def since(self) -> date:
        """The first day on which any rule is in force."""
        return min(rule.versions[0].validity.begin for rule in self.rules.values())

    @cached_property
    def triggers(self) -> frozenset[str]:
        """Sorts of data that some rule depends on."""
        read = {
            status
            for rule in self.rules.values()
            for version in rule.versions
            for fact in version.facts.values()
            for status in fact.statuses
        }
        if any(version.born for rule in self.rules.values() for version in rule.versions):
            read.add(BORN)
        return frozenset(name for name, sort in self.statuses.sorts.items() if sort.values & read)

    @cached_property
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
    in_order = {name: rules[name] for name in _in_order(rules, blocks)}
    return Rulebook(in_order, known, params, _files(folder))


def _files(folder: Path) -> dict[str, str]:
    found = (folder / "statuses.yaml", *folder.glob("params/*.yaml"), *folder.glob("rules/*.yaml"))
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in sorted(found)}


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
    library = Library(known, params, rights)
    return Rule(
        identifier,
        block.texts("title"),
        block.texts("explanation"),
        group,
        block.get_as(str, "granted_by"),
        granting == "automatic",
        tuple(
            rule_versions.read(version, identifier, group, end, library)
            for version, end in zip(versions, ends, strict=True)
        ),
    )
