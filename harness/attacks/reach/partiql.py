"""Reaching for items by PartiQL: every kind of statement and of call, in the spellings that the language admits."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from harness.attacks.technique import Callers, ControlKind, Feature, Severity, Technique
from harness.blueprints.contract import Effect
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from harness.assets import Asset
    from harness.attacks.aim import Aim

_GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html"


def _text(value: str) -> str:
    """Return a string as a literal of PartiQL."""
    return "'" + value.replace("'", "''") + "'"


def _is(asset: Asset) -> str:
    """Return the condition that means the asset, its values written out."""
    return f"PK = {_text(asset.partition)} AND SK = {_text(asset.name)}"


def _statement(*words: str) -> str:
    return " ".join(words)


def _table(asset: Asset) -> str:
    return f'"{asset.store}"'


def _execute(*words: str, parameters: tuple[str, ...] = ()) -> ApiRequest:
    values = {"Parameters": [{"S": value} for value in parameters]} if parameters else {}
    return ApiRequest("dynamodb", "ExecuteStatement", {"Statement": _statement(*words), **values})


def _insert(asset: Asset) -> ApiRequest:
    item = f"{{'PK': {_text(asset.partition)}, 'SK': {_text(asset.name)}, 'canary': 'overwritten'}}"
    return _execute("INSERT INTO", _table(asset), "VALUE", item)


def _insert_again(aim: Aim) -> tuple[ApiRequest, ...]:
    # INSERT overwrites nothing, so the operator makes room before showing what it does.
    gone = {"TableName": aim.asset.store, "Key": aim.asset.item_key}
    return ApiRequest("dynamodb", "DeleteItem", gone), _insert(aim.asset)


def _one_statement(aim: Aim) -> list[dict[str, Any]]:
    return [{"Statement": _statement("SELECT * FROM", _table(aim.asset), "WHERE", _is(aim.asset))}]


# No contract gives PartiQL to users, so whoever may execute statements has to be shown by the operator.
_READ = partial(
    Technique,
    plane="dynamodb",
    effect=Effect.READ,
    operation="ExecuteStatement",
    actions=("dynamodb:PartiQLSelect",),
    severity=Severity.CRITICAL,
    documentation=_GUIDE,
    catalogue=("ddb-partiql-not-covered",),
    control=ControlKind.OPERATOR,
    requires=frozenset({Feature.TABLE}),
)
_WRITE = partial(
    Technique,
    plane="dynamodb",
    effect=Effect.WRITE,
    operation="ExecuteStatement",
    severity=Severity.BLOCKER,
    documentation=_GUIDE,
    catalogue=("ddb-partiql-not-covered",),
    control=ControlKind.OPERATOR,
    requires=frozenset({Feature.TABLE}),
)

TECHNIQUES = (
    _READ(
        id="dynamodb.read.partiql-select",
        title="SELECT of a foreign item by its key",
        steps=lambda aim: (
            _execute(
                'select "canary" from',
                _table(aim.asset),
                'where "PK" = ? and "SK" = ?',
                parameters=(aim.asset.partition, aim.asset.name),
            ),
        ),
    ),
    _READ(
        id="dynamodb.read.partiql-select-all",
        title="SELECT without any key",
        catalogue=("ddb-partiql-not-covered", "ddb-scan-vacuous-forallvalues"),
        steps=lambda aim: (_execute("SELECT * FROM", _table(aim.asset)),),
    ),
    _READ(
        id="dynamodb.read.partiql-select-mixed",
        title="SELECT of an own and a foreign partition by IN",
        catalogue=("ddb-partiql-not-covered", "ddb-foranyvalue-batch-smuggle"),
        callers=Callers.OWNERS,
        steps=lambda aim: (
            _execute(
                "SELECT * FROM",
                _table(aim.asset),
                f"WHERE PK IN [{_text(aim.own.partition)}, {_text(aim.asset.partition)}]",
            ),
        ),
    ),
    _READ(
        id="dynamodb.read.partiql-batch",
        title="BatchExecuteStatement with a SELECT of a foreign item",
        operation="BatchExecuteStatement",
        steps=lambda aim: (ApiRequest("dynamodb", "BatchExecuteStatement", {"Statements": _one_statement(aim)}),),
    ),
    _READ(
        id="dynamodb.read.partiql-transaction",
        title="ExecuteTransaction with a SELECT of a foreign item",
        operation="ExecuteTransaction",
        catalogue=("ddb-partiql-not-covered", "ddb-transact-not-covered"),
        steps=lambda aim: (ApiRequest("dynamodb", "ExecuteTransaction", {"TransactStatements": _one_statement(aim)}),),
    ),
    _WRITE(
        id="dynamodb.write.partiql-insert",
        title="INSERT of a foreign item",
        actions=("dynamodb:PartiQLInsert",),
        passes=("^DuplicateItemException:",),
        operator_steps=_insert_again,
        steps=lambda aim: (_insert(aim.asset),),
    ),
    _WRITE(
        id="dynamodb.write.partiql-update",
        title="UPDATE of a foreign item",
        actions=("dynamodb:PartiQLUpdate",),
        steps=lambda aim: (_execute("UPDATE", _table(aim.asset), "SET canary = 'overwritten' WHERE", _is(aim.asset)),),
    ),
    _WRITE(
        id="dynamodb.write.partiql-delete",
        title="DELETE of a foreign item, and the item itself as the answer",
        actions=("dynamodb:PartiQLDelete",),
        steps=lambda aim: (_execute("DELETE FROM", _table(aim.asset), "WHERE", _is(aim.asset), "RETURNING ALL OLD *"),),
    ),
)
