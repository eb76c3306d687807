"""Whether a lot is taken in: its name, its pieces, its signatures, its documents."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crossroads.forms.v1 import acrf_pb2
from cryptography import x509

from gateway import codec, documents
from gateway.lots import disk, names, signatures
from gateway.lots.declared import Files
from gateway.lots.dossier import Dossier, Reception
from gateway.lots.names import Lot
from gateway.lots.signatures import NotSigned
from mesh import clock
from mesh.refusals import Refusal

LARGEST_SIGNATURE = 64 << 10
OLDEST = timedelta(days=366)
"""How old the day in a name may be."""
SIGNATURE_WRONG, MALFORMED_NAME, TOO_FEW_FILES, TOO_FEW_SIGNATURES = "038", "107", "120", "122"
NO_GO_AHEAD, SAME_NAME, SAME_CONTENT, NOT_FOR_FILES = "130", "133", "143", "154"
NO_FORMS, OTHER_FORM, TOO_MANY_FORMS, TOO_LARGE, NO_DOCUMENT = "157", "158", "172", "184", "312"
_OF_REFUSALS = {
    "ARGUMENT_MISSING": NO_FORMS,
    "ARGUMENT_INVALID": TOO_MANY_FORMS,
    "XML_WRONG_ROOT": OTHER_FORM,
    "XML_TOO_LARGE": TOO_LARGE,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found of a lot: kinds of anomaly, or the content of its parts.

    `turned_away` says why its signer is not trusted, where that is what is amiss.
    """

    anomalies: tuple[str, ...]
    parts: tuple[bytes, ...] = ()
    turned_away: Refusal | None = None


def judge(
    dossier: Dossier,
    kinds: Mapping[str, Files],
    sender: str,
    trust: Callable[[x509.Certificate], None],
    at: datetime,
    was_seen: Callable[[str], bool],
) -> Judged:
    """Read a lot. `kinds` are the forms that may come in files.

    `trust` raises a Refusal for a signer whose word does not count.
    """
    lot = dossier.lot
    if lot is None:
        return Judged((MALFORMED_NAME,))
    found = _of_name(lot, dossier, sender, at)
    files = kinds.get(lot.form)
    if files is None:
        found.append(NOT_FOR_FILES)
    if found or files is None:
        return Judged(tuple(found))
    try:
        parts = _signed_parts(dossier, lot, files.most_bytes, trust)
    except disk.Unreadable:
        return Judged((TOO_LARGE,))
    except NotSigned:
        return Judged((SIGNATURE_WRONG,))
    except Refusal as refusal:
        return Judged((SIGNATURE_WRONG,), turned_away=refusal)
    found = [kind for content in parts for kind in _of_content(files, content)]
    if not found and lot.environment == names.REAL:
        digests = [digest(content) for content in parts]
        if len(set(digests)) < len(digests) or any(was_seen(each) for each in digests):
            found.append(SAME_CONTENT)
    return Judged(tuple(dict.fromkeys(found)), () if found else tuple(parts))


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def acrf(go: str, reception: Reception) -> bytes:
    """The reception as the sender reads it: taken in with answers to follow, or refused."""
    at = clock.parse(reception.at).astimezone(clock.BRUSSELS)
    document = acrf_pb2.Acrf(schema_location="ACRF_20231.xsd")
    form = document.forms.add(
        identification="ACRF001",
        form_creation_date=at.date().isoformat(),
        form_creation_hour=at.strftime("%H:%M:%S.") + f"{at.microsecond // 1000:03d}",
        attestation_status="0",
        type_form="PA" if reception.taken_in else "FA",
    )
    form.file_reference.file_name = "".join(
        c if c.isascii() and c.isprintable() else "?" for c in go[: names.LONGEST]
    )
    form.file_reference.reference_origin = "2"
    form.file_reference.reference_nbr = reception.ticket
    form.reception_result.result_code = "1" if reception.taken_in else "0"
    form.reception_result.error_ids.extend(f"ACRF-{kind}" for kind in reception.anomalies)
    return codec.write(document)


def _of_name(lot: Lot, dossier: Dossier, sender: str, at: datetime) -> list[str]:
    today = at.astimezone(clock.BRUSSELS).date()
    found = names.anomalies(lot, sender, today, today - OLDEST)
    if not dossier.holds(lot.go):
        found.append(NO_GO_AHEAD)
    found += _missing(dossier, lot.pieces(names.FILE), TOO_FEW_FILES)
    found += _missing(dossier, lot.pieces(names.SIGNATURE), TOO_FEW_SIGNATURES)
    return found


def _missing(dossier: Dossier, pieces: Iterable[str], kind: str) -> Sequence[str]:
    return () if all(dossier.holds(piece) for piece in pieces) else (kind,)


def _signed_parts(
    dossier: Dossier, lot: Lot, most: int, trust: Callable[[x509.Certificate], None]
) -> list[bytes]:
    """The content of each part, where its signature is right; of all no more than may be held."""
    parts: list[bytes] = []
    left = max(most, lot.parts * documents.MOST_BYTES)
    for part in range(1, lot.parts + 1):
        content = dossier.read(lot.piece(names.FILE, part), min(most, left))
        signature = dossier.read(lot.piece(names.SIGNATURE, part), LARGEST_SIGNATURE)
        trust(signatures.signer(content, signature))
        parts.append(content)
        left -= len(content)
    return parts


def _of_content(files: Files, content: bytes) -> list[str]:
    try:
        files.check(content)
    except Refusal as refusal:
        return [_OF_REFUSALS.get(refusal.reason, NO_DOCUMENT)]
    return []
