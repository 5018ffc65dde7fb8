import json
from collections.abc import Callable
from dataclasses import fields, replace

import pytest
from report_samples import control, expected_leak, inconclusive, isolated, leak, lockout

from harness.report.records import AttemptRecord, in_order


@pytest.mark.parametrize("make", [isolated, leak, expected_leak, inconclusive, control, lockout])
def test_a_record_survives_json(make: Callable[[], AttemptRecord]) -> None:
    record = make()
    assert AttemptRecord.from_json(json.loads(json.dumps(record.as_json()))) == record


def test_a_record_has_no_field_that_changes_between_runs_with_one_seed() -> None:
    assert not {field.name for field in fields(AttemptRecord)} & {"duration_ms", "started", "time", "run_id"}


def test_a_missing_and_an_unknown_field_are_named() -> None:
    document = isolated().as_json()
    del document["plane"]
    with pytest.raises(ValueError, match=r"lacks the fields \['plane'\].*unknown fields \['colour'\]"):
        AttemptRecord.from_json({**document, "colour": "red"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("verdict", "PASSED"),
        ("outcome", "denied"),
        ("expected", "maybe"),
        ("kind", "guess"),
        ("effect", "delete"),
        ("severity", "low"),
        ("control", "no"),
        ("title", None),
        ("technique", 7),
    ],
)
def test_a_value_outside_the_vocabulary_is_named(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        AttemptRecord.from_json({**isolated().as_json(), field: value})


def test_records_are_ordered_by_id() -> None:
    records = [isolated(id="b"), isolated(id="a"), isolated(id="c")]
    assert [record.id for record in in_order(records)] == ["a", "b", "c"]


def test_people_are_named_by_tenant_name_and_persona() -> None:
    record = isolated()
    assert (record.attacker_label, record.victim_label) == ("t1 Acme (member)", "t2 Globex (member)")
    nobody = replace(record, victim="", victim_name="", victim_persona="")
    assert nobody.victim_label == ""
    assert replace(record, attacker="", attacker_name="", attacker_persona="guest").attacker_label == "guest"
    operator = replace(record, attacker="operator", attacker_name="", attacker_persona="operator")
    assert operator.attacker_label == "operator"
