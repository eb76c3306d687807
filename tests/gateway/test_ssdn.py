"""The SSDN envelope and its services, as values."""

from __future__ import annotations

from datetime import UTC, datetime

import grpc
import pytest
from crossroads.attestations.v1 import attestations_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.router.v1 import decision_pb2, exchange_pb2
from crossroads.types.v1 import types_pb2
from lxml import etree

from gateway import consultation, documents, manage_access, reason_codes, refused, soap, ssdn
from gateway.exchange import check_sender
from gateway.namespaces import CONNECTOR, EXCHANGE, MANAGE_ACCESS, SOAP, SSDN, SSDN_COMMON
from gateway.ssdn import Detail, Reply, ServiceReply
from mesh import identity
from mesh.institutions import Institution
from mesh.refusals import Refusal
from tests.gateway import reference
from tests.gateway.test_https import envelope, request

AT = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
FILLED = (
    f'<e:Envelope xmlns:e="{SOAP}"><e:Body>'
    f'<xmlString xmlns="{CONNECTOR}"><x/></xmlString></e:Body></e:Envelope>'
)
IDENTIFY = "ssdn/samples/ipr_request_phonetic.xml"


def read(xml: str) -> ssdn.Request:
    return ssdn.read(documents.parse(xml.encode()))


def consult(**changes: str) -> etree._Element:
    xml = request("17", "1")
    for name, value in changes.items():
        before = xml[xml.index(f"<{name}>") : xml.index(f"</{name}>") + len(name) + 3]
        xml = xml.replace(before, value)
    return read(xml).services[0].body


def answered() -> exchange_pb2.ConsultResponse:
    response = exchange_pb2.ConsultResponse(ticket="A" * 15)
    response.decision.verdict = decision_pb2.VERDICT_PERMITTED
    given = response.decision.data_sorts.add(data_sort="employment_period")
    given.verdict = decision_pb2.VERDICT_PERMITTED
    given.grounds.add(deliberation="18/021", authorization="B18-021/1", article="art. 5")
    refused_one = response.decision.data_sorts.add(data_sort="income")
    refused_one.verdict = decision_pb2.VERDICT_REFUSED
    refused_one.reason = decision_pb2.REFUSAL_REASON_NOT_AUTHORISED
    answer = response.answers.add(
        data_sort="employment_period", status=exchange_pb2.ANSWER_STATUS_OK
    )
    answer.holder.sector = 12
    answer.attestations.add().Pack(
        attestations_pb2.EmploymentPeriod(
            period=types_pb2.Period(begin="2026-11-25"), worker_type="OTH"
        )
    )
    return response


@pytest.mark.parametrize("document", ["<a>é &amp; b</a>", '<?xml version="1.0"?><a/>'])
def test_an_envelope_gives_its_document_back(document: str) -> None:
    inside = soap.read(envelope(document).encode())
    assert inside.startswith(b"<a")
    again = soap.read(soap.write(documents.parse(inside)))
    assert documents.parse(again).text == documents.parse(inside).text


@pytest.mark.parametrize(
    "body",
    [
        f'<e:Envelope xmlns:e="{SOAP}"/>',
        f'<e:Envelope xmlns:e="{SOAP}"><e:Body/></e:Envelope>',
        f'<e:Envelope xmlns:e="{SOAP}"><e:Body><x/></e:Body></e:Envelope>',
        FILLED,
    ],
)
def test_another_envelope_is_refused(body: str) -> None:
    with pytest.raises(Refusal, match="SOAP_MALFORMED"):
        soap.read(body.encode())


def test_a_request_is_read_with_who_sends_it() -> None:
    asked = read(request("17", "1"))
    assert asked.user.institution == Institution(17, 1)
    assert asked.language == "en"
    assert [(one.service_id, one.version) for one in asked.services] == [("Consult", "20260101")]


@reference.needed
def test_a_published_request_is_read() -> None:
    asked = read((reference.FOLDER / IDENTIFY).read_text("utf-8"))
    assert asked.user.institution == Institution(17, 1)
    assert asked.reference == "IdentifyPersonRequest # 2"


@pytest.mark.parametrize(
    ("gone", "element"),
    [
        ("<MatrixID>17</MatrixID>", "MatrixID"),
        ("<UserID>00000000097</UserID>", "UserID"),
        ("<ServiceId>Consult</ServiceId>", "ServiceId"),
    ],
)
def test_what_is_missing_is_named(gone: str, element: str) -> None:
    with pytest.raises(Refusal, match="ARGUMENT_MISSING") as missing:
        read(request("17", "1").replace(gone, ""))
    assert missing.value.metadata == {"element": element}


