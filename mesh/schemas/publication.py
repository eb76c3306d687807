"""What is published, as files: schemas, differences and the glossary, each made once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mesh.schemas import (
    difference_pages,
    differences,
    documents,
    glossary,
    glossary_pages,
    structure,
    xsd,
)
from mesh.schemas.differences import Difference
from mesh.schemas.glossary import Entry
from mesh.schemas.quarters import Quarter

MOST_KEPT = 64
MOST_GLOSSARIES = 8
"""Of some megabytes each."""
MEDIA_TYPES = {
    "xsd": "application/xml",
    "xml": "application/xml",
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
}
DIFFERENCES: dict[str, Callable[[Quarter, Quarter, Sequence[Difference]], bytes]] = {
    "xml": difference_pages.as_xml,
    "md": difference_pages.as_markdown,
    "json": difference_pages.as_json,
}
GLOSSARIES: dict[str, Callable[[Quarter, Sequence[Entry]], bytes]] = {
    "html": glossary_pages.as_html,
    "json": glossary_pages.as_json,
    "xml": glossary_pages.as_xml,
}


@dataclass(frozen=True, slots=True)
class File:
    """A file with the digest of its content."""

    name: str
    body: bytes
    digest: str

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.name.rpartition(".")[2]]


def schemas(quarter: Quarter) -> tuple[File, ...]:
    """The schema of every form of a quarter."""
    return tuple(file for form in documents.known() if (file := schema(form, quarter)))


@lru_cache(maxsize=MOST_KEPT)
def schema(form: str, quarter: Quarter) -> File | None:
    """The schema of a form; None where there is no such form in that quarter."""
    message = documents.known().get(form)
    if message is None or not documents.is_sent(message, quarter):
        return None
    document = structure.of(message, quarter)
    return _file(f"{document.name}.xsd", xsd.write(document))


@lru_cache(maxsize=MOST_KEPT)
def difference(before: Quarter, after: Quarter, kind: str) -> File | None:
    """The differences between two quarters; None where they are not told as such a kind."""
    write = DIFFERENCES.get(kind)
    if write is None:
        return None
    found = differences.between(before, after)
    return _file(f"differences_{before}_{after}.{kind}", write(before, after, found))


@lru_cache(maxsize=MOST_GLOSSARIES)
def glossary_of(quarter: Quarter, kind: str) -> File | None:
    """The glossary of a quarter; None where it is not told as such a kind."""
    write = GLOSSARIES.get(kind)
    if write is None:
        return None
    return _file(f"glossary_{quarter}.{kind}", write(quarter, glossary.of(quarter)))


@lru_cache(maxsize=MOST_KEPT)
def index(quarter: Quarter) -> File:
    """Which files there are of a quarter, with the quarter before to compare with."""
    before = quarter.plus(-1)
    names = [
        *(file.name for file in schemas(quarter)),
        *(f"differences_{before}_{quarter}.{kind}" for kind in DIFFERENCES),
        *(f"glossary_{quarter}.{kind}" for kind in GLOSSARIES),
    ]
    told = {"quarter": str(quarter), "files": names}
    return _file(f"index_{quarter}.json", (json.dumps(told, indent=1) + "\n").encode())


def _file(name: str, body: bytes) -> File:
    return File(name, body, hashlib.sha256(body).hexdigest())
