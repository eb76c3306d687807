"""The rulebook: what stands in the files, and errors that name their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.rights import rulebook, statuses
from services.rights.rulefile import RuleFileError
from tests.services.rights import worlds

FOLDER = Path(rulebook.__file__).parent
GOOD = """\
id: warm
title: {nl: a, fr: b, de: c, en: d}
group: domicile
granted_by: somebody
versions:
  - valid_from: 2020-01-01
    known_from: 2019-12-01
    legal: [{act: An act, article: '1', verified: false}]
    facts: {poor: {status: [LIVING_WAGE]}}
    when: count_members(has(poor)) >= param.least
    window: {from: first_day, until: last_day}
    params: {least: [{from: 2020-01-01, value: 2, source: the act, verified: true}]}
"""


def read(folder: Path, text: str) -> None:
    path = folder / "warm.yaml"
    path.write_text(text, "utf-8")
    rulebook.read_rule(path, statuses.load(FOLDER / "statuses.yaml"))


def test_what_is_in_force_is_sound() -> None:
    assert set(worlds.RULES.rules) == {"social_tariff_energy"}
    assert "living_wage" in worlds.RULES.triggers


def test_a_good_rule_is_read(tmp_path: Path) -> None:
    read(tmp_path, GOOD)


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ("id: warm", "id: cold", 1, "the file is named `warm`"),
        (", en: d}", "}", 2, "`en` is missing"),
        ("group: domicile", "group: village", 3, "a group is one of"),
        ("granted_by: somebody", "granted_by: 3", 4, "must be a str"),
        ("granted_by: somebody", "granted_by: x\ngranted_by: y", 5, "stands here twice"),
        ("    known_from: 2019-12-01\n", "", 6, "`known_from` is missing"),
        ("valid_from: 2020-01-01", "valid_from: soon", 6, "must be a date"),
        ("legal: [{", "legal: [] #", 8, "at least one article"),
        ("LIVING_WAGE", "LIVING_WAGES", 9, "no status is named `LIVING_WAGES`"),
        ("has(poor)", "has(rich)", 10, "no fact is named `rich`"),
        ("param.least", "param.most", 10, "no parameter is named `most`"),
        ("until: last_day", "until: doomsday", 11, "`until` is one of"),
        ("from: first_day", "from: doomsday", 11, "`from` is one of"),
        ("{from: 2020-01-01, value", "{from: 2020-01-02, value", 12, "has no value on 2020-01-01"),
        ("value: 2,", 'value: "2.005",', 12, "whole cents"),
        ("value: 2,", 'value: "much",', 12, "is a number, or an amount"),
        ("value: 2,", "value: 2.5,", 12, "is a number, or an amount"),
        ("group: domicile", "group: domicile\nwhy: not", 4, "`why` means nothing here"),
        ("when: count", "when: [count", 11, ""),
    ],
)
def test_an_error_names_its_place(tmp_path: Path, old: str, new: str, line: int, why: str) -> None:
    assert old in GOOD
    with pytest.raises(RuleFileError, match=rf"warm\.yaml:{line}: .*{why}"):
        read(tmp_path, GOOD.replace(old, new, 1))


def test_versions_stand_in_order(tmp_path: Path) -> None:
    version = GOOD.partition("versions:\n")[2]
    with pytest.raises(RuleFileError, match=r":13: versions stand in order"):
        read(tmp_path, GOOD + version)


def test_the_layout_of_a_rule_is_not_its_content(tmp_path: Path) -> None:
    known = statuses.load(FOLDER / "statuses.yaml")
    path = tmp_path / "warm.yaml"
    names = []
    for text in (
        GOOD,
        GOOD.replace("  - valid", "  # a remark\n  - valid"),
        GOOD.replace(": 2,", ": 3,"),
    ):
        path.write_text(text, "utf-8")
        names.append(rulebook.read_rule(path, known).versions[0].name)
    assert names[0] == names[1] != names[2]
