"""Batches over several tables, each performed where its table is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.service import ServiceError
from harness.emulator.wire import Protocol, json_reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.dynamodb.requests import DynamoDbRequests
    from harness.emulator.dynamodb.store import MotoDynamoDb
    from harness.emulator.dynamodb.tables import TableDirectory
    from harness.emulator.wire import Reply

_BY_TABLE = ("Responses", "UnprocessedKeys", "UnprocessedItems", "ItemCollectionMetrics")


def perform_batch(
    operation: str, params: Mapping[str, Any], requests: DynamoDbRequests, tables: TableDirectory
) -> Reply:
    """Return the answer to BatchGetItem or BatchWriteItem; tables are called in it as the request calls them.

    Raises ResourceNotFoundException, before anything is done, when one of the tables does not exist.
    """
    given = {}
    by_store: dict[MotoDynamoDb, dict[str, Any]] = {}
    for address, name, asked in requests.by_table(params["RequestItems"]):
        found = tables.find(address)
        if found is None or not found.store.has_table(address.name):
            raise ServiceError("ResourceNotFoundException", "Requested resource not found")
        given[found.store, address.name] = name
        by_store.setdefault(found.store, {})[address.name] = asked
    if len(by_store) == 1 and all(name == stored for (_, stored), name in given.items()):
        return next(iter(by_store)).perform(operation, params)
    merged: dict[str, Any] = {}
    for store, items in by_store.items():
        result = store.call(operation, {**params, "RequestItems": items})
        for part in _BY_TABLE:
            if part in result:
                renamed = {given[store, table]: value for table, value in result[part].items()}
                merged.setdefault(part, {}).update(renamed)
        for capacity in result.get("ConsumedCapacity", ()):
            named = {**capacity, "TableName": given[store, capacity["TableName"]]}
            merged.setdefault("ConsumedCapacity", []).append(named)
    return json_reply(Protocol.JSON_1_0, merged)
