"""PartiQL text -> statements: what is read, what DynamoDB refuses, and what is not certain.

The refusals' words are those that DynamoDB answered [obs: paritysuite/dynamodb-conformance, floci-io/floci].
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.emulator.partiql.parser import read_statement
from harness.emulator.partiql.statements import (
    And,
    Assignment,
    Between,
    Comparison,
    Delete,
    Exists,
    Function,
    In,
    Insert,
    IsType,
    Literal,
    Not,
    Or,
    Path,
    Removal,
    Select,
    Size,
    Source,
    Update,
)
from harness.emulator.partiql.tokens import NOT_WELL_FORMED, PartiqlError, tokens

_A_IS_1 = Comparison("=", Path(("a",)), Literal({"N": "1"}))
_B_IS_X = Comparison("=", Path(("b",)), Literal({"S": "x"}))


def _where(condition: str, *parameters: Any) -> Any:
    statement = read_statement(f"SELECT * FROM t WHERE {condition}", parameters)
    assert isinstance(statement, Select)
    return statement.where


def _refusal(statement: str, *parameters: Any) -> str | None:
    with pytest.raises(PartiqlError) as error:
        read_statement(statement, parameters)
    return error.value.message


@pytest.mark.parametrize(
    "spelling",
    [
        "SELECT * FROM t WHERE a = 1",
        "select * from t where a=1",
        'SeLeCt\t*\nFROM "t" WHERE "a" = 1',
        "SELECT * FROM t -- WHERE b = 2\nWHERE a = 1",
        "/* a */ SELECT * FROM t /* WHERE b = 2 */ WHERE a = 1 -- end",
        "SELECT * FROM t WHERE ((a = 1))",
        "SELECT * FROM t WHERE a = 1.0e0",
        "SELECT * FROM t WHERE a = 10E-1",
    ],
)
def test_one_statement_in_many_spellings(spelling: str) -> None:
    assert read_statement(spelling) == Select(Source("t"), None, _A_IS_1)


@pytest.mark.parametrize(
    ("condition", "read"),
    [
        ("a = 1 AND b = 'x'", And((_A_IS_1, _B_IS_X))),
        ("a = 1 OR b = 'x' AND a = 1", Or((_A_IS_1, And((_B_IS_X, _A_IS_1))))),
        ("(a = 1 OR b = 'x') AND a = 1", And((Or((_A_IS_1, _B_IS_X)), _A_IS_1))),
        ("NOT a = 1 AND b = 'x'", And((Not(_A_IS_1), _B_IS_X))),
        ("NOT (a = 1 AND b = 'x')", Not(And((_A_IS_1, _B_IS_X)))),
        (
            "a BETWEEN 1 AND 2 AND b = 'x'",
            And((Between(Path(("a",)), Literal({"N": "1"}), Literal({"N": "2"})), _B_IS_X)),
        ),
        ("a IN [1, 'x']", In(Path(("a",)), (Literal({"N": "1"}), Literal({"S": "x"})))),
        ("a IN (1)", In(Path(("a",)), (Literal({"N": "1"}),))),
        ("a IS MISSING", IsType(Path(("a",)), "MISSING")),
        ("a IS NOT NULL", Not(IsType(Path(("a",)), "NULL"))),
        ("a IS STRING", IsType(Path(("a",)), "S")),
        ("begins_with(a, 'x')", Function("begins_with", Path(("a",)), Literal({"S": "x"}))),
        ("ATTRIBUTE_EXISTS(a) = true", Function("attribute_exists", Path(("a",)))),
        ("size(a) > 3", Comparison(">", Size(Path(("a",))), Literal({"N": "3"}))),
        ("a.b[2].\"c d\" <> 'x'", Comparison("<>", Path(("a", "b", 2, "c d")), Literal({"S": "x"}))),
        ("a != 'x'", Comparison("<>", Path(("a",)), Literal({"S": "x"}))),
        ("\"select\" = 'it''s'", Comparison("=", Path(("select",)), Literal({"S": "it's"}))),
        ('"a""b" = \'\'', Comparison("=", Path(('a"b',)), Literal({"S": ""}))),
        ("a = 'x -- y /* z'", Comparison("=", Path(("a",)), Literal({"S": "x -- y /* z"}))),
        ("a = b", Comparison("=", Path(("a",)), Path(("b",)))),
        ("a = null", Comparison("=", Path(("a",)), Literal({"NULL": True}))),
    ],
)
def test_conditions(condition: str, read: Any) -> None:
    assert _where(condition) == read


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("1E3", "1000"),
        ("-1.5e-3", "-0.0015"),
        ("2.50", "2.5"),
        ("-0", "0"),
        (".73e1", "7.3"),
        ("-.73e1", "-7.3"),
        ("73100000e-1", "7310000"),
        ("100", "100"),
    ],
)
def test_numbers_are_stored_in_one_form(literal: str, value: str) -> None:
    assert _where(f"a = {literal}").right == Literal({"N": value})


def test_parameters_take_the_places_of_the_question_marks_outside_strings() -> None:
    assert _where("a = '?' AND b = ?", {"S": "x' OR 'a' = 'a"}) == And(
        (
            Comparison("=", Path(("a",)), Literal({"S": "?"})),
            Comparison("=", Path(("b",)), Literal({"S": "x' OR 'a' = 'a"})),
        )
    )


def test_the_four_statements_that_write() -> None:
    assert read_statement("INSERT INTO t value {'a': 1, 'l': [true, {'b': null}], 's': <<'x', 'y'>>}") == Insert(
        Source("t"),
        {"a": {"N": "1"}, "l": {"L": [{"BOOL": True}, {"M": {"b": {"NULL": True}}}]}, "s": {"SS": ["x", "y"]}},
    )
    update = Update(
        Source("t"),
        (
            Assignment(Path(("b",)), "=", (Literal({"S": "x"}),)),
            Assignment(Path(("c", 0)), "+", (Path(("c", 0)), Literal({"N": "1"}))),
            Assignment(Path(("d",)), "list_append", (Path(("d",)), Literal({"L": []}))),
            Assignment(Path(("e",)), "set_add", (Literal({"SS": ["x"]}),)),
            Removal(Path(("f", "g"))),
        ),
        _A_IS_1,
        "MODIFIED NEW",
    )
    actions = "SET b = 'x', c[0] = c[0] + 1 SET d = list_append(d, []) SET e = SET_ADD(e, <<'x'>>) REMOVE f.g"
    assert read_statement(f"UPDATE t {actions} WHERE a = 1 RETURNING modified new *") == update
    assert read_statement(f"FROM t WHERE a = 1 {actions} RETURNING MODIFIED NEW *") == update
    assert read_statement("DELETE FROM t WHERE a = 1 RETURNING ALL OLD *") == Delete(Source("t"), _A_IS_1, "ALL OLD")
    assert read_statement("EXISTS(SELECT * FROM t WHERE a = 1)") == Exists(Select(Source("t"), None, _A_IS_1))


def test_a_select_names_an_index_paths_and_an_order() -> None:
    statement = read_statement('SELECT a, b.c[0] FROM "t"."i" WHERE a = 1 ORDER BY d DESC, e ASC, f')
    assert statement == Select(
        Source("t", "i"),
        (Path(("a",)), Path(("b", "c", 0))),
        _A_IS_1,
        ((Path(("d",)), True), (Path(("e",)), False), (Path(("f",)), False)),
    )


_LEFTOVER = f"{NOT_WELL_FORMED}Unexpected token after expression"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELECTT * FROMM t", f"{NOT_WELL_FORMED}Expected data manipulation"),
        ("UPDATE a-b SET x = 1 WHERE y = 1", f"{NOT_WELL_FORMED}Expected data manipulation"),
        ("SELECT * FROM t WHERE a = 1 foo", _LEFTOVER),
        ("SELECT * FROM t WHERE a = 1 e5", _LEFTOVER),
        ("SELECT * FROM t WHERE a = 1)", _LEFTOVER),
        ("SELECT * FROM t ORDER BY a WHERE a = 1", _LEFTOVER),
        ("DELETE FROM t WHERE a = 1 ORDER BY a", _LEFTOVER),
        ("INSERT INTO t VALUE {'a': 1} foo", _LEFTOVER),
        ("INSERT INTO t u VALUE {'a': 1}", _LEFTOVER),
        ("SELECT * FROM t u WHERE a = 1", "Aliasing is not supported"),
        ("SELECT * FROM t AS u WHERE a = 1", "Aliasing is not supported"),
        ("UPDATE t u SET a = 3 WHERE a = 1", "Aliasing is not supported"),
        ("DELETE FROM t u WHERE a = 1", "Aliasing is not supported"),
        ("SELECT * FROM t WHERE a = 1 # note", NOT_WELL_FORMED),
        ("SELECT * FROM t WHERE a = 1 /* note", NOT_WELL_FORMED),
        ("SELECT * FROM t WHERE a = 1e2147483648", NOT_WELL_FORMED),
        ("SELECT * FROM t WHERE a = 1.5e-2147483647", NOT_WELL_FORMED),
        ("SELECT * FROM t WHERE m.inner = 1", f"{NOT_WELL_FORMED}Invalid path dot component"),
        ("SELECT * FROM t WHERE a = ?", "Number of parameters in request and statement don't match."),
        ("INSERT INTO t VALUE {'s': <<>>}", "Empty bags are not supported"),
        (
            "INSERT INTO t VALUE {'s': <<1, 'a'>>}",
            "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags",
        ),
        (
            "INSERT INTO t VALUE {'s': <<'a', 'a'>>}",
            "One or more parameter values were invalid: Input collection [a, a] contains duplicates.",
        ),
        (
            "SELECT * FROM t WHERE a = 1e126",
            "Number overflow. Attempting to store a number with magnitude larger than supported range under root",
        ),
        (
            "INSERT INTO t VALUE {'m': {'x': 1e126}}",
            "Number overflow. Attempting to store a number with magnitude larger than supported range under root.x",
        ),
        (
            "INSERT INTO t VALUE {'l': [1, 1e-131]}",
            "Number underflow. Attempting to store a number with magnitude smaller than supported range under root[1]",
        ),
        (
            "SELECT * FROM t WHERE a = 123456789012345678901234567890123456789",
            "Attempting to store more than 38 significant digits in a Number under root",
        ),
        (
            "SELECT * FROM t WHERE a < true",
            "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL",
        ),
        (
            "SELECT * FROM t WHERE attribute_type(a, 'X')",
            "Invalid attribute type name found; type: X, valid types: {N,BS,L,B,NULL,M,S,SS,NS,BOOL}",
        ),
        (
            "UPDATE t SET b = set_add(a, <<'x'>>) WHERE a = 1",
            "The first argument to SET_ADD must equal the assignment value at 1:18:7",
        ),
        (
            "UPDATE t SET a = set_delete(a, 'x') WHERE a = 1",
            "The second argument to SET_DELETE must be a value with type SET at 1:29:1",
        ),
        (
            "DELETE FROM t WHERE a = 1 RETURNING MODIFIED OLD *",
            "Only RETURNING ALL OLD * is allowed in DELETE statements",
        ),
    ],
)
def test_what_dynamodb_refuses_is_refused_in_its_words(statement: str, message: str) -> None:
    assert _refusal(statement) == message


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "CREATE TABLE t",
        "SELECT VALUE a FROM t",
        "SELECT count(*) FROM t",
        "SELECT * FROM t; SELECT * FROM u",
        "SELECT * FROM t, u",
        "SELECT * FROM t JOIN u",
        "SELECT * FROM a.b.c",
        "SELECT * FROM t LIMIT 1",
        "SELECT * FROM t WHERE a LIKE 'x'",
        "SELECT * FROM t WHERE user = 'x'",
        "SELECT * FROM t WHERE a NOT IN ['x']",
        "SELECT * FROM t WHERE a IN ?",
        "SELECT * FROM t WHERE a = 1 + 1",
        "SELECT * FROM t WHERE (a) = 1",
        "SELECT * FROM t WHERE 1 = 1",
        "SELECT * FROM t WHERE a IS INT",
        "SELECT * FROM t WHERE a = `2020T`",
        "SELECT * FROM t WHERE a = 'x",
        "SELECT * FROM t WHERE a\N{NO-BREAK SPACE}= 1",
        "SELECT * FROM t WHERE \N{LATIN SMALL LETTER E WITH ACUTE} = 1",
        "INSERT INTO t VALUES ('x')",
        "INSERT INTO t VALUE {'a': 1, 'a': 2}",
        'INSERT INTO t VALUE {"a": 1}',
        "UPDATE t WHERE a = 1 SET b = 2",
        "SELECT * FROM t WHERE " + "NOT " * 100 + "a = 1",
        "SELECT * FROM t WHERE a = " + "[" * 100 + "]" * 100,
    ],
)
def test_what_is_not_certain_is_not_read(statement: str) -> None:
    assert _refusal(statement, *({"S": "x"} for _ in range(statement.count("?")))) is None


@pytest.mark.parametrize(
    "value", [{}, {"S": "x", "N": "1"}, {"N": "one"}, {"N": "NaN"}, {"S": 1}, {"B": "?"}, {"L": [{}]}]
)
def test_a_parameter_that_is_no_value_is_not_read(value: Any) -> None:
    assert _refusal("SELECT * FROM t WHERE a = ?", value) is None


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(statement: str) -> None:
    try:
        read_statement(statement)
    except PartiqlError:
        return


_PIECES = re.split(
    r"\s+",
    "SELECT * FROM INSERT INTO VALUE UPDATE SET REMOVE DELETE WHERE AND OR NOT IN BETWEEN IS MISSING NULL EXISTS ORDER "
    "BY DESC RETURNING ALL OLD t a PK size( begins_with( ( ) [ ] { } << >> < = <> , . : ? + - 'x' \"y\" 1 1e5 -- /* */",
)


@given(st.lists(st.sampled_from(_PIECES), max_size=25), st.lists(st.just({"S": "x"}), max_size=2))
def test_any_sequence_of_words_is_read_or_refused(pieces: list[str], parameters: list[Any]) -> None:
    try:
        read_statement(" ".join(pieces), parameters)
    except PartiqlError:
        return


@given(st.text(max_size=20), st.sampled_from("'\""))
def test_a_quotation_keeps_every_character(text: str, quote: str) -> None:
    (token, _) = tokens(quote + text.replace(quote, quote * 2) + quote)
    assert token.text == text
