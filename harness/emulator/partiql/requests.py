"""PartiQL statements -> actions, resources and condition keys (aws-semantics 1.1 and 1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator.dynamodb.keys import ConditionKeys
from harness.emulator.dynamodb.store import KeySchema
from harness.emulator.dynamodb.tables import read_table
from harness.emulator.partiql.keys import full_key, partitions, sure_of_names
from harness.emulator.partiql.parser import read_statement
from harness.emulator.partiql.statements import Delete, Exists, Insert, Select, Update, paths_of
from harness.emulator.partiql.tokens import PartiqlError
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import dynamodb as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.authorization_check import AuthorizationCheck
    from harness.emulator.dynamodb.store import MotoDynamoDb
    from harness.emulator.dynamodb.tables import TableAddress, TableDirectory
    from harness.emulator.partiql.statements import Statement, Value

NO_WHOLE_KEY = "Where clause does not contain a mandatory equality on all key attributes"
_ACTIONS = {
    Select: "PartiQLSelect",
    Exists: unconfirmed.ACTION_OF_EXISTS,
    Insert: "PartiQLInsert",
    Update: "PartiQLUpdate",
    Delete: "PartiQLDelete",
}
_RETURN_VALUES = {
    None: "NONE",
    "ALL OLD": "ALL_OLD",
    "MODIFIED OLD": "UPDATED_OLD",
    "ALL NEW": "ALL_NEW",
    "MODIFIED NEW": "UPDATED_NEW",
}


@dataclass(frozen=True, slots=True)
class Bound:
    """A statement with the table it is about. `keys` are those of the table or index, None where there is none."""

    statement: Statement
    address: TableAddress
    keys: KeySchema | None
    tables: TableDirectory

    @property
    def store(self) -> MotoDynamoDb:
        """Where the table is. Raises ResourceNotFoundException when there is no such table."""
        found = self.tables.find(self.address)
        if found is None or not found.store.has_table(self.address.name):
            raise ServiceError("ResourceNotFoundException", "Requested resource not found")
        return found.store

    @property
    def schema(self) -> KeySchema:
        """The keys of the table or index. Raises the ServiceError that DynamoDB answers where there is none."""
        index = self.statement.source.index
        if self.keys is None and self.store.schema(self.address.name) is not None:
            raise ServiceError("ValidationException", f"The table does not have the specified index: {index}")
        return self.keys or KeySchema((), ())


def bind(body: Mapping[str, Any], account: str, region: str, tables: TableDirectory) -> Bound:
    """Return a statement of a request, read and with its table.

    Raises ValidationException where DynamoDB surely refuses the statement, else NotDerivableError where it is not
    certain what DynamoDB makes of it.
    """
    try:
        statement = read_statement(body["Statement"], body.get("Parameters", ()))
        source = statement.source
        # Whether FROM takes an ARN is unknown; other accounts' tables are not reached by PartiQL.
        address = read_table(source.table.replace(":", " "), account, region)
        found = tables.find(address)
        keys = None if found is None else found.store.schema(address.name, source.index)
        own = None if found is None else found.store.schema(address.name)
        sure_of_names(statement, {*(keys.names if keys else ()), *(own.names if own else ())})
    except PartiqlError as error:
        raise answered(error) from None
    return Bound(statement, address, keys, tables)


def answered(error: PartiqlError) -> ServiceError:
    """Return what the caller is answered about a statement that is not read."""
    if error.message is not None:
        return ServiceError("ValidationException", error.message)
    return NotDerivableError(f"a PartiQL statement with {error}")


def statement_check(bound: Bound, body: Mapping[str, Any], enclosing: str | None) -> AuthorizationCheck:
    """Return what the statement asks of IAM; `enclosing` is ExecuteTransaction or None."""
    statement = bound.statement
    keys = ConditionKeys(bound.tables, bound.address, statement.source.index)
    mentioned = {path.attribute for path in paths_of(statement)}
    try:
        _leading_keys(keys, bound)
    except PartiqlError as error:
        raise answered(error) from None
    if isinstance(statement, Insert):
        mentioned.update(statement.item)
    elif isinstance(statement, Select | Exists):
        projection = (statement.select if isinstance(statement, Exists) else statement).projection
        everything = unconfirmed.SELECT_OF_AN_INDEX_WITHOUT_PROJECTION if statement.source.index else "ALL_ATTRIBUTES"
        keys.select(everything if projection is None else "SPECIFIC_ATTRIBUTES")
    elif isinstance(statement, Update | Delete):
        returned = {"ReturnValues": _RETURN_VALUES[statement.returning]}
        failing = body.get("ReturnValuesOnConditionCheckFailure", "NONE")
        keys.return_values({**returned, "ReturnValuesOnConditionCheckFailure": failing}, "ReturnValues")
    keys.context["dynamodb:attributes"] = tuple(sorted(mentioned))
    if enclosing is not None:
        keys.context["dynamodb:enclosingoperation"] = (enclosing,)
    return keys.check(_ACTIONS[type(statement)])


def _leading_keys(keys: ConditionKeys, bound: Bound) -> None:
    schema, statement = bound.keys, bound.statement
    if schema is None or len(schema.partition_keys) != 1:
        keys.cannot_derive("leadingkeys", "firstpartitionkeyvalues", "fulltablescan")
        return
    partition_key = schema.partition_keys[0]
    if isinstance(statement, Insert):
        keys.leading_keys([statement.item.get(partition_key)])
    elif isinstance(statement, Update | Delete):
        keys.leading_keys([whole_key(bound)[0][partition_key]])
    else:
        where = statement.select.where if isinstance(statement, Exists) else statement.where
        values: tuple[Value, ...] | None = partitions(where, partition_key, schema.sort_keys)
        if values is not None:
            keys.leading_keys(values)
        scans = "true" if values is None else unconfirmed.FULL_TABLE_SCAN_OF_A_KEYED_SELECT
        keys.context["dynamodb:fulltablescan"] = (scans,)


def whole_key(bound: Bound) -> tuple[dict[str, Value], tuple[Any, ...]]:
    """Return the primary key that an UPDATE or DELETE names, and its further conditions.

    Raises PartiqlError as DynamoDB refuses a statement without one.
    """
    statement = bound.statement
    if not isinstance(statement, Update | Delete):
        raise TypeError(statement)
    if statement.source.index is not None:
        raise PartiqlError("a write to an index")
    found = full_key(statement.where, bound.schema.names)
    if found is None:
        raise PartiqlError(NO_WHOLE_KEY, NO_WHOLE_KEY)
    return found
