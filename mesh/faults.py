"""What is amiss with the text of an element, by the constraints of its contract."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time
from functools import lru_cache

from buf.validate import validate_pb2
from crossroads.forms.v1 import elements_pb2
from google.protobuf.descriptor import FieldDescriptor

from mesh import identification
from mesh.blocks import holds_in

ABSENT, NOT_NUMERIC, INVALID, CHECK_DIGIT = "001", "002", "003", "004"
OUTSIDE_DOMAIN, CARDINALITY, ORDER, LENGTH = "008", "090", "091", "093"
NOT_ALLOWED = "146"
"""An element that may not be used in the quarter."""

CHECK_DIGITS: dict[str, Callable[[str], bool]] = {
    "ssin": identification.ssin_is_valid,
    "cbe": lambda number: identification.enterprise_number_is_valid(number.zfill(10)),
    "nsso": identification.nsso_number_is_valid,
    "dimona": identification.dimona_period_is_valid,
}

Test = Callable[[str], bool]


@lru_cache(maxsize=16384)
def checker(field: FieldDescriptor, quarter: int = 0) -> Callable[[str], str]:
    """A function that gives the gravest kind of fault of a text in a quarter; none: empty.

    What is absent is graver than what is no number, then come length, form, domain and check digit.
    """
    element = field.GetOptions().Extensions[elements_pb2.element]
    rules = field.GetOptions().Extensions[validate_pb2.field]
    strings = rules.repeated.items.string if field.is_repeated else rules.string
    steps: list[tuple[Test, str]] = []
    number = element.content == elements_pb2.CONTENT_NUMBER
    if number:
        steps.append((lambda text: text.isascii() and text.isdecimal(), NOT_NUMERIC))
    least, most = _lengths(strings)
    if least or most:
        steps.append((lambda text: least <= len(text) and (not most or len(text) <= most), LENGTH))
    if strings.HasField("pattern"):
        steps.append((_pattern(strings.pattern), INVALID))
    if element.content in _MOMENTS:
        steps.append((_moment(_MOMENTS[element.content]), INVALID))
    if domain := getattr(strings, "in"):
        steps.append((_domain(element, frozenset(domain), quarter), OUTSIDE_DOMAIN))
    if number:
        steps += _range(element)
    return _first(tuple(steps), element.content == elements_pb2.CONTENT_TEXT)


def _first(steps: tuple[tuple[Test, str], ...], text_may_be_empty: bool) -> Callable[[str], str]:
    def kind(text: str) -> str:
        if not text and not text_may_be_empty:
            return ABSENT
        for test, amiss in steps:
            if not test(text):
                return amiss
        return ""

    return kind


def _lengths(strings: validate_pb2.StringRules) -> tuple[int, int]:
    if strings.HasField("len"):
        return strings.len, strings.len
    return strings.min_len, strings.max_len


def _pattern(pattern: str) -> Test:
    """The patterns of the contracts are anchored; `\\p{L}` is the one class that Python lacks."""
    letters = pattern.replace(r"\p{L}", r"[^\W\d_]")
    flags = re.ASCII if letters == pattern else re.NOFLAG
    matches = re.compile(letters.removeprefix("^").removesuffix("$"), flags).fullmatch
    return lambda text: matches(text) is not None


def _moment(read: Callable[[str], object]) -> Test:
    def exists(text: str) -> bool:
        try:
            read(text)
        except ValueError:
            return False
        return True

    return exists


def _domain(element: elements_pb2.Element, domain: frozenset[str], quarter: int) -> Test:
    ended = {dated.value for dated in element.dated_values if not holds_in(dated, quarter)}
    return (domain - ended).__contains__


def _range(element: elements_pb2.Element) -> list[tuple[Test, str]]:
    least, most = element.least, element.most
    steps: list[tuple[Test, str]] = []
    if least or most:
        steps.append(
            (lambda text: least <= int(text) and (not most or int(text) <= most), OUTSIDE_DOMAIN)
        )
    if element.check_digit:
        valid = CHECK_DIGITS[element.check_digit]
        steps.append((lambda text: not text.strip("0") or valid(text), CHECK_DIGIT))
    return steps


_MOMENTS: dict[int, Callable[[str], object]] = {
    elements_pb2.CONTENT_DATE: date.fromisoformat,
    elements_pb2.CONTENT_TIME: time.fromisoformat,
}
