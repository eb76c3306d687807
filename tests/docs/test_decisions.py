"""Decisions have the same four parts and consecutive numbers."""

import re
from pathlib import Path

import yaml


def test_decisions_are_complete(root: Path) -> None:
    pages = sorted((root / "docs" / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for number, page in enumerate(pages, 1):
        text = page.read_text("utf-8")
        assert text.startswith(f"# {number}. "), page.name
        parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
        assert parts[::2] == ["Context", "Decision", "Consequences", "Refused"], page.name
        assert all(len(part.strip()) > 40 for part in parts[1::2]), page.name


def test_only_those_named_receive_without_integration_control(root: Path) -> None:
    """Decision 3 names every recipient that need not know the person."""
    page = (root / "docs" / "decisions" / "0003-integration-control.md").read_text("utf-8")
    repertory = root / "services" / "repertory"
    recipients = {
        authorization["recipient"]
        for file in repertory.rglob("deliberations/*.yaml")
        for deliberation in yaml.safe_load(file.read_text("utf-8"))
        for authorization in deliberation["authorizations"]
        if authorization["integration_control"] == "NON_BLOCKING"
    }
    assert recipients == set(re.findall(r"\b\d+/\d+\b", page))
