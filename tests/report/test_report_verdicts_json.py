import json
from dataclasses import fields
from pathlib import Path
from typing import Any, cast, get_args

import jsonschema
import pytest
from report_samples import TOKEN, control, expected_leak, hole, inconclusive, isolated, leak, result

from harness.calibration.calibration import Calibration, Enforced, Measured
from harness.calibration.rules import Rule
from harness.errors import UsageError
from harness.report import records as record_types
from harness.report.calls import CallCounts
from harness.report.comparison import Comparison
from harness.report.completeness import Completeness, FailedTest
from harness.report.leak_advice import LeakAdvice
from harness.report.limits import Limit
from harness.report.names import TriedName
from harness.report.predictions import RecordedPrediction
from harness.report.records import AttemptRecord
from harness.report.run import RunFacts
from harness.report.technique_facts import TechniqueFacts
from harness.report.verdicts_json import SCHEMA, read_verdicts, verdicts_document, verdicts_schema, write_verdicts

_RULE = next(iter(Rule))
HOLE = hole(must_leak=("b", "a"), leaked=("a",))
PUBLISHED: dict[str, Any] = json.loads(verdicts_schema())
CALLS = CallCounts()
NAME = TriedName(
    blueprint="project-groups",
    weakness=None,
    id="longer",
    name="acme2",
    beside="acme",
    outcome="held",
    reason="each was refused what is the other's",
    attacks=24,
    predicted=None,
)
CALLS.add({"verdict": 2, "users": [7], "operations": {"s3:GetObject": 2}})
EVERYTHING = result(
    *(
        isolated(id="a"),
        leak(id="b", advice=LeakAdvice("ddb-scan", "Never list Scan.", "- a", 7)),
        isolated(id="e", prediction=RecordedPrediction("LEAK", "data", "own-data Wide Allow")),
        expected_leak(id="c"),
        inconclusive(id="d"),
        control(),
    ),
    holes=(hole(),),
    limits=(Limit(id="b:people", what="people", claimed="many", measured=36, refused_with="", remark="counted"),),
    names=(NAME,),
    declared=frozenset({("identity-keyed", "member: dynamodb.read"), ("identity-keyed", "member: never")}),
    calls=CALLS,
    completeness=Completeness(
        selected=9,
        ended=5,
        stopped="interrupted",
        verdicts=5,
        minimum_verdicts=7,
        failed_tests=(FailedTest(test="t", reason="broke"),),
    ),
    calibration=Calibration(
        "sandbox", {_RULE: Measured(_RULE, Enforced.NO, "it was let through")}, calls=3, left=("x",)
    ),
    comparison=Comparison(
        earlier="2026-01-01T00:00:00Z", new=("b",), still_open={"b": "2025-12-31T00:00:00Z"}, remarks=("other seed",)
    ),
    allow_inconclusive=True,
    tests_ended_with=2,
)


def _write(path: Path, *records: AttemptRecord) -> dict[str, object]:
    write_verdicts(path, result(*records, holes=(HOLE,)))
    document: dict[str, object] = json.loads(path.read_text("utf-8"))
    return document


def test_the_file_holds_the_run_and_every_attempt_sorted(tmp_path: Path) -> None:
    records = [leak(id="c"), isolated(id="a"), control(id="b")]
    document = _write(tmp_path / "reports" / "verdicts.json", *records)
    assert document["schema"] == SCHEMA
    attempts = document["attempts"]
    assert isinstance(attempts, list)
    assert [AttemptRecord.from_json(attempt) for attempt in attempts] == sorted(records, key=lambda record: record.id)
    (entry,) = cast("list[dict[str, object]]", document["proof"])
    assert (entry["must_leak"], entry["leaked"], entry["held"]) == (["a", "b"], ["a"], False)
    assert document["counts"] == {
        "attacks": 2,
        "controls": 1,
        "verdicts": {"ISOLATED": 1, "LEAK": 1, "LOCKOUT": 0, "WORKS": 1, "INCONCLUSIVE": 0},
        "unexpected_leaks": 1,
        "expected_leaks": 0,
        "vanished_expected_leaks": 0,
    }


