"""Every dependency is justified, and every justification has its dependency."""

import tomllib
from collections.abc import Callable
from pathlib import Path

Table = list[dict[str, str]]


def test_dependencies_are_those_of_the_project(
    table: Callable[[str, str], Table], root: Path
) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    used = {*project["dependencies"], *(package for extra in extras for package in extra)}
    told = [row["package"].strip("`") for row in table("dependencies.md", "package")]
    assert sorted(told) == sorted(used)
    assert all(len(row["for what"]) > 5 for row in table("dependencies.md", "package"))