@pytest.mark.parametrize("path", ["institution/17/2", "institution/12/1", "employer/17/1"])
def test_the_sender_is_the_certificate(path: str) -> None:
    with pytest.raises(Refusal, match="SENDER_MISMATCH"):
        check_sender(identity.parse(path), Institution(17, 1))


def test_a_consultation_says_the_same_as_over_grpc() -> None:
    assert consultation.read(consult(), "mine") == exchange_pb2.ConsultRequest(
        ssin="85073003328",
        data_sorts=["employment_period"],
        quality=1,
        period=types_pb2.Period(begin="2026-11-01"),
        purpose="living_wage_enquiry",
        reference="mine",
    )


def test_the_last_day_in_xml_is_included() -> None:
    body = consult(
        Period="<Period><StartDate>2026-11-01</StartDate><EndDate>2026-11-30</EndDate></Period>"
    )
    assert consultation.read(body, "").period.end == "2026-12-01"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("SSIN", "", "ARGUMENT_MISSING"),
        ("DataSort", "", "ARGUMENT_MISSING"),
        ("Quality", "<Quality>one</Quality>", "ARGUMENT_INVALID"),
        ("StartDate", "<StartDate>2026-02-30</StartDate>", "ARGUMENT_INVALID"),
        ("StartDate", "<StartDate>20261101</StartDate>", "ARGUMENT_INVALID"),
        (
            "StartDate",
            "<StartDate>2026-11-02</StartDate><EndDate>2026-11-01</EndDate>",
            "ARGUMENT_INVALID",
        ),
    ],
)
def test_a_wrong_consultation_is_refused(name: str, value: str, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        consultation.read(consult(**{name: value}), "")


def test_a_reply_tells_decision_grounds_and_data() -> None:
    written = etree.tostring(consultation.write(answered()), encoding="unicode")
    assert written == (
        f'<ConsultReply xmlns="{EXCHANGE}"><Ticket>AAAAAAAAAAAAAAA</Ticket>'
        "<Decision><Verdict>VERDICT_PERMITTED</Verdict>"
        "<DataSorts><DataSort>employment_period</DataSort><Verdict>VERDICT_PERMITTED</Verdict>"
        "<Grounds><Deliberation>18/021</Deliberation><Authorization>B18-021/1</Authorization>"
        "<Article>art. 5</Article></Grounds></DataSorts>"
        "<DataSorts><DataSort>income</DataSort><Verdict>VERDICT_REFUSED</Verdict>"
        "<Reason>REFUSAL_REASON_NOT_AUTHORISED</Reason></DataSorts></Decision>"
        "<Answer><DataSort>employment_period</DataSort><Holder><Sector>12</Sector></Holder>"
        "<Status>ANSWER_STATUS_OK</Status>"
        "<EmploymentPeriod><Period><Begin>2026-11-25</Begin></Period>"
        "<WorkerType>OTH</WorkerType></EmploymentPeriod></Answer></ConsultReply>"
    )


def test_a_reply_tells_a_decease_and_a_new_number() -> None:
    response = answered()
    response.replaced_by, response.deceased_on = "91041241894", "2026-10-30"
    written = consultation.write(response)
    assert [(etree.QName(child).localname, child.text) for child in list(written)[1:3]] == [
        ("ReplacedBy", "91041241894"),
        ("DeceasedOn", "2026-10-30"),
    ]


@pytest.mark.parametrize(("language", "word"), [("en", "deliberation"), ("nl", "beraadslaging")])
def test_a_refused_sort_of_data_is_a_line_of_the_summary(language: str, word: str) -> None:
    (line,) = consultation.details(answered(), language)
    assert (line.severity, line.reason_code) == ("ERROR", "35300010")
    assert word in line.diagnostic
    assert line.information == (("Reason", "NOT_AUTHORISED"), ("DataSort", "income"))


@pytest.mark.parametrize(
    "number", [number for number in decision_pb2.RefusalReason.values() if number]
)
def test_every_refusal_of_the_router_has_a_code_and_texts(number: int) -> None:
    response = exchange_pb2.ConsultResponse()
    one = response.decision.data_sorts.add(verdict=decision_pb2.VERDICT_REFUSED)
    one.reason = number  # type: ignore[assignment]
    texts = {
        consultation.details(response, code)[0].diagnostic for code in ("nl", "fr", "de", "en")
    }
    assert len(texts) == 4


@reference.needed
@pytest.mark.parametrize("severity", ["ERROR", "WARNING", "INFORMATION"])
def test_a_reply_keeps_to_the_published_schema(severity: str) -> None:
    line = Detail(severity, "32300020", "Not integrated.", (("Reason", "SUBJECT_NOT_INTEGRATED"),))
    service = ServiceReply("Consult", "20260101", consultation.write(answered()), (line,))
    asked = read(request("17", "1"))
    reply = ssdn.write(Reply("A" * 15, AT, AT, asked, (service,)))
    reference.schema("ssdn/Service/NamespaceRoot.xsd").assertValid(strip(reply))
    summary = reply.find(f"{{{SSDN}}}ReplyContext/{{{SSDN_COMMON}}}ResultSummary")
    assert summary is not None
    expected = {"ERROR": "NO", "WARNING": "WARNING", "INFORMATION": "YES"}
    assert summary.get("ok") == expected[severity]
    assert reply.findtext(f".//{{{SSDN}}}TimeReceive") == "20261124T093000"


@reference.needed
def test_a_reply_to_what_could_not_be_read_keeps_to_it_too() -> None:
    why = refused.of(Refusal(grpc.StatusCode.PERMISSION_DENIED, "SENDER_MISMATCH"))
    line = reason_codes.of_refused(why, "fr")
    reply = ssdn.write(Reply("A" * 15, AT, AT, details=(line,)))
    reference.schema("ssdn/Service/NamespaceRoot.xsd").assertValid(reply)
    assert "certificat" in line.diagnostic


def strip(reply: etree._Element) -> etree._Element:
    """The envelope leaves the body of a service open, yet wants a schema for it."""
    for service in reply.findall(f"{{{SSDN}}}ServiceReply"):
        service.remove(service[-1])
    return reply


def manage(action: str, purpose: str = "<Purpose>1</Purpose>") -> etree._Element:
    return documents.parse(
        f'<ManageAccessRequest xmlns="{MANAGE_ACCESS}"><SSIN>85073003328</SSIN>{purpose}'
        f'<Period xmlns:c="{SSDN_COMMON}"><c:StartDate>2026-11-01</c:StartDate>'
        "<c:EndDate>2026-12-31</c:EndDate></Period>"
        f"<Action>{action}</Action><ProofOfAuthentication>"
        "<IdentityCardNumber>590123456789</IdentityCardNumber></ProofOfAuthentication>"
        "</ManageAccessRequest>".encode()
    )


def test_an_inscription_is_asked_for_in_the_senders_own_name() -> None:
    asked = manage_access.read(manage("REGISTER"), Institution(17, 1))
    assert asked.inscription == repertory_pb2.Inscription(
        ssin="85073003328",
        institution=types_pb2.Institution(sector=17, number=1),
        quality=1,
        period=types_pb2.Period(begin="2026-11-01", end="2027-01-01"),
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (manage("DELETE"), "ARGUMENT_INVALID"),
        (manage("REGISTER", ""), "ARGUMENT_MISSING"),
        (documents.parse(b"<ManageAccessRequest/>"), "ARGUMENT_MISSING"),
    ],
)
def test_a_wrong_inscription_is_refused(body: etree._Element, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        manage_access.read(body, Institution(17, 1))


@reference.needed
def test_the_registrations_that_overlap_are_listed_by_the_published_schema() -> None:
    asked = manage_access.read(manage("LIST"), Institution(17, 1))
    lines = [
        repertory_pb2.Inscription(
            ssin="85073003328",
            institution=types_pb2.Institution(sector=17, number=1),
            quality=quality,
            period=types_pb2.Period(begin=begin, end=end),
        )
        for quality, begin, end in (
            (1, "2026-11-01", ""),
            (2, "2026-11-01", ""),
            (1, "2020-01-01", "2021-01-01"),
        )
    ]
    reply = manage_access.write(asked, lines)
    reference.schema("ssdn/OCMW_CPAS/ManageAccess/NamespaceRoot.xsd").assertValid(reply)
    assert len(reply.findall(f"{{{MANAGE_ACCESS}}}Registrations")) == 1
