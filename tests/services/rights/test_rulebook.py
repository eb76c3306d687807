"""The rulebook: what stands in the files, and errors that name their place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.rights import parameters, rulebook, rulefile, statuses
from services.rights.domain import Rule
from services.rights.provisions import Value
from services.rights.rulebook import Rulebook
from services.rights.rulefile import RuleFileError
from tests.services.rights import worlds

FOLDER = Path(rulebook.__file__).parent
STATUSES = statuses.load(FOLDER / "statuses.yaml")
GOOD = """\
id: warm
title: {nl: a, fr: b, de: c, en: d}
explanation: {nl: a, fr: b, de: c, en: d}
group: fund_household
granted_by: somebody
versions:
  - valid_from: 2020-01-01
    known_from: 2019-12-01
    legal: [{act: An act, article: '1', verified: false}]
    facts:
      poor: {status: [LIVING_WAGE], held: {months: 3}, before_age: 65}
      income: {amount: TAXABLE_INCOME, later: {years: 1}}
      other: {right: cold, later: {months: 1, years: 1}}
    when: count_members(has(poor)) >= param.least or any_member(has(other) and role(HOLDER))
    window: {from: first_day, until: last_day, on: "01-01"}
    params:
      least: [{from: 2020-01-01, value: 2, source: the act, verified: true}]
      shared: warmth
    amount: "lowest(group_sum(income), param.shared) if any_member(known(income)) else 0"
  - valid_from: 2021-01-01
    known_from: 2020-12-01
    legal: [{act: An act, article: '2', verified: true}]
    when: group_size() > 1
    window: {from: start_of_month, until: end_of_month}
    also:
      - {when: group_size() > 5, window: {from: first_day, until: last_day}}
