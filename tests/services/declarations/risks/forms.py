"""Forms of social risks as a payroll package makes them, of Lina at the brewery."""

from __future__ import annotations

from typing import Any

from crossroads.forms.v1 import dmfa_pb2, social_risk_pb2
from google.protobuf import json_format

LINA, BREWERY, BREWERY_NSSO = "91041241894", "0400000185", "123456749"
Lines = dict[str, int]
"""By code: of services the days in hundredths, of remunerations the cents."""


def head(code: str, status: str = "0", number: str = "", **changes: Any) -> dict[str, Any]:
    """What every form opens with; `number` is that of the risk which it changes."""
    reference = {"reference_type": "3", "reference_origin": "2", "reference_nbr": number}
    return {
        "identification": code,
        "form_creation_date": "2026-11-16",
        "form_creation_hour": "10:15:00.000",
        "attestation_status": status,
        "type_form": "SU",
        "coordinates_contact_person": {
            "name": "Payroll",
            "first_name": "An",
            "communication": {"phone_nbr": "025096111", "email_address": "pay@example.be"},
        },
        "dcl_information": {"language_code_pdf": "1"},
        "references": [reference] if number else [],
        **changes,
    }


def quarter(
    name: str, services: Lines, remunerations: Lines, inss: str = LINA, **occupation: Any
) -> dict[str, Any]:
    """A quarter in the elements of the DmfA, with one occupation."""
    begin = f"{name[:4]}-{3 * int(name[4]) - 2:02d}-01"
    end = {"1": "03-31", "2": "06-30", "3": "09-30", "4": "12-31"}[name[4]]
    return {
        "quarter": name,
        "noss_registration_nbr": BREWERY_NSSO,
        "trusteeship": "0",
        "company_id": BREWERY,
        "natural_person": {
            "natural_person_sequence_nbr": "1",
            "inss": inss,
            "worker_records": [
                {
                    "employer_class": "010",
                    "worker_code": "495",
                    "noss_quarter_starting_date": begin,
                    "noss_quarter_ending_date": f"{name[:4]}-{end}",
                    "border": "0",
                    "occupations": [
                        {
                            "occupation_sequence_nbr": "1",
                            "occupation_starting_date": "2024-01-08",
                            "joint_commission_nbr": "118",
                            "working_days_system": "500",
                            "contract_type": "0",
                            "ref_mean_working_hours": "3800",
                            "mean_working_hours": "3800",
                            "retired": "0",
                            "services": [
                                {
                                    "service_sequence_nbr": str(number),
                                    "service_code": code,
                                    "service_nbr_days": str(days),
                                }
                                for number, (code, days) in enumerate(services.items(), 1)
                            ],
                            "remuns": [
                                {
                                    "remun_sequence_nbr": str(number),
                                    "remun_code": code,
                                    "remun_amount": str(cents),
                                }
                                for number, (code, cents) in enumerate(remunerations.items(), 1)
                            ],
                            **occupation,
                        }
                    ],
                }
            ],
        },
    }


def incapacity(
    begin: str = "2026-11-10",
    quarters: list[dict[str, Any]] | None = None,
    status: str = "0",
    number: str = "",
    kind: str = "001",
    inss: str = LINA,
) -> social_risk_pb2.SocialRiskForm:
    """ZIMA001: incapacity begins."""
    return _form(
        "zima001",
        **head("ZIMA001", status, number),
        risk_identification={"identification_of_risk": kind},
        risk_detail={"risk_starting_date": begin},
        employer_declarations=quarters or [quarter("20264", {}, {}, inss)],
    )


def resumption(on: str = "2026-11-16", inss: str = LINA) -> social_risk_pb2.SocialRiskForm:
    """ZIMA006: work is resumed after incapacity."""
    return _form(
        "zima006",
        **head("ZIMA006"),
        risk_identification={"identification_of_risk": "001"},
        employer_declaration_link={
            "noss_registration_nbr": BREWERY_NSSO,
            "trusteeship": "0",
            "company_id": BREWERY,
            "natural_person": {
                "natural_person_sequence_nbr": "1",
                "inss": inss,
                "work_recovery": {"work_recovery_date": on},
            },
        },
    )


def person(name: str, services: Lines, remunerations: Lines) -> dmfa_pb2.DmfaNaturalPerson:
    """The same worker as the DmfA of a quarter declares her."""
    whole = quarter(name, services, remunerations)["natural_person"]
    return json_format.ParseDict(whole, dmfa_pb2.DmfaNaturalPerson(), ignore_unknown_fields=True)


def _form(name: str, **content: Any) -> social_risk_pb2.SocialRiskForm:
    return json_format.ParseDict({name: content}, social_risk_pb2.SocialRiskForm())
