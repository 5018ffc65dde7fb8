"""The matrix as CSV and JSON, and the run as Markdown."""

import csv
import io
import json
from dataclasses import replace

from report_samples import FACTS, TOKEN, control, expected_leak, hole, inconclusive, isolated, leak, lockout, result

from harness.report.cells import matrix_cells, matrix_csv, matrix_document
from harness.report.completeness import Completeness, FailedTest
from harness.report.markdown import render_markdown


def test_a_cell_has_its_worst_verdict_and_how_often_each_occurred() -> None:
    (own, foreign) = matrix_cells([result(isolated(id="a"), leak(id="b"), isolated(id="c"), control())])
    assert (own["victim"], own["worst"], own["works"]) == ("t1", "works", 1)
    assert (foreign["attacker"], foreign["victim"], foreign["worst"]) == ("t1", "t2", "leak")
    assert (foreign["leak"], foreign["isolated"], foreign["works"]) == (1, 2, 0)


def test_csv_and_json_hold_the_same_cells_of_all_targets() -> None:
    runs = [result(isolated(), control()), result(leak(), facts=replace(FACTS, target="elsewhere"))]
    rows = list(csv.DictReader(io.StringIO(matrix_csv(runs))))
    document = json.loads(json.dumps(matrix_document(runs)))
    assert rows == [{name: str(value) for name, value in cell.items()} for cell in document["cells"]]
    assert [row["target"] for row in rows] == ["elsewhere", "embedded", "embedded"]
    assert document["headlines"]["elsewhere"].startswith("The wall does not stand")


def test_a_name_that_a_spreadsheet_would_carry_out_is_text() -> None:
    (row,) = csv.DictReader(io.StringIO(matrix_csv([result(isolated(attacker_name="=1+1"))])))
    assert row["attacker_name"] == "'=1+1"


def test_markdown_says_the_answer_first_then_findings_then_what_was_not_tested() -> None:
    page = render_markdown(
        [result(isolated(id="a"), leak(id="b"), leak(id="c", attacker="t3"), lockout(), inconclusive(id="d"))]
    )
    assert page.splitlines()[2].startswith("**\N{BALLOT X} The wall does not stand: 2 LEAKS, 1 LOCKOUT")
    assert page.index("### Findings") < page.index("### What was not tested")
    assert page.count("`dynamodb.read.get-item`, t1 Acme \\(member\\) \N{RIGHTWARDS ARROW} t2 Globex") == 1
    assert "and 1 more alike" in page
    assert "1 INCONCLUSIVE: The target throttled" in page
    assert "| **t3 Acme \\(member\\)** |" in page


def test_markdown_says_that_a_run_is_partial_and_which_tests_were_lost() -> None:
    lost = FailedTest(test="suites/test_x.py::test_y[a]", reason="its worker process died while it ran", lost=True)
    page = render_markdown([result(isolated(), completeness=Completeness(selected=2, ended=2, failed_tests=(lost,)))])
    assert "PARTIAL RUN: 1 test was lost in a worker that died" in page.splitlines()[2]
    assert "- `suites/test_x.py::test_y[a]`: its worker process died while it ran" in page


def test_names_and_reasons_stay_text_in_markdown() -> None:
    hostile = "<img src=x>|[a](b)`\n# no heading"
    page = render_markdown([result(leak(attacker_name=hostile, reason=hostile, deciding_statement=hostile))])
    assert "<img" not in page.replace("\\<img", "").replace("`<img", "")
    assert "\n# no heading" not in page
    assert TOKEN not in render_markdown([result(leak(reason=TOKEN))])


def test_a_thousand_kinds_of_findings_fit_the_page_of_a_job() -> None:
    records = [
        each(id=f"{n}", technique=f"dynamodb.read.t{n}", boundary=f"b{n}", reason=f"because {n} " * 20)
        for n in range(1000)
        for each in (leak if n % 2 else expected_leak,)
    ]
    holes = tuple(hole(subject=f"weakness identity-keyed:w{n}", leaked=()) for n in range(500))
    assert len(render_markdown([result(*records, holes=holes)]).encode()) < 200_000
