"""DynamoDB call -> actions, resources and condition keys, as the table in aws-semantics 1.1 has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from harness.emulator import unconfirmed
from harness.emulator.authorization_check import AuthorizationCheck
from harness.emulator.dynamodb_expressions import (
    ExpressionError,
    check_placeholders,
    partition_key_value,
    single_typed,
    top_level_attributes,
)
from harness.emulator.operations import accepting
from harness.emulator.parameters import check_constraints, refuse_unsupported
from harness.emulator.service import NotDerivableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Keys of multi-attribute partition keys: which actions carry them is unconfirmed (aws-semantics 1.2).
_ALWAYS_UNDERIVABLE = frozenset(
    {
        "dynamodb:secondpartitionkeyvalues",
        "dynamodb:thirdpartitionkeyvalues",
        "dynamodb:fourthpartitionkeyvalues",
    }
)
_LEADING_KEYS = ("dynamodb:leadingkeys", "dynamodb:firstpartitionkeyvalues")
_EXPRESSIONS = (
    "ProjectionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ConditionExpression",
    "UpdateExpression",
)
# The parameters whose meaning for IAM is known. Those of the API before expressions (KeyConditions, Expected and the
# like), tags and resource policies are not among them.
_ITEM = "TableName ReturnConsumedCapacity ExpressionAttributeNames"
_READ = f"{_ITEM} ConsistentRead ProjectionExpression AttributesToGet"
_WRITE = (
    f"{_ITEM} ReturnItemCollectionMetrics ExpressionAttributeValues ConditionExpression ReturnValues "
    "ReturnValuesOnConditionCheckFailure"
)
_SEARCH = f"{_READ} ExpressionAttributeValues FilterExpression Select IndexName Limit ExclusiveStartKey"
_ACCEPTED = {
    "GetItem": accepting(_READ, "Key"),
    "PutItem": accepting(_WRITE, "Item"),
    "UpdateItem": accepting(_WRITE, "Key UpdateExpression"),
    "DeleteItem": accepting(_WRITE, "Key"),
    "Query": accepting(_SEARCH, "KeyConditionExpression ScanIndexForward"),
    "Scan": accepting(_SEARCH, "Segment TotalSegments"),
    "BatchGetItem": accepting("RequestItems ReturnConsumedCapacity"),
    "BatchWriteItem": accepting("RequestItems ReturnConsumedCapacity ReturnItemCollectionMetrics"),
    "TransactGetItems": accepting("TransactItems ReturnConsumedCapacity"),
    "TransactWriteItems": accepting(
        "TransactItems ReturnConsumedCapacity ReturnItemCollectionMetrics ClientRequestToken"
    ),
    "CreateTable": accepting(
        "TableName KeySchema AttributeDefinitions BillingMode ProvisionedThroughput",
        "GlobalSecondaryIndexes LocalSecondaryIndexes",
    ),
    "DeleteTable": accepting("TableName"),
    "DescribeTable": accepting("TableName"),
    "ListTables": accepting("ExclusiveStartTableName Limit"),
}
_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}", re.ASCII)
_TRANSACTION_ACTIONS = {
    "TransactGetItems": {"Get": "GetItem"},
    "TransactWriteItems": {
        "Put": "PutItem",
        "Update": "UpdateItem",
        "Delete": "DeleteItem",
        "ConditionCheck": "ConditionCheckItem",
    },
}


class KeySchemas(Protocol):
    """Where the partition key of a table or index is looked up."""

    def partition_key(self, table: str, index: str | None = None) -> str | None:
        """Return the attribute's name, None for an unknown table or index or a multi-attribute key."""


