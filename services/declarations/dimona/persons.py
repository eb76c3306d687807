"""Who the worker is: by number, or by name until somebody has identified her."""

from __future__ import annotations

from collections.abc import Iterator

from mesh import identification
from services.declarations.dimona import worker_types
from services.declarations.dimona.domain import NOTED, Anomaly, Facts, Form

WOMEN_HAVE_EVEN_NUMBERS = 2
UNKNOWN_SEX = range(20, 40)
"""The month of a BIS number is raised by 20 where the sex was unknown when it was given."""


def amiss(form: Form, facts: Facts) -> Iterator[Anomaly]:
    """What is wrong with how the worker is named; to be named without a number is not."""
    if not form.inss:
        if worker_types.of(form.worker_type).by_the_hour:
            yield Anomaly("00024-001", "INSS")
        elif not form.named:
            yield Anomaly("90017-363", "NaturalPerson")
        elif form.unidentifiable or not form.birthdate:
            yield Anomaly("90017-151", "NaturalPerson")
    elif facts.person and not facts.person.known:
        yield Anomaly("00024-235", "INSS", form.inss)
    yield from _incompatible(form, form.inss)


def is_to_be_identified(form: Form) -> bool:
    return not form.inss and form.named and bool(form.birthdate) and not form.unidentifiable


def _incompatible(form: Form, ssin: str) -> Iterator[Anomaly]:
    """What the number itself says of birth and sex, against what was declared beside it."""
    if not (ssin.isascii() and identification.ssin_is_valid(ssin)):
        return
    year, month, day = ssin[:2], int(ssin[2:4]), ssin[4:6]
    birth = f"{year}-{month % 20:02d}-{day}"
    if form.birthdate and not _may_be(birth, form.birthdate[2:]):
        yield Anomaly("00028-348", "WorkerBirthdate", form.birthdate, NOTED)
    woman = int(ssin[6:9]) % WOMEN_HAVE_EVEN_NUMBERS == 0
    if form.sex in {"1", "2"} and month not in UNKNOWN_SEX and (form.sex == "2") is not woman:
        yield Anomaly("00029-348", "WorkerSex", form.sex, NOTED)


def _may_be(birth: str, declared: str) -> bool:
    """Whether two days `yy-mm-dd` can be the same; a month or a day of 00 is not known."""
    year, *rest = birth.split("-")
    other_year, *other_rest = declared.split("-")
    return year == other_year and all(
        one == other or "00" in {one, other} for one, other in zip(rest, other_rest, strict=False)
    )
