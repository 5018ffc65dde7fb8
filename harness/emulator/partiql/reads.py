"""SELECT -> queries and scans of the store, page by page."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator.partiql.conditions import holds, projected
from harness.emulator.partiql.keys import full_key, partitions, sort_condition
from harness.emulator.partiql.statements import Literal, Select, paths_in
from harness.emulator.partiql.tokens import PartiqlError, refused
from harness.emulator.partiql.values import sort_key, type_of
from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import dynamodb as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.partiql.requests import Bound
    from harness.emulator.partiql.statements import Path, Value


@dataclass(frozen=True, slots=True)
class Traversal:
    """The store calls that a SELECT comes to: `searches` in their order, all of one operation."""

    operation: str
    searches: tuple[Mapping[str, Any], ...]


def traversal(bound: Bound, select: Select) -> Traversal:
    """Return how a SELECT goes through its table or index: a query for each partition it is bound to, or one scan.

    Raises PartiqlError where DynamoDB refuses the ORDER BY, or where it is not certain what it makes of the statement.
    """
    schema = bound.schema
    if len(schema.partition_keys) != 1:
        raise PartiqlError("an index with a key of several attributes")
    partition_key = schema.partition_keys[0]
    values = partitions(select.where, partition_key, schema.sort_keys)
    forward, descending = _directions(select, schema.names, partition_key, values)
    base: dict[str, Any] = {"TableName": bound.address.name}
    if select.source.index is not None:
        base["IndexName"] = select.source.index
        _within_projection(bound, select)
    if values is None:
        return Traversal("Scan", (base,))
    names, expression, sorted_by = {"#p": partition_key}, "#p = :p", {}
    beside = sort_condition(select.where, schema.sort_keys[0]) if len(schema.sort_keys) == 1 else None
    if beside is not None and isinstance(beside.right, Literal):
        names["#s"], expression = schema.sort_keys[0], "#p = :p AND #s = :s"
        sorted_by = {":s": beside.right.value}
        _of_key_type(bound, schema.sort_keys[0], beside.right.value)
    for value in values:
        _of_key_type(bound, partition_key, value)
    if descending is not None:
        values = tuple(sorted(values, key=sort_key, reverse=descending))
    query = {
        **base,
        "KeyConditionExpression": expression,
        "ExpressionAttributeNames": names,
        "ScanIndexForward": forward,
    }
    return Traversal(
        "Query", tuple({**query, "ExpressionAttributeValues": {":p": value, **sorted_by}} for value in values)
    )


def read_page(bound: Bound, select: Select, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return one page of what a SELECT selects: Items, and NextToken and LastEvaluatedKey where more may follow."""
    plan = traversal(bound, select)
    position, start = _read_token(body)
    limit = body.get("Limit")
    found: list[Mapping[str, Value]] = []
    evaluated = 0
    while position < len(plan.searches) and (limit is None or evaluated < limit):
        search = {**plan.searches[position], "ConsistentRead": bool(body.get("ConsistentRead"))}
        if start is not None:
            search["ExclusiveStartKey"] = start
        if limit is not None:
            search["Limit"] = limit - evaluated
        page = bound.store.call(plan.operation, search)
        evaluated += page["ScannedCount"]
        found += [item for item in page["Items"] if select.where is None or holds(select.where, item)]
        start = page.get("LastEvaluatedKey")
        if start is None:
            position += 1
        elif limit is None:
            break
    result: dict[str, Any] = {"Items": [_shown(bound, select, item) for item in found]}
    if position < len(plan.searches):
        result["NextToken"] = _token(body, position, start)
        if start is not None:
            result["LastEvaluatedKey"] = start
    return result


def read_item(bound: Bound, select: Select) -> Mapping[str, Value] | None:
    """Return what a SELECT shows of the one item it names by its whole primary key, None if there is no such item.

    Raises ValueError when the WHERE clause is anything but the whole primary key of the table.
    """
    found = None if select.source.index is not None else full_key(select.where, bound.schema.names)
    if found is None or found[1] or select.order:
        raise ValueError(select)
    item = stored_item(bound, found[0])
    return None if item is None else _shown(bound, select, item)


