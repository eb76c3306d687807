"""Increased reimbursement of health care: by a status, or by the income of the household.

Who meets the condition on a day has the right from that day to 31 December of the next year. So it
is had on a day where the condition was met earlier in the same year, or at all in the year before.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from openfisca_core.model_api import DAY, Variable
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import Period
from openfisca_core.populations import GroupPopulation, Population

from oracle import statuses, terms
from oracle.entities import FundHousehold, Person

Truth = NDArray[np.bool_]
AT_ONCE = (
    *("GRAPA", "GUARANTEED_INCOME"),
    *("INCOME_REPLACEMENT", "INTEGRATION", "ELDERLY_ALLOWANCE", "ELDERLY_CARE_BUDGET"),
    "CHILD_66",
)


class on_welfare(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "Living wage or an equivalent"

    def formula(person: Population, period: Period) -> Truth:
        return statuses.any_of(person, ("LIVING_WAGE", "EQUIVALENT"), period)


class on_welfare_since(Variable):
    value_type = int
    entity = Person
    definition_period = DAY
    label = "First day of the unbroken days of living wage or an equivalent, where on welfare"

    def formula(person: Population, period: Period) -> NDArray[np.int64]:
        before = period.offset(-1)
        goes_on = person("on_welfare", before)
        return np.where(goes_on, person("on_welfare_since", before), statuses.today(period))


class on_welfare_for_three_months(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "Three full months of it, unbroken"

    def formula(person: Population, period: Period) -> Truth:
        found = person("on_welfare", period).copy()
        since = person("on_welfare_since", period)[found]
        found[found] = terms.after(since.astype(np.int64), 3) <= statuses.today(period)
        return found


class increased_reimbursement_by_status(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "Has a status that gives increased reimbursement to the household"

    def formula(person: Population, period: Period) -> Truth:
        return person("on_welfare_for_three_months", period) | statuses.any_of(
            person, AT_ONCE, period
        )


class young_and_alone(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "An unaccompanied minor, or an orphan under 25: a right of their own"

    def formula(person: Population, period: Period) -> Truth:
        age = person("age", period)
        orphan = person("has_orphan", period) & (age >= 0) & (age < 25)
        return person("has_minor_alone", period) | orphan


class income_under_ceiling(Variable):
    value_type = bool
    entity = FundHousehold
    definition_period = DAY
    label = "Last year's income, known of holder and partner, is under this year's ceiling"

    def formula(household: GroupPopulation, period: Period, parameters: ParameterNode) -> Truth:
        last_year = period.this_year.offset(-1)
        law = parameters(period).increased_reimbursement
        income = household.sum(household.members("taxable_income", last_year))
        ceiling = law.ceiling + law.each_other * (household.nb_persons() - 1)
        return _answered(household, "taxable_income_known", last_year, period) & (income < ceiling)


class means_under_ceiling(Variable):
    value_type = bool
    entity = FundHousehold
    definition_period = DAY
    label = "What holder and partner declare for the month, times twelve, is under its ceiling"

    def formula(household: GroupPopulation, period: Period, parameters: ParameterNode) -> Truth:
        law = parameters(period).increased_reimbursement
        means = household.sum(household.members("monthly_means", period))
        others = household.nb_persons() - 1
        ceiling = law.ceiling_of_the_month + law.each_other_of_the_month * others
        return _answered(household, "monthly_means_known", period, period) & (12 * means < ceiling)


def _answered(household: GroupPopulation, known: str, of: Period, period: Period) -> Truth:
    """There is somebody who must tell, and all of those have: dependants need not."""
    heads = ~household.members("is_dependant", period)
    return household.any(heads) & ~household.any(heads & ~household.members(known, of))


class increased_reimbursement_ground(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "Whether the condition is met for the person"

    def formula(person: Population, period: Period) -> Truth:
        household = person.fund_household
        by_status = household.any(household.members("increased_reimbursement_by_status", period))
        met = by_status | household("income_under_ceiling", period)
        met |= household("means_under_ceiling", period)
        met |= person("young_and_alone", period)
        return person("in_fund_household", period) & met


class increased_reimbursement_this_year(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "The condition was met on a day of this year, up to now"

    def formula(person: Population, period: Period) -> Truth:
        now = person("increased_reimbursement_ground", period)
        if statuses.is_new_year(period):
            return now
        return now | person("increased_reimbursement_this_year", period.offset(-1))


class increased_reimbursement_last_year(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "The condition was met on a day of the year before"

    def formula(person: Population, period: Period) -> Truth:
        before = period.offset(-1)
        if statuses.is_new_year(period):
            return person("increased_reimbursement_this_year", before)
        return person("increased_reimbursement_last_year", before)


class right_to_increased_reimbursement(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "Increased reimbursement of health care"

    def formula(person: Population, period: Period) -> Truth:
        this_year = person("increased_reimbursement_this_year", period)
        return this_year | person("increased_reimbursement_last_year", period)


VARIABLES = (
    on_welfare,
    on_welfare_since,
    on_welfare_for_three_months,
    increased_reimbursement_by_status,
    young_and_alone,
    income_under_ceiling,
    means_under_ceiling,
    increased_reimbursement_ground,
    increased_reimbursement_this_year,
    increased_reimbursement_last_year,
    right_to_increased_reimbursement,
)
