"""The JSON schemas for jurists' editors say what the rulebook reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from services.rights.domain import Group
from services.rights.law import rule_versions, rulebook, rulefile, windows
from services.rights.law.rulefile import LANGUAGES
from services.rights.law.statuses import Cadence
from tests.services.rights.test_rulebook import BAD, GOOD

FOLDER = Path(rulebook.__file__).parents[1]
FILES = [
    *(("rule", path) for path in sorted((FOLDER / "rules").glob("*.yaml"))),
    *(("params", path) for path in sorted((FOLDER / "params").glob("*.yaml"))),
    ("statuses", FOLDER / "statuses.yaml"),
]
OUT_OF_REACH = (
    "the file is named", "order of", "that anybody says", "is an amount", "is no amount",
    "no right is named", "no fact is named", "no parameter is named", "nobody is in the group",
    "not a formula", "where a", "has no value on", "known on", "without asking", "is no day",
    "a day of every year", "stands here", "1 month", "64 bits",
)  # fmt: skip
"""What a schema cannot see: it looks at one value at a time."""


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text("utf-8"))
    return found


def as_json(block: rulefile.Block) -> Any:
    return json.loads(json.dumps(block, default=str))


@pytest.mark.parametrize(("name", "path"), FILES, ids=lambda part: getattr(part, "stem", part))
def test_every_file_in_force_is_as_its_schema_says(name: str, path: Path) -> None:
    jsonschema.Draft202012Validator(schema(name)).validate(as_json(rulefile.read(path)))


@pytest.mark.parametrize("name", ["rule", "params", "statuses"])
def test_a_schema_is_itself_sound(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))


def test_the_schema_names_what_the_rulebook_reads() -> None:
    rule = schema("rule")
    definitions = rule["$defs"]
    assert set(definitions["version"]["properties"]) == set(rule_versions.KEYS)
    assert set(definitions["fact"]["properties"]) == set(rule_versions.FACT_KEYS)
    assert definitions["window"]["properties"]["from"]["enum"] == sorted(windows.BEGINS)
    assert definitions["window"]["properties"]["until"]["enum"] == sorted(windows.ENDS)
    assert rule["properties"]["group"]["enum"] == sorted(Group)
    assert set(definitions["texts"]["properties"]) == set(LANGUAGES)
    cadence = schema("statuses")["properties"]["sorts"]["additionalProperties"]["properties"]
    assert cadence["cadence"]["enum"] == sorted(Cadence)


def test_a_good_rule_is_as_the_schema_says() -> None:
    block = rulefile.parse(GOOD, Path("warm.yaml"))
    jsonschema.Draft202012Validator(schema("rule")).validate(as_json(block))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (old, new)
        for old, new, _, why in BAD
        if why not in {"", "not YAML"} and not any(words in why for words in OUT_OF_REACH)
    ],
)
def test_an_editor_marks_what_the_rulebook_refuses(old: str, new: str) -> None:
    try:
        block = rulefile.parse(GOOD.replace(old, new, 1), Path("warm.yaml"))
    except rulefile.RuleFileError:
        return
    validator = jsonschema.Draft202012Validator(schema("rule"))
    assert not validator.is_valid(as_json(block))
