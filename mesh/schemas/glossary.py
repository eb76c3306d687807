"""Every uniform element: what it is called, what it may be, where it stands, what can be amiss."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mesh.schemas import anomalies, documents, labels, structure
from mesh.schemas.anomalies import Code
from mesh.schemas.quarters import Quarter
from mesh.schemas.structure import Member


@dataclass(frozen=True, slots=True)
class Use:
    """An element as it stands in a block of a form."""

    form: str
    place: str
    member: Member


@dataclass(frozen=True, slots=True)
class Entry:
    """An element, by zone."""

    zone: str
    names: tuple[str, ...]
    labels: dict[str, str]
    uses: tuple[Use, ...]
    anomalies: tuple[Code, ...]

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms in which it stands."""
        return tuple(dict.fromkeys(use.form for use in self.uses))


def of(quarter: Quarter) -> tuple[Entry, ...]:
    """The glossary of a quarter, in the order of the zones."""
    uses: dict[str, list[Use]] = {}
    kinds: dict[str, set[str]] = {}
    for message in documents.of(quarter):
        document = structure.of(message, quarter)
        for place, member in (("", document.itself), *document.places()):
            uses.setdefault(member.zone, []).append(Use(document.form, place, member))
            found = anomalies.of_constraints(document, member)
            kinds.setdefault(member.zone, set()).update(found)
    return tuple(_entry(zone, uses[zone], kinds[zone]) for zone in sorted(uses))


def _entry(zone: str, uses: list[Use], kinds: set[str]) -> Entry:
    names = tuple(dict.fromkeys(use.member.name for use in uses))
    codes = {f"{zone}-{kind}": [anomalies.code(zone, kind)] for kind in kinds}
    for form in dict.fromkeys(use.form for use in uses):
        for written in anomalies.of_rules(form, zone):
            same = codes.setdefault(written.code, [])
            if written not in same:
                same.append(written)
    several = tuple(_told(names[0], zone, code) for key in sorted(codes) for code in codes[key])
    return Entry(zone, names, labels.of(zone, names[0]), tuple(uses), several)


def _told(name: str, zone: str, code: Code) -> Code:
    """An anomaly whose text begins with what its element is called."""
    called = labels.of(zone, name)
    texts = {lang: f"{called.get(lang, name)}: {text}" for lang, text in code.texts.items()}
    return replace(code, texts=texts)
