"""The personnel file in XML: what is asked is read whole, what is answered keeps to the schema."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from crossroads.declarations.v1 import personnel_pb2
from crossroads.forms.v1 import personnel_file_pb2
from lxml import etree

from gateway import documents, personnel_file
from gateway.peers import Personnel
from mesh import identification, identity
from mesh.identity import Identity
from mesh.refusals import Refusal
from tests.gateway import reference

BREWERY = identity.parse("employer/0400000185")
REQUEST = """<PersonnelFileConsultationRequest><Form><Identification>PFREQ</Identification>
<FormCreationDate>2026-11-24</FormCreationDate><FormCreationHour>12:12:00.000</FormCreationHour>
<AttestationStatus>0</AttestationStatus><TypeForm>RE</TypeForm><Reference>
<ReferenceType>1</ReferenceType><ReferenceOrigin>1</ReferenceOrigin>
<ReferenceNbr>ours</ReferenceNbr></Reference><EmployerId>
<NOSSRegistrationNbr>123456749</NOSSRegistrationNbr><CompanyID>0400000185</CompanyID></EmployerId>
<ReferencePeriod><RefStartingDate>2026-01-01</RefStartingDate>
<RefEndingDate>2026-01-31</RefEndingDate></ReferencePeriod></Form>
</PersonnelFileConsultationRequest>"""


class Pages(Personnel):
    """Answers outside: so many periods, in pages."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.asked: list[personnel_pb2.GetPersonnelFileRequest] = []

    async def page(
        self, caller: Identity, request: personnel_pb2.GetPersonnelFileRequest
    ) -> personnel_pb2.GetPersonnelFileResponse:
        kept = personnel_pb2.GetPersonnelFileRequest()
        kept.CopyFrom(request)
        self.asked.append(kept)
        done = int(request.page_token or 0)
        last = min(done + request.page_size, self._count)
        return personnel_pb2.GetPersonnelFileResponse(
            periods=map(period, range(done + 1, last + 1)),
            next_page_token=str(last) if last < self._count else "",
            enterprise_number="0400000185",
            nsso_number="123456749",
        )


def period(number: int) -> personnel_file_pb2.PersonnelFileDimonaPeriod:
    return personnel_file_pb2.PersonnelFileDimonaPeriod(
        dimona_period_id=identification.dimona_period(number),
        is_locked="0",
        is_cancelled="0",
        starting_date="2026-01-01",
        last_update_date="2026-01-01",
        last_update_hour="08:00:00.000",
        natural_person=personnel_file_pb2.PersonnelFileNaturalPerson(inss="91041241894"),
        dimona_features=personnel_file_pb2.PersonnelFileDimonaFeatures(
            joint_commission_nbr="XXX", worker_type="OTH"
        ),
    )


async def ask(pages: Pages, xml: str = REQUEST) -> etree._Element:
    form, anomalies = personnel_file.read(documents.parse(xml.encode()))
    assert anomalies == []
    return etree.fromstring(await personnel_file.answer(pages, BREWERY, form))


@reference.needed
@pytest.mark.parametrize("count", [0, 3])
async def test_an_answer_keeps_to_the_published_schema(count: int) -> None:
    answer = await ask(Pages(count))
    name = "PersonnelFileConsultationAnswer_20223.xsd"
    reference.schema(f"nsso/schemas/{name}").assertValid(answer)


@reference.needed
def test_the_published_request_is_read() -> None:
    sample = reference.sample("PersonnelFileConsultationRequest_20223_1.xml")
    form, _ = personnel_file.read(documents.parse(sample))
    assert form.reference_period.ref_starting_date == "2020-12-15"


async def test_an_answer_has_every_page_and_says_for_what() -> None:
    pages = Pages(2500)
    answer = await ask(pages)
    assert len(list(answer.iter("DimonaPeriod"))) == 2500
    assert answer.findtext("Form/Reference/ReferenceNbr") == "ours"
    assert answer.findtext(".//ResultCodeResearch") == "0"
    assert {(one.period.begin, one.period.end) for one in pages.asked} == {
        ("2026-01-01", "2026-02-01")
    }


@pytest.mark.parametrize(("count", "code"), [(0, "1"), (personnel_file.MOST_PERIODS + 1, "5")])
async def test_nothing_found_and_too_much_are_told(count: int, code: str) -> None:
    answer = await ask(Pages(count))
    assert answer.findtext(".//ResultCodeResearch") == code
    assert list(answer.iter("DimonaPeriod")) == []


@pytest.mark.parametrize(
    ("change", "error_ids"),
    [
        (("PFREQ", "OTHER"), ["00296-008"]),
        (("2026-01-31", "2025-01-31"), ["00075-014"]),
        (("123456749", "123456748"), ["00011-004"]),
        (("<TypeForm>RE</TypeForm>", ""), ["00297-001"]),
        (("<TypeForm>RE</TypeForm>", "<TypeForm>RE</TypeForm><Colour/>"), ["90059-091"]),
    ],
)
def test_all_that_is_amiss_in_a_request_is_told(
    change: tuple[str, str], error_ids: Sequence[str]
) -> None:
    _, anomalies = personnel_file.read(documents.parse(REQUEST.replace(*change).encode()))
    assert [found.error_id for found in anomalies] == error_ids
    told = etree.fromstring(personnel_file.refused(anomalies))
    assert [found.text for found in told.iter("ErrorID")] == error_ids


def test_a_document_with_several_forms_is_refused() -> None:
    form = REQUEST[REQUEST.index("<Form>") : REQUEST.index("</PersonnelFile")]
    with pytest.raises(Refusal, match="ARGUMENT_INVALID"):
        personnel_file.read(documents.parse(REQUEST.replace(form, form * 2).encode()))
