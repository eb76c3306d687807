"""What is given of each person on a moment: statuses, births, incomes, and being in a group."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from openfisca_core.model_api import DAY, ETERNITY, YEAR, Variable
from openfisca_core.periods import Period
from openfisca_core.populations import Population

from oracle import terms
from oracle.entities import GROUPS, Person

STATUSES = (
    "LIVING_WAGE",
    "EQUIVALENT",
    "REPAID_AID",
    "ADVANCE_GRAPA",
    "ADVANCE_DISABILITY",
    "INCOME_REPLACEMENT",
    "INTEGRATION",
    "PERMANENT_65",
    "THIRD_PARTY_HELP",
    "CHILD_66",
    "GRAPA",
    "GUARANTEED_INCOME",
    "ALLOWANCE_65",
    "ELDERLY_ALLOWANCE",
    "ELDERLY_CARE_BUDGET",
    "MINOR_ALONE",
    "ORPHAN",
    "INCREASED_REIMBURSEMENT",
    "LIVES_IN_FLANDERS",
)
"""`INCREASED_REIMBURSEMENT` is what a health fund says of itself; the right is decided here."""


def today(period: Period) -> int:
    """The first day of a moment, as a number."""
    return terms.number(str(period.start))


def is_new_year(period: Period) -> bool:
    return (period.start.month, period.start.day) == (1, 1)


def any_of(person: Population, statuses: Iterable[str], period: Period) -> NDArray[np.bool_]:
    """Who has one of these statuses."""
    return np.logical_or.reduce([person(given(status), period) for status in statuses])


def given(status: str) -> str:
    """The variable that holds whether a person has a status."""
    return f"has_{status.lower()}"


class born(Variable):
    value_type = int
    entity = Person
    definition_period = ETERNITY
    label = "Day of birth, as a number of days since 1970"


class age(Variable):
    value_type = int
    entity = Person
    definition_period = DAY
    label = "Completed years; negative before the birth or where it is not known"

    def formula(person: Population, period: Period) -> NDArray[np.int64]:
        year = person("year_born", period)
        month, day = np.divmod(person("day_of_year", period), 100)
        now = period.start
        before_birthday = (month > now.month) | ((month == now.month) & (day > now.day))
        return now.year - year - before_birthday


class year_born(Variable):
    value_type = int
    entity = Person
    definition_period = ETERNITY
    label = "Year of birth"

    def formula(person: Population, period: Period) -> NDArray[np.int64]:
        return terms.parts(person("born", period))[0]


class day_of_year(Variable):
    value_type = int
    entity = Person
    definition_period = ETERNITY
    label = "Month times a hundred plus day of birth"

    def formula(person: Population, period: Period) -> NDArray[np.int64]:
        _, month, day = terms.parts(person("born", period))
        return month * 100 + day


class taxable_income(Variable):
    value_type = float
    entity = Person
    definition_period = YEAR
    label = "Gross taxable income of a year"


class monthly_means(Variable):
    value_type = float
    entity = Person
    definition_period = DAY
    label = "What is had in the current month"


class monthly_means_known(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "Whether the person has declared what is had in the current month"


class taxable_income_known(Variable):
    value_type = bool
    entity = Person
    definition_period = YEAR
    label = "Whether the income of a year is known"


def _given(name: str, label: str) -> type[Variable]:
    told = {"value_type": bool, "entity": Person, "definition_period": DAY, "label": label}
    return type(name, (Variable,), told)


VARIABLES: tuple[type[Variable], ...] = (
    born,
    age,
    year_born,
    day_of_year,
    taxable_income,
    taxable_income_known,
    monthly_means,
    monthly_means_known,
    *(_given(given(status), f"Has the status {status}") for status in STATUSES),
    _given("is_dependant", "Is in the household of the health fund as a dependant"),
    *(_given(f"in_{sort}", f"Belongs to a {sort}") for sort in GROUPS),
)
