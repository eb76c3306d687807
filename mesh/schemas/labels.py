"""What elements are called, in the languages in which it is known."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

LANGUAGES = ("nl", "fr", "de", "en")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|[0-9]+")


def of(zone: str, name: str) -> dict[str, str]:
    """What an element is called, by language; in English its name in XML, unless it has another."""
    known = {"en": _read(name), **_labels().get(zone, {})}
    return {language: known[language] for language in LANGUAGES if language in known}


def _read(name: str) -> str:
    """`WorkerZIPCode` as words: `Worker ZIP code`."""
    first, *others = _WORDS.findall(name) or [name]
    return " ".join([first, *(word if word.isupper() else word.lower() for word in others)])


@cache
def _labels() -> dict[str, dict[str, str]]:
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = Path(__file__).with_name("labels.yaml").read_text("utf-8")
    known: dict[str, dict[str, str]] = yaml.load(text, loader)  # noqa: S506 - both are safe
    return known
