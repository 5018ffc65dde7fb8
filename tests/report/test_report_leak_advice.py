import pytest
from report_samples import FACTS, isolated, leak, result

from harness.report.leak_advice import UNTRIED, LeakAdvice
from harness.report.matrix import render_matrix
from harness.report.records import AttemptRecord
from harness.report.run import summarise
from harness.report.terminal import advice_line
from harness.report.verdicts_json import verdicts_document

ADVICE = LeakAdvice("ddb-scan-vacuous-forallvalues", "Never list `Scan`.", "--- a\n+++ b\n+  <Null>\n", 7)
UNMENDED = LeakAdvice("up-tenant-attr-client-writable", "Leave it out.")


def test_a_leak_carries_its_advice_through_json() -> None:
    record = leak(advice=ADVICE)
    assert AttemptRecord.from_json(record.as_json()) == record
    (attempt,) = verdicts_document(result(record))["attempts"]
    assert attempt["advice"] == {
        "entry": ADVICE.entry,
        "sound": ADVICE.sound,
        "diff": ADVICE.diff,
        "kept": ADVICE.kept,
    }


def test_what_is_no_leak_carries_none() -> None:
    assert isolated().as_json()["advice"] is None
    assert advice_line(isolated()) is None


@pytest.mark.parametrize(
    ("advice", "words"),
    [(ADVICE, "a checked fix is in the report"), (UNMENDED, "no edit of a policy was found that mends it")],
)
def test_the_terminal_says_in_one_line_what_a_leak_looks_like(advice: LeakAdvice, words: str) -> None:
    line = advice_line(leak(advice=advice))
    assert line is not None
    assert line.text.strip() == f"looks like {advice.entry}; {words}"


def test_the_text_of_the_evidence_has_entry_sound_configuration_and_difference() -> None:
    text = ADVICE.as_text()
    assert all(part in text for part in (ADVICE.entry, ADVICE.sound, "7 decisions", "+  <Null>"))
    assert UNTRIED in UNMENDED.as_text()


def test_the_matrix_shows_the_fix_with_the_finding() -> None:
    record = leak(advice=ADVICE)
    page = render_matrix(FACTS, [record], [], summarise([record]))
    assert "<summary>A checked fix</summary>" in page
    assert "+  &lt;Null&gt;" in page
    assert "Never list <code>Scan</code>." in page
    assert "<script" not in page
    unmended = leak(advice=UNMENDED)
    assert UNTRIED in render_matrix(FACTS, [unmended], [], summarise([unmended]))
