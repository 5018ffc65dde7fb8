"""PartiQL held against a plain model: which items a condition selects, and which partitions bind it.

Facts marked obs are answers of DynamoDB recorded by paritysuite/dynamodb-conformance and floci-io/floci.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from dynamodb_world import FOREIGN, OWN, World, refused, run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.emulator.partiql.conditions import holds
from harness.emulator.partiql.parser import read_statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from doors import Door


_KEYS = ("a", "b", "c")
_STORED = [
    {"PK": {"S": pk}, "SK": {"S": sk}, **({"n": {"N": str(number)}} if number else {})}
    for number, (pk, sk) in enumerate((pk, sk) for pk in _KEYS for sk in ("1", "2"))
]


class _Model:
    """A condition as text with, independently of the parser, whether an item meets it and which partitions bind it."""

    def __init__(self, text: str, meets: Any, bound: frozenset[str] | None) -> None:
        self.text, self.meets, self.bound = text, meets, bound

    def __repr__(self) -> str:
        return self.text


def _text(item: Any, name: str) -> Any:
    return next(iter(item[name].values())) if name in item else None


def _partition(keys: list[str]) -> _Model:
    text = f"PK = '{keys[0]}'" if len(keys) == 1 else f"PK IN {keys!r}"
    return _Model(text, lambda item: _text(item, "PK") in keys, frozenset(keys))


_LEAVES = st.one_of(
    st.lists(st.sampled_from(_KEYS), min_size=1, max_size=2, unique=True).map(_partition),
    st.sampled_from(_KEYS).map(lambda key: _Model(f"PK <> '{key}'", lambda item: _text(item, "PK") != key, None)),
    st.integers(0, 6).map(lambda n: _Model(f"n > {n}", lambda item: "n" in item and int(_text(item, "n")) > n, None)),
    st.just(_Model("n IS MISSING", lambda item: "n" not in item, None)),
)


def _both(left: _Model, right: _Model) -> _Model:
    bound = left.bound if right.bound is None else right.bound
    return _Model(f"({left}) AND ({right})", lambda item: left.meets(item) and right.meets(item), bound)


def _either(left: _Model, right: _Model) -> _Model:
    bound = None if left.bound is None or right.bound is None else left.bound | right.bound
    return _Model(f"{left} OR {right}", lambda item: left.meets(item) or right.meets(item), bound)


def _opposite(model: _Model) -> _Model:
    return _Model(f"NOT ({model})", lambda item: not model.meets(item), None)


def _larger(parts: Any) -> Any:
    # Two parts joined by AND that both bind the partition are refused as uncertain.
    both = st.tuples(parts, parts).filter(lambda pair: pair[0].bound is None or pair[1].bound is None)
    return st.one_of(
        both.map(lambda pair: _both(*pair)),
        st.tuples(parts, parts).map(lambda pair: _either(*pair)),
        parts.map(_opposite),
    )


_CONDITIONS = st.recursive(_LEAVES, _larger, max_leaves=5)


@pytest.fixture(scope="module")
def modelled(door: Door) -> Iterator[tuple[World, Any]]:
    world = World(door)
    world.make_items()
    for item in (OWN, FOREIGN):
        world.root.delete_item(TableName="items", Key=item)
    for item in _STORED:
        world.root.put_item(TableName="items", Item=item)
    yield world, world.allowed()
    world.cloud.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(condition=_CONDITIONS)
def test_a_select_reads_exactly_what_the_model_says_and_names_its_partitions(
    modelled: tuple[World, Any], condition: _Model
) -> None:
    world, client = modelled
    answer = run(client, f"SELECT * FROM items WHERE {condition}")
    assert sorted(map(str, answer["Items"])) == sorted(str(item) for item in _STORED if condition.meets(item))
    leading = world.request_of(answer).context.get("dynamodb:leadingkeys")
    assert (None if leading is None else frozenset(leading)) == condition.bound


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(condition=_CONDITIONS.filter(lambda model: model.bound is None), key=st.sampled_from(_KEYS))
def test_a_write_touches_exactly_what_the_model_says(modelled: tuple[World, Any], condition: _Model, key: str) -> None:
    world, client = modelled
    name = {"PK": {"S": key}, "SK": {"S": "2"}}
    (before,) = (item for item in _STORED if {"PK": item["PK"], "SK": item["SK"]} == name)
    statement = f"UPDATE items SET touched = 1 WHERE PK = '{key}' AND SK = '2' AND ({condition})"
    if condition.meets(before):
        run(client, statement)
    else:
        assert refused(client, statement)[0] == "ConditionalCheckFailedException"
    touched = [item for item in world.root.scan(TableName="items")["Items"] if "touched" in item]
    assert touched == ([{**before, "touched": {"N": "1"}}] if condition.meets(before) else [])
    world.root.put_item(TableName="items", Item=before)


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ("s = 'abc'", True),
        ("s <> 'abc'", False),
        ("absent <> 'x'", True),
        ("absent = 'x'", False),
        ("NOT absent = 'x'", True),
        ("s > 5", False),
        ("NOT s > 5", True),
        ("n BETWEEN 1 AND 10", True),
        ("n = 9.50", True),
        ("b BETWEEN ? AND ?", True),
        ("size(s) = 3", True),
        ("size(ss) = 2", True),
        ("size(n) > 0", False),
        ("contains(s, 'bc')", True),
        ("contains(ss, 'x')", True),
        ("contains(l, 2)", True),
        ("contains(n, 9)", False),
        ("begins_with(s, 'ab')", True),
        ("begins_with(n, '9')", False),
        ("attribute_type(m, 'M')", True),
        ("attribute_not_exists(m.absent)", True),
        ("m.x = 1", True),
        ("l[1] = 2", True),
        ("l[7] IS MISSING", True),
        ("nul IS NULL", True),
        ("absent IS NULL", False),
        ("absent IS NOT NULL", True),
        ("s IS STRING", True),
        ("ss = <<'y', 'x'>>", True),
        ("l = [2, 1]", False),
        ("m = {'x': 1.0}", True),
        ("flag = true", True),
        ("s IN ['x', 'abc']", True),
    ],
)
def test_conditions_hold_as_in_condition_expressions(condition: str, *, met: bool) -> None:  # obs
    item: dict[str, dict[str, Any]] = {
        "s": {"S": "abc"},
        "n": {"N": "9.5"},
        "b": {"B": "AQI="},
        "ss": {"SS": ["x", "y"]},
        "l": {"L": [{"N": "1"}, {"N": "2"}]},
        "m": {"M": {"x": {"N": "1"}}},
        "nul": {"NULL": True},
        "flag": {"BOOL": True},
    }
    parameters = [{"B": "AQE="}, {"B": "AQM="}][: condition.count("?")]
    statement: Any = read_statement(f"SELECT * FROM t WHERE {condition}", parameters)
    assert holds(statement.where, item) is met
