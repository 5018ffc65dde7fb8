"""DynamoDB call -> actions, resources and condition keys, as the table in aws-semantics 1.1 has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from harness.emulator.authorization_check import AuthorizationCheck
from harness.emulator.dynamodb_expressions import ExpressionError, partition_key_value, top_level_attributes
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
# The parameters of the API before expressions existed; what they mean for condition keys is not derived here.
_LEGACY = frozenset(
    {"KeyConditions", "QueryFilter", "ScanFilter", "Expected", "AttributeUpdates", "ConditionalOperator"}
)
_TABLE_OPERATIONS = frozenset({"CreateTable", "DeleteTable", "DescribeTable"})
_TRANSACTION_ACTIONS = {
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
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
        """Return every check the call needs. Raises NotDerivableError for an operation or parameter unknown here."""
        if legacy := _LEGACY & params.keys():
            raise NotDerivableError(f"the legacy parameter {min(legacy)} of dynamodb:{operation}")
        if operation in ("BatchGetItem", "BatchWriteItem"):
            return self._batch(operation, params)
        if operation in ("TransactGetItems", "TransactWriteItems"):
            return self._transaction(operation, params)
        return (self._single(operation, params),)

    def _single(self, operation: str, params: Mapping[str, Any]) -> AuthorizationCheck:
        if operation in ("GetItem", "PutItem", "UpdateItem", "DeleteItem"):
            return self._item(operation, params)
        if operation in ("Query", "Scan"):
            return self._search(operation, params)
        if operation in _TABLE_OPERATIONS:
            return AuthorizationCheck(f"dynamodb:{operation}", self._table_arn(params))
        if operation == "ListTables":
            return AuthorizationCheck("dynamodb:ListTables", "*")
        raise NotDerivableError(f"the operation dynamodb:{operation}")

    def _item(self, action: str, params: Mapping[str, Any]) -> AuthorizationCheck:
        reads = action == "GetItem"
        item = params.get("Item" if action == "PutItem" else "Key")
        derived = _Derivation(self, str(params.get("TableName", "")))
        derived.keys([item])
        derived.attributes([item], [params])
        if reads:
            derived.select("SPECIFIC_ATTRIBUTES" if _projects(params) else "ALL_ATTRIBUTES")
        else:
            derived.return_values(params, "ReturnValues")
        derived.consumed_capacity(params)
        return derived.check(action, self._table_arn(params))

    def _search(self, action: str, params: Mapping[str, Any]) -> AuthorizationCheck:
        index = params.get("IndexName")
        derived = _Derivation(self, str(params.get("TableName", "")), index)
        if action == "Query":
            derived.query_key(params)
        derived.attributes([], [params])
        default = "ALL_PROJECTED_ATTRIBUTES" if index else "ALL_ATTRIBUTES"
        derived.select(params.get("Select") or ("SPECIFIC_ATTRIBUTES" if _projects(params) else default))
        derived.consumed_capacity(params)
        arn = self._table_arn(params)
        return derived.check(action, f"{arn}/index/{index}" if index else arn)

    def _batch(self, action: str, params: Mapping[str, Any]) -> tuple[AuthorizationCheck, ...]:
        checks = []
        for table, asked in params.get("RequestItems", {}).items():
            derived = _Derivation(self, table)
            if action == "BatchGetItem":
                items = list(asked.get("Keys", []))
                derived.attributes(items, [asked])
                derived.select("SPECIFIC_ATTRIBUTES" if _projects(asked) else "ALL_ATTRIBUTES")
            else:
                items = [_written(entry) for entry in asked]
                derived.attributes(items, [])
            derived.keys(items)
            derived.consumed_capacity(params)
            checks.append(derived.check(action, self._table_arn({"TableName": table})))
        if not checks:
            raise NotDerivableError(f"dynamodb:{action} without RequestItems")
        return tuple(checks)

    def _transaction(self, operation: str, params: Mapping[str, Any]) -> tuple[AuthorizationCheck, ...]:
        # Entries of one action and table are pooled into one check: were AWS to decide entry by entry, a ForAnyValue
        # condition would be stricter there; pooling is the side that cannot hide a leak (aws-semantics 1.1).
        pooled: dict[tuple[str, str], list[tuple[str, Mapping[str, Any]]]] = {}
        for entry in params.get("TransactItems", []):
            for verb, body in entry.items():
                if verb not in _TRANSACTION_ACTIONS:
                    raise NotDerivableError(f"the transaction entry {verb}")
                pooled.setdefault((_TRANSACTION_ACTIONS[verb], str(body.get("TableName", ""))), []).append((verb, body))
        if not pooled:
            raise NotDerivableError(f"dynamodb:{operation} without TransactItems")
        checks = []
        for (action, table), entries in pooled.items():
            derived = _Derivation(self, table)
            items = [body.get("Item") if verb == "Put" else body.get("Key") for verb, body in entries]
            bodies = [body for _, body in entries]
            derived.keys(items)
            derived.attributes(items, bodies)
            if action == "GetItem":
                derived.select("SPECIFIC_ATTRIBUTES" if all(map(_projects, bodies)) else "ALL_ATTRIBUTES")
            else:
                for body in bodies:
                    derived.return_values(body, "ReturnValuesOnConditionCheckFailure")
            derived.consumed_capacity(params)
            derived.context["dynamodb:enclosingoperation"] = (operation,)
            checks.append(derived.check(action, self._table_arn({"TableName": table})))
        return tuple(checks)

    def _table_arn(self, params: Mapping[str, Any]) -> str:
        name = str(params.get("TableName", ""))
        if name.startswith("arn:"):
            raise NotDerivableError("table ARNs in place of table names")
        return f"arn:aws:dynamodb:{self.region}:{self.account}:table/{name}"


class _Derivation:
    """Collects the condition keys of one check, and the keys that could not be derived."""

    def __init__(self, requests: DynamoDbRequests, table: str, index: str | None = None) -> None:
        self._partition_key = requests.schemas.partition_key(table, index)
        self.context: dict[str, tuple[str, ...]] = {}
        self._underivable = set(_ALWAYS_UNDERIVABLE)

    def check(self, action: str, resource: str) -> AuthorizationCheck:
        return AuthorizationCheck(f"dynamodb:{action}", resource, self.context, frozenset(self._underivable))

    def keys(self, items: Iterable[Any]) -> None:
        values = [item.get(self._partition_key) if isinstance(item, dict) else None for item in items]
        self._leading_keys(values)

    def query_key(self, params: Mapping[str, Any]) -> None:
        try:
            value = partition_key_value(
                str(params.get("KeyConditionExpression", "")),
                params.get("ExpressionAttributeNames", {}),
                params.get("ExpressionAttributeValues", {}),
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

    def attributes(self, items: Iterable[Any], bodies: Iterable[Mapping[str, Any]]) -> None:
        mentioned: set[str] = set()
        try:
            for item in items:
                mentioned.update(item if isinstance(item, dict) else ())
            for body in bodies:
                mentioned.update(body.get("AttributesToGet") or ())
                expressions = [str(body[name]) for name in _EXPRESSIONS if body.get(name)]
                mentioned |= top_level_attributes(expressions, body.get("ExpressionAttributeNames") or {})
        except ExpressionError:
            self._underivable.add("dynamodb:attributes")
            return
        self.context["dynamodb:attributes"] = tuple(sorted(mentioned))

    def select(self, value: str) -> None:
        self.context["dynamodb:select"] = (value,)

    def return_values(self, params: Mapping[str, Any], parameter: str) -> None:
        if parameter == "ReturnValues" and params.get("ReturnValuesOnConditionCheckFailure", "NONE") != "NONE":
            # Documented to be gated for transactions only (aws-semantics 1.2).
            self._underivable.add("dynamodb:returnvalues")
            return
        values = (*self.context.get("dynamodb:returnvalues", ()), str(params.get(parameter, "NONE")))
        if len(set(values)) > 1:
            # One check covers several entries with different answers; the key holds one value only.
            self._underivable.add("dynamodb:returnvalues")
        self.context["dynamodb:returnvalues"] = values[:1]

    def consumed_capacity(self, params: Mapping[str, Any]) -> None:
        value = str(params.get("ReturnConsumedCapacity", "NONE"))
        if value not in ("NONE", "TOTAL"):
            # The IAM value of INDEXES is unconfirmed (aws-semantics 1.2).
            self._underivable.add("dynamodb:returnconsumedcapacity")
            return
        self.context["dynamodb:returnconsumedcapacity"] = (value,)


def _projects(params: Mapping[str, Any]) -> bool:
    return bool(params.get("ProjectionExpression") or params.get("AttributesToGet"))


def _written(entry: Mapping[str, Any]) -> Any:
    if "PutRequest" in entry:
        return entry["PutRequest"].get("Item")
    return entry.get("DeleteRequest", {}).get("Key")
