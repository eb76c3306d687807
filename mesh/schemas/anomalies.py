"""The anomalies that an element can have: told by its constraints, or written for a rule."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

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


def label(error_id: str) -> str:
    """What an anomaly means, in four languages on one line; empty where its kind is not known."""
    texts = kinds().get(error_id[-3:], {})
    return " / ".join(texts[language] for language in labels.LANGUAGES if language in texts)


@cache
def kinds() -> dict[str, dict[str, str]]:
    """What each kind of anomaly means, by language."""
    known: dict[str, dict[str, str]] = _load("anomalies.yaml")
    return known


@cache
def rules() -> dict[str, dict[str, str]]:
    """The class of each anomaly that a rule finds, by form and code."""
    known: dict[str, dict[str, str]] = _load("rules.yaml")
    return known


def of_rules(form: str, zone: str) -> dict[str, str]:
    """The class of each anomaly that the rules of a form find in an element, by code."""
    written = rules().get(form, {})
    return {code: gravity for code, gravity in written.items() if code.startswith(f"{zone}-")}


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


def code(zone: str, kind: str, name: str, gravity: str, *, by_rule: bool) -> Code:
    """An anomaly with its texts; each begins with what the element is called."""
    called = labels.of(zone, name)
    texts = {
        language: f"{called.get(language, name)}: {text}"
        for language, text in kinds()[kind].items()
    }
    return Code(f"{zone}-{kind}", gravity, texts, by_rule)


def _of_text(member: Member) -> set[str]:
    facets = member.facets
    if facets is None or facets.content is Content.XML:
        return set()
    found = {faults.ORDER, faults.INVALID}
    if facets.content is not Content.TEXT:
        found.add(faults.ABSENT)
    if facets.content is Content.NUMBER:
        found.add(faults.NOT_NUMERIC)
    if facets.values or facets.least or facets.most:
        found.add(faults.OUTSIDE_DOMAIN)
    if facets.check_digit:
        found.add(faults.CHECK_DIGIT)
    if facets.longest is not None or facets.shortest > int(facets.content is not Content.TEXT):
        found.add(faults.LENGTH)
    return found


def _load(name: str) -> dict[str, dict[str, str]]:
    known: dict[str, dict[str, str]] = yaml.safe_load(
        Path(__file__).with_name(name).read_text("utf-8")
    )
    return known
