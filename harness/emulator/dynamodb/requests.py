"""DynamoDB's calls on items -> actions, resources and condition keys, as the table in aws-semantics 1.1 has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator.dynamodb.keys import ConditionKeys
from harness.emulator.dynamodb.tables import read_table
from harness.emulator.operations import accepting
from harness.emulator.parameters import refuse_unsupported
from harness.emulator.service import NotDerivableError
from harness.emulator.unconfirmed import dynamodb as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.emulator.authorization_check import AuthorizationCheck
    from harness.emulator.dynamodb.keys import TableFacts
    from harness.emulator.dynamodb.tables import TableAddress

# The parameters whose meaning for IAM is known. Those of the API before expressions (KeyConditions, Expected and the
# like) are not among them.
_ITEM = "TableName ReturnConsumedCapacity ExpressionAttributeNames"
_READ = f"{_ITEM} ConsistentRead ProjectionExpression AttributesToGet"
_WRITE = (
    f"{_ITEM} ReturnItemCollectionMetrics ExpressionAttributeValues ConditionExpression ReturnValues "
    "ReturnValuesOnConditionCheckFailure"
)
_SEARCH = f"{_READ} ExpressionAttributeValues FilterExpression Select IndexName Limit ExclusiveStartKey"
ACCEPTED = {
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
}
_TRANSACTION_ACTIONS = {
    "TransactGetItems": {"Get": "GetItem"},
    "TransactWriteItems": {
        "Put": "PutItem",
        "Update": "UpdateItem",
        "Delete": "DeleteItem",
        "ConditionCheck": "ConditionCheckItem",
    },
}


@dataclass(frozen=True, slots=True)
class DynamoDbRequests:
    """Derives authorization checks for calls sent to one account and Region."""

    region: str
    account: str
    tables: TableFacts

    def checks(self, operation: str, params: Mapping[str, Any]) -> tuple[AuthorizationCheck, ...]:
        """Return every check the call needs; `params` keeps to the service model and has no nulls.

        Raises NotDerivableError for a parameter unknown here.
        """
        refuse_unsupported(f"dynamodb:{operation}", params, ACCEPTED[operation])
        if operation in ("BatchGetItem", "BatchWriteItem"):
            return tuple(self._batch(operation, params))
        if operation in _TRANSACTION_ACTIONS:
            return tuple(self._transaction(operation, params))
        return (self._search(operation, params) if operation in ("Query", "Scan") else self._item(operation, params),)

    def address(self, table: str) -> TableAddress:
        """Return the table that a TableName means here."""
        return read_table(table, self.account, self.region)

    def by_table(self, items: Mapping[str, Any]) -> Iterator[tuple[TableAddress, str, Any]]:
        """Return each table of a batch with its name as the request has it, and what is asked of it."""
        seen = set()
        for given, asked in items.items():
            address = self.address(given)
            if address in seen:
                raise NotDerivableError("a batch that names one table in two ways")
            seen.add(address)
            yield address, given, asked

    def _item(self, action: str, params: Mapping[str, Any]) -> AuthorizationCheck:
        item = params["Item" if action == "PutItem" else "Key"]
        keys = ConditionKeys(self.tables, self.address(params["TableName"]))
        keys.item_keys([item])
        keys.attributes([item], [params])
        if action == "GetItem":
            keys.select("SPECIFIC_ATTRIBUTES" if _projects(params) else "ALL_ATTRIBUTES")
        else:
            keys.return_values(params, "ReturnValues")
        keys.consumed_capacity(params)
        return keys.check(action)

    def _search(self, action: str, params: Mapping[str, Any]) -> AuthorizationCheck:
        index = params.get("IndexName")
        keys = ConditionKeys(self.tables, self.address(params["TableName"]), index)
        if action == "Query":
            keys.query_key(params)
        keys.attributes([], [params])
        keys.start_key(params.get("ExclusiveStartKey"))
        default = unconfirmed.SELECT_OF_AN_INDEX_WITHOUT_PROJECTION if index else "ALL_ATTRIBUTES"
        keys.select(params.get("Select") or ("SPECIFIC_ATTRIBUTES" if _projects(params) else default))
        keys.consumed_capacity(params)
        return keys.check(action)

    def _batch(self, action: str, params: Mapping[str, Any]) -> Iterator[AuthorizationCheck]:
        for address, _, asked in self.by_table(params["RequestItems"]):
            keys = ConditionKeys(self.tables, address)
            if action == "BatchGetItem":
                items = list(asked["Keys"])
                keys.attributes(items, [asked])
                keys.select("SPECIFIC_ATTRIBUTES" if _projects(asked) else "ALL_ATTRIBUTES")
            else:
                items = [_written(entry) for entry in asked]
                keys.attributes(items, [])
            keys.item_keys(items)
            keys.consumed_capacity(params)
            yield keys.check(action)

    def _transaction(self, operation: str, params: Mapping[str, Any]) -> Iterator[AuthorizationCheck]:
        pooled: dict[tuple[str, TableAddress, int], list[Mapping[str, Any]]] = {}
        for number, entry in enumerate(params["TransactItems"]):
            verb, body = only_entry(entry)
            pool = 0 if unconfirmed.TRANSACTION_ENTRIES_ARE_POOLED else number
            action = _TRANSACTION_ACTIONS[operation].get(verb, "")
            if not action:
                raise NotDerivableError(f"the entry {verb} of {operation}")
            pooled.setdefault((action, self.address(body["TableName"]), pool), []).append(body)
        for (action, address, _), bodies in pooled.items():
            keys = ConditionKeys(self.tables, address)
            items = [body["Item" if action == "PutItem" else "Key"] for body in bodies]
            keys.item_keys(items)
            keys.attributes(items, bodies)
            for body in bodies:
                if action == "GetItem":
                    keys.select("SPECIFIC_ATTRIBUTES" if _projects(body) else "ALL_ATTRIBUTES")
                else:
                    keys.return_values(body, "ReturnValuesOnConditionCheckFailure")
            keys.consumed_capacity(params)
            keys.context["dynamodb:enclosingoperation"] = (operation,)
            yield keys.check(action)


def only_entry(entry: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return the one request that an entry of a batch or transaction holds; raises NotDerivableError for others."""
    if len(entry) != 1:
        raise NotDerivableError("an entry of a batch or transaction with other than one request")
    return next(iter(entry.items()))


def _projects(params: Mapping[str, Any]) -> bool:
    return bool(params.get("ProjectionExpression") or params.get("AttributesToGet"))


def _written(entry: Mapping[str, Any]) -> Any:
    kind, body = only_entry(entry)
    if kind not in ("PutRequest", "DeleteRequest"):
        raise NotDerivableError(f"the entry {kind} of BatchWriteItem")
    return body["Item" if kind == "PutRequest" else "Key"]
