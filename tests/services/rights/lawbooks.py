"""Small laws: the statuses of the field, and rules of the tests' own."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from services.rights.law import rulebook
from services.rights.law.rulebook import Rulebook

FIELD = Path(rulebook.__file__).parents[1] / "statuses.yaml"
LAW = Path(__file__).parent / "law"


def load(*names: str, folder: Path = LAW) -> Rulebook:
    """Those rules of a folder alone."""
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        shutil.copy(FIELD, place)
        (place / "rules").mkdir()
        for name in names:
            shutil.copy(folder / "rules" / f"{name}.yaml", place / "rules")
        return rulebook.load(place)
