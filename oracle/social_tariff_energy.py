"""Social tariff for gas and electricity: everybody who lives with a protected person.

From the first day of the quarter in which the condition is first met, to 31 December of the year
in which it is last met. So it is had on a day where the condition is met on any day from 1 January
of that year to the end of that quarter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from openfisca_core.model_api import DAY, Variable
from openfisca_core.periods import Period
from openfisca_core.populations import Population

from oracle import statuses
from oracle.entities import Person

Truth = NDArray[np.bool_]
CATEGORIES = (
    *("LIVING_WAGE", "EQUIVALENT", "REPAID_AID", "ADVANCE_GRAPA", "ADVANCE_DISABILITY"),
    *("PERMANENT_65", "INCOME_REPLACEMENT", "INTEGRATION", "THIRD_PARTY_HELP"),
    *("ELDERLY_ALLOWANCE", "ELDERLY_CARE_BUDGET"),
    "CHILD_66",
    *("GRAPA", "GUARANTEED_INCOME", "ALLOWANCE_65"),
)


def end_of_quarter(period: Period) -> Period:
    """The last moment of its quarter."""
    quarter = (period.start.month - 1) // 3
    first = period.this_year.first_month.offset(3 * quarter + 3)
    return Period((period.unit, first.start, 1)).offset(-1)


class protected_customer(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "Has a status of one of the categories"

    def formula(person: Population, period: Period) -> Truth:
        return statuses.any_of(person, CATEGORIES, period)


class lives_with_protected_customer(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "Somebody domiciled there is protected"

    def formula(person: Population, period: Period) -> Truth:
        domicile = person.domicile
        met = domicile.any(domicile.members("protected_customer", period))
        return person("in_domicile", period) & met


class lived_with_protected_customer_this_year(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "On a day of this year, up to now"

    def formula(person: Population, period: Period) -> Truth:
        now = person("lives_with_protected_customer", period)
        if statuses.is_new_year(period):
            return now
        return now | person("lived_with_protected_customer_this_year", period.offset(-1))


class known_for_reimbursement(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "Has increased reimbursement, by the word of the health fund or as decided here"

    def formula(person: Population, period: Period) -> Truth:
        granted = person("right_to_increased_reimbursement", period)
        return granted | person("has_increased_reimbursement", period)


class social_tariff_extension(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "Lives with a holder of increased reimbursement, from February 2021 to June 2023"
    end = "2023-06-30"

    def formula_2021_02_01(person: Population, period: Period) -> Truth:
        domicile = person.domicile
        met = domicile.any(domicile.members("known_for_reimbursement", period))
        return person("in_domicile", period) & met


class social_tariff_energy(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "Social tariff for gas and electricity"

    def formula(person: Population, period: Period) -> Truth:
        by_category = person("lived_with_protected_customer_this_year", end_of_quarter(period))
        return by_category | person("social_tariff_extension", period)


VARIABLES = (
    known_for_reimbursement,
    protected_customer,
    lives_with_protected_customer,
    lived_with_protected_customer_this_year,
    social_tariff_extension,
    social_tariff_energy,
)
