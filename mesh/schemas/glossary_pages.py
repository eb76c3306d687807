"""The glossary of a quarter, as JSON, XML and HTML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from lxml import etree, html
from lxml.html.builder import E

from mesh.schemas import wording
from mesh.schemas.anomalies import Code
from mesh.schemas.glossary import Entry, Use
from mesh.schemas.labels import LANGUAGES
from mesh.schemas.quarters import Quarter

_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1rem; }
h2 { border-top: 1px solid #767676; padding-top: .5rem; }
table { border-collapse: collapse; margin: .5rem 0; width: 100%; }
caption { font-weight: 600; text-align: left; }
th, td { border-bottom: 1px solid #767676; padding: .2rem .6rem .2rem 0; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
"""


def as_json(quarter: Quarter, entries: Sequence[Entry]) -> bytes:
    """One object by element."""
    told = {"quarter": str(quarter), "elements": [_told(entry) for entry in entries]}
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def as_xml(quarter: Quarter, entries: Sequence[Entry]) -> bytes:
    """One element by element; the same words as in JSON."""
    root = etree.Element("Glossary", quarter=str(quarter))
    for entry in entries:
        element = etree.SubElement(root, "Element", zone=entry.zone)
        for name in entry.names:
            etree.SubElement(element, "Name").text = name
        _texts(element, "Label", entry.labels)
        for use in entry.uses:
            told = {key: text for key, text in _use(use).items() if text}
            etree.SubElement(element, "Use", told)
        for code in entry.anomalies:
            anomaly = etree.SubElement(
                element, "Anomaly", {"code": code.code, "class": code.gravity, "by": _by(code)}
            )
            _texts(anomaly, "Text", code.texts)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def as_html(quarter: Quarter, entries: Sequence[Entry]) -> bytes:
    """A page that stands by itself; `#00024` leads to an element."""
    title = f"Glossary of the uniform elements, {quarter}"
    page = E.html(
        {"lang": "en"},
        E.head(
            E.meta(charset="utf-8"),
            E.meta(name="viewport", content="width=device-width, initial-scale=1"),
            E.title(title),
            E.style(_STYLE),
        ),
        E.body(E.main(E.h1(title), *(_section(entry) for entry in entries))),
    )
    written: bytes = html.tostring(page, doctype="<!DOCTYPE html>", encoding="utf-8")
    return written


def _section(entry: Entry) -> Any:
    zone = entry.zone
    return E.section(
        {"id": zone, "aria-labelledby": f"name-{zone}"},
        E.h2(f"{zone} {', '.join(entry.names)}", id=f"name-{zone}"),
        E.dl(*(part for language, text in entry.labels.items() for part in _term(language, text))),
        _table(
            "Where it stands",
            ("form", "block", "presence", "occurrence", "type", "length", "domain"),
            [list(_use(use).values()) for use in entry.uses],
        ),
        _table(
            "Anomalies",
            ("code", "class", "found by", *LANGUAGES),
            [
                [
                    code.code,
                    code.gravity,
                    _by(code),
                    *(code.texts.get(one, "") for one in LANGUAGES),
                ]
                for code in entry.anomalies
            ],
            languages=("en", "en", "en", *LANGUAGES),
        ),
    )


def _term(language: str, text: str) -> Iterator[Any]:
    yield E.dt(language)
    yield E.dd(text, lang=language)


def _table(
    caption: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    languages: Sequence[str] = (),
) -> Any:
    spoken = languages or ("en",) * len(headings)
    return E.table(
        E.caption(caption),
        E.thead(E.tr(*(E.th(heading, scope="col") for heading in headings))),
        E.tbody(
            *(
                E.tr(*(E.td(cell, lang=lang) for cell, lang in zip(row, spoken, strict=True)))
                for row in rows
            )
        ),
    )


def _told(entry: Entry) -> dict[str, Any]:
    return {
        "zone": entry.zone,
        "names": list(entry.names),
        "labels": entry.labels,
        "forms": list(entry.forms),
        "uses": [_use(use) for use in entry.uses],
        "anomalies": [
            {"code": code.code, "class": code.gravity, "by": _by(code), "texts": code.texts}
            for code in entry.anomalies
        ],
    }


def _use(use: Use) -> dict[str, str]:
    member = use.member
    return {
        "form": use.form,
        "place": use.place,
        "presence": wording.presence(member),
        "occurrence": wording.occurrence(member),
        "type": wording.content(member.facets),
        "length": wording.length(member.facets),
        "domain": wording.domain(member.facets),
    }


def _by(code: Code) -> str:
    return "rule" if code.by_rule else "constraint"


def _texts(element: etree._Element, name: str, texts: dict[str, str]) -> None:
    for language, text in texts.items():
        etree.SubElement(element, name, lang=language).text = text