@dataclass(frozen=True, slots=True)
class DynamoDbRequests:
    """Derives authorization checks for one account and Region."""

    region: str
    account: str
    schemas: KeySchemas

    def checks(self, operation: str, params: Mapping[str, Any]) -> tuple[AuthorizationCheck, ...]:
        """Return every check the call needs; `params` is what `without_nulls` makes of the request.

        Raises NotDerivableError for an operation or parameter unknown here, and ServiceError for parameters that
        break the service model.
        """
        if operation not in _ACCEPTED:
            raise NotDerivableError(f"the operation dynamodb:{operation}")
        check_constraints("dynamodb", operation, params)
        refuse_unsupported(f"dynamodb:{operation}", params, _ACCEPTED[operation])
        if operation in ("BatchGetItem", "BatchWriteItem"):
            return self._batch(operation, params)
        if operation in _TRANSACTION_ACTIONS:
            return self._transaction(operation, params)
        return (self._single(operation, params),)

    def _single(self, operation: str, params: Mapping[str, Any]) -> AuthorizationCheck:
        if operation in ("GetItem", "PutItem", "UpdateItem", "DeleteItem"):
            return self._item(operation, params)
        if operation in ("Query", "Scan"):
            return self._search(operation, params)
        if operation == "ListTables":
            return AuthorizationCheck("dynamodb:ListTables", "*")
        return AuthorizationCheck(f"dynamodb:{operation}", self._table_arn(str(params["TableName"])))

    def _item(self, action: str, params: Mapping[str, Any]) -> AuthorizationCheck:
        reads = action == "GetItem"
        item = params["Item" if action == "PutItem" else "Key"]
        arn = self._table_arn(str(params["TableName"]))
        derived = _Derivation(self, str(params["TableName"]))
        derived.keys([item])
        derived.attributes([item], [params])
        if reads:
            derived.select("SPECIFIC_ATTRIBUTES" if _projects(params) else "ALL_ATTRIBUTES")
        else:
            derived.return_values(params, "ReturnValues")
        derived.consumed_capacity(params)
        return derived.check(action, arn)

    def _search(self, action: str, params: Mapping[str, Any]) -> AuthorizationCheck:
        index = params.get("IndexName")
        arn = self._table_arn(str(params["TableName"]))
        if index is not None and not _NAME.fullmatch(index):
            raise NotDerivableError("an index name of other than 3 to 255 letters, digits, '_', '.' and '-'")
        derived = _Derivation(self, str(params["TableName"]), index)
        if action == "Query":
            derived.query_key(params)
        derived.attributes([], [params])
        derived.start_key(params.get("ExclusiveStartKey"))
        default = unconfirmed.SELECT_OF_AN_INDEX_WITHOUT_PROJECTION if index else "ALL_ATTRIBUTES"
        derived.select(params.get("Select") or ("SPECIFIC_ATTRIBUTES" if _projects(params) else default))
        derived.consumed_capacity(params)
        return derived.check(action, f"{arn}/index/{index}" if index else arn)

    def _batch(self, action: str, params: Mapping[str, Any]) -> tuple[AuthorizationCheck, ...]:
        checks = []
        for table, asked in params["RequestItems"].items():
            arn = self._table_arn(table)
            derived = _Derivation(self, table)
            if action == "BatchGetItem":
                items = list(asked["Keys"])
                derived.attributes(items, [asked])
                derived.select("SPECIFIC_ATTRIBUTES" if _projects(asked) else "ALL_ATTRIBUTES")
            else:
                items = [_written(entry) for entry in asked]
                derived.attributes(items, [])
            derived.keys(items)
            derived.consumed_capacity(params)
            checks.append(derived.check(action, arn))
        return tuple(checks)

    def _transaction(self, operation: str, params: Mapping[str, Any]) -> tuple[AuthorizationCheck, ...]:
        pooled: dict[tuple[str, str, int], list[Mapping[str, Any]]] = {}
        for number, entry in enumerate(params["TransactItems"]):
            verb, body = _only(entry)
            if verb not in _TRANSACTION_ACTIONS[operation]:
                raise NotDerivableError(f"the entry {verb} of dynamodb:{operation}")
            pool = 0 if unconfirmed.TRANSACTION_ENTRIES_ARE_POOLED else number
            action = _TRANSACTION_ACTIONS[operation][verb]
            pooled.setdefault((action, str(body["TableName"]), pool), []).append(body)
        checks = []
        for (action, table, _), bodies in pooled.items():
            arn = self._table_arn(table)
            derived = _Derivation(self, table)
            items = [body["Item" if action == "PutItem" else "Key"] for body in bodies]
            derived.keys(items)
            derived.attributes(items, bodies)
            for body in bodies:
                if action == "GetItem":
                    derived.select("SPECIFIC_ATTRIBUTES" if _projects(body) else "ALL_ATTRIBUTES")
                else:
                    derived.return_values(body, "ReturnValuesOnConditionCheckFailure")
            derived.consumed_capacity(params)
            derived.context["dynamodb:enclosingoperation"] = (operation,)
            checks.append(derived.check(action, arn))
        return tuple(checks)

    def _table_arn(self, name: str) -> str:
        # An ARN would name the same table a second way, and a slash another resource altogether.
        if not _NAME.fullmatch(name):
            raise NotDerivableError("a table named by anything but 3 to 255 letters, digits, '_', '.' and '-'")
        return f"arn:aws:dynamodb:{self.region}:{self.account}:table/{name}"


