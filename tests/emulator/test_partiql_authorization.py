"""What IAM is asked about PartiQL statements, and what it lets through (aws-semantics 1.1 to 1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from dynamodb_world import (
    FOREIGN,
    FOREIGN_ITEM,
    LEADING_KEY,
    OWN,
    OWN_ITEM,
    World,
    assert_denied,
    assert_not_known,
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


@pytest.fixture(scope="module")
def own(shared: World) -> Any:
    """Whoever may do everything to items whose partition key is `own`."""
    return shared.allowed(Condition=LEADING_KEY)


_VERBS = [
    ("PartiQLSelect", "SELECT * FROM items WHERE {}"),
    ("PartiQLUpdate", "UPDATE items SET note = 'x' WHERE {}"),
    ("PartiQLDelete", "DELETE FROM items WHERE {} RETURNING ALL OLD *"),
]


@pytest.mark.parametrize(("action", "statement"), _VERBS, ids=[f"1.1-{action}" for action, _ in _VERBS])
def test_each_verb_is_its_own_action_with_leading_keys(world: World, action: str, statement: str) -> None:
    caller = world.allowed(f"dynamodb:{action}", Condition=LEADING_KEY)
    run(caller, statement.format(OWN_ITEM))
    assert_denied(caller.execute_statement, action, Statement=statement.format(FOREIGN_ITEM))
    others = world.allowed([f"dynamodb:{name}" for name in ("GetItem", "UpdateItem", "DeleteItem", "ExecuteStatement")])
    assert_denied(others.execute_statement, action, Statement=statement.format(OWN_ITEM))
    assert "Item" in world.root.get_item(TableName="items", Key=FOREIGN)


def test_insert_has_the_key_it_inserts(world: World) -> None:  # 1.1
    caller = world.allowed("dynamodb:PartiQLInsert", Condition=LEADING_KEY)
    run(caller, "INSERT INTO items VALUE {'PK': 'own', 'SK': 'new'}")
    forged = "INSERT INTO items VALUE {'PK': 'foreign', 'SK': 'new'}"
    assert_denied(caller.execute_statement, "PartiQLInsert", Statement=forged)


@pytest.mark.parametrize(
    "where",
    [
        "PK = 'foreign'",
        "PK IN ['own', 'foreign']",
        "PK IN ('foreign')",
        "PK = 'own' OR PK = 'foreign'",
        "(PK = 'own' AND SK = '1') OR (PK = 'foreign' AND SK = '1')",
        "PK = 'for' OR PK = 'foreign' AND rank = 1",
        "PK = 'foreign' -- AND PK = 'own'",
        "/* PK = 'own' AND */ PK = 'foreign'",
        "\"PK\" = 'foreign'",
        "((PK='foreign'))",
    ],
)
def test_a_foreign_key_is_refused_however_it_is_written(own: Any, where: str) -> None:
    assert_denied(own.execute_statement, "PartiQLSelect", Statement=f"SELECT * FROM items WHERE {where}")


def test_a_foreign_key_is_refused_as_a_parameter_too(shared: World, own: Any) -> None:
    assert partitions_of(own, "PK = ?", {"S": "own"}) == ["own"]
    foreign = {"Statement": "SELECT * FROM items WHERE PK = ?", "Parameters": [{"S": "foreign"}]}
    assert_denied(own.execute_statement, "PartiQLSelect", **foreign)
    injected = {"S": "own' OR PK = 'foreign"}
    assert_denied(own.execute_statement, "PartiQLSelect", **{**foreign, "Parameters": [injected]})
    assert items_of(shared.root, "SELECT * FROM items WHERE PK = ?", injected) == []


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("", ["foreign", "own"]),
        ("WHERE SK = '1'", ["foreign", "own"]),
        ("WHERE PK <> 'own'", ["foreign"]),
        ("WHERE NOT PK = 'own'", ["foreign"]),
        ("WHERE PK = 'own' OR rank = 1", ["foreign", "own"]),
        ("WHERE PK >= 'own'", ["own"]),
        ("WHERE begins_with(PK, 'fo')", ["foreign"]),
        ("WHERE canary = 'canary of foreign'", ["foreign"]),
    ],
)
def test_a_select_without_the_partition_scans_and_has_no_leading_keys(
    shared: World, own: Any, where: str, found: list[str]
) -> None:  # 1.2 FullTableScan, 1.3.1
    statement = f"SELECT PK FROM items {where}"
    answer = run(own, statement)
    assert sorted(item["PK"]["S"] for item in answer["Items"]) == found
    context = shared.request_of(answer).context
    assert "dynamodb:leadingkeys" not in context
    assert context["dynamodb:fulltablescan"] == ("true",)
    strict = shared.allowed(Condition={"StringEquals": {"dynamodb:LeadingKeys": "own"}})
    assert_denied(strict.execute_statement, "PartiQLSelect", Statement=statement)


def test_the_documented_deny_on_full_table_scans(shared: World) -> None:  # doc PQL, example 6
    caller = shared.allowed(
        statements=[
            {"Action": "dynamodb:PartiQLSelect"},
            {
                "Effect": "Deny",
                "Action": "dynamodb:PartiQLSelect",
                "Condition": {"Bool": {"dynamodb:FullTableScan": ["true"]}},
            },
        ]
    )
    assert partitions_of(caller, "PK = 'foreign'") == ["foreign"]
    for where in ("rank = 1", "PK = 'own' OR rank = 1", "NOT PK = 'own'"):
        statement = f"SELECT * FROM items WHERE {where}"
        assert_denied(caller.execute_statement, "PartiQLSelect", Statement=statement)


@pytest.mark.parametrize(
    ("condition", "allowed", "refused"),
    [
        (
            {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["PK", "SK"]}},
            f"SELECT SK FROM items WHERE {OWN_ITEM}",
            f"SELECT canary FROM items WHERE {OWN_ITEM}",
        ),
        (
            {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["PK", "SK"]}},
            f"SELECT PK FROM items WHERE {OWN_ITEM}",
            f"SELECT PK FROM items WHERE {OWN_ITEM} AND begins_with(canary.x, 'a')",
        ),
        (
            {"StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}},
            f"SELECT PK FROM items WHERE {OWN_ITEM}",
            f"SELECT * FROM items WHERE {OWN_ITEM}",
        ),
        (
            {"StringEquals": {"dynamodb:ReturnValues": "NONE"}},
            f"UPDATE items SET note = 'x' WHERE {OWN_ITEM}",
            f"UPDATE items SET note = 'x' WHERE {OWN_ITEM} RETURNING ALL OLD *",
        ),
        (
            {"StringEquals": {"dynamodb:ReturnValues": "UPDATED_NEW"}},
            f"UPDATE items SET note = 'x' WHERE {OWN_ITEM} RETURNING MODIFIED NEW *",
            "DELETE FROM items WHERE PK = 'own' AND SK = 'none' RETURNING ALL OLD *",
        ),
    ],
    ids=["1.2-Attributes", "1.2-Attributes-nested", "1.2-Select", "1.2-ReturnValues", "1.2-ReturnValues-modified"],
)
def test_the_other_keys_of_a_statement(world: World, condition: Any, allowed: str, refused: str) -> None:
    caller = world.allowed(Condition=condition)
    run(caller, allowed)
    assert refusal(caller.execute_statement, Statement=refused)["Code"] == "AccessDeniedException"


def test_an_index_has_its_own_arn_and_leading_key(shared: World) -> None:  # 1.1
    statement = 'SELECT PK FROM "items"."by-owner" WHERE "owner" = \'owner-foreign\''
    on_table = shared.allowed(resource=shared.table_arn())
    assert_denied(on_table.execute_statement, "PartiQLSelect", Statement=statement)
    leading = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "owner-foreign"}}
    on_index = shared.allowed(resource=f"{shared.table_arn()}/index/by-owner", Condition=leading)
    assert items_of(on_index, statement) == [{"PK": {"S": "foreign"}}]
    assert items_of(on_index, statement.replace('"items"."by-owner"', 'items."by-owner"')) == [{"PK": {"S": "foreign"}}]


@pytest.mark.parametrize("statement", ["SELECT * FROM none WHERE PK = 'x'", "INSERT INTO none VALUE {'PK': 'x'}"])
def test_a_missing_table_is_told_only_to_those_with_permission(shared: World, statement: str) -> None:  # 1.4
    assert refused(shared.root, statement) == ("ResourceNotFoundException", "Requested resource not found")
    assert refused(shared.allowed("s3:*"), statement)[0] == "AccessDeniedException"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM items WHERE pk = 'own'",
        "SELECT * FROM items WHERE 'own' = PK",
        "SELECT * FROM items WHERE PK = 'own' AND PK = 'foreign'",
        "SELECT * FROM items WHERE PK = 1",
        "SELECT * FROM \"arn:aws:dynamodb:us-east-1:123456789012:table/items\" WHERE PK = 'own'",
        'UPDATE "items"."by-owner" SET a = 1 WHERE "owner" = \'x\'',
        "SELECT a.x, b.x FROM items WHERE PK = 'own'",
        "SELECT * FROM items WHERE PK = 'own' OR PK = 'own' AND SK = '1'",
    ],
)
def test_what_is_not_certain_is_refused_as_unknown(shared: World, statement: str) -> None:
    assert_not_known(shared.root.execute_statement, Statement=statement)


def test_a_transaction_is_refused_before_anything_is_done(world: World) -> None:  # 1.1
    own = world.allowed(Condition=LEADING_KEY)
    statements = batch_of(*(f"DELETE FROM items WHERE {where}" for where in (OWN_ITEM, FOREIGN_ITEM)))
    assert_denied(own.execute_transaction, "PartiQLDelete", TransactStatements=statements)
    checks = batch_of(f"EXISTS(SELECT * FROM items WHERE {FOREIGN_ITEM} AND rank = 1)")
    assert_denied(own.execute_transaction, "PartiQLSelect", TransactStatements=checks)
    assert partitions_of(world.root, "rank = 1") == ["foreign", "own"]


def test_only_transactions_have_an_enclosing_operation(shared: World) -> None:  # doc PQL, examples 4 and 5
    statements = batch_of(f"SELECT PK FROM items WHERE {OWN_ITEM}")
    inside = shared.allowed(Condition={"StringEquals": {"dynamodb:EnclosingOperation": "ExecuteTransaction"}})
    inside.execute_transaction(TransactStatements=statements)
    assert_denied(inside.execute_statement, "PartiQLSelect", **statements[0])
    assert_denied(inside.batch_execute_statement, "PartiQLSelect", Statements=statements)
    outside = shared.allowed(Condition={"StringNotEquals": {"dynamodb:EnclosingOperation": "ExecuteTransaction"}})
    outside.execute_statement(**statements[0])
    outside.batch_execute_statement(Statements=statements)
    assert_denied(outside.execute_transaction, "PartiQLSelect", TransactStatements=statements)


def test_one_foreign_statement_refuses_the_whole_batch(world: World) -> None:  # 1.1
    own = world.allowed(Condition=LEADING_KEY)
    statements = batch_of(*(f"UPDATE items SET note = 'x' WHERE {where}" for where in (OWN_ITEM, FOREIGN_ITEM)))
    assert_denied(own.batch_execute_statement, "PartiQLUpdate", Statements=statements)
    assert "note" not in world.root.get_item(TableName="items", Key=OWN)["Item"]
    assert own.batch_execute_statement(Statements=statements[:1])["Responses"] == [{"TableName": "items"}]
