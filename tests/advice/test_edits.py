"""Decisions under edits, from policies and requests alone: no target takes part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from harness.advice import advise
from harness.advice.rulings import Edits
from harness.advice.scopes import Sample, bound_resources, patterns
from harness.attacks.attempts import Attempt, AttemptKind
from harness.attacks.catalogue import TECHNIQUES
from harness.outcome import Outcome
from harness.policy import Policy, PolicyKind, PolicySet, Request, parse_policy
from harness.population import Caller
from harness.verdicts import Verdict, VerdictName

if TYPE_CHECKING:
    from harness.advice.statements import Document

_TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/items"
_SUB = "cognito-identity.amazonaws.com:sub"


@dataclass(frozen=True)
class _Ruling:
    policies: PolicySet
    request: Request
    allowed: bool = True


def _policy(*statements: Document, kind: PolicyKind = PolicyKind.IDENTITY) -> Policy:
    return parse_policy({"Version": "2012-10-17", "Statement": list(statements)}, kind=kind, name="member/own-data")


def _asking(policies: PolicySet, key: str, *, sub: str = "me", action: str = "dynamodb:GetItem") -> _Ruling:
    context = {"dynamodb:leadingkeys": (key,), _SUB: (sub,)}
    role = "arn:aws:sts::123456789012:assumed-role/member/session"
    return _Ruling(policies, Request(role, action, _TABLE, context))


def _leak(ruling: _Ruling) -> Verdict:
    t1, t2 = Caller("t1", "member"), Caller("t2", "member")
    attempt = Attempt("leak", "a-design", TECHNIQUES["dynamodb.read.get-item"], AttemptKind.ATTACK, t1, t2)
    return Verdict(attempt, VerdictName.LEAK, Outcome.CROSSED, "the canary came back", rulings=(ruling,))


_UNBOUND: Document = {"Sid": "Items", "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": _TABLE}


def test_a_statement_that_others_need_is_bound_to_the_keys_that_they_ask_for() -> None:
    policies = PolicySet(identity=(_policy(_UNBOUND),))
    own = [_asking(policies, sub, sub=sub) for sub in ("me", "you")]
    advice = advise(_leak(_asking(policies, "you")), lambda: own)
    assert advice.entry == "ddb-leadingkeys-absent-on-one-action"
    assert advice.fix is not None
    assert '+            "${cognito-identity.amazonaws.com:sub}"' in advice.fix.diff.splitlines()
    assert advice.fix.kept == len(own)


def test_two_statements_that_allow_the_leak_are_both_edited() -> None:
    policies = PolicySet(identity=(_policy({**_UNBOUND, "Sid": "One"}, {**_UNBOUND, "Sid": "Two"}),))
    own = [_asking(policies, sub, sub=sub) for sub in ("me", "you")]
    leaking = _asking(policies, "you")
    advice = advise(_leak(leaking), lambda: own)
    assert advice.fix is not None
    assert advice.fix.edits.deny(leaking)
    assert all(advice.fix.edits.allow(ruling) for ruling in own)


def test_no_fix_is_shown_where_legitimate_callers_ask_the_same() -> None:
    policies = PolicySet(identity=(_policy(_UNBOUND),))
    advice = advise(_leak(_asking(policies, "shared")), lambda: [_asking(policies, "shared", sub="you")])
    assert advice.fix is None
    assert advice.kind == "role-in-wrong-hands"


def test_a_session_policy_that_is_taken_away_still_limits() -> None:
    session = _policy(_UNBOUND, kind=PolicyKind.SESSION)
    ruling = _asking(PolicySet(identity=(_policy(_UNBOUND),), session=(session,)), "me")
    assert Edits({}).allow(ruling)
    assert Edits({session: None}).deny(ruling)


def test_nothing_is_said_of_a_request_whose_keys_are_not_known() -> None:
    bound = {**_UNBOUND, "Condition": {"StringEquals": {"dynamodb:LeadingKeys": "me"}}}
    policies = PolicySet(identity=(_policy(bound),))
    unknown = Request("arn:aws:iam::123456789012:user/me", "dynamodb:GetItem", _TABLE, {}, "", frozenset({_KEY}))
    ruling = _Ruling(policies, unknown)
    assert not Edits({}).allow(ruling)
    assert not Edits({}).deny(ruling)


_KEY = "dynamodb:leadingkeys"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("me", "you"), ("${cognito-identity.amazonaws.com:sub}", True)),
        (("me#notes", "you#notes"), ("${cognito-identity.amazonaws.com:sub}#*", False)),
        (("me/a/b", "you/c"), ("${cognito-identity.amazonaws.com:sub}/*", False)),
        (("acme-tasks", "acme-tasks"), ("acme-tasks", True)),
        (("acme/a", "acme/b"), ("acme/*", False)),
        (("acme", "globex"), None),
    ],
)
def test_patterns_are_what_legitimate_values_have_in_common(texts: tuple[str, ...], expected: object) -> None:
    found = [
        Sample(text, _asking(PolicySet(), text, sub=sub).request)
        for text, sub in zip(texts, ("me", "you"), strict=True)
    ]
    assert next(patterns(found), None) == expected


def test_resources_are_bound_to_the_part_of_the_path_that_is_the_callers() -> None:
    bucket = "arn:aws:s3:::files"
    role = "arn:aws:sts::123456789012:assumed-role/member/session"
    own = [
        _Ruling(PolicySet(), Request(role, "s3:GetObject", f"{bucket}/{sub}/note.json", {_SUB: (sub,)}))
        for sub in ("me", "you")
    ]
    found = list(bound_resources([f"{bucket}/*"], own))
    assert [f"{bucket}/${{cognito-identity.amazonaws.com:sub}}/*"] in found
