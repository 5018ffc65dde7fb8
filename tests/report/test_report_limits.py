import json
from pathlib import Path

from report_samples import FACTS, result

from harness.report.limits import Limit, limits_table
from harness.report.matrix import render_matrix
from harness.report.run import summarise
from harness.report.verdicts_json import write_verdicts

PEOPLE = Limit(
    id="per-user-principals:people",
    what="people",
    claimed="many <b>people</b>",
    measured=36,
    refused_with="PolicyTooLarge: too long",
    remark="one by one",
)
CALLS = Limit(id="project-groups:calls", what="calls", claimed="many", measured=2000, refused_with="", remark="counted")
LIMITS = [PEOPLE, CALLS]


def test_a_limit_survives_json() -> None:
    assert Limit.from_json(json.loads(json.dumps(PEOPLE.as_json()))) == PEOPLE


def test_the_file_holds_the_limits(tmp_path: Path) -> None:
    write_verdicts(tmp_path / "verdicts.json", result(limits=(PEOPLE, CALLS)))
    assert json.loads((tmp_path / "verdicts.json").read_text("utf-8"))["limits"] == [PEOPLE.as_json(), CALLS.as_json()]


def test_the_page_shows_the_figure_beside_the_claim_and_links_to_it() -> None:
    page = render_matrix(FACTS, [], [], summarise([]), LIMITS)
    assert '<a href="#limits">' in page
    assert "<b>36</b>" in page
    assert "PolicyTooLarge: too long" in page
    assert "many &lt;b&gt;people&lt;/b&gt;" in page
    assert 'id="limits"' not in render_matrix(FACTS, [], [], summarise([]))


def test_a_cost_that_nothing_refuses_says_so_in_words() -> None:
    assert "not refused: a cost, not a limit" in limits_table([CALLS])
    assert "2,000" in limits_table([CALLS])
