"""The tree as git would keep it."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("bench", "console", "gateway", "mesh", "oracle", "sandbox", "services")
KEPT = (*SOURCES, "docs", "k8s", "protos", "tests", ".ci")


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def modules() -> list[Path]:
    """Every Python module that is ours to write, without tests."""
    return sorted(path for folder in SOURCES for path in (ROOT / folder).rglob("*.py"))


@pytest.fixture(scope="session")
def files() -> list[Path]:
    """Every file that is kept."""
    top = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"]
    found = [*top, *(path for folder in KEPT for path in (ROOT / folder).rglob("*"))]
    return sorted(
        path
        for path in found
        if path.is_file() and "__pycache__" not in path.parts and "results" not in path.parts
    )
