import json
from pathlib import Path
from typing import cast

import pytest
from report_samples import FACTS, TOKEN, control, hole, isolated, leak

from harness.report.records import AttemptRecord
from harness.report.run import summarise
from harness.report.verdicts_json import SCHEMA, write_verdicts

HOLE = hole(must_leak=("b", "a"), leaked=("a",))


def _write(path: Path, *records: AttemptRecord) -> dict[str, object]:
    write_verdicts(path, FACTS, records, [HOLE], summarise(records))
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
