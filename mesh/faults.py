"""What is amiss with the text of an element, by the constraints of its contract."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import date, time
from functools import lru_cache

from buf.validate import validate_pb2
from crossroads.forms.v1 import elements_pb2
from google.protobuf.descriptor import FieldDescriptor

from mesh import days, identification
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

LONGEST_NUMBER = 1000
"""A number with more digits is outside every domain; reading it would only take time."""

Test = Callable[[str], bool]
_DIGITS = frozenset({"^[0-9]+$", "^[0-9]*$"})


@lru_cache(maxsize=16384)
def checker(field: FieldDescriptor, quarter: int = 0) -> Callable[[str], str]:
    """A function that gives the gravest kind of fault of a text in a quarter; none: empty.

    What is absent is graver than what is no number, then come length, form, domain and check digit.
    """
    element = field.GetOptions().Extensions[elements_pb2.element]
    rules = field.GetOptions().Extensions[validate_pb2.field]
    strings = rules.repeated.items.string if field.is_repeated else rules.string
    number = element.content == elements_pb2.CONTENT_NUMBER
    domain = getattr(strings, "in")
    steps: list[tuple[Test, str]] = []
    if strings.HasField("pattern"):
        steps.append((_pattern(strings.pattern), INVALID))
    if element.content in _MOMENTS:
        steps.append((_moment(_MOMENTS[element.content]), INVALID))
    if element.content == elements_pb2.CONTENT_DATE:
        steps.append((_namable(element.may_be_never), OUTSIDE_DOMAIN))
    if domain:
        steps.append((_domain(element, frozenset(domain), quarter), OUTSIDE_DOMAIN))
    least, most = _lengths(strings)
    any_of_the_length = element.least <= 0 and most and element.most >= 10**most - 1
    if number and (element.least or element.most) and not any_of_the_length:
        steps.append((_range(element.least, element.most), OUTSIDE_DOMAIN))
    if element.check_digit:
        steps.append((_check_digit(CHECK_DIGITS[element.check_digit]), CHECK_DIGIT))
    if number and strings.pattern in _DIGITS:
        steps.pop(0)  # the first step of all has seen to it
    may_be_empty = element.content == elements_pb2.CONTENT_TEXT
    return _gravest(number, least, most or sys.maxsize, tuple(steps), may_be_empty)


def _gravest(
    number: bool, least: int, most: int, steps: tuple[tuple[Test, str], ...], may_be_empty: bool
) -> Callable[[str], str]:
    def kind(text: str) -> str:
        if not text and not may_be_empty:
            return ABSENT
        if number and not (text.isascii() and text.isdecimal()):
            return NOT_NUMERIC
        if not least <= len(text) <= most:
            return LENGTH
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
    """Patterns of the contracts are anchored; any letter is the one class that Python lacks."""
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


def _namable(may_be_never: bool) -> Test:
    """Days in this form sort as their texts do."""
    first, last, never = map(date.isoformat, (days.FIRST, days.LAST, days.NEVER))
    return lambda text: first <= text <= last or (may_be_never and text == never)


def _domain(element: elements_pb2.Element, domain: frozenset[str], quarter: int) -> Test:
    ended = {dated.value for dated in element.dated_values if not holds_in(dated, quarter)}
    return (domain - ended).__contains__


def _range(least: int, most: int) -> Test:
    greatest = most or 10**LONGEST_NUMBER
    return lambda text: len(text) <= LONGEST_NUMBER and least <= int(text) <= greatest


def _check_digit(valid: Test) -> Test:
    """Zeros stand for a number that is not known."""
    return lambda text: not text.strip("0") or valid(text)


_MOMENTS: dict[int, Callable[[str], object]] = {
    elements_pb2.CONTENT_DATE: date.fromisoformat,
    elements_pb2.CONTENT_TIME: time.fromisoformat,
}
