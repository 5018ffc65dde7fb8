"""DynamoDB call -> actions, resources and condition keys, beside what the store then does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto.dynamodb.models import dynamodb_backends

from harness.emulator.dynamodb.requests import DynamoDbRequests
from harness.emulator.parameters import check_constraints
from harness.emulator.service import NotDerivableError, ServiceError
from harness.secret import Secret
from harness.targets.api import ApiRequest, AwsCredentials
from harness.targets.embedded import EmbeddedTarget

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.emulator.authorization_check import AuthorizationCheck
    from harness.emulator.dynamodb.tables import TableAddress
    from harness.policy import Policy
    from harness.targets.api import ApiResponse

_T = "arn:aws:dynamodb:us-east-1:123456789012:table/items"
_KEY = {"PK": {"S": "own"}, "SK": {"S": "1"}}
_FOREIGN = {"PK": {"S": "foreign"}, "SK": {"S": "1"}}
_LEADING = ("dynamodb:leadingkeys", "dynamodb:firstpartitionkeyvalues")


class _Facts:
    def partition_key(self, address: TableAddress, index: str | None = None) -> str | None:
        keys = {("items", None): "PK", ("other", None): "PK", ("items", "by-owner"): "owner"}
        return keys.get((address.name, index))

    def tags(self, address: TableAddress) -> dict[str, str]:
        return {"team": "a"} if address.name == "tagged" else {}

    def resource_policies(self, _: TableAddress) -> tuple[Policy, ...]:
        return ()


_REQUESTS = DynamoDbRequests("us-east-1", "123456789012", _Facts())


def _check(operation: str, **params: Any) -> AuthorizationCheck:
    (check,) = _REQUESTS.checks(operation, params)
    return check


@pytest.mark.parametrize(
    ("operation", "params", "resource", "context"),
    [
        (
            "GetItem",
            {"Key": _KEY},
            _T,
            {"leadingkeys": ("own",), "attributes": ("PK", "SK"), "select": ("ALL_ATTRIBUTES",)},
        ),
        (
            "GetItem",
            {"Key": _KEY, "ProjectionExpression": "#c", "ExpressionAttributeNames": {"#c": "canary"}},
            _T,
            {"attributes": ("PK", "SK", "canary"), "select": ("SPECIFIC_ATTRIBUTES",), "returnvalues": None},
        ),
        (
            "PutItem",
            {"Item": {**_KEY, "canary": {"S": "x"}}, "ReturnValues": "ALL_OLD"},
            _T,
            {"leadingkeys": ("own",), "attributes": ("PK", "SK", "canary"), "returnvalues": ("ALL_OLD",)},
        ),
        (
            "UpdateItem",
            {
                "Key": _KEY,
                "UpdateExpression": "SET address.city = :c",
                "ExpressionAttributeValues": {":c": {"S": "x"}},
                "ReturnConsumedCapacity": "TOTAL",
            },
            _T,
            {
                "attributes": ("PK", "SK", "address"),
                "returnvalues": ("NONE",),
                "returnconsumedcapacity": ("TOTAL",),
                "select": None,
            },
        ),
        ("DeleteItem", {"Key": _KEY}, _T, {"leadingkeys": ("own",), "enclosingoperation": None}),
        (
            "Query",
            {"KeyConditionExpression": "PK = :p", "ExpressionAttributeValues": {":p": {"S": "own"}}},
            _T,
            {"leadingkeys": ("own",), "attributes": ("PK",), "select": ("ALL_ATTRIBUTES",), "returnvalues": None},
        ),
        (
            "Query",
            {
                "IndexName": "by-owner",
                "KeyConditionExpression": "owner = :p",
                "ExpressionAttributeValues": {":p": {"S": "me"}},
            },
            f"{_T}/index/by-owner",
            {"leadingkeys": ("me",), "select": ("ALL_PROJECTED_ATTRIBUTES",)},
        ),
        (
            "Scan",
            {"FilterExpression": "PK = :p", "ExpressionAttributeValues": {":p": {"S": "own"}}, "Select": "COUNT"},
            _T,
            {"leadingkeys": None, "firstpartitionkeyvalues": None, "attributes": ("PK",), "select": ("COUNT",)},
        ),
        ("Scan", {"IndexName": "by-owner"}, f"{_T}/index/by-owner", {"leadingkeys": None}),
    ],
)
def test_an_item_call_or_search_is_one_check(
    operation: str, params: Mapping[str, Any], resource: str, context: Mapping[str, tuple[str, ...] | None]
) -> None:
    check = _check(operation, TableName="items", **params)

    assert (check.action, check.resource) == (f"dynamodb:{operation}", resource)
    for key, values in context.items():
        assert check.context.get(f"dynamodb:{key}") == values
        assert f"dynamodb:{key}" not in check.underivable


@pytest.mark.parametrize("name", ["items", _T])
def test_a_table_is_named_by_its_name_or_its_arn(name: str) -> None:
    check = _check("GetItem", TableName=name, Key=_KEY)
    assert (check.resource, check.context["dynamodb:leadingkeys"]) == (_T, ("own",))


def test_the_table_of_another_account_is_decided_across_accounts() -> None:
    foreign = _T.replace("123456789012", "210987654321")
    check = _check("GetItem", TableName=foreign, Key=_KEY)
    assert (check.resource, check.resource_account) == (foreign, "210987654321")


def test_the_tags_of_a_table_are_condition_keys() -> None:
    assert _check("Scan", TableName="tagged").context["aws:resourcetag/team"] == ("a",)


def test_a_batch_is_one_check_for_each_table_with_all_its_keys() -> None:
    read = _REQUESTS.checks(
        "BatchGetItem", {"RequestItems": {"items": {"Keys": [_KEY, _FOREIGN]}, "other": {"Keys": [_KEY]}}}
    )
    written = _REQUESTS.checks(
        "BatchWriteItem",
        {"RequestItems": {"items": [{"PutRequest": {"Item": _KEY}}, {"DeleteRequest": {"Key": _FOREIGN}}]}},
    )

    assert [(check.action, check.resource.rpartition("/")[2]) for check in (*read, *written)] == [
        ("dynamodb:BatchGetItem", "items"),
        ("dynamodb:BatchGetItem", "other"),
        ("dynamodb:BatchWriteItem", "items"),
    ]
    assert [check.context["dynamodb:leadingkeys"] for check in (*read, *written)] == [
        ("own", "foreign"),
        ("own",),
        ("own", "foreign"),
    ]


def test_a_transaction_is_authorized_as_its_item_actions() -> None:
    checks = _REQUESTS.checks(
        "TransactWriteItems",
        {
            "TransactItems": [
                {"Put": {"TableName": "items", "Item": _KEY}},
                {"Put": {"TableName": "items", "Item": _FOREIGN}},
                {"Delete": {"TableName": "other", "Key": _KEY}},
                {"Update": {"TableName": "items", "Key": _KEY, "UpdateExpression": "REMOVE a"}},
                {"ConditionCheck": {"TableName": "items", "Key": _KEY, "ConditionExpression": "attribute_exists(b)"}},
            ]
        },
    )

    assert [(check.action, check.context["dynamodb:leadingkeys"]) for check in checks] == [
        ("dynamodb:PutItem", ("own", "foreign")),
        ("dynamodb:DeleteItem", ("own",)),
        ("dynamodb:UpdateItem", ("own",)),
        ("dynamodb:ConditionCheckItem", ("own",)),
    ]
    assert {check.context["dynamodb:enclosingoperation"] for check in checks} == {("TransactWriteItems",)}


def test_entries_of_one_transaction_that_differ_make_their_keys_underivable() -> None:
    entries = [
        {"Get": {"TableName": "items", "Key": _KEY}},
        {"Get": {"TableName": "items", "Key": _FOREIGN, "ProjectionExpression": "a"}},
    ]
    check = _check("TransactGetItems", TransactItems=entries)
    assert "dynamodb:select" in check.underivable
    assert "dynamodb:select" not in check.context


@pytest.mark.parametrize(
    ("operation", "params", "key"),
    [
        ("GetItem", {"Key": {"PK": {"N": "1"}}}, "leadingkeys"),
        ("GetItem", {"Key": {"PK": {"B": "AA=="}}}, "firstpartitionkeyvalues"),
        ("GetItem", {"Key": {"pk": {"S": "own"}}}, "leadingkeys"),
        ("Query", {"IndexName": "unknown", "KeyConditionExpression": "PK = :p"}, "leadingkeys"),
        ("Query", {"KeyConditionExpression": "PK = :p AND PK = :q"}, "leadingkeys"),
        ("Query", {}, "leadingkeys"),
        ("GetItem", {"Key": _KEY, "ReturnConsumedCapacity": "INDEXES"}, "returnconsumedcapacity"),
        ("GetItem", {"Key": _KEY, "ProjectionExpression": "#undefined"}, "attributes"),
        ("Scan", {"ExclusiveStartKey": _KEY}, "attributes"),
        ("PutItem", {"Item": _KEY, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}, "returnvalues"),
        ("GetItem", {"Key": _KEY}, "secondpartitionkeyvalues"),
    ],
)
def test_a_key_that_cannot_be_derived_is_never_absent(operation: str, params: Mapping[str, Any], key: str) -> None:
    check = _check(operation, TableName="items", **params)
    assert f"dynamodb:{key}" in check.underivable
    assert f"dynamodb:{key}" not in check.context


_TWO = {"S": "own", "N": "1"}


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("Query", {"TableName": "items", "KeyConditions": {}}),
        ("Scan", {"TableName": "items", "ScanFilter": {}}),
        ("PutItem", {"TableName": "items", "Item": _KEY, "Expected": {}}),
        ("GetItem", {"TableName": "items", "Key": _KEY, "Unheard": 1}),
        ("GetItem", {"TableName": _T.replace("us-east-1", "eu-west-1"), "Key": _KEY}),
        ("GetItem", {"TableName": f"{_T}/index/by-owner", "Key": _KEY}),
        ("GetItem", {"TableName": _T.replace(":aws:", ":aws-cn:"), "Key": _KEY}),
        ("GetItem", {"TableName": "items/index/by-owner", "Key": _KEY}),
        ("GetItem", {"TableName": "*", "Key": _KEY}),
        ("Query", {"TableName": "items", "IndexName": "a/b/c"}),
        ("GetItem", {"TableName": "items", "Key": {"PK": _TWO}}),
        ("PutItem", {"TableName": "items", "Item": {"PK": _TWO}}),
        (
            "Query",
            {"TableName": "items", "KeyConditionExpression": "PK = :p", "ExpressionAttributeValues": {":p": _TWO}},
        ),
        (
            "Query",
            {
                "TableName": "items",
                "KeyConditionExpression": "PK = :p AND SK = :q",
                "ExpressionAttributeNames": {"PK": "SK", "SK": "PK"},
            },
        ),
        ("BatchGetItem", {"RequestItems": {"items": {"Keys": [_KEY]}, _T: {"Keys": [_FOREIGN]}}}),
        (
            "BatchWriteItem",
            {"RequestItems": {"items": [{"PutRequest": {"Item": _KEY}, "DeleteRequest": {"Key": _FOREIGN}}]}},
        ),
        (
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {"TableName": "items", "Item": _KEY}, "Delete": {"TableName": "items", "Key": _FOREIGN}}
                ]
            },
        ),
        ("TransactGetItems", {"TransactItems": [{}]}),
    ],
)
def test_what_is_not_known_exactly_is_refused(operation: str, params: Mapping[str, Any]) -> None:
    def derive() -> None:
        check_constraints("dynamodb", operation, params)
        _REQUESTS.checks(operation, params)

    # The first answer may also be DynamoDB's own about a malformed parameter; a check there must never be.
    with pytest.raises(ServiceError) as refusal:
        derive()
    assert isinstance(refusal.value, NotDerivableError) or refusal.value.code == "ValidationException"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"TableName": "items"}, "ValidationException"),
        ({"TableName": "items", "Key": [_KEY]}, "SerializationException"),
        ({"TableName": 5, "Key": _KEY}, "SerializationException"),
        ({"Key": _KEY}, "ValidationException"),
    ],
)
def test_parameters_that_break_the_model_are_answered_as_dynamodb_does(params: Mapping[str, Any], code: str) -> None:
    with pytest.raises(ServiceError) as refusal:
        check_constraints("dynamodb", "GetItem", params)
    assert (refusal.value.code, refusal.value.status) == (code, 400)


@pytest.fixture(scope="module")
def target() -> Iterator[EmbeddedTarget]:
    target = EmbeddedTarget()
    keys = [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}]
    index = {
        "IndexName": "by-owner",
        "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    _done(
        target,
        "CreateTable",
        TableName="items",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=keys,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK", "owner")],
        GlobalSecondaryIndexes=[index],
    )
    yield target
    target.close()


def _done(target: EmbeddedTarget, operation: str, **params: Any) -> ApiResponse:
    answer = target.send_as_operator(ApiRequest("dynamodb", operation, params))
    assert answer.succeeded, answer
    return answer


def _leading_keys(target: EmbeddedTarget, answer: ApiResponse) -> tuple[str, ...]:
    (decision,) = target.cloud.decisions.of(answer.request_id)
    values = {decision.request.context[key] for key in _LEADING}
    assert len(values) == 1
    return values.pop()


_keys = st.text(min_size=1, max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=_keys, other=_keys)
def test_the_leading_keys_are_the_partitions_the_store_touches(target: EmbeddedTarget, key: str, other: str) -> None:
    table = dynamodb_backends[target.account]["us-east-1"].tables["items"]
    table.items.clear()

    wrote = _done(target, "PutItem", TableName="items", Item={"PK": {"S": key}, "SK": {"S": "1"}, "v": {"S": other}})
    _done(target, "PutItem", TableName="items", Item={"PK": {"S": f"{other}\N{BLACK STAR}"}, "SK": {"S": "1"}})
    found = _done(
        target,
        "Query",
        TableName="items",
        KeyConditionExpression="#p = :p AND SK >= :s",
        ExpressionAttributeNames={"#p": "PK"},
        ExpressionAttributeValues={":p": {"S": key}, ":s": {"S": "0"}},
    )
    batch = _done(target, "BatchGetItem", RequestItems={"items": {"Keys": [{"PK": {"S": key}, "SK": {"S": "1"}}]}})

    assert {stored.value for stored in table.items} == {key, f"{other}\N{BLACK STAR}"}
    assert [_leading_keys(target, answer) for answer in (wrote, found, batch)] == [(key,)] * 3
    assert {item["PK"]["S"] for item in found.data["Items"]} == {key}
    assert [item["PK"]["S"] for item in batch.data["Responses"]["items"]] == [key]


def test_the_leading_key_of_an_index_is_its_own(target: EmbeddedTarget) -> None:
    _done(target, "PutItem", TableName="items", Item={**_FOREIGN, "owner": {"S": "me"}})
    answer = _done(
        target,
        "Query",
        TableName="items",
        IndexName="by-owner",
        KeyConditionExpression="owner = :o",
        ExpressionAttributeValues={":o": {"S": "me"}},
    )
    assert _leading_keys(target, answer) == ("me",)
    assert [item["PK"]["S"] for item in answer.data["Items"]] == ["foreign"]


def test_a_policy_with_a_misspelt_key_leaks_as_on_aws(target: EmbeddedTarget) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "dynamodb:*",
            "Resource": "*",
            "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKey": "own"}},
        },
    }
    for operation, params in (
        ("CreateUser", {"UserName": "typo"}),
        ("PutUserPolicy", {"UserName": "typo", "PolicyName": "p", "PolicyDocument": json.dumps(document)}),
    ):
        assert target.send_as_operator(ApiRequest("iam", operation, params)).succeeded
    key = target.send_as_operator(ApiRequest("iam", "CreateAccessKey", {"UserName": "typo"})).data["AccessKey"]
    typo = AwsCredentials(Secret(key["AccessKeyId"]), Secret(key["SecretAccessKey"]))

    assert target.send(ApiRequest("dynamodb", "GetItem", {"TableName": "items", "Key": _FOREIGN}), typo).succeeded
