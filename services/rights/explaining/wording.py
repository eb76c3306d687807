"""The words of explanations, in the four languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from services.rights.law import rulefile

Text = Mapping[str, str]
"""The same in every language."""

_FILE = rulefile.read(Path(__file__).with_name("wording.yaml"))
TEXTS: Final[dict[str, dict[str, str]]] = {key: _FILE.texts(key) for key in _FILE}


def text(key: str, **values: str | Mapping[str, str]) -> dict[str, str]:
    """The text by language; a value is one for all languages, or by language itself."""
    return {
        language: words.format_map(
            {n: v if isinstance(v, str) else v[language] for n, v in values.items()}
        )
        for language, words in TEXTS[key].items()
    }


def joined(parts: Sequence[Mapping[str, str]], by: str) -> dict[str, str]:
    return {language: by.join(part[language] for part in parts) for language in rulefile.LANGUAGES}
