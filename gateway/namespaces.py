"""The XML vocabularies that the gateway speaks."""

from __future__ import annotations

EXCHANGE = "urn:crossroads:exchange:1"
"""Our own: consultations, their replies, refusals."""
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
CONNECTOR = "http://ksz-bcss.fgov.be/connectors/WebServiceConnector"
SSDN = "http://www.ksz-bcss.fgov.be/XSD/SSDN/Service"
SSDN_COMMON = "http://www.ksz-bcss.fgov.be/XSD/SSDN/Common"
MANAGE_ACCESS = "http://www.ksz-bcss.fgov.be/XSD/SSDN/OCMW_CPAS/ManageAccess"
