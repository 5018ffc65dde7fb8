"""Which items a statement is bound to by the keys in its WHERE clause (DynamoDB page on select statements)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.emulator.partiql.statements import And, Comparison, In, Literal, Or, Path, paths_in, paths_of
from harness.emulator.partiql.tokens import PartiqlError
from harness.emulator.partiql.values import equal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.emulator.partiql.statements import Condition, Statement, Value

_MOST_PARTITIONS = 50


def partitions(where: Condition | None, partition_key: str, sort_keys: Sequence[str] = ()) -> tuple[Value, ...] | None:
    """Return the partition key values that a SELECT is bound to, each once; None when it scans the whole table.

    It is bound by equality or IN, in one of the parts that AND joins or in every part that OR joins. Raises
    PartiqlError where several parts speak of the partition, or a comparison is the other way round.
    """
    if where is None or (found := _bound(where, partition_key)) is None:
        return None
    once: list[Value] = []
    for value in found:
        if not any(equal(value, other) for other in once):
            once.append(value)
    if len(once) != len(found) and any(path.attribute in sort_keys for path in paths_in(where)):
        # DynamoDB refuses branches that overlap on the sort key, but not all that look like it.
        raise PartiqlError("one partition in several branches with conditions on the sort key")
    if len(once) > _MOST_PARTITIONS:
        raise PartiqlError("more than 50 partitions in one statement")
    return tuple(once)


def full_key(where: Condition | None, names: Sequence[str]) -> tuple[dict[str, Value], tuple[Condition, ...]] | None:
    """Return the primary key that equalities joined by AND demand, and the other conditions; None without a whole key.

    Raises PartiqlError where a key attribute is demanded twice, or a comparison is the other way round.
    """
    parts: tuple[Condition, ...] = where.parts if isinstance(where, And) else () if where is None else (where,)
    key: dict[str, Value] = {}
    others: list[Condition] = []
    for part in _flattened(parts):
        demanded = next((name for name in names if _equality(part, name) is not None), None)
        if demanded is None:
            others.append(part)
        elif demanded in key:
            raise PartiqlError("a key attribute that is compared twice")
        else:
            key[demanded] = _equality(part, demanded) or {}
    return (key, tuple(others)) if key.keys() == set(names) else None


def sure_of_names(statement: Statement, names: Iterable[str]) -> None:
    """Raise PartiqlError when an unquoted name differs from a key attribute in case only, and so may mean the key."""
    by_lower_case = {name.lower(): name for name in names}
    for path in paths_of(statement):
        key = by_lower_case.get(path.attribute.lower(), path.attribute)
        if key != path.attribute and not path.quoted:
            raise PartiqlError("an unquoted name that differs from a key attribute in case only")


def sort_condition(where: Condition | None, sort_key: str) -> Comparison | None:
    """Return the equality that binds the sort key beside the partition, if there is one."""
    parts: tuple[Condition, ...] = where.parts if isinstance(where, And) else ()
    found = [part for part in _flattened(parts) if _equality(part, sort_key) is not None]
    return found[0] if len(found) == 1 and isinstance(found[0], Comparison) else None


def _bound(condition: Condition, partition_key: str) -> tuple[Value, ...] | None:
    value = _equality(condition, partition_key)
    if value is not None:
        return (value,)
    if isinstance(condition, In) and _is(condition.operand, partition_key):
        return tuple(literal.value for literal in condition.values)
    if isinstance(condition, And):
        bounds = [bound for part in condition.parts if (bound := _bound(part, partition_key)) is not None]
        if len(bounds) > 1:
            raise PartiqlError("several conditions that bind the partition key")
        return bounds[0] if bounds else None
    if isinstance(condition, Or):
        alternatives = [_bound(part, partition_key) for part in condition.parts]
        if any(bound is None for bound in alternatives):
            return None
        return tuple(value for bound in alternatives for value in bound or ())
    return None


def _equality(condition: Condition, name: str) -> Value | None:
    if not isinstance(condition, Comparison) or condition.operator != "=":
        return None
    if _is(condition.left, name) and isinstance(condition.right, Literal):
        return condition.right.value
    if _is(condition.right, name) and isinstance(condition.left, Literal):
        raise PartiqlError("a key attribute on the right of a comparison")
    return None


def _is(operand: object, name: str) -> bool:
    return isinstance(operand, Path) and operand.steps == (name,)


def _flattened(parts: Iterable[Condition]) -> Iterable[Condition]:
    for part in parts:
        if isinstance(part, And):
            yield from _flattened(part.parts)
        else:
            yield part
