"""How many of the invented citizens are in which circumstances; shares are rough and public."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Circumstance:
    """A status that some persons of an age have, some of them once more later."""

    status: str
    share: float
    """Of the persons between the ages, who ever have it."""
    from_age: int = 18
    to_age: int = 95
    running: float = 0.7
    """Of the last ones said, how many still run."""


CIRCUMSTANCES = (
    Circumstance("LIVING_WAGE", 0.02, running=0.5),
    Circumstance("EQUIVALENT", 0.003, running=0.4),
    Circumstance("REPAID_AID", 0.001, running=0.4),
    Circumstance("ADVANCE_GRAPA", 0.001, from_age=65, running=0.1),
    Circumstance("ADVANCE_DISABILITY", 0.001, to_age=65, running=0.1),
    Circumstance("INCOME_REPLACEMENT", 0.018),
    Circumstance("INTEGRATION", 0.016),
    Circumstance("PERMANENT_65", 0.004),
    Circumstance("THIRD_PARTY_HELP", 0.002, from_age=21),
    Circumstance("CHILD_66", 0.015, from_age=0, to_age=21, running=0.9),
    Circumstance("DISABILITY_66", 0.02, from_age=16),
    Circumstance("EARNING_CAPACITY_THIRD", 0.015, to_age=65),
    Circumstance("POINTS_9", 0.012),
    Circumstance("POINTS_12", 0.006),
    Circumstance("VAPH_REGISTERED", 0.01, from_age=3),
    Circumstance("VDAB_MEASURES", 0.006, to_age=65),
    Circumstance("GRAPA", 0.05, from_age=65, running=0.95),
    Circumstance("GUARANTEED_INCOME", 0.002, from_age=75, running=0.95),
    Circumstance("ALLOWANCE_65", 0.001, from_age=65),
    Circumstance("RETIREMENT", 0.85, from_age=65, running=1.0),
    Circumstance("SURVIVOR", 0.02, from_age=45),
    Circumstance("INCREASED_REIMBURSEMENT", 0.12, from_age=0),
    Circumstance("ELDERLY_ALLOWANCE", 0.03, from_age=65),
    Circumstance("ELDERLY_CARE_BUDGET", 0.04, from_age=65),
    Circumstance("SEVERE_CARE_BUDGET", 0.01, from_age=3),
    Circumstance("BASIC_SUPPORT", 0.002, from_age=0),
    Circumstance("MINOR_ALONE", 0.001, from_age=8, to_age=18, running=0.8),
    Circumstance("ORPHAN", 0.008, from_age=0, to_age=25, running=0.9),
    Circumstance("DEBT_MEDIATION", 0.01, running=0.4),
    Circumstance("SOCIAL_TENANT", 0.05, running=0.9),
    Circumstance("SOCIAL_TENANT_COLLECTIVE_HEATING", 0.01, running=0.9),
)
REGIONS = (
    ("LIVES_IN_FLANDERS", 0.577),
    ("LIVES_IN_WALLONIA", 0.312),
    ("LIVES_IN_BRUSSELS", 0.104),
    ("LIVES_IN_GERMAN_COMMUNITY", 0.007),
)
INCOME = "TAXABLE_INCOME"
INCOME_YEARS = (2023, 2024, 2025)
ON_THE_EDGE = (2_256_307, 2_525_067, 2_563_067, 2_755_086, 2_805_493)
"""Incomes in cents that are ceilings of some year, or sums of one and its supplements."""
