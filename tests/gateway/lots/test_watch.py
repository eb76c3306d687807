"""Lots of files: taken in once, declared, answered, whatever is sent and whoever dies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.authority import Authority
from gateway import documents
from gateway.lots.tray import Tray
from sandbox import cast
from tests.gateway import reference
from tests.gateway.lots.conftest import Office, dimona, lot

STRANGER = "84031721194"


def errors(office: Office, form: str = "ACRF") -> list[str]:
    """What the only answer of a form tells of anomalies."""
    (go,) = office.answers(form)
    return [found.text or "" for found in office.read(go).iter("ErrorID")]


async def test_a_lot_is_taken_in_declared_and_answered(office: Office) -> None:
    office.lay(lot(), dimona())
    await office.settle()
    (acrf,), (noti,) = office.answers("ACRF"), office.answers("NOTI")
    reception = office.read(acrf)
    assert reception.findtext("Form/ReceptionResult/ResultCode") == "1"
    assert reception.findtext("Form/FileReference/FileName") == lot().go
    notification = office.read(noti)
    assert notification.findtext("Form/HandlingResult/ResultCode") == "1"
    (declared,) = await office.declarations()
    assert notification.findtext("Form/HandledReference/ReferenceNbr") == declared.ticket
    assert office.names("in") == office.names("lots") == []


@reference.needed
async def test_answers_keep_to_the_published_schemas(office: Office) -> None:
    office.lay(lot(), dimona(), dimona(STRANGER), tls=None)
    office.lay(lot("00002", environment="T"), dimona("12345678901"))
    await office.settle()
    for form, name in (("ACRF", "ACRF_20231"), ("NOTI", "NOTIFICATION_20223")):
        for go in office.answers(form):
            reference.schema(f"nsso/schemas/{name}.xsd").assertValid(office.read(go))


async def test_parts_make_one_lot_and_each_has_its_notifications(office: Office) -> None:
    whole = lot(parts=2)
    office.lay(whole, dimona(), dimona(STRANGER))
    await office.settle()
    (go,) = office.answers("NOTI")
    persons = [len(office.read(go, part).findall("Form")) for part in (1, 2)]
    assert persons == [1, 1]
    assert len(office.answers("ACRF")) == 1
    assert len(await office.declarations()) == 2


async def test_a_lot_waits_for_its_pieces_and_not_for_ever(office: Office) -> None:
    office.lay(lot(parts=2), dimona())
    await office.watch().look()
    assert office.answers("ACRF") == []
    await office.look_until_answered("ACRF", later_s=120)
    assert errors(office) == ["ACRF-120", "ACRF-122"]


async def test_pieces_without_a_go_ahead_are_refused_after_a_day(office: Office) -> None:
    office.lay(lot(), dimona())
    (office.tray / "in" / lot().go).unlink()
    await office.watch(later_s=3600).look()
    assert office.answers("ACRF") == []
    await office.look_until_answered("ACRF", later_s=90_000)
    assert errors(office) == ["ACRF-130"]


async def test_the_same_lot_twice_is_taken_in_once_and_says_so(office: Office) -> None:
    office.lay(lot(), dimona())
    await office.settle()
    office.lay(lot(), dimona(STRANGER))
    await office.settle()
    first, second = (office.read(go) for go in office.answers("ACRF"))
    assert first.findtext("Form/ReceptionResult/ResultCode") == "1"
    assert second.findtext("Form/ReceptionResult/ErrorID") == "ACRF-133"
    assert len(await office.declarations()) == len(office.answers("NOTI")) == 1


async def test_the_same_document_under_another_name_is_taken_in_once(office: Office) -> None:
    document = dimona()
    office.lay(lot("00001"), document)
    await office.settle()
    office.lay(lot("00002"), document)
    await office.settle()
    assert office.read(office.answers("ACRF")[1]).findtext(".//ErrorID") == "ACRF-143"
    assert len(await office.declarations()) == 1


async def test_a_lot_that_was_refused_may_come_again_under_its_name(
    office: Office, authority: Authority
) -> None:
    office.lay(lot(), dimona(), tls=authority.issue("employer/0400000284"))
    await office.settle()
    office.lay(lot(), dimona())
    await office.settle()
    codes = [office.read(go).findtext(".//ResultCode") for go in office.answers("ACRF")]
    assert codes == ["0", "1"]
    assert len(await office.declarations()) == 1


async def test_only_the_sender_herself_signs(
    office: Office, authority: Authority, tmp_path: Path
) -> None:
    revoked = authority.issue("employer/0400000185", folder="gone")
    authority.revoke(revoked)
    others = [
        authority.issue("employer/0400000284"),
        Authority(tmp_path / "other").issue("employer/0400000185"),
        revoked,
    ]
    for number, tls in enumerate(others, 1):
        office.lay(lot(f"0000{number}"), dimona(), tls=tls)
    forged = lot("00009")
    office.lay(forged, dimona())
    (office.tray / "in" / forged.piece("FI", 1)).write_bytes(dimona(STRANGER))
    await office.settle()
    told = [office.read(go).findtext(".//ErrorID") for go in office.answers("ACRF")]
    assert told == ["ACRF-038"] * 4
    assert await office.declarations() == []


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (b"<Dimona", "312"),
        (b'<!DOCTYPE D [<!ENTITY a "b">]><D>&a;</D>', "312"),
        (b"<DmfAOriginal/>", "158"),
        (b"<Dimona/>", "157"),
        (b"<Dimona>" + b"<Form/>" * 1001 + b"</Dimona>", "172"),
        (b" " * (documents.MOST_BYTES + 1), "184"),
    ],
)
async def test_a_bad_document_is_refused(office: Office, document: bytes, kind: str) -> None:
    office.lay(lot(), document)
    await office.settle()
    assert errors(office) == [f"ACRF-{kind}"]
    assert office.answers("NOTI") == []


@pytest.mark.parametrize(
    ("other", "kinds"),
    [
        ({"sender": "100002"}, ["ACRF-108"]),
        ({"day": "20269999"}, ["ACRF-110"]),
        ({"day": "29991231"}, ["ACRF-111"]),
        ({"day": "20200101"}, ["ACRF-126"]),
        ({"number": "00000"}, ["ACRF-127"]),
        ({"form": "NONE"}, ["ACRF-154"]),
    ],
)
async def test_a_name_that_tells_wrong_is_refused(
    office: Office, other: dict[str, Any], kinds: list[str]
) -> None:
    office.lay(replace(lot(), **other), dimona())
    await office.settle()
    assert errors(office) == kinds


async def test_a_go_ahead_with_a_name_that_is_none_is_refused(office: Office) -> None:
    (office.tray / "in" / "GO.ANY\udcffTHING").touch()
    await office.settle()
    assert errors(office) == ["ACRF-107"]
    assert office.read(office.answers("ACRF")[0]).findtext(".//FileName") == "GO.ANY?THING"


async def test_a_link_is_not_followed(office: Office, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(dimona())
    office.lay(lot(), dimona())
    file = office.tray / "in" / lot().piece("FI", 1)
    file.unlink()
    file.symlink_to(elsewhere)
    await office.settle()
    assert errors(office) == ["ACRF-184"]


async def test_a_form_that_the_intake_refuses_is_told_with_the_others(office: Office) -> None:
    theirs = dimona().replace(cast.BREWERY_NSSO.encode(), cast.BAKERY_NSSO.encode())
    mine = dimona()
    both = mine.replace(b"</Dimona>", theirs[theirs.index(b"<Form>") :])
    office.lay(lot(), both)
    await office.settle()
    notification = office.read(office.answers("NOTI")[0])
    assert [found.text for found in notification.iter("ResultCode")] == ["1", "0"]
    assert notification.findtext("Form[2]//ErrorID") == "90256-155"
    assert len(await office.declarations()) == 1


async def test_a_lot_for_trial_declares_nothing(office: Office) -> None:
    office.lay(lot("00001", environment="S"), dimona())
    office.lay(lot("00002", environment="T"), dimona("12345678901"))
    await office.settle()
    results = {go.name.split(".")[5]: office.read(go) for go in office.answers("NOTI")}
    assert results["S"].findtext(".//ResultCode") == "1"
    assert results["T"].findtext(".//ErrorID") == "00024-004"
    assert await office.declarations() == []


async def test_while_another_process_has_the_folder_nothing_is_done(office: Office) -> None:
    office.lay(lot(), dimona())
    held = Tray(office.tray).lock()
    assert held is not None
    with held:
        await office.watch().look()
        assert office.answers("ACRF") == []
    await office.settle()
    assert len(office.answers("ACRF")) == 1


async def test_who_is_no_sender_is_not_looked_at(office: Office) -> None:
    (office.root / "senders.json").write_text("{}", "utf-8")
    office.lay(lot(), dimona())
    await office.watch().look()
    assert len(office.names("in")) == 3
