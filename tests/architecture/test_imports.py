"""Who may import whom holds, and is noticed when it does not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LINT = Path(sys.executable).with_name("lint-imports")
SOURCES = ("bench", "console", "gateway", "mesh", "sandbox", "services")
LEVELS = "Levels: console > bench > sandbox > gateway and services > mesh"
NEIGHBOURS = "Services know each other only by contract"


def lint(tree: Path) -> tuple[int, str]:
    done = subprocess.run(
        [LINT, "--no-cache"], cwd=tree, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def tree(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, in which violations can be planted."""
    copy = tmp_path_factory.mktemp("tree")
    shutil.copy(root / "pyproject.toml", copy)
    for folder in SOURCES:
        shutil.copytree(
            root / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "results")
        )
    return copy


def test_every_import_goes_downwards(tree: Path) -> None:
    status, told = lint(tree)
    assert status == 0, told


@pytest.mark.parametrize(
    ("importer", "imported", "contract"),
    [
        ("mesh/clock.py", "services.router.domain", LEVELS),
        ("mesh/clock.py", "gateway.codec", LEVELS),
        ("services/ledger/domain.py", "sandbox.cast", LEVELS),
        ("gateway/codec.py", "bench", LEVELS),
        ("sandbox/cast.py", "console", LEVELS),
        ("sandbox/cast.py", "bench", LEVELS),
        ("gateway/codec.py", "services", LEVELS),
        ("services/router/domain.py", "services.ledger.domain", NEIGHBOURS),
        ("services/rights/domain.py", "services.repertory", NEIGHBOURS),
        ("gateway/codec.py", "services.declarations.domain", NEIGHBOURS),
        ("services/declarations/domain.py", "gateway.codec", NEIGHBOURS),
    ],
)
def test_a_planted_import_is_noticed(
    tree: Path, importer: str, imported: str, contract: str
) -> None:
    module = tree / importer
    sound = module.read_text("utf-8")
    module.write_text(f"{sound}\nimport {imported}\n", "utf-8")
    try:
        status, told = lint(tree)
    finally:
        module.write_text(sound, "utf-8")
    assert status == 1, told
    assert f"{contract} BROKEN" in told
