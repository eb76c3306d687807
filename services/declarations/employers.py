"""Employers: who they are, and whose declaration a form is."""

from __future__ import annotations

from pathlib import Path

import yaml

from mesh import identification
from services.declarations.domain import Employer


def read(path: Path) -> tuple[Employer, ...]:
    """The employers of a YAML file."""
    return tuple(
        Employer(
            employer["enterprise_number"],
            employer["nsso_number"],
            employer.get("registers_days", False),
        )
        for employer in yaml.safe_load(path.read_text("utf-8"))
    )


def enterprise_number(text: str) -> str:
    """Ten digits; files of the NSSO often drop the leading zero."""
    return text.zfill(10) if text else ""


def nsso_number(text: str) -> str:
    return text.lstrip("0")


def is_declarant(principal: str, company_id: str, nsso: str, owner: Employer | None) -> bool:
    """Whether a form that names these numbers is the principal's; `owner` bears the NSSO number.

    A number with a wrong check digit names nobody: it is an anomaly to report to the sender.
    A right number that nobody bears is not the sender's.
    """
    company = enterprise_number(company_id)
    if identification.enterprise_number_is_valid(company) and company != principal:
        return False
    if not identification.nsso_number_is_valid(nsso_number(nsso)):
        return True
    return owner is not None and owner.enterprise_number == principal
