"""Quarters, corrections and risks in files: reception, notification, then what the form brings."""

from __future__ import annotations

import pytest
from crossroads.declarations.v1 import dmfa_pb2
from crossroads.forms.v1 import dmfa_update_pb2, incapacity_pb2, social_risk_pb2
from lxml import etree

from gateway import codec
from mesh import clock
from sandbox import cast, quarterly
from tests.gateway import reference
from tests.gateway.lots.conftest import Office, lot
from tests.services.declarations.risks.forms import incapacity

QUARTER = "20262"


def original(many: int = 3, nsso_number: str = cast.BREWERY_NSSO) -> bytes:
    payees = list(quarterly.workers(many))
    return b"".join(quarterly.document(clock.now(), QUARTER, nsso_number, payees))


async def correction(office: Office) -> bytes:
    """Takes the first worker of the quarter back."""
    ask = dmfa_pb2.GetQuarterRequest(quarter=QUARTER)
    one = (await office.quarters.GetQuarter(ask)).workers[0]
    form = dmfa_update_pb2.DmfaUpdateForm(
        identification="DMFAUPD",
        form_creation_date=clock.today().isoformat(),
        form_creation_hour="10:00:00.000",
        attestation_status="1",
        type_form="SU",
    )
    whole = form.employer_declaration_update
    whole.quarter, whole.noss_registration_nbr = QUARTER, cast.BREWERY_NSSO
    whole.trusteeship, whole.company_id = "0", "0"
    (go,) = office.answers("DMPI")
    whole.employer_declaration_pid = office.read(go).findtext(".//EmployerDeclarationPID") or ""
    person = whole.natural_person_updates.add(
        natural_person_sequence_nbr=one.person.natural_person_sequence_nbr,
        inss=one.person.inss,
        natural_person_pid=one.identifiers.natural_person_pid,
        decl_natural_person_pid=one.identifiers.decl_natural_person_pid,
        decl_natural_person_version_nbr=one.identifiers.decl_natural_person_version_nbr,
    )
    record = person.worker_record_updates.add()
    last, (declared,) = record.last_situation_wr, one.person.worker_records
    (numbered,) = one.identifiers.id_worker_records
    last.employer_class, last.worker_code = declared.employer_class, declared.worker_code
    last.worker_record_version_nbr = numbered.worker_record_version_nbr
    action = record.worker_record_update_action
    action.employer_class, action.worker_code = declared.employer_class, declared.worker_code
    action.update_action = "0"
    return codec.write(
        dmfa_update_pb2.DmfaUpdate(schema_location="DmfAUpdate_20223.xsd", forms=[form])
    )


def risk(form: social_risk_pb2.SocialRiskForm) -> bytes:
    return codec.write(
        incapacity_pb2.Zima001(schema_location="ZIMA001_20231.xsd", forms=[form.zima001])
    )


def answer(office: Office, form: str) -> etree._Element:
    """The only answer of a form; valid by the published schema, where that is at hand."""
    (go,) = office.answers(form)
    found = office.read(go)
    name = found.get(codec.SCHEMA_LOCATION)
    if reference.FOLDER.is_dir():
        reference.schema(f"nsso/schemas/{name}").assertValid(found)
    return found


async def test_a_quarter_and_its_correction(office: Office) -> None:
    office.lay(lot(form="DMFA"), original())
    await office.settle()
    assert answer(office, "ACRF").findtext(".//ResultCode") == "1"
    assert answer(office, "NOTI").findtext(".//ResultCode") == "1"
    persons = [one.text for one in answer(office, "DMPI").iter("INSS")]
    assert persons == list(quarterly.ssins(3))
    office.lay(lot("00002", form="DMUP"), await correction(office))
    await office.settle()
    codes = [office.read(go).findtext(".//ResultCode") for go in office.answers("NOTI")]
    assert codes == ["1", "1"]
    notice = answer(office, "DMNO")
    assert [one.text for one in notice.iter("INSS")] == persons[:1]
    assert notice.findtext(".//NaturalPersonUpdateNotif/Action") == "0"


async def test_a_quarter_of_another_is_refused_in_its_notification(office: Office) -> None:
    mine, theirs = original(), original(2, cast.BAKERY_NSSO)
    both = theirs.replace(b"</DmfAOriginal>", mine[mine.index(b"<Form>") :])
    office.lay(lot(form="DMFA"), both)
    await office.settle()
    notification = answer(office, "NOTI")
    assert [found.text for found in notification.iter("ResultCode")] == ["0", "1"]
    assert notification.findtext("Form[1]//ErrorID") == "00011-155"
    assert len(list(answer(office, "DMPI").iter("IDNaturalPerson"))) == 3


async def test_a_refused_quarter_brings_no_numbers(office: Office) -> None:
    wrong = original().replace(b"<Retired>0</Retired>", b"<Retired>x</Retired>", 1)
    office.lay(lot(form="DMFA"), wrong)
    await office.settle()
    assert answer(office, "NOTI").findtext(".//ResultCode") == "0"
    assert office.answers("DMPI") == []


async def test_a_risk_is_declared_and_answered(office: Office) -> None:
    office.lay(lot(form="ZIMA"), risk(incapacity()))
    await office.settle()
    assert answer(office, "ACRF").findtext(".//ResultCode") == "1"
    assert answer(office, "NOTI").findtext(".//ResultCode") == "1"


@pytest.mark.parametrize("form", ["DMFA", "DMUP", "WECH"])
async def test_a_document_under_the_name_of_another_form_is_refused(
    office: Office, form: str
) -> None:
    office.lay(lot(form=form), risk(incapacity()))
    await office.settle()
    assert answer(office, "ACRF").findtext(".//ErrorID") == "ACRF-158"


@pytest.mark.parametrize("environment", ["S", "T"])
async def test_what_is_tried_declares_nothing(office: Office, environment: str) -> None:
    wrong = original().replace(b"<Retired>0</Retired>", b"<Retired>x</Retired>", 1)
    office.lay(lot("00001", form="DMFA", environment=environment), wrong)
    office.lay(lot("00002", form="ZIMA", environment=environment), risk(incapacity()))
    await office.settle()
    results = [office.read(go).findtext(".//ResultCode") for go in office.answers("NOTI")]
    assert results == ["0", "1"]
    ask = dmfa_pb2.GetQuarterRequest(quarter=QUARTER)
    assert not (await office.quarters.GetQuarter(ask)).workers


async def test_a_quarter_may_be_larger_than_other_files(office: Office) -> None:
    end = b"</NaturalPerson>"
    office.lay(lot(form="DMFA"), original().replace(end, end + b" " * (4 << 20)))
    await office.settle()
    assert answer(office, "NOTI").findtext(".//ResultCode") == "1"
