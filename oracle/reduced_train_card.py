"""Reduced train card: who has increased reimbursement, for a year or, from 65 on, for five.

The card runs from the first of the unbroken days with increased reimbursement, for whole terms
of a year until one is over after the last of those days; where such days begin while a card runs,
a new one begins with them. From the 65th birthday on the same with terms of five years, counted
from that birthday where increased reimbursement was had before.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from openfisca_core.model_api import DAY, Variable
from openfisca_core.periods import Period
from openfisca_core.populations import Population

from oracle import statuses, terms
from oracle.entities import Person

Truth = NDArray[np.bool_]
Numbers = NDArray[np.int64]


class card_ground(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "Has increased reimbursement"

    def formula(person: Population, period: Period) -> Truth:
        return person("known_for_reimbursement", period)


class is_senior(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "65 years or older"

    def formula(person: Population, period: Period) -> Truth:
        return person("age", period) >= 65


class card_ground_since(Variable):
    value_type = int
    entity = Person
    definition_period = DAY
    label = "First of the unbroken days of the ground at the same terms, the last time it held"

    def formula(person: Population, period: Period) -> Numbers:
        before = period.offset(-1)
        now, since = person("card_ground", period), person("card_ground_since", before)
        same = person("is_senior", period) == person("is_senior", before)
        goes_on = person("card_ground", before) & same
        return np.where(now & ~goes_on, statuses.today(period), since)


class card_until(Variable):
    value_type = int
    entity = Person
    definition_period = DAY
    label = "First day without a card, as far as it follows from the days up to now; 0 where none"

    def formula(person: Population, period: Period) -> Numbers:
        until = person("card_until", period.offset(-1)).astype(np.int64)
        today = statuses.today(period)
        since = person("card_ground_since", period)
        next_card = person("card_ground", period) & ((until <= today) | (since == today))
        begin = since[next_card].astype(np.int64)
        last = np.full(len(begin), today)
        yearly, five_yearly = (terms.next_anniversary(begin, last, each) for each in (1, 5))
        until[next_card] = np.where(person("is_senior", period)[next_card], five_yearly, yearly)
        return until


class reduced_train_card(Variable):
    value_type = bool
    entity = Person
    definition_period = DAY
    label = "Reduced train card"

    def formula(person: Population, period: Period) -> Truth:
        return person("card_until", period) > statuses.today(period)


VARIABLES = (card_ground, is_senior, card_ground_since, card_until, reduced_train_card)
