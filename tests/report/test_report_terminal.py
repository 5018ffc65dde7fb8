from dataclasses import replace

import pytest
from report_samples import FACTS, TOKEN, control, expected_leak, hole, inconclusive, isolated, leak, lockout

from harness.report.comparison import Comparison
from harness.report.names import TriedName
from harness.report.run import summarise
from harness.report.terminal import (
    MAX_SUMMARY_LINES,
    ReportPaths,
    header_lines,
    leak_line,
    rerun_command,
    summary_lines,
)

WORSE = Comparison(earlier="2026-01-01T00:00:00Z", new=("leak-1",))
PATHS = ReportPaths(
    matrix="reports/matrix.html", verdicts="reports/verdicts.json", allure_results="reports/allure-results"
)
BLIND = hole(subject="fault skip-token-signature on identity-keyed", must_leak=("a",), leaked=())
NAME = TriedName(
    blueprint="project-groups",
    weakness=None,
    id="wildcard",
    name="*",
    beside="acme",
    outcome="leaked",
    reason="",
    attacks=1,
    predicted=None,
)


def test_a_run_with_everything_wrong_still_fits() -> None:
    many = range(40)
    records = [
        *(leak(id=f"leak-{n}", boundary=f"b{n}", technique=f"t{n}") for n in many),
        *(expected_leak(id=f"gone-{n}", verdict="ISOLATED", technique=f"t{n}") for n in many),
        *(lockout(id=f"lockout-{n}", technique=f"t{n}") for n in many),
        *(inconclusive(id=f"inconclusive-{n}", reason=f"reason {n}") for n in many),
    ]
    declared = [("identity-keyed", f"never-{n}") for n in many]
    lines = summary_lines(summarise(records, declared), FACTS, PATHS, [BLIND] * 10, [NAME], WORSE)
    assert len(lines) == MAX_SUMMARY_LINES
    assert lines[2].text.startswith("LEAK")
    assert "and 37 more kinds of leak" in lines[5].text


def test_one_hole_between_many_tenants_takes_one_line() -> None:
    found = [leak(id=f"leak-{n}") for n in range(9)]
    lines = summary_lines(summarise([*found, leak(id="other", technique="dynamodb.read.query")]), FACTS, ReportPaths())
    leaks = [line.text for line in lines if line.text.startswith("LEAK")]
    assert len(leaks) == 2
    assert leaks[0].endswith("Allow (and 8 more like it)")
    assert leaks[1].endswith("Allow")


def test_leaks_come_first_and_what_to_do_next_comes_last() -> None:
    lines = summary_lines(summarise([isolated(), leak(id="b"), lockout(), inconclusive(id="d")]), FACTS, PATHS)
    starts = [line.text.split()[0] for line in lines]
    assert starts[:4] == ["The", "LEAK", "LOCKOUT", "INCONCLUSIVE"]
    assert starts[-4:] == ["Again:", "Matrix:", "Allure:", "JSON:"]
    assert lines[0].style == "red"


def test_a_green_run_is_short_and_green() -> None:
    summary = summarise([isolated(), control()], [("identity-keyed", "member: dynamodb.read")])
    assert summary_lines(summary, FACTS, ReportPaths(matrix="reports/matrix.html")) == [
        ("The wall stands: 1 attack, all refused.", "green"),
        ("Boundaries: 1 of 1 proved", "bold"),
        ("Matrix: open reports/matrix.html", ""),
    ]


def test_a_hole_not_found_is_named_and_takes_the_green_away() -> None:
    summary = summarise([isolated()], [("identity-keyed", "member: dynamodb.read")])
    lines = summary_lines(summary, FACTS, PATHS, [BLIND])
    assert lines[0].style == "yellow"
    found = "Attacks bite: 0 of 1 planted holes found; not found: fault skip-token-signature on identity-keyed"
    assert (found, "red") in lines


def test_a_leak_says_who_reached_whose_asset_how_and_by_which_statement() -> None:
    line = leak_line(leak())
    assert line.text == (
        "LEAK (data) identity-keyed: t1 Acme (member) reached t2 Globex (member): GetItem with a foreign key "
        "[dynamodb.read.get-item]; allowed by member-role/keyed-items#Statement[0] Allow"
    )
    assert line.style == "red"


def test_an_expected_leak_says_that_it_is_and_why() -> None:
    line = leak_line(expected_leak())
    assert line.text.startswith("EXPECTED LEAK (data)")
    assert line.text.endswith("declared: A guest's identity id is itself the credential.")
    assert line.style == "yellow"


def test_names_cannot_move_the_cursor_break_the_line_or_carry_a_token() -> None:
    text = leak_line(leak(victim_name=f"\x1b[2J\nEvil {TOKEN}")).text
    assert text.isprintable()
    assert TOKEN not in text
    assert "Evil [redacted]" in text


def test_the_header_says_what_was_altered_on_purpose() -> None:
    plain = [line.text for line in header_lines(FACTS)]
    assert plain[0] == "isolation: target embedded, region eu-west-1, account 123456789012"
    assert not any("altered" in text for text in plain)
    altered = header_lines(replace(FACTS, weaknesses=("no-leading-keys",), faults=("skip-token-signature",)))[-1]
    assert altered.text == "isolation: altered on purpose: weakness no-leading-keys; target fault skip-token-signature"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"weakness": "no-leading-keys"}, ["--weaken identity-keyed:no-leading-keys"]),
        ({"fault": "one,two"}, ["--fault one --fault two"]),
    ],
)
def test_the_rerun_command_repeats_what_was_altered(changes: dict[str, str], expected: list[str]) -> None:
    assert rerun_command(leak(**changes), FACTS) == " ".join(
        [
            "pytest suites/ --target embedded --blueprint identity-keyed --attack dynamodb.read.get-item",
            *expected,
            "--tenants 3 --pairs ring --seed 7",
        ]
    )
