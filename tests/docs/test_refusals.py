"""Every refusal has its line, four texts, and the status that the code gives it."""

import ast
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
import yaml
from crossroads.router.v1 import decision_pb2

from mesh import refusals

Table = list[dict[str, str]]
PARTS = ("mesh", "services", "gateway", "sandbox")


@pytest.fixture(scope="module")
def texts() -> dict[str, dict[str, str]]:
    """Every text of every part, by reason."""
    root = Path(__file__).resolve().parents[2]
    found: dict[str, dict[str, str]] = {}
    for part in PARTS:
        for page in sorted((root / part).rglob("texts.yaml")):
            found |= yaml.safe_load(page.read_text("utf-8"))
    return found


def codes(root: Path) -> dict[str, set[str]]:
    """The status codes with which the code names each reason, where both are written out."""
    found: dict[str, set[str]] = defaultdict(set)
    for part in PARTS:
        for module in (root / part).rglob("*.py"):
            for node in ast.walk(ast.parse(module.read_text("utf-8"))):
                match node:
                    case ast.Call(
                        args=[ast.Attribute(attr=code), ast.Constant(value=str(reason))]
                    ) if code in grpc.StatusCode.__members__:
                        found[reason].add(code)
    return found


def told_codes(row: dict[str, str]) -> set[str]:
    return {code.strip(" `") for code in row["status"].split(",")}


def test_every_reason_of_a_decision_is_told(table: Callable[[str, str], Table]) -> None:
    told = [row["decision"].strip("`") for row in table("refusals.md", "decision")]
    names = decision_pb2.RefusalReason.keys()[1:]
    assert told == [name.removeprefix("REFUSAL_REASON_") for name in names]


def test_every_error_has_a_text_and_a_line(
    table: Callable[[str, str], Table], texts: dict[str, dict[str, str]]
) -> None:
    told = [row["error"].strip("`") for row in table("refusals.md", "error")]
    decided = {row["decision"].strip("`") for row in table("refusals.md", "decision")}
    assert len(told) == len(set(told))
    assert set(told) ^ set(texts) <= decided - set(told)


def test_every_text_is_in_four_languages(texts: dict[str, dict[str, str]]) -> None:
    for reason, by_language in texts.items():
        assert set(by_language) == set(refusals.LANGUAGES), reason
        assert len({text.strip() for text in by_language.values()}) == len(refusals.LANGUAGES), (
            reason
        )


def test_the_status_told_is_the_status_given(
    table: Callable[[str, str], Table], root: Path
) -> None:
    rows = {row["error"].strip("`"): row for row in table("refusals.md", "error")}
    given = codes(root)
    assert set(given) <= set(rows)
    for reason, found in given.items():
        assert found <= told_codes(rows[reason]), reason
    for row in rows.values():
        assert told_codes(row) <= grpc.StatusCode.__members__.keys()
