"""Every call of DynamoDB under a condition on the partition key: on one's own partition, then on another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.calibration.probe import Call, Probe
from harness.calibration.rules import Rule
from harness.calibration.sites.requests import FOREIGN, OWN, key, role
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.calibration.site import Site

ITEM_ACTIONS = (
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:PartiQLSelect",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PartiQLDelete",
)
# Whoever writes an item by PartiQL that is, or is not, there: both are met behind authorization alone.
_PAST = (r"^ConditionalCheckFailedException", r"^DuplicateItemException")
_CONFINED = role("confined")


def items() -> list[dict[str, Any]]:
    """Return what stands in the table: an item that is read, one for each way of writing, in both partitions."""
    names = ("x", "update", "delete", "check", "partiql-update", "partiql-delete")
    return [
        {**key(partition, name), "GSI": {"S": partition}, "open": {"S": "-"}, "closed": {"S": "-"}}
        for partition in (OWN, FOREIGN)
        for name in names
    ]


def _probe(rule: Rule, operation: str, *variants: tuple[str, Callable[[str, str], dict[str, Any]]]) -> Probe:
    """Return the probe of one operation; a variant is an action, and the parameters for a table and a partition."""

    def call(partition: str, action: str, params: Callable[[str, str], dict[str, Any]]) -> Call:
        def asks(site: Site) -> ApiRequest:
            return ApiRequest("dynamodb", operation, params(site.table, partition))

        return Call(by=_CONFINED, asks=asks, actions=(f"dynamodb:{action}",), passes=_PAST, operation=operation)

    return Probe(
        rule,
        tuple(call(OWN, *variant) for variant in variants),
        tuple(call(FOREIGN, *variant) for variant in variants),
    )


def _update(table: str, partition: str) -> dict[str, Any]:
    change = {"UpdateExpression": "SET filled = :v", "ExpressionAttributeValues": {":v": {"S": "y"}}}
    return {"TableName": table, "Key": key(partition, "update"), **change}


def _delete(table: str, partition: str) -> dict[str, Any]:
    return {"TableName": table, "Key": key(partition, "delete")}


def _get(table: str, partition: str) -> dict[str, Any]:
    return {"TableName": table, "Key": key(partition)}


def _query(table: str, partition: str) -> dict[str, Any]:
    values = {":pk": {"S": partition}}
    return {"TableName": table, "KeyConditionExpression": "PK = :pk", "ExpressionAttributeValues": values}


def _query_index(table: str, partition: str) -> dict[str, Any]:
    return {**_query(table, partition), "KeyConditionExpression": "GSI = :pk", "IndexName": "by-group"}


def _put(table: str, partition: str) -> dict[str, Any]:
    return {"TableName": table, "Item": key(partition, "put")}


def _batch_get(table: str, partition: str) -> dict[str, Any]:
    # The own key comes first, so that a target which looks at one key alone is found out.
    return {"RequestItems": {table: {"Keys": [key(OWN, "update"), key(partition)]}}}


def _batch_write(table: str, partition: str) -> dict[str, Any]:
    puts = [{"PutRequest": {"Item": key(each, name)}} for each, name in ((OWN, "batch-1"), (partition, "batch-2"))]
    return {"RequestItems": {table: puts}}


def _transact_get(table: str, partition: str) -> dict[str, Any]:
    entries = [{"Get": {"TableName": table, "Key": key(*each)}} for each in ((OWN, "update"), (partition, "x"))]
    return {"TransactItems": entries}


def _transact_write(entry: str) -> Callable[[str, str], dict[str, Any]]:
    made: dict[str, Callable[[str], dict[str, Any]]] = {
        "Put": lambda partition: {"Item": key(partition, "transact")},
        "Delete": lambda partition: {"Key": key(partition, "delete")},
        "ConditionCheck": lambda partition: {
            "Key": key(partition, "check"),
            "ConditionExpression": "attribute_exists(PK)",
        },
    }
    return lambda table, partition: {"TransactItems": [{entry: {"TableName": table, **made[entry](partition)}}]}


def _statement(text: str) -> Callable[[str, str], dict[str, Any]]:
    return lambda table, partition: {"Statement": text.format(table=f'"{table}"', key=f"'{partition}'")}


def _scan_probe() -> Probe:
    """Return the probe of Scan, which has no partition to be one's own: that others may scan shows that it works."""

    def scan(name: str) -> Call:
        return Call(
            by=role(name),
            asks=lambda site: ApiRequest("dynamodb", "Scan", {"TableName": site.table}),
            actions=("dynamodb:Scan",),
            operation="Scan",
        )

    def own(site: Site) -> ApiRequest:
        return ApiRequest("dynamodb", "GetItem", _get(site.table, OWN))

    works = Call(by=_CONFINED, asks=own, operation="GetItem")
    return Probe(Rule.LEADING_KEYS_SCAN, (scan("wide"), works), (scan("confined"),))


LEADING_KEY_PROBES = (
    _probe(Rule.LEADING_KEYS_GET_ITEM, "GetItem", ("GetItem", _get)),
    _probe(Rule.LEADING_KEYS_BATCH_GET_ITEM, "BatchGetItem", ("BatchGetItem", _batch_get)),
    _probe(Rule.LEADING_KEYS_QUERY, "Query", ("Query", _query)),
    _scan_probe(),
    _probe(Rule.LEADING_KEYS_PUT_ITEM, "PutItem", ("PutItem", _put)),
    _probe(
        Rule.LEADING_KEYS_UPDATE_ITEM,
        "UpdateItem",
        ("UpdateItem", _update),
    ),
    _probe(Rule.LEADING_KEYS_DELETE_ITEM, "DeleteItem", ("DeleteItem", _delete)),
    _probe(Rule.LEADING_KEYS_BATCH_WRITE_ITEM, "BatchWriteItem", ("BatchWriteItem", _batch_write)),
    _probe(Rule.LEADING_KEYS_TRANSACT_GET_ITEMS, "TransactGetItems", ("GetItem", _transact_get)),
    _probe(
        Rule.LEADING_KEYS_TRANSACT_WRITE_ITEMS,
        "TransactWriteItems",
        ("PutItem", _transact_write("Put")),
        ("DeleteItem", _transact_write("Delete")),
        ("ConditionCheckItem", _transact_write("ConditionCheck")),
    ),
    _probe(
        Rule.LEADING_KEYS_PARTIQL_READS,
        "ExecuteStatement",
        ("PartiQLSelect", _statement("SELECT * FROM {table} WHERE PK = {key}")),
    ),
    _probe(
        Rule.LEADING_KEYS_PARTIQL_WRITES,
        "ExecuteStatement",
        ("PartiQLInsert", _statement("INSERT INTO {table} VALUE {{'PK': {key}, 'SK': 'partiql-insert'}}")),
        ("PartiQLUpdate", _statement("UPDATE {table} SET filled = 'y' WHERE PK = {key} AND SK = 'partiql-update'")),
        ("PartiQLDelete", _statement("DELETE FROM {table} WHERE PK = {key} AND SK = 'partiql-delete'")),
    ),
    _probe(Rule.LEADING_KEYS_INDEX, "Query", ("Query", _query_index)),
)
