"""What DynamoDB expressions say about keys and attributes, as far as IAM asks (aws-semantics 1.1 and 1.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from harness.emulator.service import NotDerivableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_TOKEN = re.compile(r"\s*(#\w+|:\w+|[A-Za-z_]\w*|\d+|<>|<=|>=|[.,()\[\]=<>+-])", re.ASCII)
_NAME = re.compile(r"#\w+", re.ASCII)
_VALUE = re.compile(r":\w+", re.ASCII)
_CONDITION = 3  # tokens of the shortest one: name, comparator, value
_PARENTHESES = {"(": 1, ")": -1}
_CLAUSES = frozenset({"SET", "REMOVE", "ADD", "DELETE"})
_WORDS = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"})


class ExpressionError(ValueError):
    """An expression we cannot read with certainty; whatever would be derived from it counts as underivable."""


def check_placeholders(names: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Raise ExpressionError unless every placeholder is written `#name` or `:value`, as DynamoDB demands.

    Were a name without `#` admitted, `pk` in an expression could mean any attribute.
    """
    for pattern, placeholders in ((_NAME, names), (_VALUE, values)):
        for placeholder in placeholders:
            if not pattern.fullmatch(placeholder):
                raise ExpressionError(placeholder)


def tokens(expression: str) -> list[str]:
    """Return the expression's tokens. Raises ExpressionError on any character outside the grammar."""
    found: list[str] = []
    position = 0
    text = expression.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(expression)
        found.append(match[1])
        position = match.end()
    return found


def top_level_attributes(expressions: Iterable[str], names: Mapping[str, str]) -> set[str]:
    """Return the top-level attribute names that the expressions mention, placeholders resolved.

    `Address.City` counts as `Address` (aws-semantics 1.2). Raises ExpressionError when a placeholder is undefined.
    """
    mentioned: set[str] = set()
    for expression in expressions:
        stream = tokens(expression)
        for index, token in enumerate(stream):
            follows_dot = index > 0 and stream[index - 1] == "."
            is_function = index + 1 < len(stream) and stream[index + 1] == "("
            if (
                follows_dot
                or token.startswith(":")
                or not (token.startswith("#") or token[0].isalpha() or token[0] == "_")
            ):
                continue
            if token.upper() in _WORDS or (is_function and not token.startswith("#")):
                continue
            mentioned.add(_resolve(token, names))
    return mentioned


def attributes_read_by_update(expression: str, names: Mapping[str, str]) -> set[str]:
    """Return the top-level attributes from which an UpdateExpression takes values, placeholders resolved.

    Those are the ones that stand to the right of an equals sign. Raises ExpressionError for what cannot be read.
    """
    read: set[str] = set()
    depth, is_operand, part = 0, False, ""
    for word in (*tokens(expression), ","):
        depth += _PARENTHESES.get(word, 0)
        begins_clause = depth == 0 and word.upper() in _CLAUSES
        if begins_clause or (depth == 0 and word == ","):
            read |= top_level_attributes([part], names) if is_operand else set()
            is_operand, part = False, ""
        elif depth == 0 and word == "=":
            is_operand, part = True, ""
        else:
            part += f" {word}"
    return read


def partition_key_value(
    expression: str, names: Mapping[str, str], values: Mapping[str, Any], partition_key: str
) -> Any:
    """Return the attribute value that a KeyConditionExpression demands of the partition key, such as {"S": "x"}.

    Only the grammar DynamoDB itself admits is read: conditions joined by AND, the partition key compared with `=`.
    Raises ExpressionError when it is not there exactly once or the expression reads differently.
    """
    found: list[Any] = []
    for condition in _conditions(tokens(expression)):
        head = condition[0]
        if head.lower() == "begins_with" or len(condition) != _CONDITION or condition[1] != "=":
            continue
        if _resolve(head, names) == partition_key:
            if condition[2] not in values:
                raise ExpressionError(expression)
            found.append(values[condition[2]])
    if len(found) != 1:
        raise ExpressionError(expression)
    return found[0]


def single_typed(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the attributes if each has a value of one type; of a value with two the store might use the other one."""
    for value in attributes.values():
        if len(value) != 1:
            raise NotDerivableError("an attribute value with other than one type")
    return attributes


def _conditions(stream: list[str]) -> list[list[str]]:
    conditions: list[list[str]] = [[]]
    between = False
    depth = 0
    for token in stream:
        current = conditions[-1]
        in_function = bool(current) and current[0].lower() == "begins_with" and current[-1] != ")"
        turn = _PARENTHESES.get(token, 0)
        if turn and not in_function:
            # Outside a function, parentheses enclose whole conditions or nothing we read.
            depth += turn
            if depth < 0 or (len(current) < _CONDITION if turn < 0 else current):
                raise ExpressionError(" ".join(stream))
            continue
        word = token.upper()
        if word in ("OR", "NOT"):
            raise ExpressionError(" ".join(stream))
        if word == "BETWEEN":
            between = True
        elif word == "AND":
            if not between:
                conditions.append([])
                continue
            between = False
        current.append(token)
    if depth or not all(conditions):
        raise ExpressionError(" ".join(stream))
    return conditions


def _resolve(token: str, names: Mapping[str, str]) -> str:
    if not token.startswith("#"):
        return token
    try:
        return names[token]
    except KeyError:
        raise ExpressionError(token) from None
