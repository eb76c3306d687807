"""Explanations of rights on the screen and as a picture."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from crossroads.rights.v1 import rights_pb2
from crossroads.types.v1 import types_pb2

from console import drawing, outline, rights_explanation

SSIN = "85073003328"
DAYS = types_pb2.Period(begin="2026-10-01", end="2027-01-01")


def words(text: str) -> dict[str, str]:
    return {language: f"{text} ({language})" for language in outline.LANGUAGES}


def source(ticket: str, sector: int) -> rights_pb2.FactSource:
    return rights_pb2.FactSource(
        institution=types_pb2.Institution(sector=sector, number=1),
        ticket=ticket,
        data_sort="living_wage",
        period=DAYS,
        member="member 2",
    )


def answer() -> rights_pb2.ExplainResponse:
    """One of everything, with a text that would break a careless picture."""
    leaf = rights_pb2.Reason(
        expression="LIVING_WAGE",
        value="true",
        text=words("<script>alert('&')</script>"),
        source=source("TICKET1", 17),
        otherwise=[source("TICKET2", 18)],
        member="member 2",
    )
    granted = rights_pb2.Reason(
        expression="other_right",
        value="true",
        text=words("the other right"),
        because=[leaf],
        granted=rights_pb2.GrantedRight(
            right="other_right",
            rule_version="2014-01-01/x",
            articles=[rights_pb2.Article(act="An act", article="3", verified=True)],
        ),
        member="self",
    )
    masked = rights_pb2.Reason(value="", text=words("another member"), member="a member")
    sums = rights_pb2.Reason(expression="group_sum(income)", text=words("sum"), because=[masked])
    return rights_pb2.ExplainResponse(
        decision=rights_pb2.RightDecision(
            decision_id="d1",
            right="warm",
            ssin=SSIN,
            kind=rights_pb2.DECISION_KIND_GRANTED,
            period=DAYS,
            rule_version="2009-07-01/y",
        ),
        articles=[rights_pb2.Article(act="Programme Law", article="4")],
        reason=rights_pb2.Reason(
            expression="any_member(has(poor))",
            value="true",
            text=words("at least one member " * 12),
            because=[granted, sums],
        ),
        window=words("from the first day of the quarter"),
        worth=[rights_pb2.Worth(period=DAYS, cents=6400, reason=sums)],
        title=words("Warm"),
        about=words("Who is cold"),
    )


@pytest.mark.parametrize("language", outline.LANGUAGES)
def test_everything_is_told_in_the_language_asked_for(language: str) -> None:
    lines = outline.lines(answer(), language)
    told = "\n".join(map(rights_explanation.written, lines))
    others = "|".join(other for other in outline.LANGUAGES if other != language)
    assert not re.search(rf"\(({others})\)", told)
    for part in ("TICKET1", "TICKET2", "17/1", "18/1", "64.00 €", "2014-01-01/x", "An act"):
        assert part in told
    assert SSIN not in told


def test_a_jurists_doubt_is_shown() -> None:
    told = [line.text for line in outline.lines(answer(), "en")]
    assert "Programme Law, article 4 (not verified by a jurist)" in told


@pytest.mark.parametrize("language", outline.LANGUAGES)
def test_the_picture_is_sound_and_holds_no_persons_number(language: str) -> None:
    lines = outline.lines(answer(), language)
    picture = drawing.svg(lines, 'Warm & "wet" <')
    root = ET.fromstring(picture)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags == {"svg", "title", "style", "rect", "text", "tspan", "path"}
    assert SSIN not in picture
    shown = "".join("".join(root.itertext()).split())
    for line in lines:
        assert "".join(line.text.split()) in shown


def test_every_line_of_the_picture_stands_below_the_one_before() -> None:
    root = ET.fromstring(drawing.svg(outline.lines(answer(), "en"), "Warm"))
    places = [int(text.attrib["y"]) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert places == sorted(set(places))
    assert places[-1] < int(root.attrib["height"])
