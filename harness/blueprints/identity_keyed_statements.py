"""Weaknesses of identity-keyed in the statements that confine users to what is theirs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from harness.blueprints.edit import add_policy, also, weaken
from harness.blueprints.policies import allow
from harness.blueprints.spec import Weakness

if TYPE_CHECKING:
    from harness.blueprints.spec import Document

_SUB = "${cognito-identity.amazonaws.com:sub}"
_TENANT_ROLES = ("member", "guest")
_TABLE = "@{table.items.arn}"
_BUCKET = "@{bucket.files.arn}"
_also = partial(also, _TENANT_ROLES, "own-data")
_weaken = partial(weaken, _TENANT_ROLES, "own-data")


def _misspell_leading_keys(statement: Document) -> None:
    statement["Condition"]["ForAllValues:StringEquals"] = {"dynamodb:LeadingKey": [_SUB]}


def _any_own_key_suffices(statement: Document) -> None:
    statement["Condition"]["ForAnyValue:StringEquals"] = statement["Condition"].pop("ForAllValues:StringEquals")


def _prefix_of_the_key_suffices(statement: Document) -> None:
    del statement["Condition"]["ForAllValues:StringEquals"]
    statement["Condition"]["ForAllValues:StringLike"] = {"dynamodb:LeadingKeys": [f"{_SUB}*"]}


def _scan_under_vacuous_condition(statement: Document) -> None:
    statement["Action"].append("dynamodb:Scan")
    del statement["Condition"]["Null"]


def _every_action_under_vacuous_condition(statement: Document) -> None:
    statement["Action"] = "dynamodb:*"
    del statement["Condition"]["Null"]


_WITHOUT_VERSION: Document = {
    "Statement": [
        allow("OldItems", "dynamodb:PutItem", _TABLE, {"StringEquals": {"dynamodb:LeadingKeys": [_SUB]}}),
    ]
}


def _any_case_matches(statement: Document) -> None:
    statement["Condition"]["ForAllValues:StringEqualsIgnoreCase"] = statement["Condition"].pop(
        "ForAllValues:StringEquals"
    )


def _objects_without_delimiter(statement: Document) -> None:
    statement["Resource"] = f"{_BUCKET}/{_SUB}*"


_UNKEYED_READS = (
    "dynamodb.read.get-item",
    "dynamodb.read.query",
    "dynamodb.read.query-projected",
    "dynamodb.read.batch-get-item",
    "dynamodb.read.batch-get-mixed",
    "dynamodb.read.transact-get-items",
    "dynamodb.read.transact-get-mixed",
    "dynamodb.read.condition-check",
    "dynamodb.read.return-values",
    "dynamodb.read.update-condition",
    "dynamodb.read.failed-update-values",
    "dynamodb.read.failed-check-values",
)
_UNKEYED_WRITES = (
    "dynamodb.write.put-item",
    "dynamodb.write.update-item",
    "dynamodb.write.delete-item",
    "dynamodb.write.batch-write-item",
    "dynamodb.write.batch-write-mixed",
    "dynamodb.write.transact-write-items",
    "dynamodb.write.transact-write-mixed",
    "dynamodb.write.forged-key-random",
    "dynamodb.write.forged-key-prefix",
    "dynamodb.write.forged-key-truncated",
    "dynamodb.write.forged-key-padded",
    "dynamodb.write.forged-key-case",
    "dynamodb.write.forged-key-variable",
)
_ADMINISTRATION = (
    "dynamodb.read.describe-table",
    "dynamodb.read.export-table",
    "dynamodb.write.put-resource-policy",
    "dynamodb.write.update-table",
    "dynamodb.write.update-time-to-live",
    "dynamodb.write.delete-table",
)


STATEMENT_WEAKNESSES = (
    Weakness(
        id="ddb-leadingkeys-absent-on-one-action",
        title="UpdateItem is granted a second time, without the condition on the partition key",
        change=_also(allow("LegacyUpdate", "dynamodb:UpdateItem", _TABLE)),
        leaks=("dynamodb.write.update-item",),
    ),
    Weakness(
        id="ddb-batch-not-covered",
        title="BatchGetItem is granted for speed in a statement of its own, without the condition",
        change=_also(allow("FastReads", "dynamodb:BatchGetItem", _TABLE)),
        leaks=("dynamodb.read.batch-get-item", "dynamodb.read.batch-get-mixed"),
    ),
    Weakness(
        id="ddb-transact-not-covered",
        title="GetItem inside a transaction is granted without the condition",
        change=_also(
            allow(
                "Transactions",
                ["dynamodb:GetItem", "dynamodb:ConditionCheckItem"],
                _TABLE,
                {"StringLike": {"dynamodb:EnclosingOperation": "Transact*"}},
            )
        ),
        leaks=(
            "dynamodb.read.transact-get-items",
            "dynamodb.read.condition-check",
            "dynamodb.read.failed-check-values",
        ),
    ),
    Weakness(
        id="ddb-scan-vacuous-forallvalues",
        title="Scan under ForAllValues without a Null check: a Scan has no leading key, so the condition is true",
        change=_weaken("OwnItems", _scan_under_vacuous_condition),
        leaks=("dynamodb.read.scan", "dynamodb.read.scan-segment"),
    ),
    Weakness(
        id="ddb-table-level-actions-via-wildcard",
        title="every action on the table is allowed under ForAllValues, which is true of calls without any key",
        change=_weaken("OwnItems", _every_action_under_vacuous_condition),
        leaks=(
            "dynamodb.read.scan",
            "dynamodb.read.scan-segment",
            "dynamodb.read.partiql-select-all",
            *_ADMINISTRATION,
        ),
    ),
    Weakness(
        id="ddb-condition-key-typo-vacuous",
        title="the condition names dynamodb:LeadingKey, a key that no request carries, so ForAllValues is true",
        change=_weaken("OwnItems", _misspell_leading_keys),
        leaks=(*_UNKEYED_READS, *_UNKEYED_WRITES),
    ),
    Weakness(
        id="ddb-foranyvalue-batch-smuggle",
        title="ForAnyValue in place of ForAllValues: one own key carries any number of foreign ones",
        change=_weaken("OwnItems", _any_own_key_suffices),
        leaks=(
            "dynamodb.read.batch-get-mixed",
            "dynamodb.read.transact-get-mixed",
            "dynamodb.write.batch-write-mixed",
            "dynamodb.write.transact-write-mixed",
        ),
    ),
    Weakness(
        id="ddb-stringlike-prefix-collision",
        title="the partition key only has to start with the identity id, with no delimiter behind it",
        change=_weaken("OwnItems", _prefix_of_the_key_suffices),
        leaks=("dynamodb.write.forged-key-prefix",),
    ),
    Weakness(
        id="ddb-tenant-normalisation-collision",
        title="the partition key is compared without regard to case, while DynamoDB keeps both spellings apart",
        change=_weaken("OwnItems", _any_case_matches),
        leaks=("dynamodb.write.forged-key-own-case",),
    ),
    Weakness(
        id="ddb-policy-version-2008",
        title="an older policy beside it has no Version, so its variable is mere text, a key that anybody takes",
        change=partial(add_policy, roles=_TENANT_ROLES, policy_name="old-own-data", document=_WITHOUT_VERSION),
        leaks=("dynamodb.write.forged-key-variable",),
    ),
    Weakness(
        id="s3-prefix-no-trailing-slash",
        title="the object grant ends in the identity id without a slash, so longer prefixes match as well",
        change=_weaken("OwnObjects", _objects_without_delimiter),
        leaks=("s3.write.forged-prefix-collision",),
    ),
    Weakness(
        id="s3-listbucket-without-prefix",
        title="ListBucket is granted without a condition on s3:prefix",
        change=_weaken("OwnListing", lambda statement: statement.pop("Condition")),
        leaks=("s3.read.list-objects-foreign-prefix", "s3.read.list-objects-unprefixed"),
    ),
    Weakness(
        id="s3-copyobject-from-foreign-prefix",
        title="GetObject is granted on the whole bucket, so CopyObject pulls foreign objects into the own folder",
        change=_also(allow("CopySources", "s3:GetObject", f"{_BUCKET}/*")),
        leaks=("s3.read.get-object", "s3.read.head-object", "s3.read.copy-object"),
    ),
    Weakness(
        id="s3-copy-to-foreign-prefix",
        title="PutObject is granted on the whole bucket",
        change=_also(allow("Uploads", "s3:PutObject", f"{_BUCKET}/*")),
        leaks=(
            "s3.write.put-object",
            "s3.write.copy-object-into",
            "s3.write.forged-prefix-random",
            "s3.write.forged-prefix-collision",
        ),
    ),
    Weakness(
        id="s3-delete-not-covered",
        title="DeleteObject is granted on the whole bucket",
        change=_also(allow("CleanUp", "s3:DeleteObject", f"{_BUCKET}/*")),
        leaks=("s3.write.delete-object", "s3.write.delete-objects", "s3.write.delete-objects-mixed"),
    ),
)
