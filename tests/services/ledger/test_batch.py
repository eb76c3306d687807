"""A batch of requests: whole or not at all, each entry once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.ledger import batch, commitment, tree
from services.ledger.domain import Conflict, Entry, Known

entries = st.builds(
    Entry,
    entry_id=st.sampled_from("abcdefgh"),
    ticket=st.just(""),
    ssin=st.just(""),
    content=st.sampled_from([b"one", b"another"]),
)
requests = st.lists(st.lists(entries, min_size=1, max_size=4), max_size=8)


@given(requests)
def test_a_batch_is_its_requests_one_by_one(asked: list[list[Entry]]) -> None:
    together = batch.plan(asked, {}, 10)
    answers: list[batch.Answer] = []
    known: dict[str, Known] = {}
    written: list[Entry] = []
    for one in asked:
        planned = batch.plan([one], known, 10 + len(written))
        answers += planned.answers
        for index, (entry, digest) in enumerate(
            zip(planned.entries, planned.digests, strict=True), 10 + len(written)
        ):
            known[entry.entry_id] = Known(index, digest)
        written += planned.entries
    assert together.answers == tuple(answers)
    assert together.entries == tuple(written)


@given(requests)
def test_each_id_has_one_leaf_and_one_content(asked: list[list[Entry]]) -> None:
    planned = batch.plan(asked, {}, 0)
    ids = [entry.entry_id for entry in planned.entries]
    assert len(ids) == len(set(ids))
    contents = {entry.entry_id: entry.content for entry in planned.entries}
    for one, answer in zip(asked, planned.answers, strict=True):
        if isinstance(answer, Conflict):
            continue
        for entry, leaf in zip(one, answer, strict=True):
            assert (leaf.entry_id, ids[leaf.index]) == (entry.entry_id, entry.entry_id)
            assert contents[entry.entry_id] == entry.content


def test_a_conflict_names_the_place_and_leaves_nothing_behind() -> None:
    mine, theirs = Entry("a", "", "", b"mine"), Entry("a", "", "", b"theirs")
    new = Entry("b", "", "", b"new")
    known = {"a": Known(3, commitment.digest(b"mine"))}
    planned = batch.plan([[new, theirs], [mine], [new]], known, 7)
    refused, again, fresh = planned.answers
    assert refused == Conflict(1)
    assert not isinstance(again, Conflict)
    assert not isinstance(fresh, Conflict)
    assert (again[0].index, fresh[0].index) == (3, 7)
    assert planned.entries == (new,)


def test_a_leaf_commits_to_salt_and_content() -> None:
    planned = batch.plan([[Entry("a", "", "", b"content")]], {}, 0)
    salts = commitment.new_salts(1)
    addition = batch.grow(planned, tree.Frontier(), salts)
    leaf = tree.leaf_hash(commitment.commit(salts[0], b"content"))
    assert tree.root(addition.frontier) == leaf
    assert len(set(commitment.new_salts(100))) == 100