class _Derivation:
    """Collects the condition keys of one check, and the keys that could not be derived."""

    def __init__(self, requests: DynamoDbRequests, table: str, index: str | None = None) -> None:
        self._partition_key = requests.schemas.partition_key(table, index)
        self.context: dict[str, tuple[str, ...]] = {}
        self._underivable = set(_ALWAYS_UNDERIVABLE)

    def check(self, action: str, resource: str) -> AuthorizationCheck:
        context = {key: values for key, values in self.context.items() if key not in self._underivable}
        return AuthorizationCheck(f"dynamodb:{action}", resource, context, frozenset(self._underivable))

    def keys(self, items: Iterable[Any]) -> None:
        self._leading_keys([single_typed(item).get(self._partition_key or "") for item in items])

    def query_key(self, params: Mapping[str, Any]) -> None:
        try:
            value = partition_key_value(
                params.get("KeyConditionExpression", ""),
                params.get("ExpressionAttributeNames", {}),
                single_typed(params.get("ExpressionAttributeValues", {})),
                self._partition_key or "",
            )
        except ExpressionError:
            value = None
        self._leading_keys([value])

    def _leading_keys(self, values: list[Any]) -> None:
        # IAM compares strings; the string form of number and binary keys is unconfirmed (aws-semantics 1.3, 7).
        texts = [value["S"] for value in values if isinstance(value, dict) and isinstance(value.get("S"), str)]
        if self._partition_key is None or len(texts) != len(values):
            self._underivable.update(_LEADING_KEYS)
            return
        for key in _LEADING_KEYS:
            self.context[key] = tuple(texts)

    def attributes(self, items: Iterable[Mapping[str, Any]], bodies: Iterable[Mapping[str, Any]]) -> None:
        mentioned: set[str] = set()
        for item in items:
            mentioned.update(item)
        for body in bodies:
            names = body.get("ExpressionAttributeNames", {})
            mentioned.update(body.get("AttributesToGet", ()))
            try:
                check_placeholders(names, body.get("ExpressionAttributeValues", {}))
            except ExpressionError:
                raise NotDerivableError("placeholders that do not begin with # or :") from None
            try:
                mentioned |= top_level_attributes([body[name] for name in _EXPRESSIONS if body.get(name)], names)
            except ExpressionError:
                self._underivable.add("dynamodb:attributes")
        self.context["dynamodb:attributes"] = tuple(sorted(mentioned))

    def start_key(self, start_key: Mapping[str, Any] | None) -> None:
        # Whether the attributes of ExclusiveStartKey count as named in the request is unconfirmed.
        if start_key and not start_key.keys() <= set(self.context["dynamodb:attributes"]):
            self._underivable.add("dynamodb:attributes")

    def select(self, value: str) -> None:
        self._single_value("dynamodb:select", value)

    def return_values(self, params: Mapping[str, Any], parameter: str) -> None:
        if parameter == "ReturnValues" and params.get("ReturnValuesOnConditionCheckFailure", "NONE") != "NONE":
            # Documented to be gated for transactions only (aws-semantics 1.2).
            self._underivable.add("dynamodb:returnvalues")
            return
        self._single_value("dynamodb:returnvalues", params.get(parameter, "NONE"))

    def _single_value(self, key: str, value: str) -> None:
        if self.context.setdefault(key, (value,)) != (value,):
            # One check covers several entries with different answers; the key holds one value only.
            self._underivable.add(key)

    def consumed_capacity(self, params: Mapping[str, Any]) -> None:
        value = params.get("ReturnConsumedCapacity", "NONE")
        if value not in ("NONE", "TOTAL"):
            # The IAM value of INDEXES is unconfirmed (aws-semantics 1.2).
            self._underivable.add("dynamodb:returnconsumedcapacity")
            return
        self.context["dynamodb:returnconsumedcapacity"] = (value,)


def _projects(params: Mapping[str, Any]) -> bool:
    return bool(params.get("ProjectionExpression") or params.get("AttributesToGet"))


def _written(entry: Mapping[str, Any]) -> Any:
    kind, body = _only(entry)
    return body["Item" if kind == "PutRequest" else "Key"]


def _only(entry: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    if len(entry) != 1:
        raise NotDerivableError("an entry of a batch or transaction with other than one request")
    return next(iter(entry.items()))
