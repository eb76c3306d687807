"""The rights as one OpenFisca system: by day or by month, with money as its floats or in cents."""

from __future__ import annotations

from pathlib import Path

from openfisca_core.model_api import DAY, MONTH, Variable
from openfisca_core.parameters import Parameter, ParameterNode
from openfisca_core.taxbenefitsystems import TaxBenefitSystem

from oracle import (
    care_premium_reduction,
    reduced_train_card,
    right_to_increased_reimbursement,
    social_tariff_energy,
    statuses,
    water_bill_reduction,
)
from oracle.entities import GROUPS, Person

RIGHTS = (
    "right_to_increased_reimbursement",
    "social_tariff_energy",
    "reduced_train_card",
    "water_bill_reduction",
    "care_premium_reduction",
)
UNITS = {"day": DAY, "month": MONTH}
PARAMETERS = Path(__file__).parent / "parameters"
_MODULES = (
    statuses,
    right_to_increased_reimbursement,
    social_tariff_energy,
    reduced_train_card,
    water_bill_reduction,
    care_premium_reduction,
)


def build(unit: str, *, cents: bool) -> TaxBenefitSystem:
    """Moments are days or months. With `cents` money is whole cents, else euros in float32."""
    system = TaxBenefitSystem([Person, *GROUPS.values()])
    for module in _MODULES:
        for variable in module.VARIABLES:
            system.add_variable(_made(variable, unit, cents=cents))
    if cents:
        system.preprocess_parameters = in_cents
    system.load_parameters(str(PARAMETERS))
    return system


def in_cents(parameters: ParameterNode) -> ParameterNode:
    """All amounts as whole cents."""
    for found in parameters.get_descendants():
        if isinstance(found, Parameter) and found.metadata.get("unit") == "currency-EUR":
            for value in found.values_list:
                value.value = round(value.value * 100)
    return parameters


def _made(variable: type[Variable], unit: str, *, cents: bool) -> type[Variable]:
    """The variable as written, for another length of moments or another money."""
    told = {name: value for name, value in vars(variable).items() if not name.startswith("__")}
    if told["definition_period"] == DAY:
        told["definition_period"] = UNITS[unit]
    if told["value_type"] is float and cents:
        told["value_type"] = int
    return type(variable.__name__, (Variable,), told)
