"""Grants that nobody needs: others allow what legitimate callers ask."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.advice.kinds.patterns import LEADING_KEYS
from harness.advice.recogniser import Recogniser
from harness.advice.statements import as_list, conditions_on, matches, with_element
from harness.policy import PolicyKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.advice.case import Case
    from harness.advice.recogniser import Edit

_EVERY_BUCKET = re.compile(r"arn:aws:s3:::\*|\*")
_BY_RESOURCE = (
    ("dynamodb:*", "ddb-resource-policy-widens"),
    ("s3:*", "s3-bucket-policy-widens"),
    ("*", "x-resource-policy-union"),
)
# What only the technique tells from a grant without the condition on keys.
_BY_TECHNIQUE = (
    "ddb-gsi-resource-without-condition",
    "ddb-gsi-leading-key-differs",
    "ddb-lsi-and-projection-leak",
    "ddb-attributes-without-select",
    "ddb-gsi-key-forgery-on-write",
    "ddb-tenant-attribute-forged-in-item",
    "ddb-put-overwrites-hidden-attributes",
    "ddb-returnvalues-exfiltration",
    "ddb-condition-expression-oracle",
    "ddb-table-arn-wildcard",
)
# By action, what a second statement on it looks like that lacks the limits of the first.
_BY_ACTION = (
    ("dynamodb:Batch*", "ddb-batch-not-covered"),
    ("dynamodb:PartiQL*", "ddb-partiql-not-covered"),
    ("dynamodb:*", "ddb-leadingkeys-absent-on-one-action"),
    ("dynamodb:*", "ddb-transact-not-covered"),
    ("dynamodb:*", "ddb-scan-vacuous-forallvalues"),
    ("dynamodb:*", "ddb-table-level-actions-via-wildcard"),
    ("dynamodb:*", "api-broker-membership-writable"),
    *(("dynamodb:*", entry) for entry in _BY_TECHNIQUE),
    ("s3:*Version*", "s3-versions-not-covered"),
    ("s3:*Multipart*", "s3-multipart-not-covered"),
    ("s3:DeleteObject", "s3-delete-not-covered"),
    ("s3:PutObject", "s3-copy-to-foreign-prefix"),
    ("s3:GetObject", "s3-policy-variable-missing-in-resource"),
    ("s3:GetObject", "s3-copyobject-from-foreign-prefix"),
    ("s3:*Tagging", "s3-object-tag-self-assign"),
    ("s3:ListBucket", "s3-listbucket-without-prefix"),
    ("s3:ListBucket", "s3-list-empty-prefix-allowed"),
    ("s3:PutBucketPolicy", "s3-bucket-policy-widens"),
    ("sts:*", "sts-session-policy-allows-chaining"),
    ("sts:*", "sts-base-role-trust-account-root"),
    ("lambda:*", "api-lambda-direct-invoke-forged-claims"),
    ("execute-api:*", "api-path-tenant-vs-token-tenant"),
    ("cognito-identity:ListIdentities", "idp-guest-identity-id-is-bearer"),
    ("cognito-identity:*OpenIdTokenForDeveloperIdentity", "idp-guest-takeover-by-linking"),
    ("cognito-identity:SetIdentityPoolRoles", "idp-authz-role-drift"),
    ("cognito-identity:*", "idp-administration-wildcard"),
    ("cognito-idp:*", "up-admin-apis-on-authenticated-role"),
    ("cognito-idp:*", "up-admin-group-self-service"),
    ("cognito-idp:*", "up-group-role-passrole-drift"),
    ("iam:PassRole", "idp-authz-role-drift"),
)


def _by_resource(case: Case) -> bool:
    return case.policy.kind is PolicyKind.RESOURCE and not case.dependents


def _is_deny_list(case: Case) -> bool:
    denied = [stated for stated in case.others if stated.get("Effect") == "Deny"]
    return any(
        set(_actions(stated)) & set(_actions(case.statement)) or "*" in _actions(stated) for stated in denied
    ) and not conditions_on(case.statement, LEADING_KEYS)


def _actions(statement: dict[str, object]) -> list[str]:
    return as_list(statement.get("Action"))


def _every_action(case: Case) -> bool:
    service = case.request.action.partition(":")[0]
    return bool({"*", f"{service}:*"} & set(_actions(case.statement)))


def _every_bucket(case: Case) -> bool:
    resources = as_list(case.statement.get("Resource"))
    return case.request.action.startswith("s3:") and any(
        _EVERY_BUCKET.fullmatch(resource.partition("/")[0]) for resource in resources
    )


def _gone(case: Case) -> Iterator[Edit]:
    if not case.dependents:
        yield case.without_statement()


def _not_needed(case: Case) -> bool:
    return not case.dependents


def _action_listed(case: Case) -> list[str]:
    return [action for action in _actions(case.statement) if matches(action, case.request.action)]


def _action_not_needed(case: Case) -> bool:
    asked = {ruling.request.action.lower() for ruling in case.dependents}
    return bool(case.dependents) and case.request.action.lower() not in asked and bool(_action_listed(case))


def _without_action(case: Case) -> Iterator[Edit]:
    """Yield the statement without the action; what else a wildcard stood for stays if legitimate callers ask for it."""
    listed = _action_listed(case)
    asked = {ruling.request.action for ruling in case.dependents}
    kept = [action for action in _actions(case.statement) if action not in listed]
    needed = sorted(action for action in asked if any(matches(pattern, action) for pattern in listed))
    if kept or needed:
        yield case.stating(with_element(case.statement, "Action", [*kept, *needed]))


def _only_asked(case: Case) -> Iterator[Edit]:
    asked = {ruling.request.action for ruling in case.dependents}
    kept = [action for action in _actions(case.statement) if any(matches(action, each) for each in asked)]
    yield case.stating(with_element(case.statement, "Action", kept))


def _is_public(case: Case) -> bool:
    """Whether a write is allowed under keys that are no user's: literal ones."""
    literal = [each for each in conditions_on(case.statement, LEADING_KEYS) if "${" not in "".join(each.values)]
    return bool(literal) and _action_not_needed(case)


