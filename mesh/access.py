"""The access table: which callers may call which rpc. What is not in it is closed."""

from __future__ import annotations

import grpc

from mesh.identity import Caller, Identity
from mesh.refusals import Refusal

GATEWAY = "service/gateway"
ROUTER = "service/router"
ANYONE = "*"
"""Every holder of a certificate in force; only for what says nothing about anyone."""

_REPERTORY = "/crossroads.repertory.v1.Repertory/"
_EXCHANGE = "/crossroads.router.v1.Exchange/"
_MAILBOX = "/crossroads.router.v1.Mailbox/"
_LEDGER = "/crossroads.ledger.v1.Ledger/"
_DECLARATIONS = "/crossroads.declarations.v1.Declarations/"
_MANDATES = "/crossroads.declarations.v1.Mandates/"
_SET_ASIDE = "/crossroads.declarations.v1.SetAside/"
_PERIODS = "/crossroads.declarations.v1.Periods/"
_DMFA = "/crossroads.declarations.v1.Dmfa/"
_RISKS = "/crossroads.declarations.v1.Risks/"
_RIGHTS = "/crossroads.rights.v1.Rights/"
_STATUSES = "/crossroads.rights.v1.Statuses/"
_CERTIFICATES = "/crossroads.rights.v1.Certificates/"
_WAIVERS = "/crossroads.rights.v1.Waivers/"
_UPKEEP = "/crossroads.rights.v1.Upkeep/"

PASSED_ON = {
    "service/rights": frozenset({_EXCHANGE + "BatchConsult", _EXCHANGE + "ListAskable"}),
}
"""What a service asks in the name of the institution whose certificate it saw, and not its own.

Whoever asks the rights engine about a person asks the router through it, and is decided on.
"""

HUB_ITSELF = "the hub itself"
"""In a row: open to the processes of a secondary hub among each other, and nowhere else."""

OF_A_HUB = frozenset({"service/repertory", "service/router", HUB_ITSELF})
"""The services that the processes of a secondary hub are to each other, under one identity."""

_MEMBERS = frozenset({"institution", "hub", "service/declarations", "service/rights"})
_WRITERS = frozenset(
    {
        "service/repertory",
        "service/router",
        "service/declarations",
        "service/rights",
        GATEWAY,
    }
)

