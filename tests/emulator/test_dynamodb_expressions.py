"""What expressions say about keys and attributes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.emulator.dynamodb.expressions import (
    ExpressionError,
    attributes_read_by_update,
    check_placeholders,
    partition_key_value,
    single_typed,
    tokens,
    top_level_attributes,
)
from harness.emulator.service import NotDerivableError

_NAMES = {"#p": "PK", "#s": "SK", "#n": "nested.name"}
_VALUES = {":a": {"S": "own"}, ":b": {"S": "foreign"}, ":n": {"N": "1"}}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("PK = :a", {"S": "own"}),
        ("PK=:a", {"S": "own"}),
        ("  PK  =\t:a\n", {"S": "own"}),
        ("#p = :a", {"S": "own"}),
        ("(PK = :a)", {"S": "own"}),
        ("((PK = :a))", {"S": "own"}),
        ("PK = :a AND SK = :b", {"S": "own"}),
        ("SK = :b and PK = :a", {"S": "own"}),
        ("SK > :b And #p = :a", {"S": "own"}),
        ("(PK = :a) AND (SK BETWEEN :b AND :b)", {"S": "own"}),
        ("SK BETWEEN :b AND :b AND PK = :a", {"S": "own"}),
        ("begins_with(SK, :b) AND PK = :a", {"S": "own"}),
        ("(begins_with(SK, :b)) AND (PK = :a)", {"S": "own"}),
        ("begins_with (#s, :b) AND PK = :n", {"N": "1"}),
    ],
)
def test_the_value_demanded_of_the_partition_key(expression: str, expected: Any) -> None:
    assert partition_key_value(expression, _NAMES, _VALUES, "PK") == expected


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "SK = :b",
        "pk = :a",
        "PK = :a OR PK = :b",
        "NOT PK = :a",
        "PK = :a AND PK = :b",
        "#p = :a AND PK = :b",
        "PK = :missing",
        "PK = own",
        "PK > :a",
        "PK <> :a",
        "PK BETWEEN :a AND :b",
        "begins_with(PK, :a)",
        "PK IN (:a, :b)",
        "PK = (:a)",
        "(PK) = :a",
        "(PK = :a",
        "PK = :a)",
        ")PK = :a(",
        "PK = :a AND",
        "AND PK = :a",
        "#unknown = :a",
        "PK = :a; SK = :b",
        "PK = :a AND \N{CYRILLIC CAPITAL LETTER ES}K = :b",
        "PK.x = :a",
        "size(PK) = :a",
    ],
)
def test_an_expression_that_is_not_surely_one_partition_is_not_read(expression: str) -> None:
    with pytest.raises(ExpressionError):
        partition_key_value(expression, _NAMES, _VALUES, "PK")


@given(st.text(alphabet="PKS#ps:ab=<>() ANDOR\t,", max_size=24))
def test_whatever_is_read_is_one_of_the_given_values(expression: str) -> None:
    try:
        value = partition_key_value(expression, _NAMES, _VALUES, "PK")
    except ExpressionError:
        return
    assert value in _VALUES.values()
    assert "OR" not in tokens(expression)


@pytest.mark.parametrize(
    ("expressions", "expected"),
    [
        (["canary"], {"canary"}),
        (["a, b.c, d[0].e"], {"a", "b", "d"}),
        (["#p.#s, #s"], {"PK", "SK"}),
        (["#n"], {"nested.name"}),
        (["attribute_exists(canary) AND NOT contains(other, :a)"], {"canary", "other"}),
        (["SET a = if_not_exists(b, :a) + :n REMOVE c ADD d :n DELETE e :a"], {"a", "b", "c", "d", "e"}),
        (["SET a = #p-:n"], {"a", "PK"}),
        (["size(a) > :n", "b IN (:a, :b)"], {"a", "b"}),
        (["#p BETWEEN :a AND :b"], {"PK"}),
        ([], set()),
    ],
)
def test_the_top_level_attributes_that_are_named(expressions: list[str], expected: set[str]) -> None:
    assert top_level_attributes(expressions, _NAMES) == expected


@pytest.mark.parametrize("expression", ["#unknown", "a $ b", "a; b", "\N{LATIN SMALL LETTER E WITH ACUTE}"])
def test_an_expression_outside_the_grammar_names_nothing_for_sure(expression: str) -> None:
    with pytest.raises(ExpressionError):
        top_level_attributes([expression], _NAMES)


@pytest.mark.parametrize(
    ("names", "values"),
    [({"PK": "SK"}, {}), ({"#": "SK"}, {}), ({"#a.b": "SK"}, {}), ({}, {"a": {"S": "x"}}), ({}, {":": {"S": "x"}})],
)
def test_placeholders_must_look_like_placeholders(names: dict[str, str], values: dict[str, Any]) -> None:
    with pytest.raises(ExpressionError):
        check_placeholders(names, values)


def test_proper_placeholders_are_accepted() -> None:
    check_placeholders(_NAMES, _VALUES)
    assert single_typed(_VALUES) is _VALUES


@pytest.mark.parametrize("value", [{}, {"S": "own", "N": "1"}, {"N": "1", "S": "own"}, {"S": "own", "NULL": True}])
def test_a_value_of_two_types_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(NotDerivableError):
        single_typed({"PK": value})


@pytest.mark.parametrize(
    ("expression", "read"),
    [
        ("SET filled = PK", {"PK"}),
        ("SET filled = #p, other = :a", {"PK"}),
        ("SET filled = if_not_exists(PK, :a) REMOVE SK", {"PK"}),
        ("SET a = b + c, d.PK = e[0] - :n", {"b", "c", "e"}),
        ("SET a = list_append(list_append(b, c), :a)", {"b", "c"}),
        ("REMOVE PK, a ADD SK :n DELETE b :a", set()),
        ("set PK = :a", set()),
        ("SET a = b.PK", {"b"}),
    ],
)
def test_what_an_update_takes_values_from(expression: str, read: set[str]) -> None:
    assert attributes_read_by_update(expression, _NAMES) == read