def stored_item(bound: Bound, key: Mapping[str, Value]) -> Mapping[str, Value] | None:
    """Return the whole item with this primary key, or None."""
    for name, value in key.items():
        _of_key_type(bound, name, value)
    found = bound.store.call("GetItem", {"TableName": bound.address.name, "Key": key, "ConsistentRead": True})
    item: Mapping[str, Value] | None = found.get("Item")
    return item


def _directions(
    select: Select, names: tuple[str, ...], partition_key: str, values: tuple[Value, ...] | None
) -> tuple[bool, bool | None]:
    """Return whether sort keys ascend, and whether partitions descend; None where they are in no order."""
    if not select.order:
        return True, None
    if select.where is None:
        raise refused("Must have WHERE clause in the statement when using ORDER BY clause.")
    for path, _ in select.order:
        if not path.is_top_level or path.attribute not in names:
            raise refused(f"Attribute {_written(path)} in ORDER BY clause must be part of the primary key")
    if values is None:
        raise refused(
            "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."
        )
    terms = {path.attribute: descends for path, descends in select.order}
    if len(values) > 1:
        if partition_key not in terms:
            raise refused(
                "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause."
            )
        if select.order[0][0].attribute != partition_key:
            raise PartiqlError("several partitions in the order of their sort keys")
    if len(terms) != len(select.order):
        raise PartiqlError("one attribute twice in ORDER BY")
    # Ordered by the partition key alone, sort keys come out descending [obs: floci-io/floci, captured from DynamoDB].
    sort_terms = [descends for name, descends in terms.items() if name != partition_key]
    return (not sort_terms[0] if sort_terms else False), terms.get(partition_key)


def _written(path: Path) -> str:
    return ".".join(str(step) for step in path.steps)


def _within_projection(bound: Bound, select: Select) -> None:
    held = bound.schema.projected
    if held is None:
        return
    if select.where is not None and any(path.attribute not in held for path in paths_in(select.where)):
        raise PartiqlError("a condition on an attribute that the index does not hold")
    missing = [path.attribute for path in select.projection or () if path.attribute not in held]
    if missing and bound.schema.is_global:
        raise refused(
            f"One or more parameter values were invalid: Global secondary index {select.source.index} "
            f"does not project [{', '.join(missing)}]"
        )


def _of_key_type(bound: Bound, name: str, value: Value) -> None:
    if bound.schema.types.get(name) != type_of(value):
        raise PartiqlError("a key that is compared with a value of another type")


def _shown(bound: Bound, select: Select, item: Mapping[str, Value]) -> Mapping[str, Value]:
    if select.projection is None:
        return item
    held = bound.schema.projected
    if held is not None and any(path.attribute not in held for path in select.projection):
        # A local index is kept beside its table, and reaches the whole item [obs: paritysuite/dynamodb-conformance].
        own = bound.store.schema(bound.address.name)
        key = {name: item[name] for name in (own.names if own is not None else ())}
        whole = bound.store.call("GetItem", {"TableName": bound.address.name, "Key": key})
        return projected(select.projection, whole.get("Item", item))
    return projected(select.projection, item)


def _token(body: Mapping[str, Any], position: int, start: Mapping[str, Value] | None) -> str:
    content = [_digest(body), position, start]
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def _read_token(body: Mapping[str, Any]) -> tuple[int, Mapping[str, Value] | None]:
    token = body.get("NextToken")
    if token is None:
        return 0, None
    try:
        digest, position, start = json.loads(base64.urlsafe_b64decode(token))
        good = digest == _digest(body) and isinstance(position, int) and isinstance(start, dict | None)
    except (ValueError, TypeError):
        good = False
    if not good:
        raise ServiceError("ValidationException", unconfirmed.NEXT_TOKEN_INVALID)
    return position, start


def _digest(body: Mapping[str, Any]) -> str:
    asked = json.dumps([body["Statement"], body.get("Parameters", [])], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()
