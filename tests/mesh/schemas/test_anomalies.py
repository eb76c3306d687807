"""Every anomaly that the code can find has its class, its meaning and its place in the glossary."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mesh.schemas import anomalies, documents, glossary
from mesh.schemas.labels import LANGUAGES
from mesh.schemas.quarters import Quarter

SERVICES = Path(__file__).resolve().parents[3] / "services"
WRITTEN_OUT = re.compile(r'"(\d{5}-\d{3})"')


def test_every_code_in_the_services_is_written_down() -> None:
    named = {
        code
        for module in SERVICES.rglob("*.py")
        for code in WRITTEN_OUT.findall(module.read_text("utf-8"))
    }
    known = {code for rules in anomalies.rules() for code in rules.codes}
    assert named - known == set()


def test_every_rule_has_a_class_and_a_kind_with_its_texts() -> None:
    for rules in anomalies.rules():
        for code, gravity in rules.codes.items():
            assert gravity in {"B", "P", "NP", "D", "W", "I"}, code
            assert re.fullmatch(r"\d{5}-\d{3}", code)
            assert set(anomalies.kinds(rules.kinds)[code[-3:]]) == set(LANGUAGES), code


def test_rules_stand_in_the_glossary_with_their_class() -> None:
    told = {
        (code.code, code.gravity)
        for entry in glossary.of(Quarter(2023, 4))
        for code in entry.anomalies
        if code.by_rule
    }
    for rules in anomalies.rules():
        assert rules.codes.items() <= told
        assert set(rules.forms) <= set(documents.known())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_anomaly_is_told_in_every_language(language: str) -> None:
    for entry in glossary.of(Quarter(2023, 4)):
        for code in entry.anomalies:
            assert code.texts[language].strip(), code.code


def test_the_label_of_a_notification_is_in_four_languages() -> None:
    assert anomalies.label("00024-001").split(" / ") == [
        "ontbreekt",
        "manque",
        "fehlt",
        "is missing",
    ]
    assert anomalies.label("00024-999") == ""
    assert anomalies.label("00534-182", "dmfa") != anomalies.label("00534-182", "risks")
