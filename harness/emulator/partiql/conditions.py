"""Whether an item meets the conditions of a WHERE clause, and what of it a projection shows.

The conditions agree with the same predicates in a ConditionExpression [obs: paritysuite/dynamodb-conformance].
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from harness.emulator.partiql.statements import And, Between, Comparison, Function, In, IsType, Literal, Not, Or, Path
from harness.emulator.partiql.tokens import PartiqlError
from harness.emulator.partiql.values import equal, less, type_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.emulator.partiql.statements import Condition, Operand, Value


def holds(condition: Condition, item: Mapping[str, Value]) -> bool:  # noqa: PLR0911  one return per kind of condition
    """Tell whether the item meets the condition."""
    match condition:
        case And():
            return all(holds(part, item) for part in condition.parts)
        case Or():
            return any(holds(part, item) for part in condition.parts)
        case Not():
            return not holds(condition.part, item)
        case Function():
            return _function(condition, item)
        case IsType():
            found = value_at(condition.path, item)
            return (found is None) if condition.name == "MISSING" else _has_type(found, condition.name)
        case In():
            found = _value(condition.operand, item)
            return found is not None and any(equal(found, literal.value) for literal in condition.values)
        case Between():
            operand, low, high = (_value(part, item) for part in (condition.operand, condition.low, condition.high))
            return not _is_less(operand, low) and not _is_less(high, operand) and _same_types(operand, low, high)
        case Comparison():
            return _compares(condition.operator, _value(condition.left, item), _value(condition.right, item))


def value_at(path: Path, item: Mapping[str, Value]) -> Value | None:
    """Return the value at a document path; None where there is none."""
    found: Any = {"M": item}
    for step in path.steps:
        if isinstance(step, str):
            found = found.get("M", {}).get(step)
        else:
            members = found.get("L", [])
            found = members[step] if step < len(members) else None
        if found is None:
            return None
    value: Value = found
    return value


def projected(paths: Iterable[Path], item: Mapping[str, Value]) -> dict[str, Value]:
    """Return the values at the paths, each under the last name of its path and the indexes behind it.

    Raises PartiqlError when two paths end alike.
    """
    result: dict[str, Value] = {}
    names = [_shown_name(path) for path in paths]
    if len(set(names)) != len(names):
        raise PartiqlError("two paths of a projection with one name")
    for name, path in zip(names, paths, strict=True):
        found = value_at(path, item)
        if found is not None:
            result[name] = found
    return result


def _shown_name(path: Path) -> str:
    last = max(number for number, step in enumerate(path.steps) if isinstance(step, str))
    return str(path.steps[last]) + "".join(f"[{index}]" for index in path.steps[last + 1 :])


def _value(operand: Operand, item: Mapping[str, Value]) -> Value | None:
    if isinstance(operand, Literal):
        return operand.value
    if isinstance(operand, Path):
        return value_at(operand, item)
    found = value_at(operand.path, item)
    size = None if found is None else _size(found)
    return None if size is None else {"N": str(size)}


def _size(value: Value) -> int | None:
    kind, content = next(iter(value.items()))
    if kind == "B":
        return len(base64.b64decode(content))
    return None if kind in ("N", "BOOL", "NULL") else len(content)


def _compares(operator: str, left: Value | None, right: Value | None) -> bool:
    if operator in ("=", "<>"):
        same = left is not None and right is not None and equal(left, right)
        return same == (operator == "=")
    if operator in (">", ">="):
        left, right = right, left
    if not _same_types(left, right):
        return False
    return _is_less(left, right) if operator in ("<", ">") else not _is_less(right, left)


def _same_types(*values: Value | None) -> bool:
    return None not in values and len({type_of(value) for value in values if value is not None}) == 1


def _is_less(left: Value | None, right: Value | None) -> bool:
    return left is not None and right is not None and less(left, right)


def _has_type(value: Value | None, name: str) -> bool:
    return value is not None and type_of(value) == name


def _function(function: Function, item: Mapping[str, Value]) -> bool:
    found = value_at(function.path, item)
    argument = None if function.argument is None else function.argument.value
    if function.name == "attribute_exists":
        return found is not None
    if function.name == "attribute_not_exists":
        return found is None
    if found is None or argument is None:
        return False
    if function.name == "attribute_type":
        return _has_type(found, str(argument["S"]))
    return _begins_with(found, argument) if function.name == "begins_with" else _contains(found, argument)


def _begins_with(found: Value, prefix: Value) -> bool:
    if type_of(found) != type_of(prefix):
        return False
    if "B" in found:
        return base64.b64decode(found["B"]).startswith(base64.b64decode(prefix["B"]))
    return "S" in found and str(found["S"]).startswith(prefix["S"])


def _contains(found: Value, sought: Value) -> bool:
    kind, content = next(iter(found.items()))
    if kind == "L":
        return any(equal(member, sought) for member in content)
    if kind in ("SS", "NS", "BS"):
        return any(equal({kind[0]: member}, sought) for member in content)
    if kind != type_of(sought):
        return False
    if kind == "B":
        return base64.b64decode(sought["B"]) in base64.b64decode(content)
    return kind == "S" and sought["S"] in content
