"""Reading and editing statements of policies as JSON. Edits return copies."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Document = dict[str, Any]


class Condition(NamedTuple):
    """One condition key under one operator, as it stands in a statement."""

    operator: str
    key: str
    values: tuple[str, ...]


def as_list(value: Any) -> list[Any]:
    """Return what may stand alone or in a list, as a list."""
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def conditions(statement: Document) -> Iterator[Condition]:
    """Yield the conditions of a statement."""
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            yield Condition(operator, key, tuple(str(value) for value in as_list(values)))


def conditions_on(statement: Document, key: str) -> list[Condition]:
    """Return the conditions on a key, whatever the case of its letters, those with the operator Null excepted."""
    return [
        condition
        for condition in conditions(statement)
        if condition.key.lower() == key.lower() and condition.operator != "Null"
    ]


def without(statement: Document, *dropped: Condition) -> Document:
    """Return the statement without some conditions."""
    edited = deepcopy(statement)
    for condition in dropped:
        del edited["Condition"][condition.operator][condition.key]
        if not edited["Condition"][condition.operator]:
            del edited["Condition"][condition.operator]
    if not edited.get("Condition", True):
        del edited["Condition"]
    return edited


def having(statement: Document, operator: str, key: str, values: Sequence[str] | str) -> Document:
    """Return the statement with one condition more."""
    edited = deepcopy(statement)
    edited.setdefault("Condition", {}).setdefault(operator, {})[key] = (
        values if isinstance(values, str) else list(values)
    )
    return edited


def with_values(statement: Document, condition: Condition, values: Sequence[str]) -> Document:
    """Return the statement with other values in one condition, in a list where they stood in one."""
    edited = deepcopy(statement)
    held = edited["Condition"][condition.operator]
    alone = not isinstance(held[condition.key], list) and len(values) == 1
    held[condition.key] = values[0] if alone else list(values)
    return edited


def with_operator(statement: Document, condition: Condition, operator: str) -> Document:
    """Return the statement with one condition under another operator."""
    values = statement["Condition"][condition.operator][condition.key]
    return having(without(statement, condition), operator, condition.key, values)


def with_key(statement: Document, condition: Condition, key: str) -> Document:
    """Return the statement with one condition on another key."""
    values = statement["Condition"][condition.operator][condition.key]
    return having(without(statement, condition), condition.operator, key, values)


def with_element(statement: Document, element: str, values: Sequence[str]) -> Document:
    """Return the statement with other values of `Action` or `Resource`, in a list where they stood in one."""
    edited = deepcopy(statement)
    alone = not isinstance(statement.get(element), list) and len(values) == 1
    edited[element] = values[0] if alone else list(values)
    return edited


def mapped(statement: Document, element: str, edit: Callable[[str], str]) -> Document:
    """Return the statement with every value of `Action` or `Resource` replaced by what `edit` makes of it."""
    return with_element(statement, element, [edit(value) for value in as_list(statement.get(element))])


def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern with `*` and `?` matches, whatever the case of letters, as actions are matched."""
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(expression, text, re.IGNORECASE | re.DOTALL) is not None
