"""Reduction of the water bill: who lives in Flanders with a protected person on 1 January."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from openfisca_core.model_api import DAY, Variable
from openfisca_core.periods import Period
from openfisca_core.populations import Population

from oracle import statuses
from oracle.entities import Person

Truth = NDArray[np.bool_]
PROTECTED = (
    *("INCOME_REPLACEMENT", "INTEGRATION", "ELDERLY_CARE_BUDGET"),
    *("LIVING_WAGE", "GUARANTEED_INCOME", "GRAPA"),
)
"""As from 2017, when the care budget took the place of the allowance for help to the elderly."""


class lives_with_protected_water_user(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "Somebody domiciled there has one of the statuses"

    def formula(person: Population, period: Period) -> Truth:
        domicile = person.domicile
        protected = statuses.any_of(domicile.members, PROTECTED, period)
        return person("in_domicile", period) & domicile.any(protected)


class water_bill_reduction(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "Reduction of the water bill, for the calendar year"

    def formula(person: Population, period: Period) -> Truth:
        if statuses.is_new_year(period):
            flemish = person("has_lives_in_flanders", period)
            return flemish & person("lives_with_protected_water_user", period)
        return person("water_bill_reduction", period.offset(-1))


VARIABLES = (lives_with_protected_water_user, water_bill_reduction)
