"""Reading items without reading them: what writes and conditions tell of an item that the caller may not get."""

from __future__ import annotations

from functools import partial

from harness.attacks.reach.item_calls import item_call
from harness.attacks.technique import ControlKind, Feature, LeakKind, Severity, Technique
from harness.blueprints.contract import Effect

_GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html"
_TRANSACTIONS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html"
_NEVER = "attribute_not_exists(PK)"
_FAILED = {"ConditionExpression": _NEVER, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


# No contract gives reading by way of writes, so whoever may do the write has to be shown by the operator.
_READ = partial(
    Technique,
    plane="dynamodb",
    effect=Effect.READ,
    severity=Severity.CRITICAL,
    documentation=_GUIDE,
    control=ControlKind.OPERATOR,
    requires=frozenset({Feature.TABLE}),
    cwe=("CWE-639", "CWE-203"),
)

TECHNIQUES = (
    # An update without an expression changes nothing of an item that is there.
    _READ(
        id="dynamodb.read.return-values",
        title="UpdateItem that changes nothing of a foreign item and has it returned",
        operation="UpdateItem",
        actions=("dynamodb:UpdateItem",),
        catalogue=("ddb-returnvalues-exfiltration",),
        steps=lambda aim: item_call(
            "UpdateItem", TableName=aim.asset.store, Key=aim.asset.item_key, ReturnValues="ALL_OLD"
        ),
    ),
    _READ(
        id="dynamodb.read.update-condition",
        title="UpdateItem that changes nothing of a foreign item, with a condition as a yes-or-no question",
        operation="UpdateItem",
        actions=("dynamodb:UpdateItem",),
        severity=Severity.NORMAL,
        catalogue=("ddb-condition-expression-oracle",),
        allowed_means=LeakKind.ORACLE,
        passes=("^ConditionalCheckFailedException:",),
        steps=lambda aim: item_call(
            "UpdateItem",
            TableName=aim.asset.store,
            Key=aim.asset.item_key,
            ConditionExpression="begins_with(canary, :guess)",
            ExpressionAttributeValues={":guess": {"S": "canary"}},
        ),
    ),
    _READ(
        id="dynamodb.read.failed-update-values",
        title="an update in a transaction that must fail, and that has the foreign item returned for it",
        operation="TransactWriteItems",
        actions=("dynamodb:UpdateItem",),
        documentation=_TRANSACTIONS,
        catalogue=("ddb-returnvalues-exfiltration", "ddb-transact-not-covered"),
        passes=(r"^TransactionCanceledException:.*\[ConditionalCheckFailed\]",),
        steps=lambda aim: item_call(
            "TransactWriteItems",
            TransactItems=[
                {
                    "Update": {
                        "TableName": aim.asset.store,
                        "Key": aim.asset.item_key,
                        "UpdateExpression": "REMOVE nothing",
                        **_FAILED,
                    }
                }
            ],
        ),
    ),
    _READ(
        id="dynamodb.read.failed-check-values",
        title="a ConditionCheck that must fail, and that has the foreign item returned for it",
        operation="TransactWriteItems",
        actions=("dynamodb:ConditionCheckItem",),
        documentation=_TRANSACTIONS,
        catalogue=("ddb-condition-expression-oracle", "ddb-returnvalues-exfiltration", "ddb-transact-not-covered"),
        passes=(r"^TransactionCanceledException:.*\[ConditionalCheckFailed\]",),
        steps=lambda aim: item_call(
            "TransactWriteItems",
            TransactItems=[
                {"ConditionCheck": {"TableName": aim.asset.store, "Key": aim.asset.item_key, **_FAILED}},
            ],
        ),
    ),
)
