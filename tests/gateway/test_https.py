"""Over HTTPS the caller is the certificate, and every refusal is XML with its reason."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import zeep
from lxml import etree

from console.authority import Authority
from gateway.namespaces import EXCHANGE
from tests.gateway.conftest import presenting

EMPLOYER = "employer/0400767772"


def client(authority: Authority, path: str, address: str) -> httpx.AsyncClient:
    context = presenting(authority.issue(path), authority.ca)
    return httpx.AsyncClient(base_url=address, verify=context, timeout=20)


def reason(answer: httpx.Response) -> str:
    root = etree.fromstring(answer.content)
    assert {text.get("lang") for text in root.findall(f"{{{EXCHANGE}}}Text")} == {
        "nl",
        "fr",
        "de",
        "en",
    }
    found = root.findtext(f"{{{EXCHANGE}}}Reason")
    assert found is not None
    return found


async def test_without_a_certificate_nobody_enters(authority: Authority, alone: str) -> None:
    context = ssl.create_default_context(cafile=str(authority.ca))
    async with httpx.AsyncClient(base_url=alone, verify=context) as stranger:
        with pytest.raises(httpx.TransportError):
            await stranger.get("/ssdn?wsdl")


async def test_a_certificate_of_another_authority_does_not_enter(
    authority: Authority, alone: str, tmp_path: Path
) -> None:
    context = presenting(Authority(tmp_path).issue(EMPLOYER), authority.ca)
    async with httpx.AsyncClient(base_url=alone, verify=context) as stranger:
        with pytest.raises(httpx.TransportError):
            await stranger.get("/ssdn?wsdl")


async def test_a_revoked_certificate_is_told_so(authority: Authority, alone: str) -> None:
    place = authority.issue(EMPLOYER, folder="revoked")
    context = presenting(place, authority.ca)
    authority.revoke(place)
    async with httpx.AsyncClient(base_url=alone, verify=context, timeout=20) as known:
        answer = await known.get("/ssdn?wsdl")
        while answer.status_code == 200:  # the list is looked at again within a second
            await asyncio.sleep(0.1)
            answer = await known.get("/ssdn?wsdl")
    assert answer.status_code == 401
    assert reason(answer) == "CERTIFICATE_REVOKED"


async def test_a_header_makes_nobody_an_employer(authority: Authority, alone: str) -> None:
    ticket = "A" * 15
    headers = {"crossroads-on-behalf-of": EMPLOYER, "x-forwarded-client-cert": EMPLOYER}
    async with client(authority, "institution/17/1", alone) as centre:
        sent = envelope(request("17", "2"))
        answer = await centre.post("/ssdn", content=sent, headers=headers)
        assert b"35000001" in answer.content
        unknown = await centre.get(f"/nsso/notifications/{ticket}x", headers=headers)
    assert (unknown.status_code, reason(unknown)) == (404, "NOTHING_HERE")


async def test_hostile_documents_are_refused(authority: Authority, alone: str) -> None:
    bodies = {
        b"<Dimona": ("XML_MALFORMED", 400),
        b'<!DOCTYPE D [<!ENTITY a "b">]><D>&a;</D>': ("XML_ENTITIES_FORBIDDEN", 400),
        b"<a>" * 60 + b"</a>" * 60: ("XML_TOO_DEEP", 400),
        b"<DmfAOriginal/>": ("XML_WRONG_ROOT", 400),
        b"<Dimona/>": ("ARGUMENT_MISSING", 400),
        b" " * (9 << 20): ("XML_TOO_LARGE", 413),
    }
    async with client(authority, EMPLOYER, alone) as employer:
        for body, (expected, status) in bodies.items():
            answer = await employer.post("/nsso/dimona", content=body)
            assert (reason(answer), answer.status_code) == (expected, status)


async def test_a_wrong_key_is_refused(authority: Authority, alone: str) -> None:
    async with client(authority, EMPLOYER, alone) as employer:
        answer = await employer.post(
            "/nsso/dimona",
            content=b"<Dimona><Form/></Dimona>",
            headers={"idempotency-key": "short"},
        )
    assert reason(answer) == "ARGUMENT_INVALID"


async def test_without_the_intake_nothing_is_receipted(authority: Authority, alone: str) -> None:
    async with client(authority, EMPLOYER, alone) as employer:
        answer = await employer.post("/nsso/dimona", content=b"<Dimona><Form/></Dimona>")
    assert (answer.status_code, reason(answer)) == (503, "UNAVAILABLE")
    assert answer.headers["retry-after"] == "1"


async def test_without_the_router_the_sender_still_gets_a_reply(
    authority: Authority, alone: str
) -> None:
    async with client(authority, "institution/17/1", alone) as centre:
        answer = await centre.post("/ssdn", content=envelope(request("17", "1")))
    assert answer.status_code == 200
    assert b"33000001" in answer.content


async def test_what_is_no_envelope_is_a_fault(authority: Authority, alone: str) -> None:
    async with client(authority, "institution/17/1", alone) as centre:
        answer = await centre.post("/ssdn", content=b"<SSDNRequest/>")
    assert answer.status_code == 500
    assert b"<faultcode>soap:Client</faultcode>" in answer.content
    assert b"SOAP_MALFORMED" in answer.content


async def test_health_tells_that_the_peers_do_not_serve(authority: Authority, alone: str) -> None:
    async with client(authority, EMPLOYER, alone) as anyone:
        answer = await anyone.get("/health")
    assert (answer.status_code, answer.text) == (503, "NOT_SERVING")


def envelope(document: str) -> str:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        '<c:xmlString xmlns:c="http://ksz-bcss.fgov.be/connectors/WebServiceConnector">'
        f"<![CDATA[{document}]]></c:xmlString></s:Body></s:Envelope>"
    )


def request(sector: str, number: str) -> str:
    return (
        '<SSDNRequest xmlns="http://www.ksz-bcss.fgov.be/XSD/SSDN/Service"><RequestContext>'
        "<AuthorizedUser><UserID>00000000097</UserID><Email>a@b.be</Email>"
        f"<MatrixID>{sector}</MatrixID><MatrixSubID>{number}</MatrixSubID></AuthorizedUser>"
        "</RequestContext><ServiceRequest><ServiceId>Consult</ServiceId>"
        f'<Version>20260101</Version><ConsultRequest xmlns="{EXCHANGE}">'
        "<SSIN>85073003328</SSIN><DataSort>employment_period</DataSort><Quality>1</Quality>"
        "<Period><StartDate>2026-11-01</StartDate></Period>"
        "<Purpose>living_wage_enquiry</Purpose></ConsultRequest></ServiceRequest></SSDNRequest>"
    )


async def test_a_foreign_soap_client_speaks_to_it_by_its_wsdl(
    authority: Authority, alone: str
) -> None:
    place = authority.issue("institution/17/1")

    def ask() -> str:
        session = requests.Session()
        session.trust_env = False  # only this authority, whatever the machine trusts
        session.verify = str(authority.ca)
        session.cert = (str(place / "cert.pem"), str(place / "key.pem"))
        transport: Any = zeep.Transport(session=session)  # type: ignore[no-untyped-call]
        soap: Any = zeep.Client(f"{alone}/ssdn?wsdl", transport=transport)  # type: ignore[no-untyped-call]
        answer: str = soap.service.sendXML(request("17", "1"))
        session.close()
        return answer

    reply = etree.fromstring((await asyncio.to_thread(ask)).encode())
    assert etree.QName(reply).localname == "SSDNReply"
