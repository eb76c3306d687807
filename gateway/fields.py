"""Elements of a body, asked for by name; what is missing or invalid is refused by its name."""

from __future__ import annotations

from datetime import date, timedelta

import grpc
from crossroads.types.v1 import types_pb2
from lxml import etree

from mesh.refusals import Refusal

ONE_DAY = timedelta(days=1)


class Fields:
    """The children of an element in one namespace. Other children are passed over."""

    def __init__(self, element: etree._Element, namespace: str) -> None:
        self.element = element
        self.namespace = namespace

    def has(self, name: str) -> bool:
        return self._find(name) is not None

    def all(self, name: str) -> list[Fields]:
        found = self.element.findall(f"{{{self.namespace}}}{name}")
        return [Fields(element, self.namespace) for element in found]

    def child(self, *path: str) -> Fields:
        """Raises ARGUMENT_MISSING with the first name that is not there."""
        fields = self
        for name in path:
            found = fields._find(name)
            if found is None:
                raise refusal("ARGUMENT_MISSING", name)
            fields = Fields(found, self.namespace)
        return fields

    @property
    def value(self) -> str:
        return (self.element.text or "").strip()

    def text(self, name: str) -> str:
        """Raises ARGUMENT_MISSING where it is absent or empty."""
        text = self.child(name).value
        if not text:
            raise refusal("ARGUMENT_MISSING", name)
        return text

    def optional(self, name: str) -> str:
        found = self._find(name)
        return "" if found is None else Fields(found, self.namespace).value

    def number(self, name: str, default: int | None = None) -> int:
        """Up to 5 digits. Raises ARGUMENT_INVALID, or ARGUMENT_MISSING without a default."""
        if default is not None and not self.has(name):
            return default
        text = self.text(name)
        if not (text.isascii() and text.isdecimal() and len(text) <= 5):
            raise refusal("ARGUMENT_INVALID", name)
        return int(text)

    def period(self, name: str, namespace: str = "") -> types_pb2.Period:
        """`StartDate` and `EndDate`, both included in XML, as the half-open period of the mesh.

        `namespace` is that of the two days, where it is another one.
        """
        within = Fields(self.child(name).element, namespace or self.namespace)
        begin = within.day("StartDate")
        if not within.has("EndDate"):
            return types_pb2.Period(begin=begin.isoformat())
        last = within.day("EndDate")
        if last < begin or last == date.max:
            raise refusal("ARGUMENT_INVALID", name)
        return types_pb2.Period(begin=begin.isoformat(), end=(last + ONE_DAY).isoformat())

    def day(self, name: str) -> date:
        text = self.text(name)
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise refusal("ARGUMENT_INVALID", name) from None
        if day.isoformat() != text:
            raise refusal("ARGUMENT_INVALID", name)
        return day

    def _find(self, name: str) -> etree._Element | None:
        return self.element.find(f"{{{self.namespace}}}{name}")


def put(
    parent: etree._Element, name: str, text: str | None = None, namespace: str = ""
) -> etree._Element:
    """Add a child, in the namespace of its parent unless another is given."""
    child = etree.SubElement(parent, f"{{{namespace or etree.QName(parent).namespace}}}{name}")
    child.text = text
    return child


def put_period(
    parent: etree._Element, name: str, period: types_pb2.Period, namespace: str = ""
) -> None:
    """A half-open period of the mesh with its last day included, as XML tells it."""
    element = put(parent, name)
    if period.begin:
        put(element, "StartDate", period.begin, namespace)
    if period.end:
        last = date.fromisoformat(period.end) - ONE_DAY
        put(element, "EndDate", last.isoformat(), namespace)


def refusal(reason: str, element: str) -> Refusal:
    return Refusal(grpc.StatusCode.INVALID_ARGUMENT, reason, metadata={"element": element})
