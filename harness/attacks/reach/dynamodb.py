"""Reaching for items: every way the DynamoDB API touches an item, aimed by whoever uses it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from harness.attacks.technique import Callers, ControlKind, Feature, LeakKind, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.assets import Asset
    from harness.attacks.aim import Aim

_GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html"
_TRANSACTIONS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html"


def _call(operation: str, **params: Any) -> tuple[ApiRequest, ...]:
    return (ApiRequest("dynamodb", operation, params),)


def _overwritten(asset: Asset) -> dict[str, Any]:
    return {**asset.item_key, "canary": {"S": "overwritten"}}


def _forged(value_of: Callable[[Aim], str]) -> Callable[[Aim], tuple[ApiRequest, ...]]:
    """Return steps that put an item under a partition key which is nobody's."""

    def steps(aim: Aim) -> tuple[ApiRequest, ...]:
        item = {"PK": {"S": value_of(aim)}, "SK": {"S": aim.own.name}, "canary": {"S": "forged"}}
        return _call("PutItem", TableName=aim.own.store, Item=item)

    return steps


def _put_own(aim: Aim) -> tuple[ApiRequest, ...]:
    return _call("PutItem", TableName=aim.own.store, Item=_overwritten(aim.own))


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
_FORGED = partial(
    _WRITE,
    operation="PutItem",
    actions=("dynamodb:PutItem",),
    severity=Severity.NORMAL,
    victim=Victim.NOBODY,
    control_steps=_put_own,
    requires=frozenset({Feature.PARTITIONED_TABLE}),
    callers=Callers.OWNERS,
)

TECHNIQUES = (
    _READ(
        id="dynamodb.read.get-item",
        title="GetItem with a foreign key",
        operation="GetItem",
        actions=("dynamodb:GetItem",),
        steps=lambda aim: _call("GetItem", TableName=aim.asset.store, Key=aim.asset.item_key),
    ),
    _READ(
        id="dynamodb.read.query",
        title="Query of a foreign partition",
        operation="Query",
        actions=("dynamodb:Query",),
        steps=lambda aim: _call(
            "Query",
            TableName=aim.asset.store,
            KeyConditionExpression="PK = :pk",
            ExpressionAttributeValues={":pk": {"S": aim.asset.partition}},
        ),
    ),
    _READ(
        id="dynamodb.read.scan",
        title="Scan of the whole table",
        operation="Scan",
        actions=("dynamodb:Scan",),
        catalogue=("ddb-scan-vacuous-forallvalues",),
        control=ControlKind.WITNESS,
        steps=lambda aim: _call("Scan", TableName=aim.asset.store),
    ),
    _READ(
        id="dynamodb.read.batch-get-item",
        title="BatchGetItem with a foreign key",
        operation="BatchGetItem",
        actions=("dynamodb:BatchGetItem",),
        catalogue=("ddb-batch-not-covered",),
        steps=lambda aim: _call("BatchGetItem", RequestItems={aim.asset.store: {"Keys": [aim.asset.item_key]}}),
    ),
    _READ(
        id="dynamodb.read.batch-get-mixed",
        title="BatchGetItem with a foreign key behind an own one",
        operation="BatchGetItem",
        actions=("dynamodb:BatchGetItem",),
        catalogue=("ddb-foranyvalue-batch-smuggle",),
        callers=Callers.OWNERS,
        steps=lambda aim: _call(
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
        steps=lambda aim: _call(
            "TransactGetItems",
            TransactItems=[{"Get": {"TableName": aim.asset.store, "Key": aim.asset.item_key}}],
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
        steps=lambda aim: _call(
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
        steps=lambda aim: _call("PutItem", TableName=aim.asset.store, Item=_overwritten(aim.asset)),
    ),
    _WRITE(
        id="dynamodb.write.update-item",
        title="UpdateItem of a foreign item",
        operation="UpdateItem",
        actions=("dynamodb:UpdateItem",),
        steps=lambda aim: _call(
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
        steps=lambda aim: _call("DeleteItem", TableName=aim.asset.store, Key=aim.asset.item_key),
    ),
    _WRITE(
        id="dynamodb.write.batch-write-item",
        title="BatchWriteItem over a foreign item",
        operation="BatchWriteItem",
        actions=("dynamodb:BatchWriteItem",),
        catalogue=("ddb-batch-not-covered",),
        steps=lambda aim: _call(
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
        steps=lambda aim: _call(
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
        steps=lambda aim: _call(
            "TransactWriteItems",
            TransactItems=[{"Delete": {"TableName": aim.asset.store, "Key": aim.asset.item_key}}],
        ),
    ),
    _FORGED(
        id="dynamodb.write.forged-key-random",
        title="PutItem under a partition key that is nobody's",
        steps=_forged(lambda _: "unauthorized_string"),
    ),
    _FORGED(
        id="dynamodb.write.forged-key-prefix",
        title="PutItem under the own key with something behind it",
        catalogue=("ddb-stringlike-prefix-collision",),
        steps=_forged(lambda aim: aim.own.partition_of(f"{aim.own.discriminator}2")),
    ),
    _FORGED(
        id="dynamodb.write.forged-key-truncated",
        title="PutItem under the beginning of the own key",
        catalogue=("ddb-stringlike-prefix-collision",),
        steps=_forged(lambda aim: aim.own.partition_of(aim.own.discriminator[:-1])),
    ),
    _FORGED(
        id="dynamodb.write.forged-key-own-case",
        title="PutItem under the own key in capitals",
        catalogue=("ddb-partition-key-type-or-encoding-forgery",),
        steps=_forged(lambda aim: aim.own.partition_of(aim.own.discriminator.upper())),
    ),
    _FORGED(
        id="dynamodb.write.forged-key-case",
        title="PutItem under a foreign key in capitals",
        catalogue=("ddb-partition-key-type-or-encoding-forgery",),
        victim=Victim.SOMEBODY,
        allowed_means=LeakKind.PERMISSION,
        steps=_forged(lambda aim: aim.asset.partition_of(aim.asset.discriminator.upper())),
    ),
)
