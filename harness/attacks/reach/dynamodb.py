"""Reaching for items: every way the DynamoDB API touches an item, aimed by whoever uses it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from harness.attacks.reach.item_calls import item_call
from harness.attacks.technique import Callers, ControlKind, Feature, LeakKind, Severity, Technique
from harness.blueprints.contract import Effect

if TYPE_CHECKING:
    from harness.assets import Asset

_GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html"
_TRANSACTIONS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html"


def _overwritten(asset: Asset) -> dict[str, Any]:
    return {**asset.item_key, "canary": {"S": "overwritten"}}


_READ = partial(
    Technique,
    plane="dynamodb",
    effect=Effect.READ,
    severity=Severity.CRITICAL,
    documentation=_GUIDE,
    catalogue=("ddb-leadingkeys-absent-on-one-action",),
    requires=frozenset({Feature.TABLE}),
)
_WRITE = partial(
    Technique,
    plane="dynamodb",
    effect=Effect.WRITE,
    severity=Severity.BLOCKER,
    documentation=_GUIDE,
    catalogue=("ddb-leadingkeys-absent-on-one-action",),
    requires=frozenset({Feature.TABLE}),
)
TECHNIQUES = (
    _READ(
        id="dynamodb.read.get-item",
        title="GetItem with a foreign key",
        operation="GetItem",
        actions=("dynamodb:GetItem",),
        catalogue=(
            "ddb-leadingkeys-absent-on-one-action",
            "ddb-condition-key-typo-vacuous",
            "ddb-delimiter-injection-tenant-id",
            "ddb-attributes-without-select",
            "ddb-resource-policy-widens",
        ),
        steps=lambda aim: item_call("GetItem", TableName=aim.asset.store, Key=aim.asset.item_key),
    ),
    _READ(
        id="dynamodb.read.query",
        title="Query of a foreign partition",
        operation="Query",
        actions=("dynamodb:Query",),
        steps=lambda aim: item_call(
            "Query",
            TableName=aim.asset.store,
            KeyConditionExpression="PK = :pk",
            ExpressionAttributeValues={":pk": {"S": aim.asset.partition}},
        ),
    ),
    # Where a policy asks for a projection, the plain query is refused for naming none.
    _READ(
        id="dynamodb.read.query-projected",
        title="Query of a foreign partition, backwards, filtered and with the attributes named",
        operation="Query",
        actions=("dynamodb:Query",),
        catalogue=("ddb-leadingkeys-absent-on-one-action", "ddb-attributes-without-select"),
        steps=lambda aim: item_call(
            "Query",
            TableName=aim.asset.store,
            KeyConditionExpression="PK = :pk",
            FilterExpression="begins_with(canary, :canary)",
            ProjectionExpression="PK, SK, canary",
            ExpressionAttributeValues={":pk": {"S": aim.asset.partition}, ":canary": {"S": "canary"}},
            ScanIndexForward=False,
        ),
    ),
    _READ(
        id="dynamodb.read.scan",
        title="Scan of the whole table",
        operation="Scan",
        actions=("dynamodb:Scan",),
        catalogue=("ddb-scan-vacuous-forallvalues",),
        control=ControlKind.WITNESS,
        steps=lambda aim: item_call("Scan", TableName=aim.asset.store),
    ),
    _READ(
        id="dynamodb.read.scan-segment",
        title="Scan of a segment of the table with the attributes named, as parallel readers do",
        operation="Scan",
        actions=("dynamodb:Scan",),
        catalogue=("ddb-scan-vacuous-forallvalues", "ddb-attributes-without-select"),
        control=ControlKind.WITNESS,
        steps=lambda aim: item_call(
            "Scan", TableName=aim.asset.store, Segment=0, TotalSegments=1, ProjectionExpression="PK, SK, canary"
        ),
    ),
    _READ(
        id="dynamodb.read.batch-get-item",
        title="BatchGetItem with a foreign key",
        operation="BatchGetItem",
        actions=("dynamodb:BatchGetItem",),
        catalogue=("ddb-batch-not-covered",),
        steps=lambda aim: item_call("BatchGetItem", RequestItems={aim.asset.store: {"Keys": [aim.asset.item_key]}}),
    ),
    _READ(
        id="dynamodb.read.batch-get-mixed",
        title="BatchGetItem with a foreign key behind an own one",
        operation="BatchGetItem",
        actions=("dynamodb:BatchGetItem",),
        catalogue=("ddb-foranyvalue-batch-smuggle",),
        callers=Callers.OWNERS,
        steps=lambda aim: item_call(
            "BatchGetItem",
            RequestItems={
                aim.asset.store: {"Keys": [{"PK": {"S": aim.own.partition}, "SK": {"S": "none"}}, aim.asset.item_key]}
            },
        ),
    ),
    _READ(
        id="dynamodb.read.transact-get-items",
        title="TransactGetItems with a foreign key",
        operation="TransactGetItems",
        actions=("dynamodb:GetItem",),
        documentation=_TRANSACTIONS,
        catalogue=("ddb-transact-not-covered",),
        steps=lambda aim: item_call(
            "TransactGetItems",
            TransactItems=[{"Get": {"TableName": aim.asset.store, "Key": aim.asset.item_key}}],
        ),
    ),
    _READ(
        id="dynamodb.read.transact-get-mixed",
        title="TransactGetItems with a foreign key behind an own one",
        operation="TransactGetItems",
        actions=("dynamodb:GetItem",),
        documentation=_TRANSACTIONS,
        catalogue=("ddb-foranyvalue-batch-smuggle", "ddb-transact-not-covered"),
        callers=Callers.OWNERS,
        steps=lambda aim: item_call(
            "TransactGetItems",
            TransactItems=[
                {"Get": {"TableName": aim.asset.store, "Key": {"PK": {"S": aim.own.partition}, "SK": {"S": "none"}}}},
                {"Get": {"TableName": aim.asset.store, "Key": aim.asset.item_key}},
            ],
        ),
    ),
    _READ(
        id="dynamodb.read.condition-check",
        title="ConditionCheck on a foreign item as a yes-or-no question",
        operation="TransactWriteItems",
        actions=("dynamodb:ConditionCheckItem",),
        severity=Severity.NORMAL,
        documentation=_TRANSACTIONS,
        catalogue=("ddb-condition-expression-oracle", "ddb-transact-not-covered"),
        allowed_means=LeakKind.ORACLE,
        steps=lambda aim: item_call(
            "TransactWriteItems",
            TransactItems=[
                {
                    "ConditionCheck": {
                        "TableName": aim.asset.store,
                        "Key": aim.asset.item_key,
                        "ConditionExpression": "attribute_exists(canary)",
                    }
                }
            ],
        ),
    ),
    _WRITE(
        id="dynamodb.write.put-item",
        title="PutItem over a foreign item",
        operation="PutItem",
        actions=("dynamodb:PutItem",),
        steps=lambda aim: item_call("PutItem", TableName=aim.asset.store, Item=_overwritten(aim.asset)),
    ),
    _WRITE(
        id="dynamodb.write.update-item",
        title="UpdateItem of a foreign item",
        operation="UpdateItem",
        actions=("dynamodb:UpdateItem",),
        steps=lambda aim: item_call(
            "UpdateItem",
            TableName=aim.asset.store,
            Key=aim.asset.item_key,
            UpdateExpression="SET canary = :gone",
            ExpressionAttributeValues={":gone": {"S": "overwritten"}},
        ),
    ),
    _WRITE(
        id="dynamodb.write.delete-item",
        title="DeleteItem of a foreign item",
        operation="DeleteItem",
        actions=("dynamodb:DeleteItem",),
        steps=lambda aim: item_call("DeleteItem", TableName=aim.asset.store, Key=aim.asset.item_key),
    ),
    _WRITE(
        id="dynamodb.write.batch-write-item",
        title="BatchWriteItem over a foreign item",
        operation="BatchWriteItem",
        actions=("dynamodb:BatchWriteItem",),
        catalogue=("ddb-batch-not-covered",),
        steps=lambda aim: item_call(
            "BatchWriteItem",
            RequestItems={aim.asset.store: [{"PutRequest": {"Item": _overwritten(aim.asset)}}]},
        ),
    ),
    _WRITE(
        id="dynamodb.write.batch-write-mixed",
        title="BatchWriteItem that deletes a foreign item behind an own write",
        operation="BatchWriteItem",
        actions=("dynamodb:BatchWriteItem",),
        catalogue=("ddb-foranyvalue-batch-smuggle",),
        callers=Callers.OWNERS,
        steps=lambda aim: item_call(
            "BatchWriteItem",
            RequestItems={
                aim.asset.store: [
                    {"PutRequest": {"Item": {"PK": {"S": aim.own.partition}, "SK": {"S": f"{aim.own.name}/cover"}}}},
                    {"DeleteRequest": {"Key": aim.asset.item_key}},
                ]
            },
        ),
    ),
    _WRITE(
        id="dynamodb.write.transact-write-items",
        title="TransactWriteItems that deletes a foreign item",
        operation="TransactWriteItems",
        actions=("dynamodb:DeleteItem",),
        documentation=_TRANSACTIONS,
        catalogue=("ddb-transact-not-covered",),
        steps=lambda aim: item_call(
            "TransactWriteItems",
            TransactItems=[{"Delete": {"TableName": aim.asset.store, "Key": aim.asset.item_key}}],
        ),
    ),
    _WRITE(
        id="dynamodb.write.transact-write-mixed",
        title="TransactWriteItems that deletes a foreign item behind an own one",
        operation="TransactWriteItems",
        actions=("dynamodb:DeleteItem",),
        documentation=_TRANSACTIONS,
        catalogue=("ddb-foranyvalue-batch-smuggle", "ddb-transact-not-covered"),
        callers=Callers.OWNERS,
        steps=lambda aim: item_call(
            "TransactWriteItems",
            TransactItems=[
                {
                    "Delete": {
                        "TableName": aim.asset.store,
                        "Key": {"PK": {"S": aim.own.partition}, "SK": {"S": f"{aim.own.name}/cover"}},
                    }
                },
                {"Delete": {"TableName": aim.asset.store, "Key": aim.asset.item_key}},
            ],
        ),
    ),
)
