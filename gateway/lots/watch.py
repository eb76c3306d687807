"""The watch over the folders of senders: takes lots in, declares them, hands answers out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import structlog
from cryptography import x509

from gateway.door import DoorBook
from gateway.lots import disk, names, reception, senders, signatures
from gateway.lots.declared import NOTIFICATION, Files
from gateway.lots.dossier import Dossier, Receipt, Reception
from gateway.lots.names import Lot
from gateway.lots.tray import Tray
from mesh import clock, telemetry, tickets
from mesh.certificates import Certificates
from mesh.identity import Identity

LOG = structlog.get_logger()
LOOK_EVERY_S = 1.0
MOST_SENDERS_AT_ONCE = 4


class Watch:
    """Looks at every sender's folder in turn. What a death leaves is taken up where it lay."""

    def __init__(
        self,
        root: Path,
        certificates: Certificates,
        kinds: Mapping[str, Files],
        door: DoorBook,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._root = root
        self._certificates = certificates
        self._kinds = kinds
        self._door = door
        self._now = now

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - the watch outlives every failure
                LOG.warning("senders cannot be read", error=type(error).__name__)
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """One look at every sender's folder."""
        room = asyncio.Semaphore(MOST_SENDERS_AT_ONCE)

        async def at(number: str, sender: Identity) -> None:
            async with room:
                await self._look(number, sender)

        known = senders.read(self._root)
        await asyncio.gather(*(at(number, sender) for number, sender in known.items()))

    async def _look(self, number: str, sender: Identity) -> None:
        tray = Tray(self._root / number)
        lock = tray.lock()
        if lock is None:
            return
        with lock:
            await asyncio.to_thread(tray.gather, self._now())
            for dossier in await asyncio.to_thread(tray.dossiers):
                with telemetry.span(
                    "work on lot", crossroads__channel="file", crossroads__caller=sender.path
                ):
                    try:
                        await self._work(tray, dossier, number, sender)
                    except Exception as error:  # noqa: BLE001 - no lot keeps another from its turn
                        LOG.warning("a lot waits; again soon", error=type(error).__name__)

    async def _work(self, tray: Tray, dossier: Dossier, number: str, sender: Identity) -> None:
        """Every step that is not done yet, as far as it goes."""
        received = dossier.reception() or await self._receive(tray, dossier, number, sender)
        telemetry.note(crossroads__ticket=received.ticket)
        acrf = [reception.acrf(dossier.go, received)]
        await self._answer(tray, dossier, number, "ACRF", acrf)
        if received.taken_in and dossier.lot:
            told = await self._declare(dossier, dossier.lot, sender)
            if told is None:
                return
            for form, documents in told.items():
                await self._answer(tray, dossier, number, form, documents)
        await asyncio.to_thread(tray.keep, dossier)

    async def _receive(
        self, tray: Tray, dossier: Dossier, number: str, sender: Identity
    ) -> Reception:
        at = clock.now()
        judged = await asyncio.to_thread(self._judge, tray, dossier, number, sender, at)
        if judged.turned_away:
            await self._door.write(sender, "lot of files", judged.turned_away)
        received = Reception(tickets.new(), clock.rfc3339(at), judged.anomalies)

        def keep() -> None:
            if dossier.lot and dossier.lot.environment == names.REAL:
                for content in judged.parts:
                    tray.see(reception.digest(content), dossier)
            dossier.decide(received, judged.parts)

        await asyncio.to_thread(keep)
        return received

    def _judge(
        self, tray: Tray, dossier: Dossier, number: str, sender: Identity, at: datetime
    ) -> reception.Judged:
        if tray.was_taken_in(dossier):
            return reception.Judged((reception.SAME_NAME,))

        def trust(certificate: x509.Certificate) -> None:
            senders.check(certificate, sender, self._certificates)

        return reception.judge(
            dossier, self._kinds, number, trust, at, lambda digest: tray.was_seen(digest, dossier)
        )

    async def _declare(
        self, dossier: Dossier, lot: Lot, sender: Identity
    ) -> dict[str, list[bytes]] | None:
        """The answers on every part, by form; None while some form is being handled."""
        files, parts = self._kinds[lot.form], range(1, lot.parts + 1)
        if lot.environment != names.REAL:
            contents = [await asyncio.to_thread(dossier.part, part) for part in parts]
            return {NOTIFICATION: [await asyncio.to_thread(files.tried, c) for c in contents]}
        told: dict[str, list[bytes]] = {}
        received = [await self._hand_in(dossier, files, part, sender) for part in parts]
        for receipts in received:
            notified = await files.notified(sender, receipts)
            if notified is None:
                return None
            told.setdefault(NOTIFICATION, []).append(notified)
        for receipts in received:
            for form, document in (await files.further(sender, receipts)).items():
                told.setdefault(form, []).append(document)
        return told

    async def _hand_in(
        self, dossier: Dossier, files: Files, part: int, sender: Identity
    ) -> list[Receipt]:
        """What was received of a part, handed in now if it was not before."""
        receipts = dossier.receipts(part)
        if receipts is None:
            content = await asyncio.to_thread(dossier.part, part)
            receipts = await files.submit(sender, content)
            await asyncio.to_thread(dossier.hand_in, part, receipts)
        return receipts

    async def _answer(
        self, tray: Tray, dossier: Dossier, number: str, form: str, documents: Sequence[bytes]
    ) -> None:
        """Make an answer ready once, signed, and move it out."""
        folder = dossier.folder / form

        def hand_out() -> None:
            if not folder.exists():
                environment = dossier.lot.environment if dossier.lot else names.REAL
                day = clock.today().strftime("%Y%m%d")
                given = f"{tray.number() % 100_000:05d}"
                lot = Lot(form, number, day, given, environment, len(documents))
                disk.make(folder, self._signed(lot, documents))
            tray.hand_out(folder)

        await asyncio.to_thread(hand_out)

    def _signed(self, lot: Lot, documents: Sequence[bytes]) -> dict[str, bytes]:
        pair = self._certificates.pair
        files = {lot.go: b""}
        for part, content in enumerate(documents, 1):
            files[lot.piece(names.ANSWER, part)] = content
            files[lot.piece(names.SIGNATURE, part)] = signatures.sign(
                content, pair.certificate, pair.key
            )
        return files
