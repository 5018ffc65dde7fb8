"""Statements that are bound to nobody, and that legitimate callers need: they are bound to what these ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.advice.kinds.patterns import LEADING_KEYS, PREFIX, bound_to_keys, bound_to_prefix
from harness.advice.recogniser import Recogniser
from harness.advice.scopes import bound_resources
from harness.advice.statements import as_list, conditions_on, with_element

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.advice.case import Case
    from harness.advice.recogniser import Edit


def _without_keys(case: Case) -> bool:
    return case.request.action.startswith("dynamodb:") and not conditions_on(case.statement, LEADING_KEYS)


def _without_prefix(case: Case) -> bool:
    return case.request.action.startswith("s3:ListBucket") and not conditions_on(case.statement, PREFIX)


def _wide_resource(case: Case) -> bool:
    return any("*" in resource for resource in as_list(case.statement.get("Resource")))


def _bound(case: Case) -> Iterator[Edit]:
    for resources in bound_resources(as_list(case.statement.get("Resource")), case.dependents):
        yield case.stating(with_element(case.statement, "Resource", resources))


SCOPES = (
    Recogniser(
        "not-bound-to-keys",
        (
            ("*", "ddb-leadingkeys-absent-on-one-action"),
            ("*", "ddb-batch-not-covered"),
            ("*", "ddb-transact-not-covered"),
        ),
        _without_keys,
        bound_to_keys,
    ),
    Recogniser("not-bound-to-a-prefix", (("*", "s3-listbucket-without-prefix"),), _without_prefix, bound_to_prefix),
    Recogniser(
        "not-bound-to-a-path",
        (
            ("execute-api:*", "api-path-tenant-vs-token-tenant"),
            ("s3:*", "s3-group-role-loses-identity-scope"),
        ),
        _wide_resource,
        _bound,
    ),
)
