"""Constraints in words, as glossary and differences tell them."""

from __future__ import annotations

from mesh import days
from mesh.schemas.facets import Content, Facets
from mesh.schemas.structure import Member

_CHECKS = {
    "ssin": "check digits of an SSIN",
    "cbe": "check digits of an enterprise number",
    "nsso": "check digits of an NSSO number",
    "dimona": "check digits of a Dimona period",
}
_CONTENTS = {
    Content.TEXT: "text",
    Content.NUMBER: "number",
    Content.DATE: "day, YYYY-MM-DD",
    Content.TIME: "hour, hh:mm:ss.mmm",
    Content.XML: "XML of another vocabulary",
}


def content(facets: Facets | None) -> str:
    """What sort of text it is; `block` for what holds elements."""
    return _CONTENTS[facets.content] if facets else "block"


def domain(facets: Facets | None) -> str:
    """Which values are allowed; empty: any of its sort and length."""
    if facets is None:
        return ""
    told = []
    if facets.values:
        told.append(", ".join(facets.values))
    if facets.least is not None or facets.most is not None:
        least = facets.least or 0
        told.append(f"from {least}" if facets.most is None else f"{least} to {facets.most}")
    if facets.content is Content.DATE:
        told.append(f"{days.FIRST} to {days.LAST}" + f" or {days.NEVER}" * facets.may_be_never)
    if facets.pattern:
        told.append(f"pattern {facets.pattern}")
    if facets.check_digit:
        told.append(_CHECKS[facets.check_digit])
    return "; ".join(told)


def length(facets: Facets | None) -> str:
    """How many characters: `1 to 20`, `11`, `at least 1`; empty: any number."""
    if facets is None:
        return ""
    if facets.longest is None:
        return f"at least {facets.shortest}" if facets.shortest > 1 else ""
    if facets.shortest in {0, facets.longest}:
        return str(facets.longest) if facets.shortest else f"at most {facets.longest}"
    return f"{facets.shortest} to {facets.longest}"


def presence(member: Member) -> str:
    """Whether it must stand: `mandatory`, `optional`, or it depends on others."""
    if member.choice is not None:
        return f"one of {member.choice.name}" + ("" if member.choice.mandatory else ", or none")
    if member.conditional:
        return "by what stands beside it"
    return "mandatory" if member.mandatory else "optional"


def occurrence(member: Member) -> str:
    """How often it may stand: `0 to 1`, `1 or more`."""
    if member.most is None:
        return f"{member.least} or more"
    least = 0 if member.choice is not None else member.least
    return str(least) if least == member.most else f"{least} to {member.most}"
