"""Identification numbers and their check digits."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from stdnum.be import bis, nn, vat
from stdnum.exceptions import ValidationError


@lru_cache(maxsize=65536)
def ssin_is_valid(number: str) -> bool:
    """Whether the check digits and the date of a national or BIS number are right."""
    if len(number) != 11 or not number.isdecimal():
        return False
    if _is_plain(number):
        return True
    return bool(nn.is_valid(number) or bis.is_valid(number))


def _is_plain(number: str) -> bool:
    """Whether it is a right number of a person born on day 1 to 28 of a month of 19xx: most are."""
    if 97 - int(number[:9]) % 97 != int(number[9:]):
        return False
    return 1 <= int(number[2:4]) <= 12 and 1 <= int(number[4:6]) <= 28


@lru_cache(maxsize=65536)
def birth_date(ssin: str) -> date | None:
    """The day of birth in a national or BIS number; None where it does not tell a whole day.

    A BIS number has 20 or 40 added to its month; an unknown month or day is 0.
    """
    if not ssin_is_valid(ssin):
        return None
    rest = int(ssin[:9])
    century = 1900 if 97 - rest % 97 == int(ssin[9:]) else 2000
    year, month, day = century + int(ssin[:2]), int(ssin[2:4]) % 20, int(ssin[4:6])
    try:
        return date(year, month, day)
    except ValueError:
        return None


@lru_cache(maxsize=65536)
def enterprise_number_is_valid(number: str) -> bool:
    """Whether a 10-digit enterprise number has the right check digits."""
    if len(number) != 10 or not number.isdecimal():
        return False
    try:
        return bool(vat.validate(number) == number)
    except ValidationError:
        return False


def nsso_number_is_valid(number: str) -> bool:
    """Whether an NSSO number (up to 9 digits) ends in `96 - (N x 100) mod 97`."""
    if not number.isdecimal() or not 3 <= len(number) <= 9:
        return False
    return int(number[-2:]) == 96 - (int(number[:-2]) * 100) % 97


def dimona_period(sequence: int) -> str:
    """The Dimona period number (12 digits) of a sequence number below 10^10."""
    return f"{sequence:010d}{sequence % 97 or 97:02d}"


def dimona_period_is_valid(number: str) -> bool:
    if len(number) != 12 or not number.isdecimal():
        return False
    return number == dimona_period(int(number[:10]))
