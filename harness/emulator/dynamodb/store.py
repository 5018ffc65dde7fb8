"""Moto's DynamoDB as a store of items, with what it does otherwise than DynamoDB put right.

Only authorized calls come here, and their tables are plain names. Facts about the tables are read from moto's state.
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends

from harness.emulator.dynamodb.expressions import ExpressionError, attributes_read_by_update
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import dynamodb as unconfirmed
from harness.emulator.wire import Protocol, Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.emulator.dynamodb.moto_adapter import MotoAdapter

_OK = 200
# What moto always answers, although it is to be answered only when asked for.
_CAPACITY_UNASKED = frozenset({"BatchGetItem", "BatchWriteItem", "TransactWriteItems", "UpdateItem"})
# A GetItem with nothing else asks for the whole item.
_TRANSACTION = "TransactWriteItems"
_PLAIN_READ = frozenset({"TableName", "Key", "ConsistentRead"})
# Bytes (page "Quotas in DynamoDB").
_LONGEST_HASH_KEY = 2048
_LONGEST_RANGE_KEY = 1024
_CHANGING_SCHEMAS = frozenset({"CreateTable", "DeleteTable", "UpdateTable"})
# Moto does not resolve `#list[0]`.
_INDEXED_PLACEHOLDER = re.compile(r"#\w+\s*\[")
_MIXED_PARAMETERS = (
    "Can not use both expression and non-expression parameters in the same request: "
    "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"
)


@dataclass(frozen=True, slots=True)
class KeySchema:
    """The keys of a table or index: attribute names and types, and which attributes an index holds (None: all)."""

    partition_keys: tuple[str, ...]
    sort_keys: tuple[str, ...]
    types: Mapping[str, str] = field(default_factory=dict)
    is_global: bool = False
    projected: frozenset[str] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All key attributes, partition keys first."""
        return self.partition_keys + self.sort_keys