TABLE: dict[str, frozenset[str]] = {
    _REPERTORY + "Register": frozenset({"institution", "hub"}),
    _REPERTORY + "End": frozenset({"institution", "hub"}),
    _REPERTORY + "BatchRegister": frozenset({"service/declarations", "service/rights"}),
    _REPERTORY + "BatchEnd": frozenset({"service/declarations"}),
    _REPERTORY + "Correct": frozenset({"institution"}),
    _REPERTORY + "ListInscriptions": frozenset({"institution", "operator", "auditor"}),
    _REPERTORY + "BatchLookup": frozenset(
        {"service/router", "service/declarations", "operator", "auditor"}
    ),
    _REPERTORY + "ReplacePerson": frozenset({"operator", "institution/0/0", HUB_ITSELF}),
    _REPERTORY + "ReportDecease": frozenset({"operator", "institution/0/0"}),
    _REPERTORY + "WithdrawDecease": frozenset({"operator", "institution/0/0"}),
    _REPERTORY + "ListInstitutions": frozenset({"institution", "operator", "auditor"}),
    _REPERTORY + "GetInstitution": frozenset({"institution", "operator", "auditor"}),
    _REPERTORY + "PutInstitution": frozenset({"operator"}),
    _REPERTORY + "BatchPutInstitutions": frozenset({"operator"}),
    _REPERTORY + "ListAvailabilities": frozenset({"institution", "operator", "auditor"}),
    _REPERTORY + "PutAvailability": frozenset({"operator"}),
    _REPERTORY + "ListDeliberations": frozenset({"institution", "operator", "auditor"}),
    _REPERTORY + "PutDeliberation": frozenset({"operator"}),
    _REPERTORY + "PutQuota": frozenset({"operator"}),
    _REPERTORY + "WatchPolicy": frozenset({"service/router", "hub"}),
    _REPERTORY + "GetPolicy": frozenset({"operator", "auditor"}),
    _EXCHANGE + "Consult": _MEMBERS,
    _EXCHANGE + "BatchConsult": _MEMBERS,
    _EXCHANGE + "ConsultStream": _MEMBERS,
    _EXCHANGE + "Explain": _MEMBERS,
    _EXCHANGE + "ListAskable": _MEMBERS,
    _EXCHANGE + "ListUnasked": frozenset({"auditor"}),
    _EXCHANGE + "Publish": _MEMBERS | {"service/repertory"},
    _EXCHANGE + "BatchPublish": _MEMBERS,
    _EXCHANGE + "GetReceiptKey": _MEMBERS | {"auditor", "operator"},
    _EXCHANGE + "SubmitLot": _MEMBERS,
    _EXCHANGE + "GetLot": _MEMBERS,
    _EXCHANGE + "ListLotReplies": _MEMBERS,
    _EXCHANGE + "CancelLot": _MEMBERS,
    _MAILBOX + "Receive": _MEMBERS,
    _MAILBOX + "ListDeliveries": _MEMBERS,
    _MAILBOX + "Acknowledge": _MEMBERS,
    _MAILBOX + "RequestFirstDelivery": _MEMBERS,
    _MAILBOX + "GetSettings": _MEMBERS | {"operator"},
    _MAILBOX + "PutSettings": _MEMBERS | {"operator"},
    "/crossroads.router.v1.Supplier/Supply": frozenset({"service/router", "hub"}),
    _LEDGER + "Append": _WRITERS,
    _LEDGER + "GetCheckpoint": frozenset({ANYONE}),
    _LEDGER + "GetInclusionProof": frozenset({"auditor", "citizen", "operator"}),
    _LEDGER + "GetConsistencyProof": frozenset({ANYONE}),
    _LEDGER + "ListAccesses": frozenset({"auditor", "citizen", ROUTER}),
    _LEDGER + "Export": frozenset({"auditor"}),
    "/crossroads.ledger.v1.Witness/ListWritten": frozenset({"auditor"}),
    _DECLARATIONS + "SubmitDimona": frozenset({"employer"}),
    _DECLARATIONS + "GetDeclaration": frozenset({"employer"}),
    _DECLARATIONS + "ListDeclarations": frozenset({"employer"}),
    _DECLARATIONS + "ListWorkers": frozenset({"employer"}),
    "/crossroads.declarations.v1.Personnel/GetPersonnelFile": frozenset({"employer"}),
    _MANDATES + "PutMandate": frozenset({"employer", "operator"}),
    _MANDATES + "ListMandates": frozenset({"employer", "operator"}),
    _PERIODS + "ListPeriods": frozenset({"employer"}),
    _PERIODS + "GetPeriod": frozenset({"employer"}),
    _PERIODS + "ListRelations": frozenset({"employer"}),
    _PERIODS + "ListWaiting": frozenset({"operator", "institution/0/0"}),
    _PERIODS + "IdentifyWorker": frozenset({"operator", "institution/0/0"}),
    _PERIODS + "PutLock": frozenset({"operator"}),
    _PERIODS + "ReplaceWorker": frozenset({"operator", "institution/0/0"}),
    _SET_ASIDE + "ListSetAside": frozenset({"operator"}),
    _SET_ASIDE + "RetrySetAside": frozenset({"operator"}),
    _DMFA + "SubmitDmfa": frozenset({"employer"}),
    _DMFA + "SubmitDmfaUpdate": frozenset({"employer"}),
    _DMFA + "GetDmfa": frozenset({"employer"}),
    _DMFA + "ListDmfa": frozenset({"employer"}),
    _DMFA + "ListDmfaIdentifiers": frozenset({"employer"}),
    _DMFA + "ListDmfaChanges": frozenset({"employer"}),
    _DMFA + "GetQuarter": frozenset({"employer"}),
    _RISKS + "SubmitRisk": frozenset({"employer"}),
    _RISKS + "SubmitPaperRisk": frozenset({"institution"}),
    _RISKS + "FinaliseRisk": frozenset({"employer", "institution"}),
    _RISKS + "CancelRisk": frozenset({"employer", "institution"}),
    _RISKS + "GetRisk": frozenset({"employer", "institution"}),
    _RISKS + "ListRisks": frozenset({"employer", "citizen"}),
    _RISKS + "ListCareer": frozenset({"employer", "citizen"}),
    _UPKEEP + "Reevaluate": frozenset({"operator"}),
    _UPKEEP + "Reload": frozenset({"operator"}),
    _RIGHTS + "ListDecisions": frozenset({"auditor", "operator", "institution", "citizen"}),
    _RIGHTS + "Explain": frozenset({"auditor", "operator", "citizen"}),
    _RIGHTS + "Simulate": frozenset({"institution", "auditor", "operator"}),
    _RIGHTS + "SimulatePopulation": frozenset({"auditor", "operator"}),
    _STATUSES + "GetStatuses": frozenset({"institution"}),
    _STATUSES + "StreamStatuses": frozenset({"institution"}),
    _CERTIFICATES + "RecordCertificateRefusal": frozenset({"institution", "citizen"}),
    _CERTIFICATES + "ListCertificateRefusals": frozenset({"institution", "citizen", "auditor"}),
    _CERTIFICATES + "MayEndBenefit": frozenset({"institution"}),
    _WAIVERS + "Waive": frozenset({"institution", "citizen"}),
    _WAIVERS + "RevokeWaiver": frozenset({"institution", "citizen"}),
    _WAIVERS + "ListWaivers": frozenset({"institution", "citizen", "auditor"}),
    "/grpc.health.v1.Health/Check": frozenset({ANYONE}),
    "/grpc.health.v1.Health/List": frozenset({ANYONE}),
    "/grpc.health.v1.Health/Watch": frozenset({ANYONE}),
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": frozenset({ANYONE}),
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": frozenset({ANYONE}),
}


