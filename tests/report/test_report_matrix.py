from html.parser import HTMLParser

import pytest
from report_samples import FACTS, TOKEN, control, expected_leak, hole, inconclusive, isolated, leak, lockout

from harness.report.kill_matrix import KILL_MATRIX
from harness.report.matrix import render_matrix
from harness.report.records import AttemptRecord
from harness.report.run import summarise

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
HOLES = [hole(must_leak=("dynamodb.read.get-item", "dynamodb.read.scan"))]
NOBODY = {"victim": "", "victim_name": "", "victim_persona": "", "technique": "sts.session.assume-role", "plane": "sts"}
EVERY_KIND = [
    isolated(id="a"),
    leak(id="b"),
    expected_leak(id="c", attacker_persona="guest"),
    inconclusive(id="d", blueprint="tenant-tagged"),
    control(),
    lockout(id="f", attacker="t10", attacker_name="Hooli"),
    isolated(id="g", **NOBODY),
    expected_leak(id="h", verdict="ISOLATED"),
]


class Page(HTMLParser):
    """The page as a reader without a browser sees it."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(source)
        self.close()

    def _close_by_itself(self, *tags: str) -> None:
        while self.open and self.open[-1] in tags:
            self.open.pop()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._close_by_itself(*{"td": ("td", "th"), "th": ("td", "th"), "tr": ("td", "th", "tr")}.get(tag, ()))
        self.tags.append(tag)
        if tag not in {"meta", "br", "col"}:
            self.open.append(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"thead", "tbody"}:
            self._close_by_itself("td", "th", "tr")
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def _page(*records: AttemptRecord) -> Page:
    declared = [("identity-keyed", "member: dynamodb.read"), ("identity-keyed", "member: execute-api")]
    return Page(render_matrix(FACTS, records, HOLES, summarise(records, declared)))


def test_every_link_leads_to_a_place_in_the_page_and_every_tag_is_closed() -> None:
    page = _page(*EVERY_KIND)
    assert page.links
    assert {link.removeprefix("#") for link in page.links} - {KILL_MATRIX} <= set(page.ids)
    assert all(link.startswith("#") or link == KILL_MATRIX for link in page.links)
    assert len(page.ids) == len(set(page.ids))
    assert page.open == []


def test_nothing_runs_and_nothing_is_fetched() -> None:
    page = _page(*EVERY_KIND)
    assert not {"script", "link", "img", "iframe", "object", "base"} & set(page.tags)
    assert "src" not in page.attributes
    source = render_matrix(FACTS, EVERY_KIND, HOLES, summarise(EVERY_KIND))
    assert "url(" not in source
    assert "@import" not in source


@pytest.mark.parametrize(
    "field",
    [
        "attacker_name",
        "attacker_persona",
        "victim_name",
        "victim_persona",
        "blueprint",
        "boundary",
        "plane",
        "technique",
        "title",
        "reason",
        "control_used",
        "deciding_statement",
        "weakness",
        "expected_leak_reason",
    ],
)
def test_hostile_text_stays_text(field: str) -> None:
    page = _page(leak(**{field: HOSTILE}), inconclusive(id="b", **{field: HOSTILE}), control())
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert "alert(1)" in page.text


def test_a_token_does_not_reach_the_page() -> None:
    records = [leak(reason=f"Got {TOKEN}.")]
    page = render_matrix(FACTS, records, [], summarise(records))
    assert "Got [redacted]" in page
    assert TOKEN not in page


def test_the_top_says_whether_the_wall_stands_what_was_tested_and_what_was_not() -> None:
    text = _page(*EVERY_KIND).text
    assert "The wall does not stand: 1 LEAK, 1 LOCKOUT, 1 expected leak gone in 6 attacks and 2 controls." in text
    assert "embedded (region eu-west-1, account 123456789012)" in text
    assert "identity-keyed: not attacked: member: execute-api ." in text
    assert "The target throttled." in text


def test_rows_and_columns_name_people_and_nobody_has_a_column() -> None:
    page = _page(*EVERY_KIND)
    assert "t1 Acme (member)" in page.text
    assert "nobody's data / roles" in page.text
    # Every tenant stands before nobody.
    columns = page.text[page.text.index("attacker \\ victim") :]
    assert columns.index("t1 Acme") < columns.index("t2 Globex") < columns.index("nobody's data")


def test_t2_stands_before_t10_and_who_belongs_to_no_tenant_after_both() -> None:
    people = ["staff", "t10", "t2"]
    text = _page(*(isolated(id=name, attacker=name, attacker_name="") for name in people)).text
    rows = text[text.index("attacker \\ victim") : text.index("Boundaries of the contract")]
    assert rows.index("t2 (member)") < rows.index("t10 (member)") < rows.index("staff (member)")


def test_a_cell_shows_its_worst_verdict_and_all_its_counts() -> None:
    text = _page(isolated(id="a"), isolated(id="b"), leak(id="c"), inconclusive(id="d")).text
    assert "\N{BALLOT X} LEAK 1 leak, 1 inconclusive, 2 isolated" in text


def test_one_hole_between_many_tenants_is_one_finding_with_a_link_to_each_attempt() -> None:
    page = _page(leak(id="a"), leak(id="b", attacker="t3", attacker_name="Initech"))
    findings = page.text.split("What was not tested")[1].split("Findings")[1]
    assert findings.count("GetItem with a foreign key in identity-keyed:") == 1
    assert "t1 Acme (member) \N{RIGHTWARDS ARROW} t2 Globex (member)" in findings
    assert "t3 Initech (member) \N{RIGHTWARDS ARROW} t2 Globex (member)" in findings


def test_a_hole_that_was_not_found_is_named_with_what_is_wrong() -> None:
    text = _page(isolated()).text
    assert "0 of 1 holes planted on purpose were found" in text
    assert "no attack found: dynamodb.read.scan" in text


def test_a_weakened_design_stands_apart_from_the_sound_one() -> None:
    text = _page(isolated(), leak(id="b", weakness="no-leading-keys")).text
    assert "identity-keyed, weakened by no-leading-keys" in text


def test_a_run_without_attempts_still_has_a_page() -> None:
    page = _page()
    assert "Nothing was attacked, so nothing is proved." in page.text
    assert {link.removeprefix("#") for link in page.links} - {KILL_MATRIX} <= set(page.ids)
