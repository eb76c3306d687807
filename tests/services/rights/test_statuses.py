"""The register of statuses: every sort reads what the contracts carry, or it is not loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.repertory import catalogue
from services.rights.facts.reading import GROUPS
from services.rights.law import statuses
from services.rights.law.rulefile import RuleFileError
from services.rights.law.statuses import Cadence
from tests.services.rights.cases import RULES

GOOD = """\
sorts:
  living_wage:
    attestation: LivingWage
    cadence: event
    status: kind
    values: [LIVING_WAGE]
  domicile:
    attestation: Domicile
    cadence: event
    status: postal_code
    country: country
    abroad: AWAY
    ranges: [{from: 1000, until: 9999, status: HERE}]
statuses:
  LIVING_WAGE: {nl: a, fr: b, de: c, en: d}
  HERE: {nl: a, fr: b, de: c, en: d}
  AWAY: {nl: a, fr: b, de: c, en: d}
"""


def load(folder: Path, text: str) -> statuses.Statuses:
    path = folder / "statuses.yaml"
    path.write_text(text, "utf-8")
    return statuses.load(path)


def test_a_good_register_is_read(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD)
    assert found.sorts["domicile"].values == {"HERE", "AWAY"}
    assert found.sorts["living_wage"].cadence is Cadence.EVENT


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ("attestation: LivingWage", "attestation: Wage", 3, "no attestation is named `Wage`"),
        ("cadence: event\n    status: kind", "cadence: often\n    status: kind", 4, "is one of"),
        ("    cadence: event\n    status: kind", "    status: kind", 3, "`cadence` is missing"),
        ("status: kind", "status: colour", 5, "`LivingWage` has no field `colour`"),
        ("values: [LIVING_WAGE]", "values: [LIVING]", 6, "`LIVING` has no name"),
        ("    values: [LIVING_WAGE]\n", "", 3, "by `values` or by `ranges`"),
        ("country: country", "country: land", 11, "`Domicile` has no field `land`"),
        ("until: 9999", "until: 999", 13, "a range begins before it ends"),
        ("status: HERE}]", "status: THERE}]", 8, "`THERE` has no name"),
        (", en: d}\n  HERE", "}\n  HERE", 15, "`en` is missing"),
    ],
)
def test_an_error_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, why: str
) -> None:
    assert old in GOOD
    with pytest.raises(RuleFileError, match=rf"statuses.yaml:{line}: .*{why}"):
        load(tmp_path, GOOD.replace(old, new, 1))


def test_every_status_has_a_source_and_a_name() -> None:
    said = {value for sort in RULES.statuses.sorts.values() for value in sort.values}
    assert said == RULES.statuses.titles.keys()


def test_the_engine_may_be_told_of_every_sort_that_it_reads() -> None:
    """And what it may have is enough: the fields by which a status is read."""
    policy = catalogue.read().policy
    given: dict[str, set[str]] = {}
    for deliberation in policy.deliberations:
        for one in deliberation.authorizations:
            if str(one.recipient) == "25/0" and one.use.name in ("DISTRIBUTION", "BOTH"):
                for data_sort in one.data_sorts:
                    given.setdefault(data_sort, set()).update(one.fields)
    assert given.keys() >= RULES.statuses.sorts.keys() | GROUPS.keys()
    for name, sort in RULES.statuses.sorts.items():
        read = {sort.field, sort.amount, sort.birth, sort.country} - {""}
        assert read <= given[name], name


def test_the_engine_holds_every_right_and_somebody_is_told_of_it() -> None:
    policy = catalogue.read().policy
    held = {a.data_sort for a in policy.availabilities if str(a.holder) == "25/0"}
    told = {
        data_sort
        for deliberation in policy.deliberations
        for one in deliberation.authorizations
        if one.use.name in ("DISTRIBUTION", "BOTH")
        for data_sort in one.data_sorts
    }
    asked = {
        data_sort
        for deliberation in policy.deliberations
        for one in deliberation.authorizations
        if one.use.name in ("CONSULTATION", "BOTH")
        for data_sort in one.data_sorts
    }
    assert RULES.rules.keys() <= held & told & asked