"""
WARMTH = (Value(worlds.FIRST.replace(year=2000), 5, "the act", verified=True),)


def read(folder: Path, text: str) -> Rule:
    path = folder / "warm.yaml"
    path.write_text(text, "utf-8")
    rights = frozenset({"warm", "cold"})
    return rulebook.read_rule(rulefile.read(path), STATUSES, {"warmth": WARMTH}, rights)


def test_what_is_in_force_is_sound() -> None:
    assert len(worlds.RULES.rules) >= 12
    assert "living_wage" in worlds.RULES.triggers
    seen: set[str] = set()
    for rule in worlds.RULES.rules.values():
        assert rule.rights_read <= seen
        seen.add(rule.id)


def test_a_good_rule_is_read(tmp_path: Path) -> None:
    rule = read(tmp_path, GOOD)
    assert [len(version.grounds) for version in rule.versions] == [1, 2]
    first = rule.versions[0]
    assert first.validity.end == rule.versions[1].validity.begin
    assert (first.facts["other"].later, first.facts["poor"].held) == (13, 3)
    assert first.params["shared"] == WARMTH
    assert rule.rights_read == {"cold"}
    assert rule.automatic


BAD = [
    ("id: warm", "id: cold", 1, "the file is named `warm`"),
    (", en: d}", "}", 2, "`en` is missing"),
    ("{nl: a,", "{nl: '',", 2, "`nl` says nothing"),
    ("{nl: a,", "{nl: a, it: e,", 2, "`it` means nothing here"),
    ("explanation: {nl: a, fr: b, de: c, en: d}\n", "", 1, "`explanation` is missing"),
    ("group: fund_household", "group: village", 4, "a group is one of"),
    ("group: fund_household", "group: fund_household\nwhy: not", 5, "`why` means nothing here"),
    ("granted_by: somebody", "granted_by: 3", 5, "must be a str"),
    ("granted_by: somebody", "granted_by: x\ngranted_by: y", 6, "stands here twice"),
    ("granted_by: somebody", "granted_by: x\ngranting: never", 6, "granting is"),
    ("versions:\n", "versions: []\nothers:\n", 7, "`others` means nothing here"),
    ("    known_from: 2019-12-01\n", "", 7, "`known_from` is missing"),
    ("valid_from: 2020-01-01", "valid_from: soon", 7, "must be a date"),
    ("valid_from: 2020-01-01", "valid_from: 2020-01-01 12:00:00", 7, "without an hour"),
    ("valid_from: 2020-01-01", "valid_from: 2020-02-30", 7, "`2020-02-30` is no day"),
    ("valid_from: 2021-01-01", "valid_from: 2020-01-01", 20, "in order of `valid_from`"),
    ("legal: [{", "legal: [] #", 9, "at least one article"),
    ("verified: false}]", "verified: perhaps}]", 9, "must be a bool"),
    ("[LIVING_WAGE]", "[LIVING_WAGES]", 11, "no status that anybody says is named `LIVING_WAGES`"),
    ("[LIVING_WAGE]", "[]", 11, "not empty"),
    ("[LIVING_WAGE]", "[TAXABLE_INCOME]", 11, "`TAXABLE_INCOME` is an amount"),
    ("held: {months: 3}", "held: {months: 0}", 11, "1 month to 100 years"),
    ("held: {months: 3}", "held: {days: 3}", 11, "`days` means nothing here"),
    ("held: {months: 3}", "held: {months: yes}", 11, "must be a int"),
    ("before_age: 65", "before_age: 165", 11, "nobody is 165 years old"),
    ("before_age: 65", "since_age: 65", 11, "`since_age` means nothing here"),
    ("amount: TAXABLE_INCOME", "amount: LIVING_WAGE", 12, "`LIVING_WAGE` is no amount"),
    ("amount: TAXABLE_INCOME", "amount: TAXABLE_INCOME, held: {months: 1}", 12, "has no `held`"),
    ("{amount: TAXABLE_INCOME", "{amount: TAXABLE_INCOME, right: cold", 12, "rests on one of"),
    ("right: cold", "right: hot", 13, "no right is named `hot`"),
    ("right: cold", "right: cold, before_age: 65", 13, "a right has no `before_age`"),
    ("has(poor)", "has(rich)", 14, "no fact is named `rich`"),
    ("param.least", "param.most", 14, "no parameter is named `most`"),
    ("role(HOLDER)", "role(CHILD)", 14, "nobody is in the group as `CHILD`"),
    ("(has(poor)) >=", "(has(poor)) ==>", 14, "not a formula"),
    ("when: group_size() > 1", "when: group_size() + 1", 23, "a number where a condition"),
    ("group_size() > 1\n", "group_size() * 1000000000000 * 1000000 > 1\n", 23, "64 bits"),
    ("from: first_day", "from: doomsday", 15, "`from` is one of"),
    ("until: last_day", "until: doomsday", 15, "`until` is one of"),
    ('on: "01-01"', 'on: "02-29"', 15, "a day of every year"),
    ('on: "01-01"', 'on: "W01-1"', 15, "a day of every year"),
    ('on: "01-01"', "on: 1", 15, "must be a str"),
    ("{from: 2020-01-01, value", "{from: 2020-01-02, value", 17, "has no value on 2020-01-01"),
    ("value: 2,", "value: 2, known_from: 2019-12-02,", 17, "known on 2019-12-01"),
    ("value: 2,", 'value: "2.005",', 17, "whole cents"),
    ("value: 2,", 'value: "much",', 17, "is a number, or an amount"),
    ("value: 2,", "value: 2.5,", 17, "is a number, or an amount"),
    ("value: 2,", "value: yes,", 17, "is a number, or an amount"),
    ("shared: warmth", "shared: heat", 18, "no parameter is named `heat`"),
    ("any_member(known(income)) else 0", "group_size() > 1 else 0", 19, "without asking known"),
    ('amount: "lowest', 'amount: "0 < lowest', 19, "a condition where a number"),
    ("- {when", "- {where", 26, "`when` is missing"),
    ("when: count", "when: [count", 15, ""),
    ("id: warm", "id: \x07", 1, "not YAML"),
    ("id: warm", "- id", 2, ""),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "why"), [b for b in BAD if b[0] in GOOD])
def test_an_error_names_its_place(tmp_path: Path, old: str, new: str, line: int, why: str) -> None:
    with pytest.raises(RuleFileError, match=rf"warm\.yaml:{line}: .*{why}"):
        read(tmp_path, GOOD.replace(old, new, 1))


def test_every_error_of_the_table_is_tried() -> None:
    assert [old for old, *_ in BAD if old not in GOOD] == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.integers(0, len(GOOD)),
    st.integers(0, 12),
    st.text("{}[]:,-'\"&*#\n 09az()>=|\t%", max_size=4),
)
def test_whatever_is_typed_a_rule_is_read_or_an_error_names_its_place(
    tmp_path: Path, at: int, cut: int, typed: str
) -> None:
    try:
        read(tmp_path, GOOD[:at] + typed + GOOD[at + cut :])
    except RuleFileError as error:
        assert "warm.yaml:" in str(error)  # noqa: PT017 - it may be read as well


def test_values_of_a_parameter_stand_in_order(tmp_path: Path) -> None:
    lines = "least:\n" + "".join(
        f"  - {{from: {begin}, value: 1, source: x, verified: true, known_from: {known}}}\n"
        for begin, known in (("2020-01-01", "2020-01-01"), ("2020-01-01", "2020-01-01"))
    )
    (tmp_path / "p.yaml").write_text(lines, "utf-8")
    with pytest.raises(RuleFileError, match=r"p\.yaml:3: values stand in order"):
        parameters.load(tmp_path)
    later = lines.replace("known_from: 2020-01-01}\n  - ", "known_from: 2019-01-01}\n  - ", 1)
    (tmp_path / "p.yaml").write_text(later, "utf-8")
    assert len(parameters.load(tmp_path)["least"]) == 2


def test_a_parameter_stands_in_one_file_and_has_a_value(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("least: []\n", "utf-8")
    with pytest.raises(RuleFileError, match=r"p\.yaml:1: `least` has no value"):
        parameters.load(tmp_path)
    value = "least: [{from: 2020-01-01, value: 1, source: x, verified: true}]\n"
    for name in ("p", "q"):
        (tmp_path / f"{name}.yaml").write_text(value, "utf-8")
    with pytest.raises(RuleFileError, match=r"q\.yaml:1: `least` stands in another file too"):
        parameters.load(tmp_path)


def book(folder: Path, **texts: str) -> Rulebook:
    shutil.copy(FOLDER / "statuses.yaml", folder)
    (folder / "rules").mkdir()
    for name, text in texts.items():
        (folder / "rules" / f"{name}.yaml").write_text(text, "utf-8")
    return rulebook.load(folder)


def resting(name: str, on: str) -> str:
    """A rule on one right."""
    return (
        GOOD.replace("id: warm", f"id: {name}")
        .replace("right: cold", f"right: {on}")
        .replace("      shared: warmth\n", "")
        .replace("param.shared", "1")
    )


def test_rights_do_not_rest_on_each_other(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError, match=r"\.yaml:1: rights rest on each other: \w+ > \w+ > "):
        book(tmp_path, a=resting("a", "b"), b=resting("b", "c"), c=resting("c", "a"))


def test_a_right_does_not_rest_on_itself(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError, match=r"a\.yaml:1: rights rest on each other: a > a"):
        book(tmp_path, a=resting("a", "a"))


def test_rules_stand_before_those_that_read_them(tmp_path: Path) -> None:
    plain = resting("c", "c").replace("right: c,", "status: [GRAPA],")
    found = book(tmp_path, a=resting("a", "b"), b=resting("b", "c"), c=plain)
    assert list(found.rules) == ["c", "b", "a"]


def test_the_layout_of_a_rule_is_not_its_content(tmp_path: Path) -> None:
    texts = (
        GOOD,
        GOOD.replace("  - valid", "  # a remark\n  - valid"),
        GOOD.replace(": 2,", ": 3,"),
    )
    names = [read(tmp_path, text).versions[0].name for text in texts]
    assert names[0] == names[1] != names[2]


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "warm.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RuleFileError, match=r"warm\.yaml:1: the file is not UTF-8"):
        rulefile.read(path)