class MotoDynamoDb:
    """The tables of one account in one Region."""

    def __init__(self, moto: MotoAdapter, account: str, region: str) -> None:
        self._moto = moto
        self._account = account
        self._region = region
        self._schemas: dict[tuple[str, str | None], KeySchema | None] = {}

    @cached_property
    def _backend(self) -> Any:
        return dynamodb_backends[self._account][self._region]

    @cached_property
    def _tables(self) -> Mapping[str, Any]:
        tables: Mapping[str, Any] = self._backend.tables
        return tables

    def has_table(self, table: str) -> bool:
        """Tell whether the table exists."""
        return table in self._tables

    def schema(self, table: str, index: str | None = None) -> KeySchema | None:
        """Return the keys of a table or of one of its indexes; None when there is no such table or index."""
        if (table, index) not in self._schemas:
            self._schemas[table, index] = self._read_schema(table, index)
        return self._schemas[table, index]

    def tags(self, table: str) -> dict[str, str]:
        """Return the tags of a table; none when there is no such table."""
        stored = self._tables.get(table)
        return {} if stored is None else {tag["Key"]: tag["Value"] for tag in stored.tags}

    def is_protected(self, table: str) -> bool:
        """Tell whether the table is protected against deletion."""
        return bool(self._tables[table].deletion_protection_enabled)

    def is_recoverable(self, table: str) -> bool:
        """Tell whether point-in-time recovery of the table is enabled."""
        backups = self._tables[table].continuous_backups["PointInTimeRecoveryDescription"]
        return bool(backups["PointInTimeRecoveryStatus"] == "ENABLED")

    def expires_items(self, table: str) -> bool:
        """Tell whether items of the table expire by an attribute."""
        return bool(self._tables[table].ttl["TimeToLiveStatus"] == "ENABLED")

    def perform(self, operation: str, params: Mapping[str, Any]) -> Reply:
        """Return DynamoDB's answer to a call, whether result or error."""
        if operation in _CHANGING_SCHEMAS:
            self._schemas.clear()
        if operation == "GetItem" and params.keys() <= _PLAIN_READ and self._has_whole_key(params):
            return json_reply(Protocol.JSON_1_0, self._read_item(params))
        if operation == "TransactGetItems":
            return json_reply(Protocol.JSON_1_0, self._transact_get(params))
        if operation == "TagResource":
            # Moto would keep both values of a tag that is set again.
            keys = [tag["Key"] for tag in params["Tags"]]
            self.call("UntagResource", {"ResourceArn": params["ResourceArn"], "TagKeys": keys})
        elif operation == "BatchGetItem":
            tables = {table: _projecting(entry) for table, entry in params["RequestItems"].items()}
            params = {**params, "RequestItems": tables}
        elif operation == "UpdateItem" and not params.get("UpdateExpression"):
            params = _changing_nothing(params)
        elif "AttributesToGet" in params or "ProjectionExpression" in params:
            params = _projecting(params)
        self._check_reading_of_keys(operation, params)
        reply = self._moto.dynamodb(operation, params)
        if operation in _CAPACITY_UNASKED and reply.status == _OK:
            return _with_capacity_if_asked(reply, params)
        return reply

    def _check_reading_of_keys(self, operation: str, params: Mapping[str, Any]) -> None:
        """Refuse updates that take a value from a key: DynamoDB does what they say, and moto takes it for a change."""
        entries = [entry.get("Update") for entry in params["TransactItems"]] if operation == _TRANSACTION else [params]
        for update in entries if operation in (_TRANSACTION, "UpdateItem") else ():
            schema = None if update is None else self.schema(update["TableName"])
            if update is None or schema is None or "=" not in update.get("UpdateExpression", ""):
                continue
            try:
                read = attributes_read_by_update(update["UpdateExpression"], update.get("ExpressionAttributeNames", {}))
            except ExpressionError:
                # Moto says what is wrong with it.
                continue
            if read & set(schema.names):
                raise NotDerivableError("an update that takes the value of a key")

    def _has_whole_key(self, params: Mapping[str, Any]) -> bool:
        """Tell whether the key is one that an item of the table can have.

        Raises ServiceError for one of other attributes or types, and for one too long, which moto takes; an empty key
        is moto's to refuse.
        """
        schema = self.schema(params["TableName"])
        if schema is None:
            return False
        key = params["Key"]
        if {name: set(value) for name, value in key.items()} != {name: {schema.types[name]} for name in schema.names}:
            raise ServiceError("ValidationException", "The provided key element does not match the schema")
        _check_sizes(schema, key)
        return all(all(value.values()) for value in key.values())

    def _read_item(self, params: Mapping[str, Any]) -> dict[str, Any]:
        # The most frequent of calls, past moto's reading of requests, which takes longer than all of ours.
        found = self._backend.get_item(params["TableName"], params["Key"])
        return {} if found is None else {"Item": {name: _plain(value) for name, value in found.attrs.items()}}

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result of a call; raise the ServiceError that DynamoDB would answer."""
        reply = self.perform(operation, params)
        result: dict[str, Any] = json.loads(reply.body or b"{}")
        if reply.status == _OK:
            return result
        code = str(result.pop("__type", "")).rpartition("#")[2]
        message = str(result.pop("message", result.pop("Message", "")))
        raise ServiceError(code, message, reply.status, result)

    def _read_schema(self, table: str, index: str | None) -> KeySchema | None:
        stored = self._tables.get(table)
        if stored is None:
            return None
        types = {attribute["AttributeName"]: attribute["AttributeType"] for attribute in stored.attr}
        if index is None:
            return KeySchema(*_keys(stored.schema), types)
        for found in (*stored.indexes, *stored.global_indexes):
            if found.name == index:
                is_global = found in stored.global_indexes
                return KeySchema(*_keys(found.schema), types, is_global, _projected(stored, found))
        return None

    def _transact_get(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        # Moto's own ignores projections and takes 25 items instead of 100. Nobody else calls meanwhile.
        responses = []
        for entry in params["TransactItems"]:
            found = self.call("GetItem", entry["Get"])
            responses.append({"Item": found["Item"]} if "Item" in found else {})
        result: dict[str, Any] = {"Responses": responses}
        if params.get("ReturnConsumedCapacity", "NONE") != "NONE":
            units = Counter(entry["Get"]["TableName"] for entry in params["TransactItems"])
            result["ConsumedCapacity"] = [
                {"TableName": table, "CapacityUnits": 2.0 * count, "ReadCapacityUnits": 2.0 * count}
                for table, count in units.items()
            ]
        return result


def _check_sizes(schema: KeySchema, key: Mapping[str, Mapping[str, str]]) -> None:
    parts = (("hashkey", schema.partition_keys, _LONGEST_HASH_KEY), ("rangekey", schema.sort_keys, _LONGEST_RANGE_KEY))
    for part, names, limit in parts:
        if sum(len(text.encode()) for name in names for text in key[name].values()) > limit:
            raise ServiceError("ValidationException", unconfirmed.KEY_TOO_LONG.format(part=part, limit=limit))


def _keys(elements: Sequence[Mapping[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names: dict[str, list[str]] = {"HASH": [], "RANGE": []}
    for element in elements:
        names[element["KeyType"]].append(element["AttributeName"])
    return tuple(names["HASH"]), tuple(names["RANGE"])


def _projected(table: Any, index: Any) -> frozenset[str] | None:
    if index.projection.get("ProjectionType", "ALL") == "ALL":
        return None
    keys = (element["AttributeName"] for element in (*table.schema, *index.schema))
    return frozenset((*keys, *(index.projection.get("NonKeyAttributes") or ())))


def _projecting(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with AttributesToGet, which moto ignores, as a projection."""
    expression = params.get("ProjectionExpression", "")
    if _INDEXED_PLACEHOLDER.search(expression):
        raise NotDerivableError("a projection of a list index behind a placeholder")
    legacy = params.get("AttributesToGet")
    if not legacy:
        return dict(params)
    if expression or params.get("ExpressionAttributeNames"):
        raise ServiceError("ValidationException", _MIXED_PARAMETERS)
    placeholders = {f"#projected{number}": name for number, name in enumerate(legacy)}
    others = {name: value for name, value in params.items() if name != "AttributesToGet"}
    return {**others, "ProjectionExpression": ", ".join(placeholders), "ExpressionAttributeNames": placeholders}


def _changing_nothing(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return an update that changes no attribute, which makes or returns the item all the same, as moto takes it."""
    names = {**params.get("ExpressionAttributeNames", {}), "#no_attribute": "no attribute has this name"}
    return {**params, "UpdateExpression": "REMOVE #no_attribute", "ExpressionAttributeNames": names}


def _with_capacity_if_asked(reply: Reply, params: Mapping[str, Any]) -> Reply:
    if params.get("ReturnConsumedCapacity", "NONE") != "NONE":
        return reply
    result = json.loads(reply.body)
    if result.pop("ConsumedCapacity", None) is None:
        return reply
    return Reply(reply.status, _without_checksum(reply.headers), json.dumps(result).encode())


def _without_checksum(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in ("x-amz-crc32", "content-length")}


def _plain(value: Any) -> Any:
    """Return an attribute value of moto's as it stands in JSON: typed at every depth, binary as base64."""
    if hasattr(value, "type"):
        return {value.type: _plain(value.value)}
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
