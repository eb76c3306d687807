"""SOAP 1.1 around `sendXML`: one element `xmlString` whose text is a whole document."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import grpc
from lxml import etree

from gateway import documents, refused
from gateway.namespaces import CONNECTOR, SOAP
from gateway.refused import Refused
from mesh.refusals import Refusal

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_WSDL = Path(__file__).with_name("ssdn.wsdl").read_text("utf-8")


def read(body: bytes) -> bytes:
    """The document within an envelope, in UTF-8, escaped or in CDATA.

    Raises SOAP_MALFORMED, and as `documents.parse`.
    """
    envelope = documents.parse(body)
    within = envelope.find(f"{{{SOAP}}}Body")
    calls = [] if within is None else list(within)
    right = envelope.tag == f"{{{SOAP}}}Envelope" and len(calls) == 1
    if not right or calls[0].tag != f"{{{CONNECTOR}}}xmlString" or len(calls[0]):
        raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "SOAP_MALFORMED")
    return _DECLARATION.sub("", calls[0].text or "", count=1).strip().encode()


def write(document: etree._Element) -> bytes:
    """An envelope around a document; the document goes as text."""
    envelope, body = _envelope()
    call = etree.SubElement(body, f"{{{CONNECTOR}}}xmlString")
    call.text = etree.tostring(document, encoding="unicode")
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)


def fault(why: Refused) -> bytes:
    """A fault for what could not even be read as a request; its detail is our refusal."""
    envelope, body = _envelope()
    element = etree.SubElement(body, f"{{{SOAP}}}Fault")
    who = "Client" if why.http_status < 500 else "Server"
    etree.SubElement(element, "faultcode").text = f"soap:{who}"
    etree.SubElement(element, "faultstring").text = why.texts.get("en", why.reason)
    etree.SubElement(element, "detail").append(refused.element(why))
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)


def wsdl(address: str) -> bytes:
    """The description of the service at an address."""
    return _WSDL.replace("{address}", escape(address, {'"': "&quot;"})).encode()


def _envelope() -> tuple[etree._Element, etree._Element]:
    spaces: Any = {"soap": SOAP}
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap=spaces)
    return envelope, etree.SubElement(envelope, f"{{{SOAP}}}Body")
