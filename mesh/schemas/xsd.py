"""The XML Schema of a document in a quarter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

from lxml import etree

from mesh.schemas import labels
from mesh.schemas.facets import Content, Facets
from mesh.schemas.structure import Choice, Document, Member, Together

XS = "http://www.w3.org/2001/XMLSchema"
OR_NEVER = "|9999-12-31"
SAFE_DIGITS = 18
"""Longer numbers are told as digits, since readers of schemas do not all count so far."""
_BASES = {
    Content.TEXT: "xs:string",
    Content.NUMBER: "xs:integer",
    Content.DATE: "xs:date",
    Content.TIME: "xs:time",
}
_PATTERNS = {
    Content.DATE: "(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}",
    Content.TIME: r"([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}\.[0-9]{3}",
}


def write(document: Document) -> bytes:
    """The schema as a file in UTF-8: one root, a named type for each block."""
    schema = _xs(
        "schema",
        _element(document.itself),
        *(_block(document, name) for name in document.blocks),
        id=document.name,
        version=str(document.quarter),
    )
    return etree.tostring(schema, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def _block(document: Document, name: str) -> etree._Element:
    together = {one: several for several in document.together[name] for one in several.names}
    members = {member.name: member for member in document.blocks[name]}
    sequence = _xs("sequence")
    for rule, group in groupby(
        members.values(), lambda member: together.get(member.name) or member.choice
    ):
        if isinstance(rule, Together):
            sequence.extend(_sets(rule.names, rule.sets, members))
        elif isinstance(rule, Choice):
            sequence.append(_choice(rule, list(group)))
        else:
            sequence.extend(_element(member) for member in group)
    return _xs("complexType", sequence, name=_type_name(name))


def _sets(
    names: tuple[str, ...], sets: frozenset[frozenset[str]], members: Mapping[str, Member]
) -> list[etree._Element]:
    """Particles that let just these sets stand: after each element it is clear which go on."""
    if not names:
        return []
    name, *others = names
    having = frozenset(one - {name} for one in sets if name in one)
    lacking = frozenset(one for one in sets if name not in one)
    without = _sets(tuple(others), lacking or having, members)
    if not having:
        return without
    element = _element(replace(members[name], least=1))
    if not lacking:
        return [element, *without]
    if having == lacking:
        element.set("minOccurs", "0")
        return [element, *without]
    onward = _sets(tuple(others), having, members)
    first = _xs("sequence", element, *onward) if onward else element
    return [_xs("choice", first, _xs("sequence", *without))]


def _choice(choice: Choice, members: list[Member]) -> etree._Element:
    times = {} if choice.mandatory else {"minOccurs": "0"}
    return _xs("choice", *(_element(member, chosen=True) for member in members), **times)


def _element(member: Member, *, chosen: bool = False) -> etree._Element:
    element = _xs("element", _annotation(member), name=member.name)
    if member.least != 1 and not chosen:
        element.set("minOccurs", str(member.least))
    if member.most != 1:
        element.set("maxOccurs", "unbounded" if member.most is None else str(member.most))
    if member.facets is None:
        element.set("type", _type_name(member.block))
    elif member.facets.content is Content.XML:
        foreign = _xs("any", processContents="skip", minOccurs="0", maxOccurs="unbounded")
        element.append(_xs("complexType", _xs("sequence", foreign), mixed="true"))
    else:
        element.append(_text(member.facets))
    return element


def _annotation(member: Member) -> etree._Element:
    notes: list[Any] = [_xs("appinfo", member.zone, source="zone")]
    if member.facets is not None and member.facets.check_digit:
        notes.append(_xs("appinfo", member.facets.check_digit, source="check-digit"))
    for language, text in labels.of(member.zone, member.name).items():
        documentation = _xs("documentation", text)
        documentation.set("{http://www.w3.org/XML/1998/namespace}lang", language)
        notes.append(documentation)
    return _xs("annotation", *notes)


def _text(facets: Facets) -> etree._Element:
    """Patterns of one step are alternatives, so each one that must hold is a step of its own."""
    number = facets.content is Content.NUMBER
    counts = number and _counts(facets)
    patterns = [_digits(facets)] if number else []
    shaped = _PATTERNS.get(facets.content, "") + (OR_NEVER if facets.may_be_never else "")
    patterns += filter(None, dict.fromkeys([shaped, facets.pattern]))
    bounds: list[etree._Element] = []
    if counts:
        bounds += _facets(minInclusive=facets.least, maxInclusive=facets.most)
    elif facets.content is Content.TEXT:
        bounds += _facets(minLength=facets.shortest or None, maxLength=facets.longest)
    bounds += [_xs("enumeration", value=value) for value in facets.values]
    base = "xs:string" if number and not counts else _BASES[facets.content]
    inner = _xs(
        "restriction", *_facets(pattern=patterns[0] if patterns else None), *bounds, base=base
    )
    for pattern in patterns[1:]:
        inner = _xs("restriction", _xs("simpleType", inner), *_facets(pattern=pattern))
    return _xs("simpleType", inner)


def _digits(facets: Facets) -> str:
    if facets.values:
        lengths = [len(value) for value in facets.values]
        return f"[0-9]{{{min(lengths)},{max(lengths)}}}"
    return f"[0-9]{{{facets.shortest},{facets.longest or ''}}}"


def _counts(facets: Facets) -> bool:
    """Whether the digits are told as a number: not where leading zeros make another value."""
    if facets.values:
        return all(value == "0" or value[0] != "0" for value in facets.values) and (
            len({len(value) for value in facets.values}) == 1
        )
    return bool(facets.least or facets.most) or (facets.longest or SAFE_DIGITS + 1) <= SAFE_DIGITS


def _facets(**values: object) -> list[etree._Element]:
    return [_xs(name, value=str(value)) for name, value in values.items() if value is not None]


def _type_name(block: str) -> str:
    return f"{block}Type"


def _xs(name: str, /, *content: etree._Element | str, **attributes: str) -> etree._Element:
    """An element of XML Schema, with what stands in it."""
    element = etree.Element(f"{{{XS}}}{name}", attributes, nsmap={"xs": XS})
    for one in content:
        if isinstance(one, str):
            element.text = one
        else:
            element.append(one)
    return element
