"""What PartiQL statements read, write and return, and how they are refused.

Facts marked obs are answers of DynamoDB recorded by paritysuite/dynamodb-conformance and floci-io/floci.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from dynamodb_world import (
    FOREIGN_ITEM,
    LEADING_KEY,
    OWN,
    OWN_ITEM,
    World,
    batch_of,
    items_of,
    partitions_of,
    refusal,
    refused,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from doors import Door


_IN_STATEMENT = "Validation failed in TransactStatements[{}]: "


@pytest.fixture(scope="module")
def shared(door: Door) -> Iterator[World]:
    """A world that no test changes."""
    world = World(door)
    world.make_items()
    yield world
    world.cloud.close()


@pytest.fixture
def world(door: Door) -> Iterator[World]:
    world = World(door)
    world.make_items()
    yield world
    world.cloud.close()


def test_insert_never_overwrites(world: World) -> None:  # doc: insert statements
    taken = ("DuplicateItemException", "Duplicate primary key exists in table")
    assert items_of(world.root, "INSERT INTO items VALUE {'PK': 'new', 'SK': '1', 'n': 1E3}") == []
    assert refused(world.root, "INSERT INTO items VALUE {'PK': 'new', 'SK': '1', 'n': 2}") == taken
    assert world.root.get_item(TableName="items", Key={"PK": {"S": "new"}, "SK": {"S": "1"}})["Item"]["n"] == {
        "N": "1000"
    }
    for item in ("{'PK': 'new'}", "{'PK': 1, 'SK': '1'}", "{'PK': '', 'SK': '1'}"):
        assert refused(world.root, f"INSERT INTO items VALUE {item}")[0] == "ValidationException"


def test_update_changes_one_item_that_is_there(world: World) -> None:  # doc: update statements
    root = world.root
    run(
        root,
        "INSERT INTO items VALUE {'PK': 'u', 'SK': '1', 'n': 1, 'l': ['a', 'b'], 'm': {'x': 1, 'y': 2}, 's': <<1>>}",
    )
    changed = items_of(
        root,
        "UPDATE items SET n = n + ?, l = list_append(l, ['c']) SET s = set_add(s, <<2, 3>>) REMOVE m.x "
        "WHERE PK = 'u' AND SK = '1' AND n = 1 RETURNING ALL NEW *",
        {"N": "2"},
    )
    assert changed[0]["n"] == {"N": "3"}
    assert changed[0]["l"] == {"L": [{"S": "a"}, {"S": "b"}, {"S": "c"}]}
    assert changed[0]["m"] == {"M": {"y": {"N": "2"}}}
    assert sorted(changed[0]["s"]["NS"]) == ["1", "2", "3"]
    failed = ("ConditionalCheckFailedException", "The conditional request failed")
    assert refused(root, "UPDATE items SET n = 9 WHERE PK = 'u' AND SK = '1' AND n = 1") == failed
    assert refused(root, "UPDATE items SET n = 9 WHERE PK = 'absent' AND SK = '1'") == failed
    assert "Item" not in root.get_item(TableName="items", Key={"PK": {"S": "absent"}, "SK": {"S": "1"}})


@pytest.mark.parametrize(
    ("actions", "returning", "returned"),
    [
        ("SET m.x = 2", "MODIFIED NEW", {"m": {"M": {"x": {"N": "2"}}}}),
        ("SET m.x = 2", "MODIFIED OLD", {"m": {"M": {"x": {"N": "1"}}}}),
        ("SET l[2] = 'z', l[0] = 'y'", "MODIFIED NEW", {"l": {"L": [{"S": "y"}, {"S": "z"}]}}),
        ("SET l[5] = 'z'", "MODIFIED NEW", None),
        ("SET l[3] = 'z'", "MODIFIED NEW", {"l": {"L": [{"S": "z"}]}}),
        ("REMOVE l[1]", "MODIFIED NEW", {"l": {"L": [{"S": "c"}]}}),
        ("REMOVE m", "MODIFIED NEW", None),
        ("REMOVE m.x", "MODIFIED OLD", {"m": {"M": {"x": {"N": "1"}}}}),
        ("SET fresh = 1", "MODIFIED OLD", None),
    ],
)
def test_modified_returns_what_stands_at_the_changed_paths(
    world: World, actions: str, returning: str, returned: Any
) -> None:  # obs
    run(world.root, "INSERT INTO items VALUE {'PK': 'u', 'SK': '1', 'l': ['a', 'b', 'c'], 'm': {'x': 1, 'y': 2}}")
    found = items_of(world.root, f"UPDATE items {actions} WHERE PK = 'u' AND SK = '1' RETURNING {returning} *")
    assert found == ([] if returned is None else [returned])


def test_delete_does_nothing_without_an_item_and_fails_on_a_false_condition(world: World) -> None:  # doc: delete
    assert items_of(world.root, "DELETE FROM items WHERE PK = 'x' AND SK = '1' AND a = 1 RETURNING ALL OLD *") == []
    failed = ("ConditionalCheckFailedException", "The conditional request failed")
    assert refused(world.root, f"DELETE FROM items WHERE {OWN_ITEM} AND rank = 2") == failed
    shown = refusal(
        world.root.execute_statement,
        Statement=f"DELETE FROM items WHERE {OWN_ITEM} AND rank = 2",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    assert shown["Answer"]["Item"]["PK"] == {"S": "own"}
    (old,) = items_of(world.root, f"DELETE FROM items WHERE {OWN_ITEM} AND rank = 1 RETURNING ALL OLD *")
    assert old["canary"] == {"S": "canary of own"}
    assert partitions_of(world.root, "rank = 1") == ["foreign"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE items SET a = 1 WHERE PK = 'own'",
        "UPDATE items SET a = 1",
        "DELETE FROM items WHERE SK = '1'",
        "DELETE FROM items WHERE PK = 'own' AND SK IN ['1']",
        "DELETE FROM items WHERE PK = 'own' AND SK = '1' OR PK = 'foreign' AND SK = '1'",
        "DELETE FROM items",
    ],
)
def test_a_write_names_its_whole_key(shared: World, statement: str) -> None:  # obs
    message = "Where clause does not contain a mandatory equality on all key attributes"
    assert refused(shared.root, statement) == ("ValidationException", message)


@pytest.mark.parametrize(
    ("select", "shown"),
    [
        ("canary", {"canary": {"S": "canary of nested"}}),
        ("m.n, PK", {"n": {"S": "deep"}, "PK": {"S": "nested"}}),
        ("m.l[1]", {"l[1]": {"N": "2"}}),
        ('"m"."n"', {"n": {"S": "deep"}}),
        ("absent", {}),
    ],
)
def test_a_projection_shows_paths_under_their_last_names(world: World, select: str, shown: Any) -> None:  # obs
    item = {"PK": {"S": "nested"}, "SK": {"S": "1"}, "canary": {"S": "canary of nested"}}
    nested = {"M": {"n": {"S": "deep"}, "l": {"L": [{"N": "1"}, {"N": "2"}]}}}
    world.root.put_item(TableName="items", Item={**item, "m": nested})
    assert items_of(world.root, f"SELECT {select} FROM items WHERE PK = 'nested' AND SK = '1'") == [shown]


@pytest.mark.parametrize(
    ("rest", "rows"),
    [
        ("PK = 'o' ORDER BY SK DESC", "o3 o2 o1"),
        ("PK = 'o' ORDER BY SK", "o1 o2 o3"),
        ("PK = 'o' ORDER BY PK ASC", "o3 o2 o1"),
        ("PK IN ['o', 'p'] ORDER BY PK DESC, SK ASC", "p1 p2 p3 o1 o2 o3"),
    ],
)
def test_order_by_follows_the_key(world: World, rest: str, rows: str) -> None:  # obs
    for partition in "op":
        for sort in "123":
            world.root.put_item(TableName="items", Item={"PK": {"S": partition}, "SK": {"S": sort}})
    found = items_of(world.root, f"SELECT PK, SK FROM items WHERE {rest}")
    assert " ".join(item["PK"]["S"] + item["SK"]["S"] for item in found) == rows


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("ORDER BY SK", "Must have WHERE clause in the statement when using ORDER BY clause."),
        ("WHERE PK = 'o' ORDER BY rank", "Attribute rank in ORDER BY clause must be part of the primary key"),
        (
            "WHERE PK > 'o' ORDER BY SK",
            "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
        ),
        (
            "WHERE PK IN ['o', 'p'] ORDER BY SK",
            "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause.",
        ),
    ],
)
def test_an_order_that_the_key_does_not_have(shared: World, rest: str, message: str) -> None:  # obs
    assert refused(shared.root, f"SELECT SK FROM items {rest}") == ("ValidationException", message)


@pytest.mark.parametrize("where", ["", "WHERE PK IN ['a', 'b', 'c']"])
def test_pages_reach_every_item_once(world: World, where: str) -> None:
    for partition in "abc":
        for sort in "12":
            world.root.put_item(TableName="items", Item={"PK": {"S": partition}, "SK": {"S": sort}})
    statement = f"SELECT PK, SK FROM items {where}"
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = run(world.root, statement, Limit=2, **token)
        seen += [item["PK"]["S"] + item["SK"]["S"] for item in page["Items"]]
        assert len(page["Items"]) <= 2
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert sorted(row for row in seen if row[0] in "abc") == ["a1", "a2", "b1", "b2", "c1", "c2"]
    assert len(seen) == len(set(seen))


def test_a_page_token_does_not_open_another_statement(world: World) -> None:
    token = run(world.root, "SELECT * FROM items", Limit=1)["NextToken"]
    own = world.allowed(Condition=LEADING_KEY)
    for forged in (token, "e30=", "x"):
        statement = "SELECT * FROM items WHERE PK = 'own'"
        assert refused(own, statement, NextToken=forged)[0] == "ValidationException"


def test_what_an_index_does_not_hold(shared: World) -> None:  # obs
    message = "One or more parameter values were invalid: Global secondary index by-rank does not project [canary]"
    assert refused(shared.root, 'SELECT canary FROM "items"."by-rank"') == ("ValidationException", message)
    local = 'SELECT canary FROM "items"."own-ranks" WHERE PK = \'own\' AND rank = 1'
    assert items_of(shared.root, local) == [{"canary": {"S": "canary of own"}}]
    missing = "The table does not have the specified index: none"
    assert refused(shared.root, 'SELECT * FROM "items"."none"') == ("ValidationException", missing)


def test_consumed_capacity_is_told_when_asked(shared: World) -> None:
    asked = run(shared.root, f"SELECT * FROM items WHERE {OWN_ITEM}", ReturnConsumedCapacity="TOTAL")
    assert asked["ConsumedCapacity"]["TableName"] == "items"
    assert "ConsumedCapacity" not in run(shared.root, f"SELECT * FROM items WHERE {OWN_ITEM}")


def test_each_statement_of_a_batch_has_its_own_answer(world: World) -> None:  # obs
    answers = world.root.batch_execute_statement(
        Statements=batch_of(
            f"SELECT canary FROM items WHERE {OWN_ITEM}",
            "SELECT * FROM items WHERE PK = 'own'",
            "SELECT * FROM items WHERE PK = 'none' AND SK = '1'",
            "SELECT * FROM none WHERE PK = 'x'",
            "SELECT * FROM items x",
        )
    )["Responses"]
    assert answers[0] == {"TableName": "items", "Item": {"canary": {"S": "canary of own"}}}
    assert answers[1]["Error"] == {
        "Code": "ValidationError",
        "Message": "Select statements within BatchExecuteStatement must specify the primary key in the where clause.",
    }
    assert answers[2] == {"TableName": "items"}
    assert [answer["Error"]["Code"] for answer in answers[3:]] == ["ResourceNotFound", "ValidationError"]
    written = world.root.batch_execute_statement(
        Statements=batch_of(
            "INSERT INTO items VALUE {'PK': 'own', 'SK': '1'}",
            f"DELETE FROM items WHERE {OWN_ITEM} AND rank = 7",
            f"UPDATE items SET note = 'x' WHERE {FOREIGN_ITEM}",
        )
    )["Responses"]
    assert [answer.get("Error", {}).get("Code") for answer in written] == [
        "DuplicateItem",
        "ConditionalCheckFailed",
        None,
    ]


def test_a_transaction_is_done_as_a_whole_or_not_at_all(world: World) -> None:  # obs
    insert = "INSERT INTO items VALUE {'PK': 't', 'SK': '1'}"
    done = world.root.execute_transaction(
        TransactStatements=batch_of(
            insert,
            f"UPDATE items SET note = 'x' WHERE {OWN_ITEM}",
            f"EXISTS(SELECT * FROM items WHERE {FOREIGN_ITEM} AND note IS MISSING)",
        )
    )
    assert done["Responses"] == []
    answer = refusal(
        world.root.execute_transaction,
        TransactStatements=batch_of(
            f"UPDATE items SET note = 'y' WHERE {OWN_ITEM}", insert, "DELETE FROM items WHERE PK = 'z' AND SK = '1'"
        ),
    )
    assert (answer["Code"], answer["Status"]) == ("TransactionCanceledException", 400)
    assert answer["Message"] == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons [None, DuplicateItem, None]"
    )
    assert answer["Answer"]["CancellationReasons"][1]["Message"] == "Duplicate primary key exists in table"
    assert world.root.get_item(TableName="items", Key=OWN)["Item"]["note"] == {"S": "x"}


def test_a_transaction_of_reads(shared: World) -> None:  # obs
    reads = batch_of(f"SELECT PK FROM items WHERE {OWN_ITEM}", "SELECT * FROM items WHERE PK = 'none' AND SK = '1'")
    assert shared.root.execute_transaction(TransactStatements=reads)["Responses"] == [
        {"Item": {"PK": {"S": "own"}}},
        {},
    ]


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (
            [f"SELECT * FROM items WHERE {OWN_ITEM}", f"UPDATE items SET a = 1 WHERE {OWN_ITEM}"],
            "ExecuteTransaction API does not support both read and write operations in the same request.",
        ),
        (
            [f"SELECT * FROM items WHERE {OWN_ITEM} AND attribute_exists(rank)"],
            _IN_STATEMENT.format(0)
            + "Select statements within ExecuteTransaction must specify the primary key in the where clause.",
        ),
        (
            [f"UPDATE items SET a = 1 WHERE {FOREIGN_ITEM}", f"EXISTS(SELECT * FROM items WHERE {OWN_ITEM})"],
            _IN_STATEMENT.format(1) + "EXISTS() must contain a single item read with additional condition",
        ),
    ],
)
def test_transactions_that_dynamodb_refuses(shared: World, statements: list[str], message: str) -> None:  # obs
    answer = refusal(shared.root.execute_transaction, TransactStatements=batch_of(*statements))
    assert (answer["Code"], answer["Message"]) == ("ValidationException", message)


def test_exists_is_for_transactions_only(shared: World) -> None:  # doc: EXISTS
    statement = f"EXISTS(SELECT * FROM items WHERE {OWN_ITEM} AND rank = 1)"
    message = "EXISTS can only be used in ExecuteTransaction write requests."
    assert refused(shared.root, statement) == ("ValidationException", message)


def test_a_transaction_is_done_once_under_one_token(world: World) -> None:
    run(world.root, f"UPDATE items SET times = 0 WHERE {OWN_ITEM}")
    params = {
        "TransactStatements": batch_of(f"UPDATE items SET times = times + 1 WHERE {OWN_ITEM}"),
        "ClientRequestToken": "token",
    }
    for _ in range(2):
        world.root.execute_transaction(**params)
    assert world.root.get_item(TableName="items", Key=OWN)["Item"]["times"] == {"N": "1"}