def test_the_order_in_which_workers_finish_does_not_show(tmp_path: Path) -> None:
    records = [isolated(id="a"), leak(id="b"), control(id="c")]
    assert _write(tmp_path / "one", *records) == _write(tmp_path / "two", *reversed(records))


def test_a_token_in_a_reason_does_not_reach_the_file(tmp_path: Path) -> None:
    _write(tmp_path / "verdicts.json", leak(reason=f"The broker answered with {TOKEN}."))
    assert TOKEN not in (tmp_path / "verdicts.json").read_text("utf-8")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "verdicts.json"
    _write(path, isolated())
    before = path.read_text("utf-8")

    def full_disk(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        _write(path, leak())
    assert path.read_text("utf-8") == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_survives_its_file(tmp_path: Path) -> None:
    write_verdicts(tmp_path / "verdicts.json", EVERYTHING)
    assert read_verdicts(tmp_path / "verdicts.json") == EVERYTHING


def test_the_file_is_as_the_published_schema_says() -> None:
    checker = jsonschema.Draft202012Validator(PUBLISHED)
    checker.check_schema(PUBLISHED)
    for run in (EVERYTHING, result()):
        checker.validate(json.loads(json.dumps(verdicts_document(run))))
    assert PUBLISHED["properties"]["schema"] == {**PUBLISHED["properties"]["schema"], "const": SCHEMA}


@pytest.mark.parametrize(
    "place", ["run", "attempts", "proof", "limits", "names", "techniques", "boundaries", "completeness", "comparison"]
)
def test_the_published_schema_refuses_unknown_and_missing_fields(place: str) -> None:
    for change in ("unknown", "missing"):
        document = verdicts_document(EVERYTHING)
        part = document[place][0] if isinstance(document[place], list) else document[place]
        part.update(unknown=1) if change == "unknown" else part.popitem()
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document, PUBLISHED)


@pytest.mark.parametrize(
    ("definition", "kind"),
    [
        ("attempt", AttemptRecord),
        ("advice", LeakAdvice),
        ("name", TriedName),
        ("prediction", RecordedPrediction),
        ("comparison", Comparison),
        ("facts", RunFacts),
        ("technique", TechniqueFacts),
        ("failed_test", FailedTest),
    ],
)
def test_the_published_schema_has_the_fields_of_the_types(definition: str, kind: Any) -> None:
    assert list(PUBLISHED["$defs"][definition]["properties"]) == [field.name for field in fields(kind)]


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("effect", "Effect"),
        ("severity", "Severity"),
        ("expected", "Expected"),
        ("outcome", "Outcome"),
        ("verdict", "Verdict"),
        ("kind", "LeakKind"),
    ],
)
def test_the_published_schema_has_the_words_of_the_types(field: str, kind: str) -> None:
    words = PUBLISHED["$defs"]["attempt"]["properties"][field]["enum"]
    assert [word for word in words if word is not None] == list(get_args(getattr(record_types, kind)))


def test_the_published_schema_has_what_a_calibration_can_say() -> None:
    assert PUBLISHED["$defs"]["rule"]["properties"]["enforced"]["enum"] == list(Enforced)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "cannot be read: No such file"),
        ("{", "is not JSON"),
        ("[]", "is of schema None"),
        ('{"schema": "isolation-harness/verdicts/1.0"}', "is of schema 'isolation-harness/verdicts/1.0'; this version"),
        (json.dumps({"schema": SCHEMA}), f"is no whole {SCHEMA}: KeyError"),
    ],
)
def test_a_file_that_is_no_run_is_refused_in_one_line(tmp_path: Path, text: str | None, complaint: str) -> None:
    path = tmp_path / "verdicts.json"
    if text is not None:
        path.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=complaint) as refused:
        read_verdicts(path)
    assert "\n" not in str(refused.value)