def _asked_by_others(case: Case) -> bool:
    """Whether legitimate callers ask the very same by the same statement, so that the caller has the wrong role.

    A role is assumed in the same words by all who have it, so of that nothing follows.
    """
    key = LEADING_KEYS.lower()
    asked = case.request
    return not asked.action.startswith("sts:") and any(
        (each.action, each.resource, each.known.get(key)) == (asked.action, asked.resource, asked.known.get(key))
        for each in (ruling.request for ruling in case.dependents)
    )


GRANTS = (
    Recogniser(
        "role-in-wrong-hands",
        (("*", "idp-authz-role-drift"),),
        _asked_by_others,
        lambda _: (),
    ),
    Recogniser("public-items-writable", (("*", "ddb-public-partition-writable"),), _is_public, _only_asked),
    Recogniser("deny-list", (("*", "x-deny-list-instead-of-allow-list"),), _is_deny_list, _gone),
    Recogniser("granted-by-the-resource", _BY_RESOURCE, _by_resource, _gone),
    Recogniser(
        "every-action",
        (
            ("dynamodb:*", "ddb-table-level-actions-via-wildcard"),
            ("cognito-idp:*", "up-admin-apis-on-authenticated-role"),
            ("cognito-identity:*", "idp-administration-wildcard"),
        ),
        lambda case: _every_action(case) and not case.dependents,
        _gone,
    ),
    Recogniser(
        "every-bucket",
        (("*", "s3-base-role-all-buckets"), ("s3:ListBucket", "s3-listbucket-without-prefix")),
        lambda case: _every_bucket(case) and not case.dependents,
        _gone,
    ),
    Recogniser("second-statement", _BY_ACTION, _not_needed, _gone),
    Recogniser("action-not-needed", _BY_ACTION, _action_not_needed, _without_action),
)
