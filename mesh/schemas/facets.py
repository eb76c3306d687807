"""What the text of an element may be, read from the constraints and options of its field."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from buf.validate import validate_pb2
from crossroads.forms.v1 import elements_pb2

from mesh.blocks import Part, holds_in
from mesh.schemas.quarters import Quarter

_ANYTHING = r"[\s\S]*"
_TOLD = {"const", "in", "len", "max_len", "min_len", "pattern"}
_PIECE = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|.", re.DOTALL)
_ELSEWHERE_ELSE = {r"\w", r"\W", r"\b", r"\B", "^", "$"}
"""What means something else in a schema than in a constraint."""


class Inexpressible(ValueError):  # noqa: N818 - it states what is wrong
    """A constraint that a schema cannot tell."""


class Content(Enum):
    """What sort of text it is."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    XML = "xml"


_CONTENTS = {
    elements_pb2.CONTENT_TEXT: Content.TEXT,
    elements_pb2.CONTENT_NUMBER: Content.NUMBER,
    elements_pb2.CONTENT_DATE: Content.DATE,
    elements_pb2.CONTENT_TIME: Content.TIME,
    elements_pb2.CONTENT_XML: Content.XML,
}


@dataclass(frozen=True, slots=True)
class Facets:
    """The bounds on a text; lengths in characters, all bounds included."""

    content: Content
    pattern: str = ""
    """For the whole text, without anchors; empty: any."""
    values: tuple[str, ...] = ()
    """The only ones allowed; empty: any."""
    shortest: int = 0
    longest: int | None = None
    least: int | None = None
    most: int | None = None
    check_digit: str = ""
    may_be_never: bool = False
    """Of a day: also the one that never comes."""


def of(part: Part, quarter: Quarter) -> Facets:
    """What the text of an element may be in a quarter.

    Raises Inexpressible where its constraints say what no schema can tell.
    """
    rules = part.field.GetOptions().Extensions[validate_pb2.field]
    if part.field.is_repeated:
        rules = rules.repeated.items
    text = rules.string
    unknown = {field.name for field, _ in text.ListFields()} - _TOLD
    if unknown:
        raise Inexpressible(f"{part.field.full_name}: {', '.join(sorted(unknown))}")
    element = part.element
    number = element.content == elements_pb2.CONTENT_NUMBER
    exact = text.len if text.HasField("len") else None
    given = [text.const] if text.HasField("const") else list(getattr(text, "in"))
    ended = {one.value for one in element.dated_values if not holds_in(one, int(quarter))}
    values = tuple(value for value in given if value not in ended)
    if given and not values:
        raise Inexpressible(f"{part.field.full_name}: no value is left in {quarter}")
    return Facets(
        content=_CONTENTS[element.content],
        pattern=whole(text.pattern),
        values=values,
        shortest=max(exact or text.min_len, 0 if _may_be_empty(element) else 1),
        longest=exact or (text.max_len if text.HasField("max_len") else None),
        least=element.least if number and element.least else None,
        most=element.most if number and element.most else None,
        check_digit=element.check_digit,
        may_be_never=element.may_be_never,
    )


def whole(pattern: str) -> str:
    """A search pattern as one for the whole text, in the words of schemas. Raises Inexpressible."""
    if not pattern:
        return ""
    body = pattern.removeprefix("^")
    before = "" if body != pattern else _ANYTHING
    after = _ANYTHING
    if body.endswith("$") and not body.endswith(r"\$"):
        body, after = body[:-1], ""
    pieces = _PIECE.findall(body)
    if _ELSEWHERE_ELSE & set(pieces) or _alternates(pieces):
        raise Inexpressible(f"the pattern {pattern}")
    return before + "".join(map(_ascii_digits, pieces)).replace("(?:", "(") + after


def _ascii_digits(piece: str) -> str:
    """In schemas a digit by its letter is one of any script."""
    return "[0-9]" if piece == r"\d" else piece.replace(r"\d", "0-9")


def _alternates(pieces: list[str]) -> bool:
    """Whether there is an alternative outside of all brackets: an anchor may belong to one only."""
    depth = 0
    for piece in pieces:
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if piece == "|" and not depth:
            return True
    return False


def _may_be_empty(element: elements_pb2.Element) -> bool:
    return element.content in {elements_pb2.CONTENT_TEXT, elements_pb2.CONTENT_XML}
