"""The access table knows every rpc, and what it does not know is closed."""

import grpc
import pytest
from crossroads.declarations.v1 import (
    declarations_pb2,
    dmfa_pb2,
    mandates_pb2,
    periods_pb2,
    personnel_pb2,
    risks_pb2,
    set_aside_pb2,
)
from crossroads.ledger.v1 import ledger_pb2
from crossroads.repertory.v1 import repertory_pb2
from crossroads.rights.v1 import certificates_pb2, rights_pb2, statuses_pb2, upkeep_pb2, waivers_pb2
from crossroads.router.v1 import exchange_pb2, mailbox_pb2, supplier_pb2
from google.protobuf import descriptor_pool

from mesh import access, identity
from mesh.identity import Caller
from mesh.refusals import Refusal

CONTRACTS = (
    certificates_pb2,
    declarations_pb2,
    dmfa_pb2,
    exchange_pb2,
    ledger_pb2,
    mailbox_pb2,
    mandates_pb2,
    periods_pb2,
    personnel_pb2,
    repertory_pb2,
    rights_pb2,
    risks_pb2,
    set_aside_pb2,
    statuses_pb2,
    supplier_pb2,
    upkeep_pb2,
    waivers_pb2,
)


def rpcs() -> set[str]:
    found = set()
    for contract in CONTRACTS:
        file = descriptor_pool.Default().FindFileByName(contract.DESCRIPTOR.name)
        for service in file.services_by_name.values():
            found |= {f"/{service.full_name}/{method.name}" for method in service.methods}
    return found


def test_the_table_has_exactly_the_rpcs_of_the_contracts() -> None:
    assert {method for method in access.TABLE if method.startswith("/crossroads.")} == rpcs()


@pytest.mark.parametrize("kind", sorted(identity.KINDS))
def test_an_rpc_that_is_not_in_the_table_is_closed_to_everybody(kind: str) -> None:
    with pytest.raises(Refusal) as refused:
        access.check("/crossroads.new.v1.New/Ask", Caller(identity.parse(f"{kind}/1")))
    assert refused.value.code is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("method", sorted(rpcs()))
def test_only_the_gateway_may_speak_for_another(method: str) -> None:
    for kind in sorted(identity.KINDS - {"service"}):
        other = Caller(identity.parse("institution/17/1"), identity.parse(f"{kind}/1"))
        with pytest.raises(Refusal):
            access.check(method, other)


@pytest.mark.parametrize("method", sorted(rpcs()))
def test_no_rpc_that_says_something_of_a_person_is_open_to_anyone(method: str) -> None:
    if access.ANYONE in access.TABLE[method]:
        assert method.rpartition("/")[2] in {"GetCheckpoint", "GetConsistencyProof"}
