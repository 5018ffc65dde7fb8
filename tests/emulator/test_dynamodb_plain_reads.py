"""A GetItem that asks for nothing but an item is read past moto's handling of requests, and answers the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from dynamodb_world import World

if TYPE_CHECKING:
    from doors import Door

_KEY = {"PK": {"S": "own"}, "SK": {"N": "1.50"}}
_ATTRIBUTES: dict[str, Any] = {
    "text": {"S": 'ü ${x} \\ "'},
    "empty": {"S": ""},
    "number": {"N": "-12.5e3"},
    "binary": {"B": b"\x00\xff"},
    "truth": {"BOOL": False},
    "nothing": {"NULL": True},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
    "binaries": {"BS": [b"\x01", b"\x02"]},
    "list": {"L": [{"S": "x"}, {"M": {"deep": {"L": [{"N": "1"}, {"B": b"\xfe"}]}}}]},
    "map": {"M": {"a": {"M": {}}, "b": {"L": []}, "c": {"SS": ["z"]}, "d": {"NULL": True}}},
}


@pytest.fixture
def table(door: Door) -> Any:
    client = World(door).root
    client.create_table(
        TableName="plain",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "PK", "AttributeType": "S"},
            {"AttributeName": "SK", "AttributeType": "N"},
        ],
    )
    client.put_item(TableName="plain", Item={**_KEY, **_ATTRIBUTES})
    return client


def test_every_type_comes_back_as_it_was_put(table: Any) -> None:
    plain = table.get_item(TableName="plain", Key=_KEY)["Item"]
    whole = table.get_item(TableName="plain", Key=_KEY, ReturnConsumedCapacity="TOTAL")["Item"]
    assert plain == whole
    assert {name: plain[name] for name in _ATTRIBUTES} == _ATTRIBUTES


def test_a_missing_item_is_no_item(table: Any) -> None:
    assert "Item" not in table.get_item(TableName="plain", Key={**_KEY, "SK": {"N": "2"}}, ConsistentRead=True)


@pytest.mark.parametrize(
    "key",
    [{"PK": {"S": "own"}}, {**_KEY, "more": {"S": "x"}}, {**_KEY, "SK": {"S": "1.50"}}, {**_KEY, "PK": {"S": ""}}],
)
def test_a_key_that_does_not_fit_the_table_is_refused(table: Any, key: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        table.get_item(TableName="plain", Key=key)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
