"""INSERT, UPDATE, DELETE and EXISTS -> writes of one item each, with what has to hold before them.

Calls come one at a time, so that conditions checked before a write still hold when it is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator.partiql.conditions import holds
from harness.emulator.partiql.keys import full_key
from harness.emulator.partiql.reads import stored_item
from harness.emulator.partiql.requests import whole_key
from harness.emulator.partiql.statements import Assignment, Exists, Insert, Literal, Path, Removal, Update
from harness.emulator.partiql.tokens import PartiqlError, refused
from harness.emulator.partiql.values import type_of
from harness.emulator.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.emulator.partiql.requests import Bound
    from harness.emulator.partiql.statements import Value

CONDITION_FAILED = ("ConditionalCheckFailedException", "The conditional request failed")
_DUPLICATE = ("DuplicateItemException", "Duplicate primary key exists in table")
_EXISTS_NEEDS_CONDITION = "EXISTS() must contain a single item read with additional condition"


@dataclass(frozen=True, slots=True)
class Write:
    """A write of one item, ready to be done: verb and members of TransactWriteItems; `before` is the item so far."""

    verb: str
    members: Mapping[str, Any]
    before: Mapping[str, Value] | None

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to do; there is not where an item to delete is missing."""
        return self.verb != "Delete" or self.before is not None


def prepare(bound: Bound, *, show_old: bool = False) -> Write:
    """Return the write that the statement comes to.

    Raises the ServiceError that DynamoDB answers when the item is there already or does not meet the conditions (with
    the item where `show_old`), and PartiqlError for a statement that is not understood.
    """
    statement = bound.statement
    if isinstance(statement, Insert):
        return _insertion(bound, statement)
    if isinstance(statement, Exists):
        return _existence(bound, statement)
    key, conditions = whole_key(bound)
    before = stored_item(bound, key)
    members: dict[str, Any] = {"TableName": bound.address.name, "Key": key}
    if isinstance(statement, Update):
        # An UPDATE makes no items, a DELETE without an item does nothing [doc: PartiQL update and delete statements].
        if before is None:
            raise ServiceError(*CONDITION_FAILED)
        members |= update_expression(statement.actions)
    if before is not None and not all(holds(condition, before) for condition in conditions):
        raise ServiceError(*CONDITION_FAILED, members={"Item": before} if show_old else None)
    return Write("Update" if isinstance(statement, Update) else "Delete", members, before)


def perform(bound: Bound, write: Write) -> list[Mapping[str, Value]]:
    """Do the write, and return what the statement asks to be returned."""
    if not write.is_needed:
        return []
    if write.verb != "Update":
        bound.store.call(f"{write.verb}Item", write.members)
        returning = getattr(bound.statement, "returning", None)
        return [write.before] if returning is not None and write.before is not None else []
    after = bound.store.call("UpdateItem", {**write.members, "ReturnValues": "ALL_NEW"})["Attributes"]
    statement = bound.statement
    if not isinstance(statement, Update) or statement.returning is None:
        return []
    which, when = statement.returning.split()
    item: Mapping[str, Value] = after if when == "NEW" else write.before or {}
    if which == "ALL":
        return [item]
    modified = reduced([action.path.steps for action in statement.actions], {"M": item})
    return [] if modified is None else [modified["M"]]


def update_expression(actions: Sequence[Assignment | Removal]) -> dict[str, Any]:
    """Return UpdateExpression and its placeholders for the SET and REMOVE clauses of a statement."""
    names: dict[str, str] = {}
    values: dict[str, Value] = {}
    clauses: dict[str, list[str]] = {"SET": [], "REMOVE": [], "ADD": [], "DELETE": []}

    def text(operand: Path | Literal) -> str:
        if isinstance(operand, Literal):
            values[f":v{len(values)}"] = operand.value
            return f":v{len(values) - 1}"
        parts = []
        for step in operand.steps:
            if isinstance(step, int):
                parts.append(f"[{step}]")
            else:
                placeholder = next((known for known, name in names.items() if name == step), f"#n{len(names)}")
                names[placeholder] = step
                parts.append(f".{placeholder}")
        return "".join(parts).removeprefix(".")

    for action in actions:
        target = text(action.path)
        if isinstance(action, Removal):
            clauses["REMOVE"].append(target)
        elif action.function in ("set_add", "set_delete"):
            clauses["ADD" if action.function == "set_add" else "DELETE"].append(f"{target} {text(action.operands[0])}")
        elif action.function == "list_append":
            clauses["SET"].append(f"{target} = list_append({', '.join(map(text, action.operands))})")
        else:
            clauses["SET"].append(f"{target} = {f' {action.function} '.join(map(text, action.operands))}")
    expression = " ".join(f"{clause} {', '.join(parts)}" for clause, parts in clauses.items() if parts)
    found: dict[str, Any] = {"UpdateExpression": expression, "ExpressionAttributeNames": names}
    return {**found, "ExpressionAttributeValues": values} if values else found


def reduced(paths: Iterable[tuple[str | int, ...]], value: Value) -> Value | None:
    """Return the value with nothing but what stands at the paths, lists closed up; None if nothing does."""
    by_step: dict[str | int, list[tuple[str | int, ...]]] = {}
    for path in paths:
        if not path:
            return value
        by_step.setdefault(path[0], []).append(path[1:])
    if "M" in value:
        members = {
            step: kept
            for step, rest in by_step.items()
            if step in value["M"] and (kept := reduced(rest, value["M"][step])) is not None
        }
        return {"M": members} if members else None
    kept_members = [
        kept
        for step in sorted(step for step in by_step if isinstance(step, int))
        if step < len(value.get("L", ())) and (kept := reduced(by_step[step], value["L"][step])) is not None
    ]
    return {"L": kept_members} if kept_members else None


def _insertion(bound: Bound, statement: Insert) -> Write:
    if statement.source.index is not None:
        raise PartiqlError("a write to an index")
    schema, item = bound.schema, statement.item
    # An item without a whole key is refused by the store.
    is_whole = all(name in item and type_of(item[name]) == schema.types[name] for name in schema.names)
    if is_whole and stored_item(bound, {name: item[name] for name in schema.names}) is not None:
        raise ServiceError(*_DUPLICATE)
    return Write("Put", {"TableName": bound.address.name, "Item": dict(statement.item)}, None)


def _existence(bound: Bound, statement: Exists) -> Write:
    select = statement.select
    found = None if select.source.index is not None else full_key(select.where, bound.schema.names)
    if found is None or not found[1]:
        raise refused(_EXISTS_NEEDS_CONDITION)
    key, conditions = found
    item = stored_item(bound, key)
    if item is None or not all(holds(condition, item) for condition in conditions):
        raise ServiceError(*CONDITION_FAILED)
    check = "attribute_exists(#key)"
    names = {"#key": bound.schema.partition_keys[0]}
    members = {"ConditionExpression": check, "ExpressionAttributeNames": names}
    return Write("ConditionCheck", {"TableName": bound.address.name, "Key": key, **members}, item)
