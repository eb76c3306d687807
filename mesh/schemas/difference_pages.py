"""Differences between the schemas of two quarters, as JSON, XML and Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby

from lxml import etree

from mesh.schemas.differences import Change, Difference
from mesh.schemas.quarters import Quarter

_MARKS = {Change.NEW: "+", Change.CHANGED: "~", Change.ENDED: "-"}


def as_json(before: Quarter, after: Quarter, differences: Sequence[Difference]) -> bytes:
    """One object; each difference has the same keys."""
    told = {
        "from": str(before),
        "to": str(after),
        "differences": [_told(difference) for difference in differences],
    }
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def as_xml(before: Quarter, after: Quarter, differences: Sequence[Difference]) -> bytes:
    """One element a difference, its particulars as attributes."""
    root = etree.Element("Differences", {"from": str(before), "to": str(after)})
    for difference in differences:
        told = {key: text for key, text in _told(difference).items() if text}
        etree.SubElement(root, "Difference", told)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def as_markdown(before: Quarter, after: Quarter, differences: Sequence[Difference]) -> bytes:
    """A table a form; `+` marks what is new, `~` what changed, `-` what ended."""
    lines = [f"# Schemas of {after} against {before}", ""]
    if not differences:
        lines += ["Nothing differs.", ""]
    else:
        lines += ["`+` is new, `~` changed, `-` ended.", ""]
    for form, several in groupby(differences, lambda difference: difference.form):
        lines += [f"## {form}", "", "| | element | zone | what | before | after |"]
        lines += ["|---|---|---|---|---|---|", *map(_row, several), ""]
    return "\n".join(lines).encode()


def _row(difference: Difference) -> str:
    place = f"{difference.place}/{difference.name}".strip("/")
    cells = (
        f"`{_MARKS[difference.change]}`",
        f"`{place}`",
        difference.zone,
        difference.aspect,
        difference.before,
        difference.after,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _told(difference: Difference) -> dict[str, str]:
    return {
        "change": difference.change.value,
        "of": difference.aspect,
        "form": difference.form,
        "place": difference.place,
        "name": difference.name,
        "zone": difference.zone,
        "before": difference.before,
        "after": difference.after,
    }
