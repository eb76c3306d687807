"""Documents from outside, taken as hostile: no DTD, no entities, no network, bounds on all."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Any

import grpc
from lxml import etree

from mesh.refusals import Refusal

MOST_BYTES = 8 << 20
MOST_ELEMENTS = 400_000
MOST_DEPTH = 40
MOST_ATTRIBUTES = 32
SAFE: Any = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
"""How every parser here is set: no entities, no DTD, no network, no comments, no instructions."""


async def receive(chunks: AsyncIterable[bytes], most: int = MOST_BYTES) -> bytes:
    """A body put together from its chunks; reading stops at the first byte too many."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > most:
            raise refusal("XML_TOO_LARGE", most=str(most))
    return bytes(body)


def parse(body: bytes) -> etree._Element:
    """The root element of a document, without comments and processing instructions.

    Raises INVALID_ARGUMENT with XML_TOO_LARGE, XML_ENTITIES_FORBIDDEN, XML_MALFORMED,
    XML_TOO_DEEP or XML_TOO_MANY_ATTRIBUTES.
    """
    if len(body) > MOST_BYTES:
        raise refusal("XML_TOO_LARGE", most=str(MOST_BYTES))
    plain = body.replace(b"\0", b"")  # UTF-16 and UTF-32 hide nothing
    if plain.count(b"<") > 2 * MOST_ELEMENTS:
        raise refusal("XML_TOO_LARGE", most=str(MOST_BYTES))
    if declares_type(plain):
        raise refusal("XML_ENTITIES_FORBIDDEN")
    try:
        root = etree.fromstring(body, etree.XMLParser(**SAFE))
    except etree.XMLSyntaxError as error:
        raise malformed(error) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise refusal("XML_ENTITIES_FORBIDDEN")
    _measure(root)
    return root


def declares_type(plain: bytes) -> bool:
    """Whether bytes, without their zero bytes, hold a document type or an entity."""
    return b"<!DOCTYPE" in plain or b"<!ENTITY" in plain


def malformed(error: etree.XMLSyntaxError) -> Refusal:
    """The refusal of a document that cannot be read as XML."""
    if "Excessive depth" in str(error):
        return refusal("XML_TOO_DEEP", most=str(MOST_DEPTH))
    line, column = error.position
    return refusal("XML_MALFORMED", line=str(line), column=str(column))


def _measure(root: etree._Element) -> None:
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        if depth > MOST_DEPTH:
            raise refusal("XML_TOO_DEEP", most=str(MOST_DEPTH))
        if len(element.attrib) > MOST_ATTRIBUTES:
            raise refusal("XML_TOO_MANY_ATTRIBUTES", most=str(MOST_ATTRIBUTES))


def refusal(reason: str, **metadata: str) -> Refusal:
    return Refusal(grpc.StatusCode.INVALID_ARGUMENT, reason, metadata=metadata)
