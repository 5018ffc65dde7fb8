"""Trust policies that let in more than whom they were written for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.advice.recogniser import Recogniser
from harness.advice.statements import as_list, conditions_on, having, without
from harness.policy import PolicyKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.advice.case import Case
    from harness.advice.recogniser import Edit

_AUD = "cognito-identity.amazonaws.com:aud"
_AMR = "cognito-identity.amazonaws.com:amr"
_WHOLE_ACCOUNT = re.compile(r"\*|\d{12}|arn:[\w-]+:iam::\d{12}:root")


def _names_whole_account(case: Case) -> bool:
    principal = case.statement.get("Principal")
    named = as_list(principal.get("AWS")) if isinstance(principal, dict) else as_list(principal)
    return any(_WHOLE_ACCOUNT.fullmatch(name) for name in named)


def _trusts_account(case: Case) -> bool:
    return case.policy.kind is PolicyKind.TRUST and _names_whole_account(case)


def _not_the_account(case: Case) -> Iterator[Edit]:
    if case.others:
        yield case.without_statement()


def _trusts_identity_pools(case: Case) -> bool:
    principal = case.statement.get("Principal")
    federated = as_list(principal.get("Federated")) if isinstance(principal, dict) else []
    return case.policy.kind is PolicyKind.TRUST and "cognito-identity.amazonaws.com" in federated


def _without_aud(case: Case) -> bool:
    compared = conditions_on(case.statement, _AUD)
    exact = any(condition.operator == "StringEquals" for condition in compared)
    return _trusts_identity_pools(case) and not exact


def _aud_of_wildcard(case: Case) -> bool:
    return _without_aud(case) and bool(conditions_on(case.statement, _AUD))


def _own_pool(case: Case) -> Iterator[Edit]:
    pools = {value for ruling in case.legitimate for value in _values(case, ruling.request.known.get(_AUD, ()))}
    if len(pools) == 1:
        bare = without(case.statement, *conditions_on(case.statement, _AUD))
        yield case.stating(having(bare, "StringEquals", _AUD, pools.pop()))


def _values(case: Case, found: tuple[str, ...]) -> tuple[str, ...]:
    """Return the pools of those who assume the role by web identity; others say nothing of it."""
    return found if case.request.action == "sts:AssumeRoleWithWebIdentity" else ()


def _several_pools(case: Case) -> bool:
    compared = conditions_on(case.statement, _AUD)
    return _trusts_identity_pools(case) and any(len(condition.values) > 1 for condition in compared)


def _without_amr(case: Case) -> bool:
    return _trusts_identity_pools(case) and not conditions_on(case.statement, _AMR)


def _any_amr(case: Case) -> bool:
    compared = conditions_on(case.statement, _AMR)
    return _trusts_identity_pools(case) and any(
        "*" in condition.values or {"authenticated", "unauthenticated"} <= set(condition.values)
        for condition in compared
    )


def _signed_in(case: Case) -> Iterator[Edit]:
    bare = without(case.statement, *conditions_on(case.statement, _AMR))
    for state in ("authenticated", "unauthenticated"):
        yield case.stating(having(bare, "ForAnyValue:StringLike", _AMR, state))


TRUSTS = (
    Recogniser(
        "trusts-the-account",
        (
            ("*", "sts-base-role-trust-account-root"),
            ("*", "sts-session-policy-allows-chaining"),
            ("*", "sts-session-tag-caller-chosen"),
            ("*", "sts-transitive-tags-not-set"),
            ("*", "sts-external-id-as-secret"),
        ),
        _trusts_account,
        _not_the_account,
    ),
    Recogniser("trusts-pools-by-pattern", (("*", "sts-trust-aud-stringlike-wildcard"),), _aud_of_wildcard, _own_pool),
    Recogniser("trusts-any-pool", (("*", "sts-trust-without-aud"),), _without_aud, _own_pool),
    Recogniser("trusts-several-pools", (("*", "sts-role-shared-across-pools"),), _several_pools, _own_pool),
    Recogniser("trusts-guests-too", (("*", "sts-trust-without-amr"),), _without_amr, _signed_in),
    Recogniser(
        "trusts-whoever-signed-in-or-not",
        (("*", "idp-unauth-identities-enabled"), ("*", "sts-trust-amr-both")),
        _any_amr,
        _signed_in,
    ),
)
