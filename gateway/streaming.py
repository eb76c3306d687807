"""Documents of any size, read as they come: by form, and within a form by person."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

import grpc
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from lxml import etree

from gateway import documents, runs
from gateway.codec import SCHEMA_LOCATION
from gateway.pieces import Begun, Ended, Piece, path_to
from gateway.reading import Reader, Stubs
from gateway.skeletons import skeletons_of
from mesh.blocks import block, quarter_of
from mesh.elements import Anomaly
from mesh.refusals import Refusal

MOST_BESIDES = 50_000
"""How many elements may stand beside the pieces of one form."""
_LONGEST_MARK = 9
_FORM = "Form"


@dataclass(slots=True)
class Stream:
    """Reads a document chunk by chunk in constant memory; does no I/O itself.

    `piece` names the repeated element of a form that is handed over one by one; empty: none, a
    form is handed over whole. Raises XML_WRONG_ROOT, XML_TOO_LARGE where one piece is too large,
    XML_ENTITIES_FORBIDDEN, XML_TOO_DEEP and XML_MALFORMED.
    """

    message_type: type[Message]
    piece: str = ""
    quick: bool = True
    """Whether pieces in which nothing is amiss may be read a quick way."""
    quarter: int = 0
    """The quarter of the schema that the document names, once it has begun."""
    _name: str = ""
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
    _position: int = 0
    """Of the last piece, in what it stands in."""
    _plain: bool = False
    """Whether every tag so far is one."""
    _follows: bool = False
    """Whether a piece has ended just now, so that another may begin."""
    _known: bool = False
    """Whether the next piece has been read already."""

    def __post_init__(self) -> None:
        form: Any = block(self.message_type.DESCRIPTOR).by_name[_FORM].field.message_type
        self._path, self._types = path_to(form, self.piece) if self.piece else ((), (form,))
        self._kind = GetMessageClass(self._types[-1])
        if self.piece:
            self._zone = block(self._types[-2]).by_name[self.piece].element.zone
        self._name = block(self.message_type.DESCRIPTOR).name
        self._parser = etree.XMLPullParser(
            events=("start", "end"),
            tag=(self._name, _FORM, self.piece or _FORM),
            remove_blank_text=True,
            **documents.SAFE,
        )

    def feed(self, chunk: bytes) -> list[Begun | Piece | Ended]:
        """What can be told after one more chunk."""
        told: list[Begun | Piece | Ended] = []
        text, closing, begin = chunk.decode("latin-1"), f"</{self.piece}>", 0
        while begin < len(chunk):
            if self._follows:
                pieces, begin = self._run(text, begin)
                told += pieces
            end = len(chunk)
            if self.piece and (found := text.find(closing, begin)) >= 0:
                end = found + len(closing)
            told += self._parse(chunk[begin:end])
            begin = end
        return told

    def _run(self, text: str, begin: int) -> tuple[list[Piece], int]:
        """The pieces that follow in plain text, and where they end."""
        run = runs.read(text, begin, skeletons_of(self._types[-1], self.piece, self.quarter))
        if run is None:
            return [], begin
        pieces = [
            Piece(self._form, f"{self._place},{position}", self._kind.FromString(wire), [])
            for position, wire in enumerate(run.pieces, self._position + 1)
        ]
        self._runs[-1] += len(pieces) - 1
        self._known = True
        self._parse(run.stub)
        return pieces, run.end

    def _parse(self, written: bytes) -> list[Begun | Piece | Ended]:
        seen, begun = (self._last + written).replace(b"\0", b""), self._root is not None
        if documents.declares_type(seen):
            raise documents.refusal("XML_ENTITIES_FORBIDDEN")
        if not self._last:
            self._plain = self.quick and bool(self.piece) and runs.begins_plainly(written)
        self._last = seen[-_LONGEST_MARK:]
        self._since += len(written)
        self._follows = False
        try:
            self._parser.feed(written)
            told = self._events()
        except etree.XMLSyntaxError as error:
            raise documents.malformed(error) from None
        if self._since > documents.MOST_BYTES:
            raise documents.refusal("XML_TOO_LARGE", most=str(documents.MOST_BYTES))
        if self._plain:
            prolog = 0 if begun else max(seen.find(f"<{self._name}".encode()), 0)
            self._plain = runs.is_plain(seen[prolog:])
        ended = written.endswith(f"</{self.piece}>".encode())
        self._follows = self._follows and self._plain and ended
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
        reader = Reader(self.quarter, self.quick, stubs)
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
            elif self._is_next(element):
                told += self._take(element)
            elif self._is_piece(element):
                if not self._runs:
                    told.append(Begun(self._form, self._read(self._open)[0]))
                told += self._take(element)
            self._follows = event == "end" and self._is_next(element)
        return told

    def _begin_document(self, element: Any) -> None:
        expected = self._name
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

    def _is_next(self, element: Any) -> bool:
        """Whether it stands in the same as the piece before."""
        if self._within is None or element.tag != self.piece:
            return False
        return element.getparent() is self._within

    def _is_piece(self, element: Any) -> bool:
        if not self.piece or element.tag != self.piece or self._open is None:
            return False
        above = tuple(takewhile(lambda one: one is not self._open, element.iterancestors()))
        if not above and len(self._path) > 1:
            return False
        return (*(one.tag for one in reversed(above)), element.tag) == self._path

    def _take(self, element: Any) -> list[Piece]:
        """Read a piece, if not done yet; a stub of it stays, the one before it is taken away."""
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
        self._position = parent.index(element) + 1 + sum(self._runs) - len(self._runs)
        pieces = [] if self._known else [self._read_piece(element)]
        element.clear(keep_tail=True)
        self._known, self._since = False, 0
        return pieces

    def _read_piece(self, element: Any) -> Piece:
        location = f"{self._place},{self._position}"
        reader, message = Reader(self.quarter, self.quick), self._kind()
        reader.document(element, message, self._zone, location)
        return Piece(self._form, location, message, reader.anomalies)

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
        reader = Reader(self.quarter, self.quick, stubs)
        reader.document(element, message, block(self._types[0]).zone, f"1,{self._form}")
        return message, reader.anomalies
