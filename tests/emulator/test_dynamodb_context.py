"""What stands in the context of requests to DynamoDB and what does not, and a denial on the wire (section 1)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from dynamodb_world import FOREIGN, LEADING_KEY, OWN, World, assert_denied, assert_not_known, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from doors import Door

_T = {"TableName": "items"}
_OWN = {**_T, "Key": OWN}
_QUERY = {**_T, "KeyConditionExpression": "PK = :p", "ExpressionAttributeValues": {":p": {"S": "own"}}}
_INDEX = {
    **_T,
    "IndexName": "by-rank",
    "KeyConditionExpression": "#r = :r",
    "ExpressionAttributeNames": {"#r": "rank"},
    "ExpressionAttributeValues": {":r": {"N": "1"}},
}


@pytest.fixture(scope="module")
def world(door: Door) -> Iterator[World]:
    world = World(door)
    world.make_items()
    yield world
    world.cloud.close()


@pytest.mark.parametrize(("call", "action", "params"), [("query", "Query", _QUERY), ("scan", "Scan", _T)])
def test_1_1_a_search_has_no_return_values_although_the_key_is_listed_for_it(
    world: World, call: str, action: str, params: Any
) -> None:
    without = world.allowed(Condition={"Null": {"dynamodb:ReturnValues": "true"}})
    getattr(without, call)(**params)
    valued = world.allowed(Condition={"StringEquals": {"dynamodb:ReturnValues": "NONE"}})
    assert_denied(getattr(valued, call), action, **params)


def test_1_2_first_partition_key_values_are_the_leading_keys(world: World) -> None:
    caller = world.allowed(Condition={"ForAllValues:StringEquals": {"dynamodb:FirstPartitionKeyValues": "own"}})
    caller.get_item(**_OWN)
    assert_denied(caller.get_item, "GetItem", **_T, Key=FOREIGN)


@pytest.mark.parametrize("number", ["Second", "Third", "Fourth"])
def test_1_2_which_calls_carry_further_partition_keys_is_not_known(world: World, number: str) -> None:
    key = f"dynamodb:{number}PartitionKeyValues"
    assert_not_known(world.allowed(Condition={"ForAllValues:StringEquals": {key: "own"}}).get_item, **_OWN)


def test_1_2_an_attribute_inside_another_counts_as_the_outer_one(world: World) -> None:
    caller = world.allowed(Condition={"ForAllValues:StringEquals": {"dynamodb:Attributes": ["PK", "SK", "address"]}})
    caller.get_item(**_OWN, ProjectionExpression="address.city")
    assert_denied(caller.get_item, "GetItem", **_OWN, ProjectionExpression="address.city, canary.city")


@pytest.mark.parametrize(
    ("call", "params", "value"),
    [
        ("get_item", _OWN, "ALL_ATTRIBUTES"),
        ("get_item", {**_OWN, "ProjectionExpression": "SK"}, "SPECIFIC_ATTRIBUTES"),
        ("query", _QUERY, "ALL_ATTRIBUTES"),
        ("query", {**_QUERY, "Select": "COUNT"}, "COUNT"),
        ("query", _INDEX, "ALL_PROJECTED_ATTRIBUTES"),
        ("scan", _T, "ALL_ATTRIBUTES"),
        ("batch_get_item", {"RequestItems": {"items": {"Keys": [OWN]}}}, "ALL_ATTRIBUTES"),
    ],
)
def test_1_2_select_always_has_a_value_where_items_are_returned(
    world: World, call: str, params: Any, value: str
) -> None:
    getattr(world.allowed(Condition={"StringEquals": {"dynamodb:Select": value}}), call)(**params)
    other = world.allowed(Condition={"StringNotEquals": {"dynamodb:Select": value}})
    assert refusal(getattr(other, call), **params)["Code"] == "AccessDeniedException"


def test_1_2_what_a_failed_condition_returns_is_a_return_value_in_transactions(world: World) -> None:
    condition = {"StringEqualsIfExists": {"dynamodb:ReturnValues": "NONE"}}
    caller = world.allowed(Condition=condition)
    check = {**_OWN, "ConditionExpression": "attribute_exists(PK)"}
    caller.transact_write_items(TransactItems=[{"ConditionCheck": check}])
    telling = {**check, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    entries = {"TransactItems": [{"ConditionCheck": telling}]}
    assert_denied(caller.transact_write_items, "ConditionCheckItem", **entries)


def test_1_2_how_indexes_show_in_consumed_capacity_is_not_known(world: World) -> None:
    caller = world.allowed(Condition={"StringEquals": {"dynamodb:ReturnConsumedCapacity": "TOTAL"}})
    caller.get_item(**_OWN, ReturnConsumedCapacity="TOTAL")
    assert_not_known(caller.get_item, **_OWN, ReturnConsumedCapacity="INDEXES")


def test_1_3_6_a_limit_on_attributes_alone_does_not_limit_what_a_read_returns(world: World) -> None:
    keys = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["PK", "SK"]}}
    assert "canary" in world.allowed(Condition=keys).get_item(**_OWN)["Item"]
    paired = {**keys, "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}}
    caller = world.allowed(Condition=paired)
    assert caller.get_item(**_OWN, ProjectionExpression="PK")["Item"] == {"PK": OWN["PK"]}
    assert_denied(caller.get_item, "GetItem", **_OWN)


def test_1_3_8_a_tag_that_is_not_there_denies_items_and_still_lets_scan_through(world: World) -> None:
    own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:PrincipalTag/tenant}"}}
    caller = world.allowed(Condition=own)
    assert_denied(caller.get_item, "GetItem", **_OWN)
    assert {item["PK"]["S"] for item in caller.scan(**_T)["Items"]} == {"own", "foreign"}


def test_1_4_a_denial_on_the_wire(world: World) -> None:
    statement = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*", "Condition": LEADING_KEY}
    client, role = world.session(statement)
    answered: list[Any] = []

    def keep(response_dict: Any, **_: Any) -> None:
        answered.append(response_dict)

    client.meta.events.register("response-received.dynamodb", keep)
    client.get_item(**_OWN)
    denied = refusal(client.transact_get_items, TransactItems=[{"Get": {**_T, "Key": FOREIGN}}])
    client.meta.events.unregister("response-received.dynamodb", keep)

    assert [answer["status_code"] for answer in answered] == [200, 400]
    assert {answer["headers"]["Content-Type"] for answer in answered} == {"application/x-amz-json-1.0"}
    assert json.loads(answered[1]["body"]) == {
        "__type": "com.amazon.coral.service#AccessDeniedException",
        "Message": f"User: arn:aws:sts::{world.account}:assumed-role/{role}/session is not authorized to perform: "
        f"dynamodb:GetItem on resource: {world.table_arn()} "
        "because no identity-based policy allows the dynamodb:GetItem action",
    }
    assert denied["Code"] == "AccessDeniedException"
