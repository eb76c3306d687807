"""Outlines of explanations of rights, in one language: lines under headings, to print or draw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from crossroads.rights.v1 import rights_pb2
from crossroads.types.v1 import types_pb2

from mesh import institutions

LANGUAGES: Final = ("nl", "fr", "de", "en")
WORDS: Final[dict[str, dict[str, str]]] = {
    "DECISION_KIND_GRANTED": {"nl": "toegekend", "fr": "octroyé", "de": "gewährt", "en": "granted"},
    "DECISION_KIND_CHANGED": {
        "nl": "gewijzigd", "fr": "modifié", "de": "geändert", "en": "changed",
    },
    "DECISION_KIND_ENDED": {"nl": "beëindigd", "fr": "arrêté", "de": "beendet", "en": "ended"},
    "why": {"nl": "Waarom", "fr": "Pourquoi", "de": "Warum", "en": "Why"},
    "days": {"nl": "Welke dagen", "fr": "Quels jours", "de": "Welche Tage", "en": "Which days"},
    "worth": {"nl": "Hoeveel", "fr": "Combien", "de": "Wie viel", "en": "How much"},
    "law": {"nl": "Recht", "fr": "Droit", "de": "Recht", "en": "Law"},
    "rule": {"nl": "regel", "fr": "règle", "de": "Regel", "en": "rule"},
    "version": {"nl": "versie", "fr": "version", "de": "Fassung", "en": "version"},
    "article": {"nl": "artikel", "fr": "article", "de": "Artikel", "en": "article"},
    "unverified": {
        "nl": "niet door een jurist nagezien",
        "fr": "non vérifié par un juriste",
        "de": "nicht von einem Juristen geprüft",
        "en": "not verified by a jurist",
    },
    "self": {"nl": "uzelf", "fr": "vous-même", "de": "Sie selbst", "en": "self"},
    "member": {"nl": "lid", "fr": "membre", "de": "Mitglied", "en": "member"},
    "ticket": {"nl": "bericht", "fr": "message", "de": "Nachricht", "en": "message"},
    "otherwise": {
        "nl": "anders gezegd door",
        "fr": "dit autrement par",
        "de": "anders gesagt von",
        "en": "said otherwise by",
    },
    "true": {"nl": "ja", "fr": "oui", "de": "ja", "en": "yes"},
    "false": {"nl": "nee", "fr": "non", "de": "nein", "en": "no"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line, so many steps to the right, and smaller words below it."""

    depth: int
    answer: str
    text: str
    notes: tuple[str, ...] = ()


def lines(answer: rights_pb2.ExplainResponse, language: str) -> list[Line]:
    """Headings stand at depth 0. No line holds a person's number."""
    decision = answer.decision
    kind = _word(rights_pb2.DecisionKind.Name(decision.kind), language)
    return [
        Line(0, "", f"{answer.title[language]}: {kind}", (answer.about[language],)),
        Line(0, "", _word("why", language)),
        *_steps(answer.reason, 1, language),
        Line(0, "", _word("days", language)),
        Line(1, "", answer.window[language]),
        *_worth(answer, language),
        Line(0, "", _word("law", language)),
        Line(1, "", _rule(decision.right, decision.rule_version, language)),
        *(Line(1, "", text) for text in _articles(answer.articles, language)),
    ]


def _worth(answer: rights_pb2.ExplainResponse, language: str) -> Iterator[Line]:
    if answer.worth:
        yield Line(0, "", _word("worth", language))
    for worth in answer.worth:
        yield Line(1, f"{worth.cents / 100:.2f} €", _days(worth.period))
        yield from _steps(worth.reason, 2, language)


def _steps(reason: rights_pb2.Reason, depth: int, language: str) -> Iterator[Line]:
    answer = _word(reason.value, language) if reason.value in WORDS else reason.value
    yield Line(depth, answer, reason.text[language], tuple(_notes(reason, language)))
    for part in reason.because:
        yield from _steps(part, depth + 1, language)


def _notes(reason: rights_pb2.Reason, language: str) -> Iterator[str]:
    if reason.member and reason.expression:
        yield _member(reason.member, language)
    if reason.HasField("source"):
        yield _source(reason.source, language)
    for other in reason.otherwise:
        said = f"{_source(other, language)} ({_days(other.period)})"
        yield f"{_word('otherwise', language)} {said}"
    if reason.HasField("granted"):
        yield _rule(reason.granted.right, reason.granted.rule_version, language)
        yield from _articles(reason.granted.articles, language)
    elif reason.expression and not reason.HasField("source"):
        yield reason.expression


def _days(period: types_pb2.Period) -> str:
    """The first and the last day; nothing where it is open."""
    last = str(date.fromisoformat(period.end) - timedelta(days=1)) if period.end else ""
    return f"{period.begin} … {last}".strip()


def _member(member: str, language: str) -> str:
    word, _, number = member.partition(" ")
    return f"{_word(word, language)} {number}".strip() if word in WORDS else member


def _source(source: rights_pb2.FactSource, language: str) -> str:
    said = f"{institutions.from_wire(source.institution)}, {source.data_sort}"
    return f"{said}, {_word('ticket', language)} {source.ticket}" if source.ticket else said


def _rule(right: str, version: str, language: str) -> str:
    return f"{_word('rule', language)} {right}, {_word('version', language)} {version}"


def _articles(articles: Iterable[rights_pb2.Article], language: str) -> Iterator[str]:
    for article in articles:
        text = f"{article.act}, {_word('article', language)} {article.article}"
        yield text if article.verified else f"{text} ({_word('unverified', language)})"


def _word(key: str, language: str) -> str:
    return WORDS[key][language]