def check(method: str, caller: Caller, home: str = "") -> None:
    """Raise PERMISSION_DENIED unless the table opens `method` to the caller.

    Only the gateway may speak for another, and in `PASSED_ON` a service for an institution; then
    the other must have access itself. `home` is the identity of the secondary hub that is asked,
    such as `hub/welfare`; empty: the primary.
    """
    speaks_rightly = caller.on_behalf_of is None or (_passes_on(method, caller) and not home)
    row = TABLE.get(method, frozenset())
    principal = caller.principal
    if not speaks_rightly or not (row & {ANYONE, *_names(principal, home)}):
        raise Refusal(
            grpc.StatusCode.PERMISSION_DENIED,
            "NO_ACCESS",
            metadata={"caller": principal.path, "method": method},
        )


def _passes_on(method: str, caller: Caller) -> bool:
    other = caller.on_behalf_of
    return caller.identity.path == GATEWAY or (
        method in PASSED_ON.get(caller.identity.path, ())
        and other is not None
        and other.kind == "institution"
    )


def _names(principal: Identity, home: str) -> frozenset[str]:
    """The names under which the table may know a caller.

    A secondary hub trusts its own processes as the primary trusts its services; the services of
    the primary are to it what it is to the primary: another hub, and no more.
    """
    if not home:
        return frozenset({principal.kind, principal.path})
    if principal.path == home:
        return OF_A_HUB
    if principal.kind == "service":
        return frozenset({"hub"})
    return frozenset({principal.kind, principal.path})
