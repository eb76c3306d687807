"""`crossroads schemas` writes what it says, where it says."""

from __future__ import annotations

import json
from pathlib import Path

from lxml import etree
from typer.testing import CliRunner

from console import schemas

SHELL = CliRunner()


def test_the_schemas_of_a_quarter_are_written(tmp_path: Path) -> None:
    answer = SHELL.invoke(schemas.app, ["build", "20234", "--to", str(tmp_path)])
    assert answer.exit_code == 0, answer.output
    written = sorted(tmp_path.iterdir())
    assert tmp_path / "Dimona_20234.xsd" in written
    for file in written:
        etree.XMLSchema(etree.parse(file))


def test_differences_are_printed_or_written_in_three_ways(tmp_path: Path) -> None:
    answer = SHELL.invoke(schemas.app, ["diff", "20224", "20231"])
    assert answer.exit_code == 0, answer.output
    assert "ALT" in answer.output
    told = SHELL.invoke(schemas.app, ["diff", "20224", "20231", "--as", "json"])
    changes = {
        (one["name"], one["change"], one["after"] or one["before"])
        for one in json.loads(told.output)["differences"]
    }
    assert {("WorkerType", "new", "ALT"), ("WorkerType", "ended", "QUA")} <= changes
    SHELL.invoke(schemas.app, ["diff", "20224", "20231", "--to", str(tmp_path)])
    assert {file.suffix for file in tmp_path.iterdir()} == {".xml", ".md", ".json"}


def test_the_glossary_is_written_in_three_ways(tmp_path: Path) -> None:
    answer = SHELL.invoke(schemas.app, ["glossary", "20234", "--to", str(tmp_path)])
    assert answer.exit_code == 0, answer.output
    assert {file.suffix for file in tmp_path.iterdir()} == {".xml", ".html", ".json"}


def test_what_is_no_quarter_is_said_to_be_none(tmp_path: Path) -> None:
    answer = SHELL.invoke(schemas.app, ["build", "2023", "--to", str(tmp_path / "none")])
    assert answer.exit_code == 2
    assert "no quarter" in " ".join(answer.output.split())
    assert not (tmp_path / "none").exists()
