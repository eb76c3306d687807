"""Every service has the same files, and every file keeps to its grain."""

import ast
import re
from pathlib import Path

import pytest

SERVICES = ("declarations", "ledger", "repertory", "rights", "router")
SKELETON = (
    "__main__.py",
    "README.md",
    "domain.py",
    "migrations/versions",
    "servicer.py",
    "store.py",
)
ASKS_NOBODY = {"ledger"}
MOST_LINES = 250
VAGUE = {"utils", "helpers", "common", "misc", "base", "core", "manager", "processor", "impl"}
NO_IO = re.compile(r"^(?:from|import) (?:sqlalchemy|psycopg|grpc\b|crossroads\.)", re.MULTILINE)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_same_skeleton(root: Path, service: str) -> None:
    folder = root / "services" / service
    assert [part for part in SKELETON if not (folder / part).exists()] == []
    assert (folder / "peers.py").exists() is (service not in ASKS_NOBODY)


@pytest.mark.parametrize("service", SERVICES)
def test_a_domain_knows_no_protobuf_no_sql_and_no_clock(root: Path, service: str) -> None:
    for domain in (root / "services" / service).rglob("domain.py"):
        source = domain.read_text("utf-8")
        assert not NO_IO.search(source), domain
        assert not re.search(r"\.now\(|\.today\(|async def", source), domain


@pytest.mark.parametrize("service", SERVICES)
def test_a_readme_of_a_service_is_short(root: Path, service: str) -> None:
    lines = (root / "services" / service / "README.md").read_text("utf-8").splitlines()
    assert 3 <= len([line for line in lines if line.strip()]) <= 40


def test_every_module_opens_with_what_it_is(modules: list[Path]) -> None:
    silent = []
    for module in modules:
        text = module.read_text("utf-8")
        if text.strip() and not (ast.get_docstring(ast.parse(text)) or "").strip():
            silent.append(str(module))
    assert silent == []


def test_modules_are_small_and_named_by_nouns(modules: list[Path]) -> None:
    long = {
        m.name: n for m in modules if (n := len(m.read_text("utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}
    assert {part for m in modules for part in (m.stem, m.parent.name)} & VAGUE == set()


def test_nothing_is_left_to_do(modules: list[Path]) -> None:
    left = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b(?!['\"`])")
    found = [str(m) for m in modules if left.search(m.read_text("utf-8"))]
    assert found == []
