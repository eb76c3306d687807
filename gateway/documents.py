"""Documents from outside, taken as hostile: no DTD, no entities, no network, bounds on all."""

from __future__ import annotations

from collections.abc import AsyncIterable

import grpc
from lxml import etree

from mesh.refusals import Refusal

MOST_BYTES = 8 << 20
MOST_ELEMENTS = 400_000
MOST_DEPTH = 40
MOST_ATTRIBUTES = 32


async def receive(chunks: AsyncIterable[bytes], most: int = MOST_BYTES) -> bytes:
    """A body put together from its chunks; reading stops at the first byte too many."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > most:
            raise _refusal("XML_TOO_LARGE", most=str(most))
    return bytes(body)


def parse(body: bytes) -> etree._Element:
    """The root element of a document, without comments and processing instructions.

    Raises INVALID_ARGUMENT with XML_TOO_LARGE, XML_ENTITIES_FORBIDDEN, XML_MALFORMED,
    XML_TOO_DEEP or XML_TOO_MANY_ATTRIBUTES.
    """
    if len(body) > MOST_BYTES:
        raise _refusal("XML_TOO_LARGE", most=str(MOST_BYTES))
    plain = body.replace(b"\0", b"")  # UTF-16 and UTF-32 hide nothing
    if plain.count(b"<") > 2 * MOST_ELEMENTS:
        raise _refusal("XML_TOO_LARGE", most=str(MOST_BYTES))
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise _refusal("XML_ENTITIES_FORBIDDEN")
    try:
        root = etree.fromstring(body, _parser())
    except etree.XMLSyntaxError as error:
        if "Excessive depth" in str(error):
            raise _refusal("XML_TOO_DEEP", most=str(MOST_DEPTH)) from None
        line, column = error.position
        raise _refusal("XML_MALFORMED", line=str(line), column=str(column)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _refusal("XML_ENTITIES_FORBIDDEN")
    _measure(root)
    return root


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _measure(root: etree._Element) -> None:
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        if depth > MOST_DEPTH:
            raise _refusal("XML_TOO_DEEP", most=str(MOST_DEPTH))
        if len(element.attrib) > MOST_ATTRIBUTES:
            raise _refusal("XML_TOO_MANY_ATTRIBUTES", most=str(MOST_ATTRIBUTES))


def _refusal(reason: str, **metadata: str) -> Refusal:
    return Refusal(grpc.StatusCode.INVALID_ARGUMENT, reason, metadata=metadata)
