"""Reduced care premium in Flanders: from 26 on, who had increased reimbursement a year earlier."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from openfisca_core.model_api import DAY, Variable
from openfisca_core.periods import Period
from openfisca_core.populations import Population

from oracle import statuses
from oracle.entities import Person

Truth = NDArray[np.bool_]


class increased_reimbursement_on_new_year(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "Had increased reimbursement on the last 1 January"

    def formula(person: Population, period: Period) -> Truth:
        if statuses.is_new_year(period):
            return person("known_for_reimbursement", period)
        return person("increased_reimbursement_on_new_year", period.offset(-1))


class care_premium_reduction(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "Reduced care premium, for the calendar year"

    def formula(person: Population, period: Period) -> Truth:
        before = period.offset(-1)
        if not statuses.is_new_year(period):
            return person("care_premium_reduction", before)
        held = person("increased_reimbursement_on_new_year", before)
        flemish = person("has_lives_in_flanders", period)
        return held & flemish & (person("age", period) >= 26)


VARIABLES = (increased_reimbursement_on_new_year, care_premium_reduction)
