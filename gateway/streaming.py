"""Documents of any size, read as they come: by form, and within a form by person."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

import grpc
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from lxml import etree

from gateway import documents, wire
from gateway.codec import SCHEMA_LOCATION
from gateway.reading import Reader, Stubs
from mesh.blocks import block, quarter_of
from mesh.elements import Anomaly
from mesh.refusals import Refusal

MOST_BESIDES = 50_000
"""How many elements may stand beside the pieces of one form."""
_LONGEST_MARK = 9
_FORM = "Form"


@dataclass(frozen=True, slots=True)
class Begun:
    """The form until its first piece, as far as it could be read: who declares, for when."""

    form: int
    message: Message


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a form, such as a person, with all that is amiss in it."""

    form: int
    location: str
    message: Message
    anomalies: list[Anomaly]


@dataclass(frozen=True, slots=True)
class Ended:
    """The form without its pieces, with all that is amiss in the rest of it."""

    form: int
    location: str
    message: Message
    anomalies: list[Anomaly]
    pieces: int


@dataclass(slots=True)
class Stream:
    """Reads a document chunk by chunk in constant memory; does no I/O itself.

    `piece` names the repeated element of a form that is handed over one by one; empty: none, a
    form is handed over whole. Raises XML_WRONG_ROOT, XML_TOO_LARGE where one piece is too large,
    XML_ENTITIES_FORBIDDEN, XML_TOO_DEEP and XML_MALFORMED.
    """

    message_type: type[Message]
    piece: str = ""
    quarter: int = 0
    """The quarter of the schema that the document names, once it has begun."""
    _path: tuple[str, ...] = ()
    _types: tuple[Any, ...] = ()
    _kind: Any = None
    _zone: str = ""
    _parser: Any = None
    _last: bytes = b""
    _since: int = 0
    _forms: list[int] = field(default_factory=list)
    _runs: list[int] = field(default_factory=list)
    _root: Any = None
    _open: Any = None
    _within: Any = None
    """What the pieces of the open form stand in, once there is one, with its place."""
    _place: str = ""
    _form: int = 0
    """The position of the open form in the document."""

    def __post_init__(self) -> None:
        form: Any = block(self.message_type.DESCRIPTOR).by_name[_FORM].field.message_type
        self._path, self._types = _path_to(form, self.piece) if self.piece else ((), (form,))
        self._kind = GetMessageClass(self._types[-1])
        if self.piece:
            self._zone = block(self._types[-2]).by_name[self.piece].element.zone
        self._parser = etree.XMLPullParser(
            events=("start", "end"),
            tag=(block(self.message_type.DESCRIPTOR).name, _FORM, self.piece or _FORM),
            remove_blank_text=True,
            **documents.SAFE,
        )

    def feed(self, chunk: bytes) -> list[Begun | Piece | Ended]:
        """What can be told after one more chunk."""
        plain = (self._last + chunk).replace(b"\0", b"")
        if documents.declares_type(plain):
            raise documents.refusal("XML_ENTITIES_FORBIDDEN")
        self._last = plain[-_LONGEST_MARK:]
        self._since += len(chunk)
        try:
            self._parser.feed(chunk)
            told = self._events()
        except etree.XMLSyntaxError as error:
            raise documents.malformed(error) from None
        if self._since > documents.MOST_BYTES:
            raise documents.refusal("XML_TOO_LARGE", most=str(documents.MOST_BYTES))
        return told

    def close(self) -> tuple[Message, list[Anomaly]]:
        """The document without its forms, with what is amiss around them. Nothing may follow."""
        try:
            self._parser.close()
        except etree.XMLSyntaxError as error:
            raise documents.malformed(error) from None
        if self._root is None:
            self._begin_document(etree.Element("nothing"))
        whole = self.message_type()
        described = block(whole.DESCRIPTOR)
        if described.schema_location is not None and SCHEMA_LOCATION in self._root.attrib:
            location = self._root.attrib[SCHEMA_LOCATION]
            setattr(whole, described.schema_location.name, location)
        stubs = Stubs(whole.DESCRIPTOR, _FORM, tuple(self._forms))
        reader = Reader(self.quarter, stubs=stubs)
        reader.document(self._root, whole, described.zone, "1")
        return whole, reader.anomalies

    def _events(self) -> list[Begun | Piece | Ended]:
        told: list[Begun | Piece | Ended] = []
        for event, element in self._parser.read_events():
            if self._root is None:
                self._begin_document(element)
            if event == "start":
                if element.tag == _FORM and element.getparent() is self._root:
                    self._begin_form(element)
            elif element is self._open:
                told.append(self._end(element))
            elif self._within is not None and element.getparent() is self._within:
                told.append(self._take(element))
            elif self._is_piece(element):
                if not self._runs:
                    told.append(Begun(self._form, self._read(self._open)[0]))
                told.append(self._take(element))
        return told

    def _begin_document(self, element: Any) -> None:
        expected = block(self.message_type.DESCRIPTOR).name
        self._root = element.getroottree().getroot()
        if self._root.tag != expected:
            raise Refusal(
                grpc.StatusCode.INVALID_ARGUMENT, "XML_WRONG_ROOT", metadata={"expected": expected}
            )
        self.quarter = quarter_of(self._root.attrib.get(SCHEMA_LOCATION, ""))

    def _begin_form(self, element: Any) -> None:
        self._open, self._runs, self._within = element, [], None
        removed = sum(self._forms) - len(self._forms)
        self._form = int(self._root.index(element)) + 1 + removed

    def _is_piece(self, element: Any) -> bool:
        if not self.piece or element.tag != self.piece or self._open is None:
            return False
        above = tuple(takewhile(lambda one: one is not self._open, element.iterancestors()))
        if not above and len(self._path) > 1:
            return False
        return (*(one.tag for one in reversed(above)), element.tag) == self._path

    def _take(self, element: Any) -> Piece:
        """Read a piece and leave a stub of it; the stub before it, if any, is taken away."""
        before, parent = element.getprevious(), element.getparent()
        if parent is not self._within:
            self._within, self._place = parent, self._location(parent)
        if before is not None and before.tag == self.piece:
            parent.remove(before)
            self._runs[-1] += 1
        else:
            if len(parent) > MOST_BESIDES:
                raise documents.refusal("XML_TOO_LARGE", most=str(documents.MOST_BYTES))
            self._runs.append(1)
        position = parent.index(element) + 1 + sum(self._runs) - len(self._runs)
        location = f"{self._place},{position}"
        encoded = wire.encoded(element, self._types[-1], self.quarter)
        if encoded is not None:
            piece = Piece(self._form, location, self._kind.FromString(encoded), [])
        else:
            reader, message = Reader(self.quarter), self._kind()
            reader.document(element, message, self._zone, location)
            piece = Piece(self._form, location, message, reader.anomalies)
        element.clear(keep_tail=True)
        self._since = 0
        return piece

    def _location(self, element: Any) -> str:
        """The place of what pieces stand in: the open form, or a block below it."""
        above = takewhile(lambda one: one is not self._open, (element, *element.iterancestors()))
        places = [one.getparent().index(one) + 1 for one in above]
        return ",".join(("1", str(self._form), *map(str, places[::-1])))

    def _end(self, element: Any) -> Ended:
        message, anomalies = self._read(element)
        ended = Ended(self._form, f"1,{self._form}", message, anomalies, sum(self._runs))
        before = element.getprevious()
        if before is not None and before.tag == _FORM:
            self._root.remove(before)
            self._forms[-1] += 1
        else:
            self._forms.append(1)
        element.clear(keep_tail=True)
        self._open, self._within, self._since, self._runs = None, None, 0, []
        return ended

    def _read(self, element: Any) -> tuple[Message, list[Anomaly]]:
        """The form, without its pieces."""
        message = GetMessageClass(self._types[0])()
        stubs = Stubs(self._types[-2], self.piece, tuple(self._runs)) if self.piece else None
        reader = Reader(self.quarter, stubs=stubs)
        reader.document(element, message, block(self._types[0]).zone, f"1,{self._form}")
        return message, reader.anomalies


def _path_to(form: Any, piece: str) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """The names that lead from a form to its pieces, and the types from the form to the piece."""
    for part in block(form).parts:
        nested = part.field.message_type
        if nested is None:
            continue
        if part.name == piece and part.field.is_repeated:
            return (part.name,), (form, nested)
    for part in block(form).parts:
        if part.field.message_type is not None and not part.field.is_repeated:
            names, types = _path_to(part.field.message_type, piece)
            if names:
                return (part.name, *names), (form, *types)
    return (), ()
