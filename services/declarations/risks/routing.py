"""Whose a risk is: the institution of its branch, and the person's own private body."""

from __future__ import annotations

from datetime import timedelta

from mesh.institutions import Institution
from mesh.periods import Period
from services.declarations.risks.domain import Branch, Subject

SECTORS = {Branch.UNEMPLOYMENT: 18, Branch.INCAPACITY: 11, Branch.WORK_ACCIDENT: 1}
DATA_SORTS = {
    Branch.UNEMPLOYMENT: "unemployment_risk",
    Branch.INCAPACITY: "incapacity_risk",
    Branch.WORK_ACCIDENT: "work_accident_risk",
}
BODIES = {
    Branch.UNEMPLOYMENT: {Institution(18, 1)},
    Branch.INCAPACITY: {Institution(11, number) for number in (1, 2)},
    Branch.WORK_ACCIDENT: {Institution(1, 1)},
}
"""Payment bodies, health funds and the fund that insures who chose none, insurers."""
QUALITIES = {
    Branch.UNEMPLOYMENT: {1, 2, 3},
    Branch.INCAPACITY: {1, 2},
    Branch.WORK_ACCIDENT: {10},
}
"""In which the body knows whom it would pay."""


def recipients(branch: Branch, subject: Subject, days: Period) -> tuple[Institution, ...]:
    """Who manages the branch, then the bodies that know the person on the first day or after.

    The router decides the distribution; this is what the declarer and the career show of it.
    """
    first = Period(days.begin, max(days.end, days.begin + timedelta(days=1)))
    own = {
        institution
        for institution, quality, known in subject.inscriptions
        if institution in BODIES[branch] and quality in QUALITIES[branch] and known.overlaps(first)
    }
    return (Institution(SECTORS[branch], 0), *sorted(own))


def may_key(branch: Branch, officer: Institution) -> bool:
    """Whether an officer of that institution may key a form of the branch in."""
    return officer == Institution(SECTORS[branch], 0) or officer in BODIES[branch]
