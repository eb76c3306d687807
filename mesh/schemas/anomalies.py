"""The anomalies that an element can have: told by its constraints, or written for a rule."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mesh import faults
from mesh.schemas import labels
from mesh.schemas.facets import Content
from mesh.schemas.structure import Document, Member

BLOCKING = "B"


@dataclass(frozen=True, slots=True)
class Code:
    """`<zone>-<kind>` with its class and with what it means, by language."""

    code: str
    gravity: str
    texts: dict[str, str]
    by_rule: bool
    """Written for a rule; otherwise the constraints alone say it."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the rules of some forms find: the class of each anomaly, by code."""

    forms: tuple[str, ...]
    kinds: str
    """Which kinds of anomaly mean something of their own there; empty: none."""
    codes: dict[str, str]


def label(error_id: str, of: str = "") -> str:
    """What an anomaly means, in four languages on one line; empty where its kind is not known."""
    texts = kinds(of).get(error_id[-3:], {})
    return " / ".join(texts[language] for language in labels.LANGUAGES if language in texts)


@cache
def kinds(of: str = "") -> dict[str, dict[str, str]]:
    """What each kind means, by language; `of` names those with a meaning of their own."""
    common: dict[str, dict[str, str]] = _load("anomalies.yaml")
    return {**common, **_load(f"anomalies_of_{of}.yaml")} if of else common


@cache
def rules() -> tuple[Rules, ...]:
    """Every anomaly that a rule finds."""
    return tuple(
        Rules(tuple(one["forms"]), one.get("kinds", ""), one["codes"])
        for one in _load("rules.yaml")
    )


def of_rules(form: str, zone: str) -> list[Code]:
    """The anomalies that the rules of a form find in an element."""
    return [
        code(zone, error_id[-3:], gravity, kinds_of=several.kinds, by_rule=True)
        for several in rules()
        if form in several.forms
        for error_id, gravity in several.codes.items()
        if error_id.startswith(f"{zone}-")
    ]


def of_constraints(document: Document, member: Member) -> set[str]:
    """The kinds of anomaly that an element can have by its constraints and by its place."""
    if member.facets is None:
        found = {faults.ORDER, faults.INVALID}
        members = document.blocks[member.block]
        mandatory = any(one.choice is not None and one.choice.mandatory for one in members)
        if mandatory or document.together[member.block]:
            found.add(faults.CARDINALITY)
    else:
        found = _of_text(member)
    if member.first_quarter or member.last_quarter:
        found.add(faults.NOT_ALLOWED)
    if member.mandatory:
        found.add(faults.ABSENT)
    if member.most is not None or member.least > 1:
        found.add(faults.CARDINALITY)
    return found


def code(
    zone: str, kind: str, gravity: str = BLOCKING, *, kinds_of: str = "", by_rule: bool = False
) -> Code:
    """An anomaly with what its kind means."""
    return Code(f"{zone}-{kind}", gravity, kinds(kinds_of)[kind], by_rule)


def _of_text(member: Member) -> set[str]:
    facets = member.facets
    if facets is None or facets.content is Content.XML:
        return set()
    found = {faults.ORDER, faults.INVALID}
    if facets.content is not Content.TEXT:
        found.add(faults.ABSENT)
    if facets.content is Content.NUMBER:
        found.add(faults.NOT_NUMERIC)
    if facets.content is Content.DATE or facets.values or facets.least or facets.most:
        found.add(faults.OUTSIDE_DOMAIN)
    if facets.check_digit:
        found.add(faults.CHECK_DIGIT)
    if facets.longest is not None or facets.shortest > int(facets.content is not Content.TEXT):
        found.add(faults.LENGTH)
    return found


def _load(name: str) -> Any:
    return yaml.safe_load(Path(__file__).with_name(name).read_text("utf-8"))
