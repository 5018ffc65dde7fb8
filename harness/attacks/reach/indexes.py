"""Reaching for items by the side doors of a table: its indexes, attributes that lead somewhere, and other tables."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from harness.assets import restore
from harness.attacks.reach.item_calls import item_call
from harness.attacks.technique import Callers, ControlKind, Feature, Severity, Technique, Victim
from harness.blueprints.contract import Effect

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.assets import Asset
    from harness.attacks.aim import Aim
    from harness.blueprints.spec import IndexSpec
    from harness.targets.api import ApiRequest

_GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html"
_INDEXES = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html"
_PARTIQL = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html"


def _partition(table: str, index: str, key: str, value: str) -> tuple[ApiRequest, ...]:
    return item_call(
        "Query",
        TableName=table,
        IndexName=index,
        KeyConditionExpression="#key = :value",
        ExpressionAttributeNames={"#key": key},
        ExpressionAttributeValues={":value": {"S": value}},
    )


def _query(index_of: Callable[[Aim], IndexSpec | None]) -> Callable[[Aim], tuple[ApiRequest, ...]]:
    return lambda aim: _partition(aim.asset.store, *aim.by_index(index_of(aim)))


def _select(aim: Aim) -> tuple[ApiRequest, ...]:
    index, key, value = aim.by_index(aim.owner_index)
    statement = " ".join(("SELECT * FROM", f'"{aim.asset.store}"."{index}"', "WHERE", f'"{key}" = ?'))
    return item_call("ExecuteStatement", Statement=statement, Parameters=[{"S": value}])


def _set(item: Asset, attribute: str, value: str) -> tuple[ApiRequest, ...]:
    return item_call(
        "UpdateItem",
        TableName=item.store,
        Key=item.item_key,
        UpdateExpression="SET #attribute = :value",
        ExpressionAttributeNames={"#attribute": attribute},
        ExpressionAttributeValues={":value": {"S": value}},
    )


def _set_foreign_owner(aim: Aim) -> tuple[ApiRequest, ...]:
    _, key, foreign = aim.by_index(aim.owner_index)
    return _set(aim.own, key, foreign)


def _give_to_nobody_and_find(aim: Aim) -> tuple[ApiRequest, ...]:
    index, key, _ = aim.by_index(aim.owner_index)
    return (*_set(aim.own, key, "nobody"), *_partition(aim.own.store, index, key, "nobody"))


def _put_without_attributes(aim: Aim) -> tuple[ApiRequest, ...]:
    return item_call("PutItem", TableName=aim.own.store, Item={**aim.own.item_key, "canary": {"S": aim.own.marker}})


def _key_elsewhere(aim: Aim) -> dict[str, Any]:
    return {"TableName": aim.second_table, "Key": {"PK": {"S": aim.own.partition}, "SK": {"S": aim.own.name}}}


_READ = partial(
    Technique,
    plane="dynamodb",
    effect=Effect.READ,
    severity=Severity.CRITICAL,
    documentation=_INDEXES,
    requires=frozenset({Feature.OWNER_INDEX}),
)
_OWN_ITEM = partial(
    Technique,
    plane="dynamodb",
    effect=Effect.WRITE,
    severity=Severity.NORMAL,
    documentation=_GUIDE,
    control=ControlKind.OPERATOR,
    callers=Callers.OWNERS,
)

TECHNIQUES = (
    _READ(
        id="dynamodb.read.query-index",
        title="Query of a foreign partition of an index",
        operation="Query",
        actions=("dynamodb:Query",),
        catalogue=("ddb-gsi-resource-without-condition",),
        steps=_query(lambda aim: aim.owner_index),
    ),
    _READ(
        id="dynamodb.read.query-common-index",
        title="Query of an index in whose partitions items of all tenants stand together, with every attribute",
        operation="Query",
        actions=("dynamodb:Query",),
        catalogue=("ddb-gsi-leading-key-differs", "ddb-lsi-and-projection-leak", "ddb-attributes-without-select"),
        control=ControlKind.WITNESS,
        requires=frozenset({Feature.COMMON_INDEX}),
        steps=_query(lambda aim: aim.common_index),
    ),
    _READ(
        id="dynamodb.read.scan-index",
        title="Scan of an index",
        operation="Scan",
        actions=("dynamodb:Scan",),
        catalogue=("ddb-gsi-resource-without-condition", "ddb-scan-vacuous-forallvalues"),
        control=ControlKind.WITNESS,
        steps=lambda aim: item_call("Scan", TableName=aim.asset.store, IndexName=aim.by_index(aim.owner_index)[0]),
    ),
    _READ(
        id="dynamodb.read.partiql-index",
        title="SELECT of a foreign partition of an index",
        operation="ExecuteStatement",
        actions=("dynamodb:PartiQLSelect",),
        documentation=_PARTIQL,
        catalogue=("ddb-partiql-not-covered", "ddb-gsi-resource-without-condition"),
        control=ControlKind.OPERATOR,
        steps=_select,
    ),
    _OWN_ITEM(
        id="dynamodb.write.forged-index-key",
        title="an own item put among another's in an index",
        operation="UpdateItem",
        actions=("dynamodb:UpdateItem",),
        catalogue=("ddb-gsi-key-forgery-on-write", "ddb-tenant-attribute-forged-in-item"),
        cwe=("CWE-639", "CWE-345"),
        requires=frozenset({Feature.OWNER_INDEX}),
        operator_steps=_give_to_nobody_and_find,
        shows=lambda _, answers: bool(answers[-1].data.get("Items")),
        clean_up=lambda aim: (restore(aim.own),),
        steps=_set_foreign_owner,
    ),
    _OWN_ITEM(
        id="dynamodb.write.forged-attributes",
        title="PutItem over an own item that takes away what the backend had written",
        operation="PutItem",
        actions=("dynamodb:PutItem",),
        catalogue=("ddb-put-overwrites-hidden-attributes",),
        victim=Victim.NOBODY,
        requires=frozenset({Feature.BACKEND_ATTRIBUTES}),
        clean_up=lambda aim: (restore(aim.own),),
        shows=lambda _, answers: answers[0].succeeded,
        steps=_put_without_attributes,
    ),
    _OWN_ITEM(
        id="dynamodb.write.forged-key-elsewhere",
        title="UpdateItem under the own key in a table that is not the tenants'",
        operation="UpdateItem",
        actions=("dynamodb:UpdateItem",),
        catalogue=("ddb-table-arn-wildcard",),
        victim=Victim.NOBODY,
        requires=frozenset({Feature.SECOND_TABLE}),
        clean_up=lambda aim: item_call("DeleteItem", **_key_elsewhere(aim)),
        shows=lambda _, answers: "Attributes" in answers[0].data,
        steps=lambda aim: item_call("UpdateItem", **_key_elsewhere(aim), ReturnValues="ALL_NEW"),
    ),
)
