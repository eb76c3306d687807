"""Explanations as the contract carries them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from crossroads.rights.v1 import rights_pb2

from mesh import institutions, periods
from services.rights import wire, wording
from services.rights.domain import Decision, Rule, Statement
from services.rights.explanation import Explanation
from services.rights.provisions import Article
from services.rights.reasons import Reason


def explained(rule: Rule, decision: Decision, found: Explanation) -> rights_pb2.ExplainResponse:
    worth = zip(found.worth, decision.amounts, strict=False)
    return rights_pb2.ExplainResponse(
        decision=wire.decision(decision),
        articles=_articles(found.version.legal),
        reason=reason(found.reason),
        window=found.window,
        worth=[
            rights_pb2.Worth(period=periods.to_wire(period), cents=cents, reason=reason(why))
            for (period, why), (_, cents) in worth
        ],
        title=rule.title,
        about=rule.explanation,
    )


def withdrawn(rule: Rule, decision: Decision, on: date) -> rights_pb2.ExplainResponse:
    """Why a right ended of which the law is there no more."""
    told = wording.text("WITHDRAWN", day=on.isoformat())
    return rights_pb2.ExplainResponse(
        decision=wire.decision(decision),
        reason=rights_pb2.Reason(expression=rule.id, value="false", text=told),
        window=told,
        title=rule.title,
        about=rule.explanation,
    )


def reason(of: Reason) -> rights_pb2.Reason:
    wired = rights_pb2.Reason(
        expression=of.expression,
        value="" if of.value is None else str(of.value).lower(),
        text=of.text,
        because=map(reason, of.because),
        member=of.member,
    )
    if of.source is not None:
        wired.source.CopyFrom(_source(of.source.statement, of.member))
        wired.otherwise.extend(_source(other, of.member) for other in of.source.otherwise)
    if of.parameter is not None:
        since = of.parameter.begin
        wired.parameter.first_day = "" if since == date.min else since.isoformat()
        wired.parameter.source = of.parameter.source
        wired.parameter.verified = of.parameter.verified
    if of.granted is not None:
        wired.granted.right = of.granted.right
        wired.granted.rule_version = of.granted.version
        wired.granted.articles.extend(_articles(of.granted.legal))
    return wired


def _articles(legal: Iterable[Article]) -> list[rights_pb2.Article]:
    return [rights_pb2.Article(act=a.act, article=a.article, verified=a.verified) for a in legal]


def _source(statement: Statement, member: str) -> rights_pb2.FactSource:
    return rights_pb2.FactSource(
        institution=institutions.to_wire(statement.institution),
        ticket=statement.ticket,
        data_sort=statement.data_sort,
        period=periods.to_wire(statement.period),
        member=member,
    )
