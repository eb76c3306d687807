"""The repertory's rpcs, those on persons and those on the policy, as one servicer."""

from __future__ import annotations

from services.repertory.batch_servicer import BatchServicer
from services.repertory.decease_servicer import DeceaseServicer
from services.repertory.decease_store import DeceaseStore
from services.repertory.lookup_servicer import LookupServicer
from services.repertory.persons_servicer import PersonsServicer
from services.repertory.policy_feed import PolicyFeed
from services.repertory.policy_servicer import PolicyServicer
from services.repertory.policy_store import PolicyStore
from services.repertory.primary import Primary
from services.repertory.qualities import CodeLists
from services.repertory.recording import Recorder
from services.repertory.store import Store
from services.repertory.writers import Writers


class RepertoryServicer(
    PersonsServicer, BatchServicer, DeceaseServicer, LookupServicer, PolicyServicer
):
    """The reference repertory."""

    def __init__(
        self,
        store: Store,
        recorder: Recorder,
        policies: PolicyStore,
        feed: PolicyFeed,
        codes: CodeLists,
        primary: Primary | None = None,
    ) -> None:
        deceases, writers = DeceaseStore(), Writers(policies, recorder)
        PersonsServicer.__init__(self, store, recorder, deceases, writers, codes, primary)
        BatchServicer.__init__(self, recorder, writers, codes, primary)
        DeceaseServicer.__init__(self, recorder, deceases)
        LookupServicer.__init__(self, store, policies)
        PolicyServicer.__init__(self, policies, feed, codes)
