"""DynamoDB's calls on items through boto3: what the condition keys allow and refuse (aws-semantics 1.1 to 1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from dynamodb_world import FOREIGN, LEADING_KEY, OWN, World, assert_denied, assert_not_known, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from doors import Door

_T = {"TableName": "items"}
_NONE = {"dynamodb:LeadingKeys": "own"}


@pytest.fixture(scope="module")
def world(door: Door) -> Any:
    world = World(door)
    world.make_items()
    world.make_items(table="others")
    yield world
    world.cloud.close()


@pytest.fixture(scope="module")
def own(world: World) -> Any:
    """Whoever may do everything to items whose partition key is `own`."""
    return world.allowed(Condition=LEADING_KEY)


def _key(key: Mapping[str, Any]) -> dict[str, Any]:
    return {**_T, "Key": key}


def _query(key: str, **more: Any) -> dict[str, Any]:
    values = {":p": {"S": key}}
    return {**_T, "KeyConditionExpression": "PK = :p", "ExpressionAttributeValues": values, **more}


def _entries(verb: str, key: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"TransactItems": [{verb: {**_key(key), **more}}]}


_SET = {"UpdateExpression": "SET note = :n", "ExpressionAttributeValues": {":n": {"S": "x"}}}
_CALLS = [
    ("get_item", "GetItem", _key),
    ("put_item", "PutItem", lambda key: {**_T, "Item": key}),
    ("update_item", "UpdateItem", lambda key: {**_key(key), **_SET}),
    ("delete_item", "DeleteItem", lambda key: {**_key(key), "ReturnValues": "ALL_OLD"}),
    ("query", "Query", lambda key: _query(key["PK"]["S"])),
    ("batch_get_item", "BatchGetItem", lambda key: {"RequestItems": {"items": {"Keys": [key]}}}),
    (
        "batch_write_item",
        "BatchWriteItem",
        lambda key: {"RequestItems": {"items": [{"PutRequest": {"Item": key}}]}},
    ),
    ("transact_get_items", "GetItem", lambda key: _entries("Get", key)),
    (
        "transact_write_items",
        "PutItem",
        lambda key: {"TransactItems": [{"Put": {**_T, "Item": key}}]},
    ),
    ("transact_write_items", "UpdateItem", lambda key: _entries("Update", key, **_SET)),
    ("transact_write_items", "DeleteItem", lambda key: _entries("Delete", key)),
    (
        "transact_write_items",
        "ConditionCheckItem",
        lambda key: _entries("ConditionCheck", key, ConditionExpression="attribute_not_exists(zz)"),
    ),
]


@pytest.mark.parametrize(
    ("call", "action", "params"), _CALLS, ids=[f"1.1-{call}-{action}" for call, action, _ in _CALLS]
)
def test_an_own_key_is_allowed_and_a_foreign_one_refused(own: Any, call: str, action: str, params: Any) -> None:
    getattr(own, call)(**params({"PK": {"S": "own"}, "SK": {"S": f"of-{call}-{action}"}}))
    assert_denied(getattr(own, call), action, **params(FOREIGN))


def test_scan_has_no_leading_keys_so_that_for_all_values_lets_it_through(world: World, own: Any) -> None:  # 1.3.1
    assert {item["PK"]["S"] for item in own.scan(**_T)["Items"]} == {"own", "foreign"}
    assert_denied(world.allowed(Condition={"StringEquals": _NONE}).scan, "Scan", **_T)


def test_a_null_check_closes_scan(world: World) -> None:  # 1.3.2
    guarded = world.allowed(Condition={**LEADING_KEY, "Null": {"dynamodb:LeadingKeys": "false"}})
    guarded.get_item(**_key(OWN))
    assert_denied(guarded.scan, "Scan", **_T)


@pytest.mark.parametrize(("operator", "refused"), [("ForAllValues", True), ("ForAnyValue", False)])
def test_a_deny_on_foreign_keys_meets_scan_only_with_for_all_values(
    world: World, operator: str, *, refused: bool
) -> None:  # 1.3.3
    condition = {f"{operator}:StringNotEquals": {"dynamodb:LeadingKeys": "own"}}
    caller = world.allowed(
        statements=[{"Action": "dynamodb:*"}, {"Effect": "Deny", "Action": "dynamodb:*", "Condition": condition}]
    )
    caller.get_item(**_key(OWN))
    if refused:
        assert_denied(caller.scan, "Scan", **_T)
    else:
        assert caller.scan(**_T)["Count"] >= 2


def test_an_index_needs_its_own_arn_and_has_its_own_leading_key(world: World) -> None:  # 1.1 and 1.3.4
    on_table = world.allowed(resource=world.table_arn())
    on_index = world.allowed(
        resource=f"{world.table_arn()}/index/*",
        Condition={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "owner-foreign"}},
    )
    by_owner = {
        "IndexName": "by-owner",
        "KeyConditionExpression": "#o = :o",
        "ExpressionAttributeNames": {"#o": "owner"},
        "ExpressionAttributeValues": {":o": {"S": "owner-foreign"}},
    }
    assert [item["PK"]["S"] for item in on_index.query(**_T, **by_owner)["Items"]] == ["foreign"]
    assert_denied(on_table.query, "Query", **_T, **by_owner)
    assert_denied(on_table.scan, "Scan", **_T, IndexName="by-owner")
    assert_denied(on_index.query, "Query", **_query("foreign"))


def test_whoever_may_write_can_forge_the_key_of_an_index(world: World, own: Any) -> None:
    forged = {"PK": {"S": "own"}, "SK": {"S": "forged"}, "owner": {"S": "owner-forged"}}
    own.put_item(**_T, Item=forged)
    values = {":o": {"S": "owner-forged"}}
    found = world.root.query(
        **_T, IndexName="by-owner", KeyConditionExpression="owner = :o", ExpressionAttributeValues=values
    )
    assert [item["SK"]["S"] for item in found["Items"]] == ["forged"]


@pytest.mark.parametrize(
    ("condition", "allowed", "refused"),
    [
        (
            {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["PK", "SK", "rank"]}},
            {"ProjectionExpression": "#r", "ExpressionAttributeNames": {"#r": "rank"}},
            {"ProjectionExpression": "canary"},
        ),
        (
            {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["PK", "SK", "rank"]}},
            {"AttributesToGet": ["rank"]},
            {"AttributesToGet": ["rank", "canary"]},
        ),
        (
            {"StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}},
            {"ProjectionExpression": "SK"},
            {},
        ),
        (
            {"StringEquals": {"dynamodb:ReturnConsumedCapacity": "NONE"}},
            {},
            {"ReturnConsumedCapacity": "TOTAL"},
        ),
    ],
    ids=["1.2-Attributes", "1.2-AttributesToGet", "1.2-Select", "1.2-ReturnConsumedCapacity"],
)
def test_keys_of_a_read(world: World, condition: Any, allowed: Any, refused: Any) -> None:
    caller = world.allowed(Condition=condition)
    caller.get_item(**_key(OWN), **allowed)
    assert_denied(caller.get_item, "GetItem", **_key(OWN), **refused)


def test_attributes_to_get_returns_nothing_else(world: World) -> None:
    assert world.root.get_item(**_key(FOREIGN), AttributesToGet=["rank"])["Item"] == {"rank": {"N": "1"}}


@pytest.mark.parametrize(
    ("call", "params", "value"),
    [
        ("put_item", {**_T, "Item": OWN}, "NONE"),
        ("put_item", {**_T, "Item": OWN, "ReturnValues": "ALL_OLD"}, "ALL_OLD"),
        ("update_item", {**_key(OWN), **_SET, "ReturnValues": "UPDATED_NEW"}, "UPDATED_NEW"),
        ("delete_item", {**_key(OWN), "ReturnValues": "ALL_OLD"}, "ALL_OLD"),
    ],
    ids=["1.2-ReturnValues-default", "1.2-ReturnValues-put", "1.2-ReturnValues-update", "1.2-ReturnValues-delete"],
)
def test_what_a_write_returns_is_a_condition_key(world: World, call: str, params: Any, value: str) -> None:
    exactly = world.allowed(Condition={"StringEquals": {"dynamodb:ReturnValues": value}})
    getattr(exactly, call)(**params)
    other = world.allowed(Condition={"StringNotEquals": {"dynamodb:ReturnValues": value}})
    action = "".join(part.capitalize() for part in call.split("_"))
    assert_denied(getattr(other, call), action, **params)


@pytest.mark.parametrize("enclosing", ["TransactGetItems", "TransactWriteItems"])
def test_only_transactions_have_an_enclosing_operation(world: World, enclosing: str) -> None:  # 1.2, doc TX
    caller = world.allowed(Condition={"StringEquals": {"dynamodb:EnclosingOperation": enclosing}})
    if enclosing == "TransactGetItems":
        caller.transact_get_items(**_entries("Get", OWN))
        assert_denied(caller.transact_write_items, "DeleteItem", **_entries("Delete", OWN))
    else:
        check = _entries("ConditionCheck", OWN, ConditionExpression="attribute_not_exists(zz)")
        caller.transact_write_items(**check)
    assert_denied(caller.get_item, "GetItem", **_key(OWN))


@pytest.mark.parametrize("action", ["TransactGetItems", "TransactWriteItems", "ExecuteStatement"])
def test_there_is_no_action_named_like_a_transaction(world: World, action: str) -> None:  # 1.1
    caller = world.allowed(f"dynamodb:{action}")
    assert_denied(caller.transact_get_items, "GetItem", **_entries("Get", OWN))


@pytest.mark.parametrize(
    ("call", "params"),
    [
        ("batch_get_item", {"RequestItems": {"items": {"Keys": [OWN, FOREIGN]}}}),
        ("batch_get_item", {"RequestItems": {"items": {"Keys": [OWN]}, "others": {"Keys": [FOREIGN]}}}),
        ("transact_get_items", {"TransactItems": [{"Get": _key(OWN)}, {"Get": _key(FOREIGN)}]}),
    ],
    ids=["1.1-batch-keys", "1.1-batch-tables", "1.1-transaction"],
)
def test_one_foreign_key_refuses_the_whole_call(own: Any, call: str, params: Any) -> None:
    action = "BatchGetItem" if call == "batch_get_item" else "GetItem"
    assert_denied(getattr(own, call), action, **params)


def test_nothing_of_a_refused_batch_is_written(world: World, own: Any) -> None:  # 1.1
    new, forged = ({"PK": {"S": key}, "SK": {"S": "batch"}} for key in ("own", "foreign"))
    puts = [{"PutRequest": {"Item": item}} for item in (new, forged)]
    assert_denied(own.batch_write_item, "BatchWriteItem", RequestItems={"items": puts})
    assert "Item" not in world.root.get_item(**_key(new))


def test_number_and_binary_keys_are_never_compared(world: World) -> None:  # 1.3.7: their form is unconfirmed
    keys = [{"AttributeName": "id", "KeyType": "HASH"}]
    types = [{"AttributeName": "id", "AttributeType": "N"}]
    world.root.create_table(
        TableName="numbers", KeySchema=keys, AttributeDefinitions=types, BillingMode="PAY_PER_REQUEST"
    )
    numbered = {"TableName": "numbers", "Key": {"id": {"N": "1"}}}
    caller = world.allowed(Condition={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "1"}})
    assert_not_known(caller.get_item, **numbered)
    world.allowed().get_item(**numbered)


def test_a_prefix_needs_its_delimiter(world: World) -> None:  # 1.3.5
    caller = world.allowed(Condition={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "a#*"}})
    caller.get_item(**_key({"PK": {"S": "a#1"}, "SK": {"S": "1"}}))
    assert_denied(caller.get_item, "GetItem", **_key({"PK": {"S": "ab#1"}, "SK": {"S": "1"}}))


def test_a_denial_on_the_wire(world: World) -> None:  # 1.4
    answer = refusal(world.allowed("dynamodb:Query").get_item, **_key(OWN))
    assert (answer["Code"], answer["Status"]) == ("AccessDeniedException", 400)
    assert answer["Message"] == (
        f"User: {world.user_arn()} is not authorized to perform: dynamodb:GetItem on resource: {world.table_arn()} "
        "because no identity-based policy allows the dynamodb:GetItem action"
    )


@pytest.mark.parametrize(
    ("call", "params"),
    [
        ("get_item", {"TableName": "none", "Key": OWN}),
        ("scan", {"TableName": "none"}),
        ("batch_get_item", {"RequestItems": {"none": {"Keys": [OWN]}}}),
        ("transact_get_items", {"TransactItems": [{"Get": {"TableName": "none", "Key": OWN}}]}),
        ("get_item", {"TableName": "arn:aws:dynamodb:us-east-1:{account}:table/none", "Key": OWN}),
    ],
)
def test_a_missing_table_is_told_only_to_those_with_permission(world: World, call: str, params: Any) -> None:  # 1.4
    if "{account}" in params.get("TableName", ""):
        params = {**params, "TableName": params["TableName"].format(account=world.account)}
    answer = refusal(getattr(world.root, call), **params)
    assert (answer["Code"], answer["Status"]) == ("ResourceNotFoundException", 400)
    assert answer["Message"] == "Requested resource not found"
    assert refusal(getattr(world.allowed("s3:*"), call), **params)["Code"] == "AccessDeniedException"


def test_a_missing_index_is_a_validation_error(world: World) -> None:
    answer = refusal(world.root.scan, **_T, IndexName="no-such-index")
    assert answer["Code"] == "ValidationException"
    assert answer["Message"] == "The table does not have the specified index: no-such-index"


def test_pages_and_parallel_scans_reach_every_item_once(world: World) -> None:
    world.root.create_table(**_few("pages"))
    for number in range(7):
        world.root.put_item(TableName="pages", Item={"id": {"S": f"k{number}"}})
    pages = world.root.get_paginator("scan").paginate(TableName="pages", PaginationConfig={"PageSize": 2})
    assert [item["id"]["S"] for page in pages for item in page["Items"]] == [f"k{number}" for number in range(7)]
    segments = [world.root.scan(TableName="pages", Segment=segment, TotalSegments=3)["Items"] for segment in range(3)]
    assert sorted(item["id"]["S"] for items in segments for item in items) == [f"k{number}" for number in range(7)]


def test_a_projection_holds_in_a_transaction_too(world: World) -> None:
    entry = {**_key(FOREIGN), "ProjectionExpression": "#r", "ExpressionAttributeNames": {"#r": "rank"}}
    answer = world.root.transact_get_items(TransactItems=[{"Get": entry}], ReturnConsumedCapacity="TOTAL")
    assert answer["Responses"] == [{"Item": {"rank": {"N": "1"}}}]
    assert answer["ConsumedCapacity"][0]["TableName"] == "items"


def test_a_failed_condition_returns_the_item_only_when_asked(world: World) -> None:
    params = {**_T, "Item": FOREIGN, "ConditionExpression": "attribute_not_exists(PK)"}
    plain = refusal(world.root.put_item, **params)
    asked = refusal(world.root.put_item, **params, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert plain["Code"] == asked["Code"] == "ConditionalCheckFailedException"
    assert "Item" not in plain["Answer"]
    assert asked["Answer"]["Item"]["PK"] == {"S": "foreign"}


def test_an_update_without_an_expression_changes_nothing_and_returns_the_item(world: World) -> None:
    before = world.root.get_item(**_key(FOREIGN))["Item"]
    for returned in ("ALL_OLD", "ALL_NEW"):
        assert world.root.update_item(**_key(FOREIGN), ReturnValues=returned)["Attributes"] == before
    condition = {
        "ConditionExpression": "begins_with(canary, :guess)",
        "ExpressionAttributeValues": {":guess": {"S": "something else"}},
    }
    assert refusal(world.root.update_item, **_key(FOREIGN), **condition)["Code"] == "ConditionalCheckFailedException"
    assert world.root.get_item(**_key(FOREIGN))["Item"] == before


def test_a_transaction_is_done_once_under_one_token(world: World) -> None:
    counting = {
        "UpdateExpression": "ADD times :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    counter = {"PK": {"S": "counter"}, "SK": {"S": "1"}}
    params = {**_entries("Update", counter, **counting), "ClientRequestToken": "token"}
    for _ in range(2):
        world.root.transact_write_items(**params)
    assert world.root.get_item(**_key(counter))["Item"]["times"] == {"N": "1"}
    other = {**_entries("Delete", counter), "ClientRequestToken": "token"}
    assert refusal(world.root.transact_write_items, **other)["Code"] == "IdempotentParameterMismatchException"
    with world.cloud.clock.shifted(601):
        world.root.transact_write_items(**params)
    assert world.root.get_item(**_key(counter))["Item"]["times"] == {"N": "2"}


@pytest.mark.parametrize(
    ("call", "params"),
    [
        ("query", {**_T, "KeyConditions": {"PK": {"ComparisonOperator": "EQ", "AttributeValueList": [OWN["PK"]]}}}),
        ("scan", {**_T, "ScanFilter": {}}),
        ("put_item", {**_T, "Item": OWN, "Expected": {}}),
        ("update_item", {**_key(OWN), "AttributeUpdates": {}}),
    ],
)
def test_the_parameters_from_before_expressions_are_refused(world: World, call: str, params: Any) -> None:
    assert_not_known(getattr(world.root, call), **params)


def _few(table: str) -> dict[str, Any]:
    return {
        "TableName": table,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    }
