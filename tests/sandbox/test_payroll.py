"""The payroll package writes what the published schema asks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from lxml import etree

from sandbox import cast, payroll

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "nsso" / "schemas"
NOW = datetime(2026, 3, 4, 9, 5, 6, 7000, UTC)
DOCUMENTS = {
    "in": payroll.dimona_in(NOW, cast.BREWERY_NSSO, cast.LINA, date(2026, 3, 4)),
    "in with an end": payroll.dimona_in(
        NOW, cast.BREWERY_NSSO, cast.LINA, date(2026, 3, 4), date(2026, 3, 6)
    ),
    "out": payroll.dimona_out(NOW, "000000000101", date(2026, 3, 6)),
    "cancel": payroll.dimona_cancel(NOW, "000000000101"),
}
NOTIFICATION = b"""<NOTIFICATION><Form><HandlingResult><ResultCode>0</ResultCode>
<AnomalyReport><ErrorID>00024-004</ErrorID><TagName>INSS</TagName></AnomalyReport>
<AnomalyReport><ErrorID>00911-014</ErrorID><TagName>EndingDate</TagName></AnomalyReport>
</HandlingResult></Form></NOTIFICATION>"""


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_valid_by_the_published_schema(name: str) -> None:
    file = REFERENCE / "Dimona_20231.xsd"
    if not file.exists():
        pytest.skip("the published schemas are not here (../shared/reference)")
    schema = etree.XMLSchema(etree.parse(file))
    schema.assertValid(etree.fromstring(DOCUMENTS[name]))


def test_the_same_declaration_is_the_same_document() -> None:
    again = payroll.dimona_in(NOW, cast.BREWERY_NSSO, cast.LINA, date(2026, 3, 4))
    assert again == DOCUMENTS["in"]


def test_a_notification_is_read_with_every_anomaly() -> None:
    read = payroll.read_notification(NOTIFICATION)
    assert not read.accepted
    assert [(a.error_id, a.tag) for a in read.anomalies] == [
        ("00024-004", "INSS"),
        ("00911-014", "EndingDate"),
    ]
