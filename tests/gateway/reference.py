"""The published schemas and samples, where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

FOLDER = Path(__file__).parents[3] / "shared" / "reference"
needed = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the published reference files are not beside the project"
)


def sample(name: str) -> bytes:
    return (FOLDER / "nsso" / "samples" / name).read_bytes()


def schema(path: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(FOLDER / path))


def canonical(xml: bytes) -> bytes:
    """Canonical XML without text that is only white space."""
    root = etree.fromstring(xml, etree.XMLParser(remove_blank_text=True, remove_comments=True))
    return etree.tostring(root, method="c14n")
