"""The scenarios of social risks, read from `scenarios.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from services.declarations.risks.domain import Branch, Scenario


@cache
def known() -> Mapping[str, Scenario]:
    """By code, which is the identification of the form."""
    documents = yaml.safe_load(Path(__file__).with_name("scenarios.yaml").read_text("utf-8"))
    return {
        code: Scenario(
            code,
            Branch(document.pop("branch")),
            tuple(document.pop("begins")),
            **document,
        )
        for code, document in documents.items()
    }
